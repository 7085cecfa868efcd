-- Users have a time zone, or none. An all-day task ends by the time zone of whoever it is assigned to, or else by its
-- own: `due_date` follows, and the reminder with it, so that lists and reminders have one moment to go by.
ALTER TABLE users ADD COLUMN time_zone text;
ALTER TABLE invitations ADD COLUMN time_zone text;

-- A user's lock: a task that is assigned while the user's time zone changes sees the new one, or is seen by the change.
CREATE FUNCTION end_day_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text;
BEGIN
    IF NEW.assigned_to IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('time zone of ' || NEW.assigned_to, 0));
        SELECT time_zone INTO zone FROM users WHERE id = NEW.assigned_to;
    END IF;
    NEW.due_date := (NEW.due_on + time '23:59:59') AT TIME ZONE coalesce(zone, NEW.time_zone);
    IF NEW.remind_at IS NOT NULL THEN
        NEW.remind_at := NEW.due_date - make_interval(mins => NEW.remind_minutes_before);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tasks_end_day BEFORE INSERT OR UPDATE OF assigned_to, due_on, due_date, time_zone ON tasks FOR EACH ROW
WHEN (NEW.due_on IS NOT NULL) EXECUTE FUNCTION end_day_of_task();

CREATE FUNCTION days_follow_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('time zone of ' || NEW.id, 0));
    UPDATE tasks SET due_date = due_date WHERE assigned_to = NEW.id AND due_on IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER users_days_follow AFTER UPDATE OF time_zone ON users FOR EACH ROW
WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION days_follow_user();
