-- name: reserve_request
-- Reserve the next free time for one request (GCRA, virtual scheduling), unless the source is paused for longer than
-- the caller waits. All times are the database's, so that machines whose clocks differ agree. A time further ahead than
-- any queue is long was reserved by a clock that was ahead.
INSERT INTO source_quotas AS quota (provider_id, next_request_at, closed_until)
VALUES (%(provider_id)s, clock_timestamp() + %(interval)s, '-infinity')
ON CONFLICT (provider_id) DO UPDATE
SET next_request_at = greatest(clock_timestamp(), quota.closed_until, CASE WHEN quota.next_request_at
    < clock_timestamp() + greatest(interval '1 hour', 1000 * %(interval)s::interval) THEN quota.next_request_at END)
    + %(interval)s
WHERE quota.closed_until <= clock_timestamp() + %(max_wait)s
RETURNING extract(epoch FROM next_request_at - %(interval)s - clock_timestamp())::float8;

-- name: get_pause
-- Until when a source is paused, and in how many seconds that is; no row if it is not.
SELECT closed_until AS until, extract(epoch FROM closed_until - clock_timestamp())::float8 AS seconds
FROM source_quotas
WHERE provider_id = %(provider_id)s AND closed_until > clock_timestamp();

-- name: pause_source
-- Pause a source for every worker; a longer pause that is in force already stays.
INSERT INTO source_quotas AS quota (provider_id, next_request_at, closed_until)
VALUES (%(provider_id)s, clock_timestamp(), clock_timestamp() + %(duration)s)
ON CONFLICT (provider_id) DO UPDATE
SET closed_until = greatest(quota.closed_until, excluded.closed_until)
RETURNING closed_until AS until, extract(epoch FROM closed_until - clock_timestamp())::float8 AS seconds;

-- name: acquire_slot
-- Take the first slot that is free or whose lease has expired. A slot numbered above a limit that was lowered since is
-- still a session at the source, so none is free while one is held. Of two that take the same slot at once, one gets
-- it, and the other gets no row. Who yields gets none while somebody waits for one. A lease of more than a day was
-- taken by a clock that was ahead.
INSERT INTO source_seats AS taken (provider_id, kind, seat, holder, leased_until)
SELECT %(provider_id)s, %(kind)s, number, %(holder)s, clock_timestamp() + %(lease)s
FROM generate_series(1, %(slots)s::integer) AS number
WHERE NOT EXISTS (
    SELECT FROM source_seats AS held
    WHERE held.provider_id = %(provider_id)s AND held.kind = %(kind)s
      AND (held.seat = number OR held.seat > %(slots)s::integer)
      AND held.leased_until > clock_timestamp()
      AND held.leased_until < clock_timestamp() + greatest(interval '1 day', 2 * %(lease)s::interval)
) AND NOT (%(yields)s AND EXISTS (
    SELECT FROM source_seats AS waiting
    WHERE waiting.provider_id = %(provider_id)s AND waiting.kind = %(kind)s || ' waiting'
      AND waiting.leased_until > clock_timestamp()
))
ORDER BY number
LIMIT 1
ON CONFLICT (provider_id, kind, seat) DO UPDATE
SET holder = excluded.holder, leased_until = excluded.leased_until
WHERE taken.leased_until <= clock_timestamp()
    OR taken.leased_until >= clock_timestamp() + greatest(interval '1 day', 2 * %(lease)s::interval)
RETURNING taken.seat;

-- name: renew_slot
-- Extend a lease; updates no row if another holder has taken the slot over.
UPDATE source_seats SET leased_until = clock_timestamp() + %(lease)s
WHERE provider_id = %(provider_id)s AND kind = %(kind)s AND seat = %(seat)s AND holder = %(holder)s;

-- name: release_slot
-- End a lease, if it is still the holder's.
DELETE FROM source_seats
WHERE provider_id = %(provider_id)s AND kind = %(kind)s AND seat = %(seat)s AND holder = %(holder)s;

-- name: acquire_budget
-- Charge `cost` to a limit if it is not used up (GCRA): its theoretical arrival time moves on by the cost, counted from
-- no earlier than `burst` ago, which is what may be used without a pause after an idle time. No row if it is used up.
INSERT INTO source_budgets AS budget (provider_id, name, spent_until)
VALUES (%(provider_id)s, %(name)s, clock_timestamp() - %(burst)s::interval + %(cost)s::interval)
ON CONFLICT (provider_id, name) DO UPDATE
SET spent_until = greatest(budget.spent_until, clock_timestamp() - %(burst)s::interval) + %(cost)s::interval
WHERE budget.spent_until <= clock_timestamp()
RETURNING true;

-- name: charge_budget
-- Charge `cost` to a limit, even beyond it.
INSERT INTO source_budgets AS budget (provider_id, name, spent_until)
VALUES (%(provider_id)s, %(name)s, clock_timestamp() - %(burst)s::interval + %(cost)s::interval)
ON CONFLICT (provider_id, name) DO UPDATE
SET spent_until = greatest(budget.spent_until, clock_timestamp() - %(burst)s::interval) + %(cost)s::interval;

-- name: get_exhausted_budget
-- Until when a limit is used up, and in how many seconds that is; no row if anything is left.
SELECT spent_until AS until, extract(epoch FROM spent_until - clock_timestamp())::float8 AS seconds
FROM source_budgets WHERE provider_id = %(provider_id)s AND name = %(name)s AND spent_until > clock_timestamp();
