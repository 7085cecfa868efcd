-- name: find_users
-- Every user, by e-mail address.
SELECT id, lower(email) AS email, office, team, is_active, first_name || ' ' || last_name AS name FROM users;
