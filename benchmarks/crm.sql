-- So many leads, as many tasks, ten times as many interactions. The first agent has 500 leads at any size. Two leads have
-- long logs: the first 1,000 entries at any size, another one a share of all.
INSERT INTO users (id, email, first_name, last_name, role, office, team, created_at)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'agent' || n || '@example.com', 'Agent', n::text, 'agent',
    (ARRAY['North', 'South', 'East', 'West'])[n % 4 + 1], 'Team ' || n % 20, '2026-01-01'
FROM generate_series(0, 400) AS n;

INSERT INTO leads (id, first_name, last_name, emails, phones, source, status, priority, budget_max, assigned_to, office,
    team, created_at, updated_at, last_activity_at, score, tags, search_text, name_text)
SELECT ('10000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, first, last, ARRAY[email], ARRAY[phone],
    (ARRAY['Website', 'Portal', 'Open House', 'Referral'])[n % 4 + 1],
    (ARRAY['New', 'New', 'Contacted', 'Nurture', 'Qualified'])[n % 5 + 1], (ARRAY['Low', 'Medium', 'High'])[n % 3 + 1],
    200000 + n % 800000, owner, (ARRAY['North', 'South', 'East', 'West'])[agent % 4 + 1], 'Team ' || agent % 20,
    made, made, made, n::bigint * 7919 / 13 % 100, ARRAY['tag' || n % 50],
    '  ' || lower(first) || '  ' || lower(last) || '  ' || email || '  ' || phone, '  ' || lower(first) || '  ' || lower(last)
FROM (
    SELECT n, 'First' || n % 1000 AS first, CASE WHEN n % (%(rows)s / 20) = 7 THEN 'Seldom' ELSE 'Last' || n % 5000 END AS last,
        'person' || n || '@example.com' AS email, '+1512' || lpad((n % 10000000)::text, 7, '0') AS phone,
        timestamptz '2026-06-01' - make_interval(secs => n::bigint * 7919 % 63072000) AS made,
        CASE WHEN n < 500 THEN 0 ELSE n % 400 + 1 END AS agent,
        ('00000000-0000-7000-8000-' || lpad((CASE WHEN n < 500 THEN 0 ELSE n % 400 + 1 END)::text, 12, '0'))::uuid AS owner
    FROM generate_series(0, %(rows)s - 1) AS n
) AS made;

INSERT INTO tasks (id, title, type, due_date, priority, lead_id, assigned_to, lead_owner, office, team, completed_at,
    created_by, created_at, updated_at)
SELECT ('20000000-0000-7000-8000-' || right(l.id::text, 12))::uuid, 'Call', 'Call', l.created_at + interval '200 days',
    (ARRAY['Low', 'Medium', 'High', 'Urgent'])[extract(day FROM l.created_at)::integer % 4 + 1], l.id, l.assigned_to,
    l.assigned_to, l.office, l.team, CASE WHEN l.score < 50 THEN l.created_at END, 'fill', l.created_at, l.created_at
FROM leads l;

INSERT INTO interactions (id, lead_id, type, content, interaction_date, user_id, actor, created_at)
SELECT ('30000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
    ('10000000-0000-7000-8000-' || lpad((CASE WHEN n < 1000 THEN 0 WHEN n < 1000 + %(rows)s / 20 THEN 501
        ELSE n % (%(rows)s - 2) + 2 END)::text, 12, '0'))::uuid,
    (ARRAY['Call Logged', 'Email Sent', 'Note Added', 'Lead Event'])[n % 4 + 1], 'what was said, in a sentence or two of ' || n,
    timestamptz '2026-06-01' - make_interval(secs => n * 7), NULL, 'fill', '2026-06-01'
FROM generate_series(0, %(rows)s * 10 - 1) AS n;

VACUUM ANALYZE users, leads, lead_tags, tasks, interactions, interaction_numbers;
