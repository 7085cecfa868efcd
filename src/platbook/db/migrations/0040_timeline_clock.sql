-- A timeline is in the order of one clock: when a change happened by the source, else when we learned of it. A listing
-- that came back did so when we learned it, as it was removed when we learned that; and nothing has happened after it
-- was recorded.
UPDATE listing_changes SET at = recorded_at WHERE at > recorded_at OR (kind = 'returned' AND at < recorded_at);
