-- Photos of a provider that fetches none are linked, not waiting, and no work is queued for them.
WITH linked AS (
    UPDATE property_media m SET state = 'linked' FROM mls_provider_configurations c
    WHERE c.provider_id = m.provider_id AND c.media ->> 'fetch' = 'false' AND m.state = 'waiting'
    RETURNING m.property_id)
INSERT INTO media_checks (property_id, moved) SELECT DISTINCT property_id, true FROM linked;

DELETE FROM media_work w USING mls_provider_configurations c
WHERE c.provider_id = w.provider_id AND c.media ->> 'fetch' = 'false';
