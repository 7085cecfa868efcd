-- People who may buy or sell. `emails` and `phones` are normalised, the first of each is the one to use; who is found by
-- which of them stands in lead_contacts. `activity` counts what happened by kind. `search_text` and `name_text` are what
-- the keyword search reads, every word after two spaces.
CREATE TABLE leads (
    id uuid PRIMARY KEY,
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    emails text[] NOT NULL DEFAULT '{}',
    phones text[] NOT NULL DEFAULT '{}',
    source text,
    status text NOT NULL DEFAULT 'New' CHECK (status IN ('New', 'Contacted', 'Nurture', 'Qualified', 'Showing', 'Offer',
        'Under Contract', 'Closed Won', 'Closed Lost', 'Archived')),
    priority text NOT NULL DEFAULT 'Medium' CHECK (priority IN ('Low', 'Medium', 'High', 'Urgent')),
    budget_min numeric(15, 2),
    budget_max numeric(15, 2),
    notes text,
    tags text[] NOT NULL DEFAULT '{}',
    custom_fields jsonb NOT NULL DEFAULT '{}',
    assigned_to uuid REFERENCES users,
    office text,
    team text,
    consents jsonb NOT NULL DEFAULT '[]',
    score smallint NOT NULL DEFAULT 0,
    score_reasons text[] NOT NULL DEFAULT '{}',
    score_until timestamptz,                   -- when the score changes with no deed of anybody
    ai_summary text,
    activity jsonb NOT NULL DEFAULT '{}',
    claimants uuid[],                          -- who alone may claim it, until `claim_until`
    claim_until timestamptz,
    claim_fallback uuid REFERENCES users,      -- who gets it when nobody has
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_activity_at timestamptz NOT NULL,
    merged_into uuid REFERENCES leads ON DELETE SET NULL,
    deleted_at timestamptz,
    deleted_by text,
    search_text text NOT NULL DEFAULT '',
    name_text text NOT NULL DEFAULT ''
);
CREATE INDEX leads_created ON leads (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_updated ON leads (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_active ON leads (last_activity_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_score ON leads (score, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_name ON leads (last_name, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_status ON leads (status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_priority ON leads (priority, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_source ON leads (source, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_owner ON leads (assigned_to, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_office ON leads (office, team, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_counts ON leads (status, source, assigned_to, office, team) WHERE deleted_at IS NULL;
CREATE INDEX leads_claimants ON leads USING gin (claimants) WHERE claimants IS NOT NULL;
CREATE INDEX leads_claim_until ON leads (claim_until) WHERE claim_until IS NOT NULL;
CREATE INDEX leads_score_until ON leads (score_until) WHERE score_until IS NOT NULL;
CREATE INDEX leads_tags ON leads USING gin (tags) WHERE deleted_at IS NULL;
CREATE INDEX leads_search ON leads USING gin (search_text gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX leads_merged ON leads (merged_into) WHERE merged_into IS NOT NULL;

-- Who is found by an address or a number. One lead each, whatever happens at once: this key is what makes it so.
CREATE TABLE lead_contacts (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('email', 'phone')),
    value text COLLATE "C" NOT NULL,
    lead_id uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    PRIMARY KEY (kind, value)
);
CREATE INDEX lead_contacts_lead ON lead_contacts (lead_id);

-- To-dos. `lead_owner`, `office` and `team` say who sees one; they follow the lead's, or the assigned person's.
CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    description text,
    type text NOT NULL CHECK (type IN ('Call', 'Email', 'Text', 'Meeting', 'Showing', 'Follow Up', 'Other')),
    due_date timestamptz,
    time_zone text NOT NULL DEFAULT 'UTC',
    priority text NOT NULL DEFAULT 'Medium' CHECK (priority IN ('Low', 'Medium', 'High', 'Urgent')),
    lead_id uuid REFERENCES leads ON DELETE CASCADE,
    assigned_to uuid REFERENCES users,
    lead_owner uuid REFERENCES users,
    office text,
    team text,
    completed_at timestamptz,
    remind_minutes_before integer,
    remind_at timestamptz,                     -- null: no reminder is wanted, or it was given
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deleted_by text,
    due_place timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(due_date, 'infinity'::timestamptz)) STORED,
    urgency smallint NOT NULL GENERATED ALWAYS AS
        (CASE priority WHEN 'Urgent' THEN 4 WHEN 'High' THEN 3 WHEN 'Medium' THEN 2 ELSE 1 END) STORED
);
CREATE INDEX tasks_due ON tasks (due_place, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_open ON tasks (due_place, id) WHERE deleted_at IS NULL AND completed_at IS NULL;
CREATE INDEX tasks_done ON tasks (due_place, id) WHERE deleted_at IS NULL AND completed_at IS NOT NULL;
CREATE INDEX tasks_created ON tasks (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_updated ON tasks (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_urgency ON tasks (urgency, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_lead ON tasks (lead_id, due_place, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_assigned ON tasks (assigned_to, due_place, id) INCLUDE (completed_at) WHERE deleted_at IS NULL;
CREATE INDEX tasks_lead_owner ON tasks (lead_owner, due_place, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_office ON tasks (office, team, due_place, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority ON tasks (priority, due_place, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_remind ON tasks (remind_at) WHERE remind_at IS NOT NULL AND completed_at IS NULL AND deleted_at IS NULL;

-- What was said and done, append-only: a row is written once, may be marked deleted, and follows its lead when merged.
CREATE TABLE interactions (
    id uuid PRIMARY KEY,
    lead_id uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    type text NOT NULL CHECK (type IN ('Call Logged', 'Email Sent', 'SMS Sent', 'Note Added', 'Meeting Scheduled', 'Showing',
        'Status Change', 'Assigned', 'Task Completed', 'Lead Event', 'Merged', 'Alert Sent')),
    content text,
    interaction_date timestamptz NOT NULL,
    user_id uuid REFERENCES users,
    actor text NOT NULL,
    property_id uuid,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deleted_by text
);
CREATE INDEX interactions_lead ON interactions (lead_id, interaction_date, id) WHERE deleted_at IS NULL;
CREATE INDEX interactions_recent ON interactions (interaction_date, id) WHERE deleted_at IS NULL;
CREATE INDEX interactions_type ON interactions (type, interaction_date, id) INCLUDE (lead_id, user_id) WHERE deleted_at IS NULL;

-- How new leads find their owner: the first rule in order whose conditions hold. Empty conditions always hold.
CREATE TABLE lead_rules (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    place integer NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    method text NOT NULL CHECK (method IN ('direct', 'round_robin', 'weighted', 'first_to_claim')),
    sources text[] NOT NULL DEFAULT '{}',
    event_types text[] NOT NULL DEFAULT '{}',
    areas text[] NOT NULL DEFAULT '{}',        -- cities, counties, states or postal codes, in lower case
    min_price numeric(15, 2),
    max_price numeric(15, 2),
    claim_minutes integer,
    fallback_to uuid REFERENCES users,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX lead_rules_order ON lead_rules (place, id) WHERE enabled;

-- Who a rule gives leads to. `credit` is what a turn leaves behind, so that turns come in proportion to weights.
CREATE TABLE lead_rule_members (
    rule_id uuid NOT NULL REFERENCES lead_rules ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    place integer NOT NULL,
    weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    credit integer NOT NULL DEFAULT 0,
    PRIMARY KEY (rule_id, user_id)
);

-- Every event that came in, under the sender's own id for it. What could not be understood waits with its reason.
CREATE TABLE lead_events (
    id uuid PRIMARY KEY,
    sender uuid,
    event_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('taken', 'refused')),
    reason text,
    raw text NOT NULL,
    received_at timestamptz NOT NULL,
    lead_id uuid REFERENCES leads ON DELETE CASCADE,
    interaction_id uuid REFERENCES interactions ON DELETE SET NULL,
    task_id uuid REFERENCES tasks ON DELETE SET NULL,
    is_new boolean NOT NULL DEFAULT false,
    UNIQUE NULLS NOT DISTINCT (sender, event_id)
);
CREATE INDEX lead_events_refused ON lead_events (received_at, id) WHERE state = 'refused';
CREATE INDEX lead_events_lead ON lead_events (lead_id);
CREATE INDEX lead_events_interaction ON lead_events (interaction_id);
CREATE INDEX lead_events_task ON lead_events (task_id);

-- What other systems call our rows, so that importing again finds them; `hash` is of what was said the last time.
CREATE TABLE crm_external_ids (
    system text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('person', 'note', 'task')),
    external_id text COLLATE "C" NOT NULL,
    row_id uuid NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (system, kind, external_id)
);
CREATE INDEX crm_external_ids_row ON crm_external_ids (row_id);

-- Leads and tasks stand under their owner's office and team, wherever the owner goes.
CREATE FUNCTION leads_follow_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE leads SET office = NEW.office, team = NEW.team WHERE assigned_to = NEW.id AND deleted_at IS NULL;
    UPDATE tasks SET office = NEW.office, team = NEW.team
    WHERE (lead_owner = NEW.id OR (lead_id IS NULL AND assigned_to = NEW.id)) AND deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER users_leads_follow AFTER UPDATE OF office, team ON users FOR EACH ROW
    WHEN (OLD.office IS DISTINCT FROM NEW.office OR OLD.team IS DISTINCT FROM NEW.team) EXECUTE FUNCTION leads_follow_owner();
