-- The web origins whose pages may use a key of the public surface (CORS).
ALTER TABLE api_keys ADD COLUMN origins text[] NOT NULL DEFAULT '{}';
