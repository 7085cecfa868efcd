-- The stored types and sub-types, each found by one probe of the index: a filter by a value that RESO does not list is
-- compared with them.
CREATE INDEX properties_type ON properties (property_type) WHERE visible;
CREATE INDEX properties_sub_type ON properties (property_sub_type) WHERE visible;

-- Filters by state and by the name of an agent or office fold case: how many rows have one, for the planner.
CREATE STATISTICS properties_state_counts ON (fold_text(state_or_province)) FROM properties;
CREATE STATISTICS properties_agent_counts ON (fold_text(list_agent_full_name)) FROM properties;
CREATE STATISTICS properties_office_counts ON (fold_text(list_office_name)) FROM properties;

-- Filter by our time of storing; sort by the date that is shown as `listedAt`.
CREATE INDEX properties_stored ON properties (stored_at) WHERE visible;
CREATE INDEX properties_contract_date ON properties (listing_contract_date, id) WHERE visible;
