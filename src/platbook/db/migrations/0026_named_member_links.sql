-- Links with what their members are called, by the listings that are there: kept nowhere, it cannot outlive an erasure.
CREATE VIEW named_member_links AS
SELECT l.*, (SELECT max(list_agent_full_name) FROM properties p
    WHERE p.provider_id = l.provider_id AND p.list_agent_key = l.member_key AND p.erased_at IS NULL) AS member_name
FROM member_links l;
