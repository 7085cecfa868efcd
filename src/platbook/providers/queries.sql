-- name: add_provider
-- A new provider.
INSERT INTO mls_provider_configurations (
    provider_id, provider_name, provider_type, settings, credentials, credential_names, field_mapping, scope, media,
    retention, interval_hours, allowed_age_hours, requests_per_second, max_removal_share, enabled, created_at,
    updated_at
) VALUES (
    %(provider_id)s, %(provider_name)s, %(provider_type)s, %(settings)s, %(credentials)s, %(credential_names)s,
    %(field_mapping)s, %(scope)s, %(media)s, %(retention)s, %(interval_hours)s, %(allowed_age_hours)s,
    %(requests_per_second)s, %(max_removal_share)s, %(enabled)s, %(at)s, %(at)s
);

-- name: change_provider
-- A provider's configuration, whole; its credentials stay where none are given.
UPDATE mls_provider_configurations SET
    provider_name = %(provider_name)s, provider_type = %(provider_type)s, settings = %(settings)s,
    credentials = coalesce(%(credentials)s, credentials),
    credential_names = CASE WHEN %(credentials)s::bytea IS NULL THEN credential_names ELSE %(credential_names)s END,
    field_mapping = %(field_mapping)s, scope = %(scope)s, media = %(media)s,
    retention = %(retention)s, interval_hours = %(interval_hours)s, allowed_age_hours = %(allowed_age_hours)s,
    requests_per_second = %(requests_per_second)s, max_removal_share = %(max_removal_share)s, enabled = %(enabled)s,
    archived_at = NULL, updated_at = %(at)s
WHERE provider_id = %(provider_id)s;

-- name: get_provider
-- One provider by its id, archived ones too.
SELECT provider_id, provider_name, provider_type, settings, credential_names, field_mapping, scope, media,
    display_rules_at(provider_id, NULL) AS stored_rules, retention, interval_hours::float8 AS interval_hours,
    allowed_age_hours::float8 AS allowed_age_hours, requests_per_second::float8 AS requests_per_second,
    max_removal_share::float8 AS max_removal_share, enabled, archived_at, created_at, updated_at
FROM mls_provider_configurations WHERE provider_id = %(provider_id)s;

-- name: find_providers
-- Every provider, archived ones only if asked.
SELECT provider_id, provider_name, provider_type, settings, credential_names, field_mapping, scope, media,
    display_rules_at(provider_id, NULL) AS stored_rules, retention, interval_hours::float8 AS interval_hours,
    allowed_age_hours::float8 AS allowed_age_hours, requests_per_second::float8 AS requests_per_second,
    max_removal_share::float8 AS max_removal_share, enabled, archived_at, created_at, updated_at
FROM mls_provider_configurations WHERE archived_at IS NULL OR %(archived)s ORDER BY provider_id;

-- name: get_credentials
-- A provider's sealed credentials.
SELECT credentials FROM mls_provider_configurations WHERE provider_id = %(provider_id)s;

-- name: set_enabled
-- Switch a provider's schedule on or off.
UPDATE mls_provider_configurations SET enabled = %(enabled)s, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND archived_at IS NULL;

-- name: set_interval
-- Change how often a provider is synced.
UPDATE mls_provider_configurations SET interval_hours = %(interval_hours)s, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND archived_at IS NULL;

-- name: archive_provider
-- Take a provider out of service; nothing of it is erased.
UPDATE mls_provider_configurations SET enabled = false, archived_at = %(at)s, updated_at = %(at)s
WHERE provider_id = %(provider_id)s;

-- name: delete_provider
-- Remove a provider's configuration and everything that hangs on it; its listings are erased before.
DELETE FROM mls_provider_configurations WHERE provider_id = %(provider_id)s;

-- name: get_display_rules
-- A provider's display rules as they were at a moment; NULL: as they are.
SELECT display_rules_at(provider_id, %(at)s::timestamptz) AS rules FROM mls_provider_configurations
WHERE provider_id = %(provider_id)s;

