-- name: add_task
-- A new task.
INSERT INTO tasks (id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority,
    lead_id, assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at,
    deleted_by)
VALUES (%(id)s, %(title)s, %(created_by)s, %(created_at)s, %(updated_at)s, %(type)s, %(description)s, %(due_date)s,
    %(time_zone)s, %(priority)s, %(lead_id)s, %(assigned_to)s, %(lead_owner)s, %(office)s, %(team)s, %(completed_at)s,
    %(remind_minutes_before)s, %(remind_at)s, %(deleted_at)s, %(deleted_by)s);

-- name: save_task
-- A task as it is now.
UPDATE tasks SET title = %(title)s, updated_at = %(updated_at)s, type = %(type)s, description = %(description)s,
    due_date = %(due_date)s, time_zone = %(time_zone)s, priority = %(priority)s, lead_id = %(lead_id)s,
    assigned_to = %(assigned_to)s, lead_owner = %(lead_owner)s, office = %(office)s, team = %(team)s,
    completed_at = %(completed_at)s, remind_minutes_before = %(remind_minutes_before)s, remind_at = %(remind_at)s,
    deleted_at = %(deleted_at)s, deleted_by = %(deleted_by)s
WHERE id = %(id)s;

-- name: get_task
-- One task that is not deleted.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by
FROM tasks WHERE id = %(id)s AND deleted_at IS NULL;

-- name: lock_task
-- One task that is not deleted, for whoever is going to change it.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by
FROM tasks WHERE id = %(id)s AND deleted_at IS NULL FOR UPDATE;

-- name: take_reminders
-- Reminders whose time has come, each given once, whoever asks at the same time.
UPDATE tasks SET remind_at = NULL WHERE id IN (
    SELECT id FROM tasks WHERE remind_at <= %(at)s AND completed_at IS NULL AND deleted_at IS NULL
    ORDER BY remind_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id, lead_id, assigned_to, due_date;
