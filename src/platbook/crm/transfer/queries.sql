-- name: find_users
-- Every user, by e-mail address.
SELECT id, lower(email) AS email, office, team, is_active FROM users;