-- name: share_provider
-- Lock a provider's configuration and rules until this transaction ends.
SELECT FROM mls_provider_configurations WHERE provider_id = %(provider_id)s FOR SHARE;

-- name: lock_provider
-- Lock a provider's configuration and rules, to change them, until this transaction ends. Rows that refer to it can be
-- added meanwhile.
SELECT FROM mls_provider_configurations WHERE provider_id = %(provider_id)s FOR NO KEY UPDATE;

-- name: add_rules_version
-- A new version of a provider's rules.
INSERT INTO display_rule_versions (provider_id, version, own_offices, set_by, set_at)
VALUES (%(provider_id)s, %(version)s, %(own_offices)s, %(set_by)s, %(at)s);

-- name: end_display_rules
-- These rules hold no longer; they stay to be read.
UPDATE display_rules SET valid_to = %(at)s WHERE id = ANY(%(ids)s);

-- name: add_display_rule
-- A new rule.
INSERT INTO display_rules (id, provider_id, originating_system, surface, feed, ours, settings, version, valid_from,
    set_by)
VALUES (%(id)s, %(provider_id)s, %(originating_system)s, %(surface)s, %(feed)s, %(ours)s, %(settings)s, %(version)s,
    %(at)s, %(set_by)s);

-- name: apply_finding_changes
-- Change the counts of findings, in the order given. A finding whose count becomes zero closes; one that comes back
-- opens anew. A sample is of a record that has the finding: where one lost it and no other sent a text, it is dropped.
WITH changes AS (
    SELECT * FROM unnest(%(provider_ids)s::text[], %(resources)s::text[], %(kinds)s::text[], %(fields)s::text[],
        %(reasons)s::text[], %(changes)s::bigint[], %(samples)s::text[], %(seen)s::boolean[], %(lost)s::boolean[],
        %(at)s::timestamptz[]) WITH ORDINALITY
        AS c (provider_id, resource, kind, field, reason, change, sample, seen, lost, at, position)
)
INSERT INTO findings AS f (provider_id, resource, kind, field, reason, count, sample, opened_at, last_at, closed_at)
SELECT provider_id, resource, kind, field, reason, change, CASE WHEN lost THEN coalesce(sample, '') ELSE sample END,
    at, at, CASE WHEN seen THEN NULL ELSE at END
FROM changes c WHERE change > 0 OR EXISTS (
    SELECT FROM findings known WHERE known.provider_id = c.provider_id AND known.resource = c.resource
        AND known.kind = c.kind AND known.field IS NOT DISTINCT FROM c.field AND known.reason = c.reason)
ORDER BY position
ON CONFLICT (provider_id, resource, kind, field, reason) DO UPDATE SET
    count = greatest(0, f.count + excluded.count),
    sample = CASE WHEN f.count + excluded.count > 0 THEN nullif(coalesce(excluded.sample, f.sample), '') END,
    opened_at = CASE WHEN f.count = 0 AND excluded.count > 0 THEN excluded.opened_at ELSE f.opened_at END,
    last_at = CASE WHEN excluded.closed_at IS NULL THEN excluded.last_at ELSE f.last_at END,
    closed_at = CASE WHEN f.count + excluded.count > 0 THEN NULL ELSE coalesce(f.closed_at, excluded.opened_at) END;

-- name: is_finding_open
-- Whether a finding is open.
SELECT EXISTS (SELECT FROM findings WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND kind = %(kind)s
    AND field IS NOT DISTINCT FROM %(field)s::text AND reason = %(reason)s AND closed_at IS NULL);

-- name: find_findings
-- A provider's findings; a filter that is NULL matches all.
SELECT provider_id, resource, kind, field, reason, count, sample, opened_at, last_at, closed_at FROM findings
WHERE provider_id = %(provider_id)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(is_open)s::boolean IS NULL OR (closed_at IS NULL) = %(is_open)s);
