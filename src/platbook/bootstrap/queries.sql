-- name: count_workers
-- Workers that gave a sign of life in the last so many seconds.
SELECT count(*) FROM queue.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s);
