-- What a file had in each field of a row at its last import, as digests, so that the next import applies what changed
-- in the file since; and the ids of people who were merged into another here, which complete and never overwrite.
ALTER TABLE crm_external_ids
    ADD COLUMN field_digests bytea,
    ADD COLUMN is_merged boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT crm_external_ids_kind_check,
    ADD CONSTRAINT crm_external_ids_kind_check CHECK (kind IN ('person', 'note', 'task', 'tag'));
UPDATE crm_external_ids SET is_merged = true
WHERE kind = 'person' AND EXISTS (SELECT FROM leads l WHERE l.merged_into = crm_external_ids.row_id);

-- The log has an entry for what an import changed.
ALTER TABLE interactions
    DROP CONSTRAINT interactions_type_check,
    ADD CONSTRAINT interactions_type_check CHECK (type IN ('Call Logged', 'Email Sent', 'SMS Sent', 'Note Added',
        'Meeting Scheduled', 'Showing', 'Status Change', 'Assigned', 'Task Completed', 'Lead Event', 'Merged',
        'Alert Sent', 'Imported'));
