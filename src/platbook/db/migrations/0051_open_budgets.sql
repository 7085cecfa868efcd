-- A lead's budget of which one end is not given is an open range: the most is without end, or the least.
DROP INDEX leads_most;
DROP INDEX leads_least;
CREATE INDEX leads_most ON leads (coalesce(budget_max, budget_min + 'Infinity'::numeric))
    INCLUDE (budget_min, budget_max) WHERE deleted_at IS NULL;
CREATE INDEX leads_least ON leads (coalesce(budget_min, budget_max - 'Infinity'::numeric))
    INCLUDE (budget_min, budget_max) WHERE deleted_at IS NULL;
