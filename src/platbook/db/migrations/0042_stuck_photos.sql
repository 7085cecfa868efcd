-- The finding of a photo that was given up, as `kind:field:reason`, until the photo is fetched; and those of photos that
-- were given up before, counted as findings are: without those of listings that are removed or out of scope.
ALTER TABLE property_media ADD COLUMN finding_key text;
UPDATE property_media SET finding_key = 'object_stuck:Media:every attempt failed'
WHERE state = 'failed' AND provider_id IN (SELECT provider_id FROM mls_provider_configurations);
CREATE INDEX property_media_stuck ON property_media (property_id) WHERE finding_key IS NOT NULL;

INSERT INTO findings (provider_id, resource, kind, field, reason, count, opened_at, last_at)
SELECT m.provider_id, 'Property', 'object_stuck', 'Media', 'every attempt failed', count(*), now(), now()
FROM property_media m JOIN properties p ON p.id = m.property_id
WHERE m.finding_key IS NOT NULL AND p.removed_at IS NULL AND p.out_of_scope_at IS NULL AND p.erased_at IS NULL
GROUP BY m.provider_id;
