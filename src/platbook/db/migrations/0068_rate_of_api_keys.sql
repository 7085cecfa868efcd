-- A key's own limit of requests a minute; NULL: the setting's.
ALTER TABLE api_keys ADD COLUMN rate_per_minute integer CHECK (rate_per_minute > 0);
