-- The log in numbers: how many entries that are not deleted, of whose leads, of a type, by whom, in a month (UTC). It is
-- what all rows of a kind add up to. Whoever writes adds rows and touches none, so that nobody waits for anybody; a worker
-- puts them together now and then.
CREATE TABLE interaction_numbers (
    month date NOT NULL,
    type text NOT NULL,
    user_id uuid,
    assigned_to uuid,
    office text,
    team text,
    entries bigint NOT NULL,
    is_sum boolean NOT NULL DEFAULT false
);
CREATE INDEX interaction_numbers_new ON interaction_numbers (month) WHERE NOT is_sum;

CREATE FUNCTION month_of(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_trunc('month', at AT TIME ZONE 'UTC')::date;

-- Entries that came, went, changed or follow another lead. Whose a lead is must not change in between: it is locked, as
-- whoever writes into its log has done already.
CREATE FUNCTION interactions_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        PERFORM FROM leads WHERE id IN (SELECT lead_id FROM came) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
        SELECT month_of(i.interaction_date), i.type, i.user_id, l.assigned_to, l.office, l.team, count(*)
        FROM came i JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM FROM leads WHERE id IN (SELECT lead_id FROM went) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
        SELECT month_of(i.interaction_date), i.type, i.user_id, l.assigned_to, l.office, l.team, -count(*)
        FROM went i JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER interactions_came AFTER INSERT ON interactions REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION interactions_counted();
CREATE TRIGGER interactions_changed AFTER UPDATE ON interactions REFERENCING OLD TABLE AS went NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION interactions_counted();
CREATE TRIGGER interactions_went AFTER DELETE ON interactions REFERENCING OLD TABLE AS went
    FOR EACH STATEMENT EXECUTE FUNCTION interactions_counted();

-- A lead in other hands takes the numbers of its log along.
CREATE FUNCTION leads_take_numbers_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
    SELECT month_of(i.interaction_date), i.type, i.user_id, side.assigned_to, side.office, side.team, sum(side.entries)
    FROM interactions i, (VALUES (OLD.assigned_to, OLD.office, OLD.team, -1), (NEW.assigned_to, NEW.office, NEW.team, 1))
        AS side (assigned_to, office, team, entries)
    WHERE i.lead_id = NEW.id AND i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_numbers_follow AFTER UPDATE OF assigned_to, office, team ON leads FOR EACH ROW
    WHEN ((NEW.assigned_to, NEW.office, NEW.team) IS DISTINCT FROM (OLD.assigned_to, OLD.office, OLD.team))
    EXECUTE FUNCTION leads_take_numbers_along();

-- The log of a lead that is erased goes first: while the lead is there, it is known whose it was.
CREATE FUNCTION leads_erase_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM interactions WHERE lead_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER leads_log_erased BEFORE DELETE ON leads FOR EACH ROW EXECUTE FUNCTION leads_erase_log();

INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries, is_sum)
SELECT month_of(i.interaction_date), i.type, i.user_id, l.assigned_to, l.office, l.team, count(*), true
FROM interactions i JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
