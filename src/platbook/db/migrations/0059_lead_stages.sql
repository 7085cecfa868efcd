-- Stages of the pipeline are data: named, ordered and retired by admins. `leads.status` holds a stage's key. Programs
-- ask its kind, which never changes; each lead has it beside its stage.
CREATE TABLE lead_stages (
    key text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('open', 'won', 'lost', 'archived')),
    place integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    retired_at timestamptz
);
INSERT INTO lead_stages (key, name, kind, place, created_at, updated_at)
SELECT key, key, kind, place, now(), now() FROM (VALUES ('New', 'open', 1), ('Contacted', 'open', 2),
    ('Nurture', 'open', 3), ('Qualified', 'open', 4), ('Showing', 'open', 5), ('Offer', 'open', 6),
    ('Under Contract', 'open', 7), ('Closed Won', 'won', 8), ('Closed Lost', 'lost', 9), ('Archived', 'archived', 10)
) AS stage (key, kind, place);

ALTER TABLE leads DROP CONSTRAINT leads_status_check;
ALTER TABLE leads ADD COLUMN stage_kind text NOT NULL DEFAULT 'open'
    CHECK (stage_kind IN ('open', 'won', 'lost', 'archived'));
UPDATE leads SET stage_kind = lead_stages.kind FROM lead_stages
WHERE lead_stages.key = leads.status AND lead_stages.kind <> 'open';

CREATE OR REPLACE VIEW tagged_leads AS
SELECT t.tag, t.created_at, t.lead_id AS id, t.assigned_to, t.office, t.team, NULL::timestamptz AS deleted_at,
    l.updated_at, l.last_activity_at, l.first_name, l.last_name, l.emails, l.phones, l.source, l.status, l.priority,
    l.budget_min, l.budget_max, l.notes, l.tags, l.custom_fields, l.consents, l.score, l.score_reasons, l.score_until,
    l.ai_summary, l.activity, l.claimants, l.claim_until, l.claim_fallback, l.merged_into, l.deleted_by, l.search_text,
    l.name_text, l.stage_kind
FROM lead_tags t LEFT JOIN leads l ON l.id = t.lead_id;
