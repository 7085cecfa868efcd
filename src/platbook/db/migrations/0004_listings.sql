-- One listing as one provider states it. Typed columns are what people search and show; `more` holds every further
-- mapped field by its RESO name; `raw` is what the source said, whole.
CREATE TABLE properties (
    id uuid PRIMARY KEY,
    provider_id text COLLATE "C" NOT NULL,
    listing_key text COLLATE "C" NOT NULL,
    listing_id text,
    standard_status text,
    mls_status text,
    property_type text,
    property_sub_type text,
    list_price numeric,
    original_list_price numeric,
    previous_list_price numeric,
    close_price numeric,
    unparsed_address text,
    street_number text,
    street_dir_prefix text,
    street_name text,
    street_suffix text,
    street_dir_suffix text,
    unit_number text,
    city text,
    county_or_parish text,
    state_or_province text,
    postal_code text,
    country text,
    subdivision_name text,
    mls_area_major text,
    latitude double precision,
    longitude double precision,
    directions text,
    parcel_number text,
    zoning text,
    elementary_school text,
    middle_school text,
    high_school text,
    bedrooms_total integer,
    bathrooms_total integer,
    bathrooms_full integer,
    bathrooms_half integer,
    living_area numeric,
    lot_size_square_feet numeric,
    lot_size_acres numeric,
    year_built integer,
    stories integer,
    garage_spaces numeric,
    parking_total numeric,
    new_construction_yn boolean,
    pool_private_yn boolean,
    waterfront_yn boolean,
    view_yn boolean,
    fireplace_yn boolean,
    senior_community_yn boolean,
    association_fee numeric,
    association_fee_frequency text,
    tax_annual_amount numeric,
    tax_year integer,
    public_remarks text,
    private_remarks text,
    showing_instructions text,
    virtual_tour_url text,
    list_agent_key text,
    list_agent_mls_id text,
    list_agent_full_name text,
    list_agent_email text,
    list_agent_phone text,
    list_office_key text,
    list_office_mls_id text,
    list_office_name text,
    list_office_phone text,
    co_list_agent_key text,
    co_list_agent_mls_id text,
    co_list_agent_full_name text,
    co_list_office_key text,
    co_list_office_name text,
    buyer_agent_key text,
    buyer_agent_full_name text,
    buyer_office_key text,
    buyer_office_name text,
    listing_contract_date date,
    on_market_date date,
    purchase_contract_date date,
    close_date date,
    off_market_date date,
    expiration_date date,
    original_entry_timestamp timestamptz,
    modification_timestamp timestamptz,
    status_change_timestamp timestamptz,
    price_change_timestamp timestamptz,
    photos_change_timestamp timestamptz,
    photos_count integer,
    internet_entire_listing_display_yn boolean,
    internet_address_display_yn boolean,
    originating_system_name text,
    more jsonb NOT NULL DEFAULT '{}',
    raw jsonb,
    content_hash bytea,
    listed_at timestamptz,                     -- when it came on the market
    off_market_at timestamptz,                 -- when it left the market; null: it is on it
    modified_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL,
    sync_id uuid,
    removed_at timestamptz,
    erased_at timestamptz,
    out_of_scope_at timestamptz,
    hidden boolean NOT NULL DEFAULT false,     -- its provider is archived
    visible boolean NOT NULL GENERATED ALWAYS AS
        (removed_at IS NULL AND out_of_scope_at IS NULL AND erased_at IS NULL AND NOT hidden) STORED,
    is_local boolean NOT NULL DEFAULT false,
    is_featured boolean NOT NULL DEFAULT false,
    author_id uuid REFERENCES users ON DELETE SET NULL,
    shows_address boolean NOT NULL DEFAULT false,
    document_version text NOT NULL,
    internal_document text,
    public_document text
);
ALTER TABLE properties ALTER raw SET STORAGE EXTERNAL;
ALTER TABLE properties ALTER internal_document SET STORAGE EXTERNAL;
ALTER TABLE properties ALTER public_document SET STORAGE EXTERNAL;
DO $$ BEGIN
    ALTER TABLE properties ALTER raw SET STORAGE MAIN, ALTER raw SET COMPRESSION lz4;
    ALTER TABLE properties ALTER raw SET STORAGE EXTENDED;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
END $$;

