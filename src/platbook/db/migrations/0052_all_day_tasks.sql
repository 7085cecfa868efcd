-- A task due on a day has the day beside the moment, its last second in the task's time zone: what was entered as a day
-- is one again.
ALTER TABLE tasks ADD COLUMN due_on date;
WITH zones AS MATERIALIZED (SELECT name FROM pg_timezone_names)
UPDATE tasks SET due_on = (due_date AT TIME ZONE zones.name)::date FROM zones
WHERE zones.name = tasks.time_zone AND (due_date AT TIME ZONE zones.name)::time = '23:59:59';
