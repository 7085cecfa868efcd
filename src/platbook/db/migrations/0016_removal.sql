-- An accepted sweep whose run does not end well waits for a person again, whichever way the run ended.
CREATE FUNCTION reopen_sweep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mls_sweeps SET status = 'refused', decided_at = NULL, decided_by = NULL
    WHERE id = NEW.sweep_id AND status = 'accepted' AND removed IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER mls_sync_history_sweep AFTER UPDATE OF status ON mls_sync_history FOR EACH ROW
    WHEN (NEW.sweep_id IS NOT NULL AND NEW.status IN ('failed', 'cancelled'))
    EXECUTE FUNCTION reopen_sweep();

UPDATE mls_sweeps s SET status = 'refused', decided_at = NULL, decided_by = NULL
WHERE status = 'accepted' AND removed IS NULL AND NOT EXISTS (
    SELECT FROM mls_sync_history h WHERE h.sweep_id = s.id AND h.status IN ('waiting', 'running'));

-- What superseded sweeps would have removed is of no more use.
DELETE FROM mls_sweep_candidates c USING mls_sweeps s WHERE s.id = c.sweep_id AND s.status = 'superseded';

-- What a provider kept of removed listings, to be erased where it keeps nothing any more.
CREATE INDEX properties_kept ON properties (provider_id, listing_key) WHERE removed_at IS NOT NULL AND erased_at IS NULL;