-- The words people search by. English stems for remarks; addresses and numbers pass through it unharmed. Its cost is
-- what it truly costs, and PL/pgSQL keeps it whole, so that the planner sees that: rather ask the index than each row.
CREATE FUNCTION listing_words(address text, city text, postal_code text, subdivision text, listing_id text, remarks text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 5000 AS $$
BEGIN
    RETURN to_tsvector('english'::regconfig,
        coalesce(address, '') || ' ' || coalesce(city, '') || ' ' || coalesce(postal_code, '') || ' '
        || coalesce(subdivision, '') || ' ' || coalesce(listing_id, '') || ' ' || coalesce(remarks, ''));
END $$;

CREATE UNIQUE INDEX properties_key ON properties (provider_id, listing_key);
CREATE INDEX properties_modified ON properties (modified_at DESC, id DESC) WHERE visible;
CREATE INDEX properties_price ON properties (list_price, id) WHERE visible;
-- The town and the status ride along, so that the commonest total is counted without a look at the rows.
CREATE INDEX properties_city_price ON properties (lower(city), list_price, id) INCLUDE (city, standard_status) WHERE visible;
CREATE INDEX properties_city_modified ON properties (lower(city), modified_at DESC, id DESC) WHERE visible;
CREATE INDEX properties_listed ON properties (listed_at, id) WHERE visible;
CREATE INDEX properties_featured ON properties (modified_at DESC, id DESC) WHERE visible AND is_featured;
CREATE INDEX properties_postal_code ON properties (postal_code) WHERE visible;
CREATE INDEX properties_subdivision ON properties (subdivision_name) WHERE visible AND subdivision_name IS NOT NULL;
-- Equality, and what begins with what somebody typed so far, whatever the database's collation.
CREATE INDEX properties_listing_id ON properties (listing_id text_pattern_ops);
CREATE INDEX properties_address ON properties (lower(unparsed_address) text_pattern_ops) WHERE visible;
CREATE INDEX properties_street ON properties (lower(street_name) text_pattern_ops) WHERE visible;
CREATE INDEX properties_place ON properties USING gist (point(longitude, latitude)) WHERE visible AND latitude IS NOT NULL;
CREATE INDEX properties_words ON properties
    USING gin (listing_words(unparsed_address, city, postal_code, subdivision_name, listing_id, public_remarks)) WHERE visible;
-- How common a word is: the planner does not ask a partial index for it.
-- What partial indexes on an expression do not tell the planner: how many listings a town or county has.
CREATE STATISTICS properties_city_counts ON (lower(city)) FROM properties;
CREATE STATISTICS properties_county_counts ON (lower(county_or_parish)) FROM properties;
CREATE STATISTICS properties_word_counts
    ON (listing_words(unparsed_address, city, postal_code, subdivision_name, listing_id, public_remarks)) FROM properties;

-- Distinct words and places, for typing mistakes and suggestions. Rows are only added: whether a term still leads to
-- a listing is looked up when it is offered.
CREATE TABLE listing_terms (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('word', 'city', 'postalCode', 'subdivision')),
    term text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, term)
);
CREATE INDEX listing_terms_places ON listing_terms (lower(term) text_pattern_ops) WHERE kind <> 'word';
CREATE INDEX listing_terms_near ON listing_terms USING gin (term gin_trgm_ops);

-- The change log: what changed, from what to what, when the source says it changed, and which run saw it.
CREATE TABLE listing_changes (
    id uuid PRIMARY KEY,
    provider_id text COLLATE "C" NOT NULL,
    property_id uuid NOT NULL REFERENCES properties ON DELETE CASCADE,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('listed', 'price_changed', 'status_changed', 'changed', 'removed', 'returned', 'media_changed', 'out_of_scope', 'erased')),
    changes jsonb NOT NULL DEFAULT '[]',
    source text NOT NULL,
    sync_id uuid,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX listing_changes_timeline ON listing_changes (property_id, at DESC, id DESC);

-- Photos and documents of a listing. A row in state 'waiting' is photo work, committed with the page that caused it.
CREATE TABLE property_media (
    id uuid PRIMARY KEY,
    provider_id text COLLATE "C" NOT NULL,
    property_id uuid NOT NULL REFERENCES properties ON DELETE CASCADE,
    media_key text COLLATE "C" NOT NULL,
    "order" integer NOT NULL,
    category text NOT NULL,
    caption text,
    permission text[],
    modified text,
    source_address text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'failed')),
    sync_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX property_media_key ON property_media (property_id, media_key);
