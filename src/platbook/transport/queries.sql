-- name: take_turn
-- Reserve the next free moment for one request, unless the source is closed for longer than the caller would wait.
-- All times are the database's, so that machines whose clocks differ agree.
INSERT INTO source_quotas AS quota (provider_id, next_request_at, closed_until)
VALUES (%(provider_id)s, clock_timestamp() + %(interval)s, '-infinity')
ON CONFLICT (provider_id) DO UPDATE
SET next_request_at = greatest(clock_timestamp(), quota.next_request_at, quota.closed_until) + %(interval)s
WHERE quota.closed_until <= clock_timestamp() + %(patience)s
RETURNING extract(epoch FROM next_request_at - %(interval)s - clock_timestamp())::float8;

-- name: get_closing
-- Until when a source is closed and how many seconds that is from now; no row where it is open.
SELECT closed_until AS until, extract(epoch FROM closed_until - clock_timestamp())::float8 AS seconds
FROM source_quotas
WHERE provider_id = %(provider_id)s AND closed_until > clock_timestamp();

-- name: close_source
-- Let no worker send to a source for a while; a longer closing that stands already is kept.
INSERT INTO source_quotas AS quota (provider_id, next_request_at, closed_until)
VALUES (%(provider_id)s, clock_timestamp(), clock_timestamp() + %(duration)s)
ON CONFLICT (provider_id) DO UPDATE
SET closed_until = greatest(quota.closed_until, excluded.closed_until)
RETURNING closed_until AS until, extract(epoch FROM closed_until - clock_timestamp())::float8 AS seconds;

-- name: take_seat
-- Take the first seat that nobody holds, or whose lease has run out. Who held a seat beyond a limit that was lowered
-- since still sits at the source, so nobody else may. Two who reach for one seat: one gets it, the other gets no row.
INSERT INTO source_seats AS taken (provider_id, kind, seat, holder, leased_until)
SELECT %(provider_id)s, %(kind)s, number, %(holder)s, clock_timestamp() + %(lease)s
FROM generate_series(1, %(seats)s::integer) AS number
WHERE NOT EXISTS (
    SELECT FROM source_seats AS held
    WHERE held.provider_id = %(provider_id)s AND held.kind = %(kind)s
      AND (held.seat = number OR held.seat > %(seats)s::integer)
      AND held.leased_until > clock_timestamp()
)
ORDER BY number
LIMIT 1
ON CONFLICT (provider_id, kind, seat) DO UPDATE
SET holder = excluded.holder, leased_until = excluded.leased_until
WHERE taken.leased_until <= clock_timestamp()
RETURNING taken.seat;

-- name: renew_seat
-- Prolong a lease; touches no row if another holds the seat by now.
UPDATE source_seats SET leased_until = clock_timestamp() + %(lease)s
WHERE provider_id = %(provider_id)s AND kind = %(kind)s AND seat = %(seat)s AND holder = %(holder)s;

-- name: give_back_seat
-- End a lease, if it is still the holder's own.
DELETE FROM source_seats
WHERE provider_id = %(provider_id)s AND kind = %(kind)s AND seat = %(seat)s AND holder = %(holder)s;

-- name: take_budget
-- Use a share of a further budget now, if something is left of it: its moment moves on by the share, counted from no
-- earlier than `slack` ago, so that so much may be used at once after a quiet time. No row where nothing is left.
INSERT INTO source_budgets AS budget (provider_id, name, spent_until)
VALUES (%(provider_id)s, %(name)s, clock_timestamp() - %(slack)s::interval + %(share)s::interval)
ON CONFLICT (provider_id, name) DO UPDATE
SET spent_until = greatest(budget.spent_until, clock_timestamp() - %(slack)s::interval) + %(share)s::interval
WHERE budget.spent_until <= clock_timestamp()
RETURNING true;

-- name: spend_budget
-- Note what was used of a further budget, however much it is.
INSERT INTO source_budgets AS budget (provider_id, name, spent_until)
VALUES (%(provider_id)s, %(name)s, clock_timestamp() - %(slack)s::interval + %(share)s::interval)
ON CONFLICT (provider_id, name) DO UPDATE
SET spent_until = greatest(budget.spent_until, clock_timestamp() - %(slack)s::interval) + %(share)s::interval;

-- name: get_budget
-- Up to when a further budget is spent, and how many seconds that is from now; no row where something is left of it.
SELECT spent_until AS until, extract(epoch FROM spent_until - clock_timestamp())::float8 AS seconds
FROM source_budgets WHERE provider_id = %(provider_id)s AND name = %(name)s AND spent_until > clock_timestamp();
