-- How old the copy of a provider's resource is. `changes_as_of`: the start of the last walk that reached its proved
-- end; what the source held then is stored. `removals_as_of`: the start of the last sweep that was applied, or of the
-- last walk that read the source's own deletions. `swept_at`: the start of the last run whose sweep came to its end,
-- applied or not.
CREATE TABLE mls_copy_ages (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    resource text NOT NULL,
    removals_by text NOT NULL CHECK (removals_by IN ('sweep', 'source', 'nothing')),
    changes_as_of timestamptz,
    removals_as_of timestamptz,
    swept_at timestamptz,
    PRIMARY KEY (provider_id, resource)
);

-- What history proves. The last run that walked to the end may have resumed the walk of those before it that did not,
-- so it counts from the first of them. A run that swept and left something undone is swept again.
WITH walks AS (
    SELECT provider_id, resource, started_at, status IN ('success', 'partial') AS is_complete FROM mls_sync_history
    WHERE parent_id IS NOT NULL AND resource IS NOT NULL AND sync_type IN ('full', 'incremental') AND NOT dry_run
        AND started_at IS NOT NULL
), ended AS (
    SELECT provider_id, resource, max(started_at) AS started_at FROM walks WHERE is_complete GROUP BY 1, 2
), earlier AS (
    SELECT w.provider_id, w.resource, max(w.started_at) AS started_at
    FROM walks w JOIN ended e USING (provider_id, resource)
    WHERE w.is_complete AND w.started_at < e.started_at GROUP BY 1, 2
), sweeps AS (
    SELECT c.provider_id, c.resource, c.started_at FROM mls_sync_status s
    JOIN mls_sync_history h ON h.provider_id = s.provider_id AND h.parent_id IS NULL AND h.ended_at = s.last_sweep_at
        AND h.status = 'success'
    JOIN mls_sync_history c ON c.parent_id = h.sync_id
)
INSERT INTO mls_copy_ages (provider_id, resource, removals_by, changes_as_of, removals_as_of, swept_at)
SELECT e.provider_id, e.resource, 'sweep', (
        SELECT min(w.started_at) FROM walks w WHERE w.provider_id = e.provider_id AND w.resource = e.resource
            AND w.started_at <= e.started_at AND (b.started_at IS NULL OR w.started_at > b.started_at)),
    s.started_at, greatest(s.started_at, (
        SELECT max(w.began_at) FROM mls_sweeps w
        WHERE w.provider_id = e.provider_id AND w.resource = e.resource AND w.candidates > 0))
FROM ended e LEFT JOIN earlier b USING (provider_id, resource) LEFT JOIN sweeps s USING (provider_id, resource);

ALTER TABLE mls_sync_status DROP COLUMN last_sweep_at;

-- When the walk under way began, however often it was resumed; NULL: no walk, or one that began before this was kept.
ALTER TABLE mls_sync_cursors ADD COLUMN walk_began_at timestamptz;

-- How old changes may get before a provider is overdue, in hours; NULL: one and a half intervals.
ALTER TABLE mls_provider_configurations ADD COLUMN allowed_age_hours numeric CHECK (allowed_age_hours > 0);

-- The ages of their copies beyond which nothing of providers is public, where a rule names one. Inlined where it is
-- selected from, as is the next.
CREATE FUNCTION hide_when_stale() RETURNS TABLE (provider_id text, age interval) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.provider_id, min((r.settings ->> 'hideWhenStale')::interval) FROM display_rules r
    WHERE r.valid_to IS NULL AND r.surface = 'public' AND r.originating_system IS NULL AND r.feed IS NULL AND NOT r.ours
        AND r.settings ->> 'hideWhenStale' IS NOT NULL
    GROUP BY r.provider_id
$$;

-- The providers of whose listings nothing is public at a moment, because their copy is older than their rule allows, or
-- its age is not known. A time further ahead of the moment than clocks may differ (sync/clock_ahead.py) proves nothing.
CREATE FUNCTION stale_providers(at timestamptz) RETURNS SETOF text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT h.provider_id FROM hide_when_stale() h
    LEFT JOIN mls_copy_ages a ON a.provider_id = h.provider_id AND a.resource = 'Property'
    WHERE (at - a.changes_as_of BETWEEN interval '-5 minutes' AND h.age AND (a.removals_by = 'nothing'
        OR at - a.removals_as_of BETWEEN interval '-5 minutes' AND h.age)) IS NOT TRUE
$$;
