-- What a list of leads or tasks is counted by stands whole in an index, so that no row is read for its total.
DROP INDEX leads_owner;
CREATE INDEX leads_owner ON leads (assigned_to, created_at, id) INCLUDE (office, team) WHERE deleted_at IS NULL;
DROP INDEX leads_office;
CREATE INDEX leads_office ON leads (office, created_at, id) INCLUDE (team) WHERE deleted_at IS NULL;
CREATE INDEX leads_team ON leads (team, created_at, id) INCLUDE (office) WHERE deleted_at IS NULL;
CREATE INDEX leads_pond ON leads (office, created_at, id) INCLUDE (team, assigned_to)
    WHERE deleted_at IS NULL AND assigned_to IS NULL AND claimants IS NULL;
CREATE INDEX leads_most ON leads (coalesce(budget_max, budget_min)) INCLUDE (budget_min, budget_max) WHERE deleted_at IS NULL;
CREATE INDEX leads_least ON leads (coalesce(budget_min, budget_max)) INCLUDE (budget_min, budget_max) WHERE deleted_at IS NULL;

DROP INDEX tasks_assigned;
CREATE INDEX tasks_assigned ON tasks (assigned_to, due_place, id) INCLUDE (completed_at, office, team) WHERE deleted_at IS NULL;
DROP INDEX tasks_lead_owner;
CREATE INDEX tasks_lead_owner ON tasks (lead_owner, due_place, id) INCLUDE (completed_at, assigned_to, office, team)
    WHERE deleted_at IS NULL;
DROP INDEX tasks_office;
CREATE INDEX tasks_office ON tasks (office, due_place, id) INCLUDE (team, completed_at) WHERE deleted_at IS NULL;
CREATE INDEX tasks_team ON tasks (team, due_place, id) INCLUDE (office, completed_at) WHERE deleted_at IS NULL;

-- The tags of leads that are not deleted, with what says who sees them: kept by the trigger below. An index of arrays
-- knows neither an order nor how many without reading every row.
CREATE TABLE lead_tags (
    tag text NOT NULL,
    created_at timestamptz NOT NULL,
    lead_id uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    assigned_to uuid,
    office text,
    team text
);
CREATE INDEX lead_tags_tag ON lead_tags (tag, created_at, lead_id) INCLUDE (assigned_to, office, team);
CREATE INDEX lead_tags_lead ON lead_tags (lead_id);

CREATE FUNCTION leads_keep_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM lead_tags WHERE lead_id = NEW.id;
    END IF;
    IF NEW.deleted_at IS NULL THEN
        INSERT INTO lead_tags (tag, created_at, lead_id, assigned_to, office, team)
        SELECT DISTINCT tag, NEW.created_at, NEW.id, NEW.assigned_to, NEW.office, NEW.team FROM unnest(NEW.tags) AS tag;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_tagged AFTER INSERT ON leads FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION leads_keep_tags();
CREATE TRIGGER leads_tags_changed AFTER UPDATE ON leads FOR EACH ROW
    WHEN ((NEW.tags, NEW.created_at, NEW.deleted_at, NEW.assigned_to, NEW.office, NEW.team)
        IS DISTINCT FROM (OLD.tags, OLD.created_at, OLD.deleted_at, OLD.assigned_to, OLD.office, OLD.team)
        AND (NEW.tags <> '{}' OR OLD.tags <> '{}'))
    EXECUTE FUNCTION leads_keep_tags();
INSERT INTO lead_tags (tag, created_at, lead_id, assigned_to, office, team)
SELECT DISTINCT tag, created_at, id, assigned_to, office, team FROM leads, unnest(tags) AS tag WHERE deleted_at IS NULL;

-- Leads by their tags, one row for each: a lead's columns, of which those an index of tags has are read there. A join to
-- the left: where nothing else is asked for, no lead is looked at.
CREATE VIEW tagged_leads AS
SELECT t.tag, t.created_at, t.lead_id AS id, t.assigned_to, t.office, t.team, NULL::timestamptz AS deleted_at,
    l.updated_at, l.last_activity_at, l.first_name, l.last_name, l.emails, l.phones, l.source, l.status, l.priority,
    l.budget_min, l.budget_max, l.notes, l.tags, l.custom_fields, l.consents, l.score, l.score_reasons, l.score_until,
    l.ai_summary, l.activity, l.claimants, l.claim_until, l.claim_fallback, l.merged_into, l.deleted_by, l.search_text,
    l.name_text
FROM lead_tags t LEFT JOIN leads l ON l.id = t.lead_id;
