-- name: insert_task
-- Insert one task.
INSERT INTO tasks (id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority,
    lead_id, assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at,
    deleted_by, due_on)
VALUES (%(id)s, %(title)s, %(created_by)s, %(created_at)s, %(updated_at)s, %(type)s, %(description)s, %(due_date)s,
    %(time_zone)s, %(priority)s, %(lead_id)s, %(assigned_to)s, %(lead_owner)s, %(office)s, %(team)s, %(completed_at)s,
    %(remind_minutes_before)s, %(remind_at)s, %(deleted_at)s, %(deleted_by)s, %(due_on)s)
RETURNING due_date, remind_at;

-- name: update_task
-- Update every column of one task, but for who created it.
UPDATE tasks SET title = %(title)s, updated_at = %(updated_at)s, type = %(type)s, description = %(description)s,
    due_date = %(due_date)s, time_zone = %(time_zone)s, priority = %(priority)s, lead_id = %(lead_id)s,
    assigned_to = %(assigned_to)s, lead_owner = %(lead_owner)s, office = %(office)s, team = %(team)s,
    completed_at = %(completed_at)s, remind_minutes_before = %(remind_minutes_before)s, remind_at = %(remind_at)s,
    deleted_at = %(deleted_at)s, deleted_by = %(deleted_by)s, due_on = %(due_on)s
WHERE id = %(id)s
RETURNING due_date, remind_at;

-- name: get_task
-- One task that is not deleted.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by,
    due_on
FROM tasks WHERE id = %(id)s AND deleted_at IS NULL;

-- name: lock_task
-- One task that is not deleted, locked for a change.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by,
    due_on
FROM tasks WHERE id = %(id)s AND deleted_at IS NULL FOR UPDATE;

-- name: find_tasks_of_leads
-- Every task of some leads, also deleted ones.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by,
    due_on
FROM tasks WHERE lead_id = ANY(%(ids)s::uuid[]) ORDER BY id;

-- name: lock_open_tasks_of_disabled
-- Open tasks of disabled users, locked; those that others lock are skipped.
SELECT t.id, t.title, t.created_by, t.created_at, t.updated_at, t.type, t.description, t.due_date, t.time_zone,
    t.priority, t.lead_id, t.assigned_to, t.lead_owner, t.office, t.team, t.completed_at, t.remind_minutes_before,
    t.remind_at, t.deleted_at, t.deleted_by, t.due_on
FROM users u JOIN tasks t ON t.assigned_to = u.id
WHERE NOT u.is_active AND t.completed_at IS NULL AND t.deleted_at IS NULL LIMIT %(most)s FOR UPDATE OF t SKIP LOCKED;

-- name: count_open_tasks
-- How many open tasks a user has.
SELECT count(*) FROM tasks WHERE assigned_to = %(user_id)s AND completed_at IS NULL AND deleted_at IS NULL;

-- name: take_due_reminders
-- Reminders that are due, each taken once, whoever asks at the same time.
UPDATE tasks SET remind_at = NULL WHERE id IN (
    SELECT id FROM tasks WHERE remind_at <= %(at)s AND completed_at IS NULL AND deleted_at IS NULL
    ORDER BY remind_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id, lead_id, assigned_to;

-- name: follow_owner
-- A lead's tasks become visible to its new owner. Open ones that are unassigned, or assigned to the former owner, are
-- assigned to the new one.
UPDATE tasks SET lead_owner = %(owner)s, office = %(office)s, team = %(team)s, updated_at = %(at)s,
    assigned_to = CASE WHEN completed_at IS NULL
        AND (assigned_to IS NULL OR assigned_to IS NOT DISTINCT FROM %(former)s)
        THEN %(owner)s ELSE assigned_to END
WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: reassign_tasks
-- Tasks of a merged lead become those of the lead that remains, and visible to those who see that one.
UPDATE tasks SET lead_id = %(into_id)s, lead_owner = %(owner)s, office = coalesce(%(office)s, office),
    team = coalesce(%(team)s, team) WHERE lead_id = %(lead_id)s;

-- name: mark_tasks_deleted
-- Soft-delete the tasks of a lead.
UPDATE tasks SET deleted_at = %(at)s, deleted_by = %(by)s WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: find_task_ids
-- The ids of every task of some leads, also of deleted ones.
SELECT id FROM tasks WHERE lead_id = ANY(%(ids)s::uuid[]);
