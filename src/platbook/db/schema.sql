-- The schema: what the migrations make, as pg_dump --schema-only writes it, without the queue's own.
-- It is read, never applied. `make schema` rewrites it after a migration; a test compares the two.

--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

--
-- Name: check_blob(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.check_blob() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO media_checks (blob_id, at_once)
    VALUES (OLD.blob_id, coalesce((SELECT p.erased_at IS NOT NULL OR coalesce(c.retention = 'erase', false)
        FROM properties p LEFT JOIN mls_provider_configurations c USING (provider_id) WHERE p.id = OLD.property_id), true));
    RETURN NULL;
END $$;

--
-- Name: check_listing_media(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.check_listing_media() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO media_checks (property_id) SELECT NEW.id
    WHERE EXISTS (SELECT FROM property_media WHERE property_id = NEW.id AND blob_id IS NOT NULL);
    RETURN NULL;
END $$;

--
-- Name: days_follow_user(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.days_follow_user() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('time zone of ' || NEW.id, 0));
    UPDATE tasks SET due_date = due_date WHERE assigned_to = NEW.id AND due_on IS NOT NULL;
    RETURN NULL;
END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: display_rule_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.display_rule_versions (
    provider_id text NOT NULL,
    version integer NOT NULL,
    own_offices text[] DEFAULT '{}'::text[] NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL
);

--
-- Name: display_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.display_rules (
    id uuid NOT NULL,
    provider_id text NOT NULL,
    originating_system text,
    surface text NOT NULL,
    feed text,
    ours boolean DEFAULT false NOT NULL,
    settings jsonb NOT NULL,
    version integer NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    set_by text NOT NULL
);

--
-- Name: display_rules_at(text, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.display_rules_at(provider text, at timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object('rules', (SELECT COALESCE(jsonb_agg(to_jsonb(r.*) ORDER BY r.valid_from, r.id), '[]'::jsonb) AS "coalesce" FROM public.display_rules r WHERE ((r.provider_id = display_rules_at.provider) AND CASE WHEN (display_rules_at.at IS NULL) THEN (r.valid_to IS NULL) ELSE ((r.valid_from <= display_rules_at.at) AND ((r.valid_to IS NULL) OR (r.valid_to > display_rules_at.at))) END)), 'version', COALESCE((SELECT max(v.version) AS max FROM public.display_rule_versions v WHERE ((v.provider_id = display_rules_at.provider) AND ((display_rules_at.at IS NULL) OR (v.set_at <= display_rules_at.at)))), 0), 'ownOffices', COALESCE((SELECT v.own_offices FROM public.display_rule_versions v WHERE ((v.provider_id = display_rules_at.provider) AND ((display_rules_at.at IS NULL) OR (v.set_at <= display_rules_at.at))) ORDER BY v.version DESC LIMIT 1), '{}'::text[]));

--
-- Name: end_day_of_task(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.end_day_of_task() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    zone text;
BEGIN
    IF NEW.assigned_to IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('time zone of ' || NEW.assigned_to, 0));
        SELECT time_zone INTO zone FROM users WHERE id = NEW.assigned_to;
    END IF;
    NEW.due_date := (NEW.due_on + time '23:59:59') AT TIME ZONE coalesce(zone, NEW.time_zone);
    IF NEW.remind_at IS NOT NULL THEN
        NEW.remind_at := NEW.due_date - make_interval(mins => NEW.remind_minutes_before);
    END IF;
    RETURN NEW;
END $$;

--
-- Name: fold_text(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_text(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (octet_length(value) = char_length(value)) THEN lower(value) ELSE lower(replace(replace(replace(replace(replace(replace(replace(replace(translate(regexp_replace(NORMALIZE(replace(value, '´'::text, ''''::text), NFKD), '[\u0300-\u036f]+'::text, ''::text, 'g'::text), '’‘ʼʻ′‐‑‒–—−øØłŁđĐðÐıςΣ'::text, '''''''''''------oollddddiσσ'::text), 'ß'::text, 'ss'::text), 'ẞ'::text, 'ss'::text), 'æ'::text, 'ae'::text), 'Æ'::text, 'ae'::text), 'œ'::text, 'oe'::text), 'Œ'::text, 'oe'::text), 'þ'::text, 'th'::text), 'Þ'::text, 'th'::text)) END;

--
-- Name: hide_when_stale(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hide_when_stale() RETURNS TABLE(provider_id text, age interval)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT r.provider_id, min((r.settings ->> 'hideWhenStale')::interval) FROM display_rules r
    WHERE r.valid_to IS NULL AND r.surface = 'public' AND r.originating_system IS NULL AND r.feed IS NULL AND NOT r.ours
        AND r.settings ->> 'hideWhenStale' IS NOT NULL
    GROUP BY r.provider_id
$$;

--
-- Name: interactions_counted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.interactions_counted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        PERFORM FROM leads WHERE id IN (SELECT lead_id FROM came) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
        SELECT month_of(i.interaction_date), i.type, i.user_id, l.assigned_to, l.office, l.team, count(*)
        FROM came i JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM FROM leads WHERE id IN (SELECT lead_id FROM went) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
        SELECT month_of(i.interaction_date), i.type, i.user_id, l.assigned_to, l.office, l.team, -count(*)
        FROM went i JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    RETURN NULL;
END $$;

--
-- Name: leads_erase_log(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.leads_erase_log() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM interactions WHERE lead_id = OLD.id;
    RETURN OLD;
END $$;

--
-- Name: leads_follow_owner(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.leads_follow_owner() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE leads SET office = NEW.office, team = NEW.team WHERE assigned_to = NEW.id AND deleted_at IS NULL;
    UPDATE tasks SET office = NEW.office, team = NEW.team
    WHERE (lead_owner = NEW.id OR (lead_id IS NULL AND assigned_to = NEW.id)) AND deleted_at IS NULL;
    RETURN NULL;
END $$;

--
-- Name: leads_keep_tags(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.leads_keep_tags() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM lead_tags WHERE lead_id = NEW.id;
    END IF;
    IF NEW.deleted_at IS NULL THEN
        INSERT INTO lead_tags (tag, created_at, lead_id, assigned_to, office, team)
        SELECT DISTINCT tag, NEW.created_at, NEW.id, NEW.assigned_to, NEW.office, NEW.team FROM unnest(NEW.tags) AS tag;
    END IF;
    RETURN NULL;
END $$;

--
-- Name: leads_take_numbers_along(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.leads_take_numbers_along() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries)
    SELECT month_of(i.interaction_date), i.type, i.user_id, side.assigned_to, side.office, side.team, sum(side.entries)
    FROM interactions i, (VALUES (OLD.assigned_to, OLD.office, OLD.team, -1), (NEW.assigned_to, NEW.office, NEW.team, 1))
        AS side (assigned_to, office, team, entries)
    WHERE i.lead_id = NEW.id AND i.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;

--
-- Name: listing_is_public(boolean, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.listing_is_public(visible boolean, public_document text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (visible AND (public_document IS NOT NULL));

--
-- Name: listing_is_public(boolean, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.listing_is_public(visible boolean, public_document text, public_until timestamp with time zone, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (public.listing_is_public(visible, public_document) AND ((public_until IS NULL) OR (public_until > at)));

--
-- Name: properties; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.properties (
    id uuid NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    listing_key text NOT NULL COLLATE pg_catalog."C",
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
    original_entry_timestamp timestamp with time zone,
    modification_timestamp timestamp with time zone,
    status_change_timestamp timestamp with time zone,
    price_change_timestamp timestamp with time zone,
    photos_change_timestamp timestamp with time zone,
    photos_count integer,
    internet_entire_listing_display_yn boolean,
    internet_address_display_yn boolean,
    originating_system_name text,
    more jsonb DEFAULT '{}'::jsonb NOT NULL,
    raw jsonb,
    content_hash bytea,
    listed_at timestamp with time zone,
    off_market_at timestamp with time zone,
    modified_at timestamp with time zone NOT NULL,
    stored_at timestamp with time zone NOT NULL,
    sync_id uuid,
    removed_at timestamp with time zone,
    erased_at timestamp with time zone,
    out_of_scope_at timestamp with time zone,
    hidden boolean DEFAULT false NOT NULL,
    visible boolean GENERATED ALWAYS AS (((removed_at IS NULL) AND (out_of_scope_at IS NULL) AND (erased_at IS NULL) AND (NOT hidden))) STORED NOT NULL,
    is_local boolean DEFAULT false NOT NULL,
    is_featured boolean DEFAULT false NOT NULL,
    author_id uuid,
    shows_address boolean DEFAULT false NOT NULL,
    document_version text NOT NULL,
    internal_document text,
    public_document text,
    words tsvector,
    finding_keys text[],
    withheld_fields text[],
    open_words tsvector,
    address_key text,
    street_key text,
    rule_id uuid,
    public_until timestamp with time zone,
    hidden_fields text[],
    licences text[]
);
ALTER TABLE ONLY public.properties ALTER COLUMN raw SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.properties ALTER COLUMN internal_document SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.properties ALTER COLUMN public_document SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.properties ALTER COLUMN words SET STORAGE MAIN;
ALTER TABLE ONLY public.properties ALTER COLUMN open_words SET STORAGE MAIN;

--
-- Name: listing_offices(public.properties); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.listing_offices(p public.properties) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(ARRAY[(p).list_office_key, (p).list_office_mls_id, (p).co_list_office_key, ((p).more ->> 'CoListOfficeMlsId'::text)], NULL::text);

--
-- Name: listing_words(text, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.listing_words(address text, city text, postal_code text, subdivision text, listing_id text, remarks text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE COST 5000 PARALLEL SAFE
    AS $$
BEGIN
    RETURN to_tsvector('english'::regconfig,
        coalesce(address, '') || ' ' || coalesce(city, '') || ' ' || coalesce(postal_code, '') || ' '
        || coalesce(subdivision, '') || ' ' || coalesce(listing_id, '') || ' ' || coalesce(remarks, ''));
END $$;

--
-- Name: media_is_image(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.media_is_image(category text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((category COLLATE "C") !~* '(tours?|videos?|documents?)$'::text);

--
-- Name: mls_number_key(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.mls_number_key(number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(translate(number, ' -./_#'::text, ''::text));

--
-- Name: month_of(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.month_of(at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (date_trunc('month'::text, (at AT TIME ZONE 'UTC'::text)))::date;

--
-- Name: reopen_sweep(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.reopen_sweep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE mls_sweeps SET status = 'refused', decided_at = NULL, decided_by = NULL
    WHERE id = NEW.sweep_id AND status = 'accepted' AND removed IS NULL;
    RETURN NULL;
END $$;

--
-- Name: stale_providers(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.stale_providers(at timestamp with time zone) RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT h.provider_id FROM hide_when_stale() h
    LEFT JOIN mls_copy_ages a ON a.provider_id = h.provider_id AND a.resource = 'Property'
    WHERE (at - a.changes_as_of BETWEEN interval '-5 minutes' AND h.age AND (a.removals_by = 'nothing'
        OR at - a.removals_as_of BETWEEN interval '-5 minutes' AND h.age)) IS NOT TRUE
$$;

--
-- Name: tell_access_changed(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.tell_access_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NOTIFY access_changed;
    RETURN NULL;
END $$;

--
-- Name: api_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    surface text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    origins text[] DEFAULT '{}'::text[] NOT NULL,
    rate_per_minute integer,
    CONSTRAINT api_keys_rate_per_minute_check CHECK ((rate_per_minute > 0)),
    CONSTRAINT api_keys_surface_check CHECK ((surface = ANY (ARRAY['internal'::text, 'public'::text])))
);

--
-- Name: assistant_agents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.assistant_agents (
    assistant_id uuid NOT NULL,
    agent_id uuid NOT NULL
);

--
-- Name: audit_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_log (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    user_id uuid,
    key_id uuid,
    act text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL
);

--
-- Name: crm_external_ids; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.crm_external_ids (
    system text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    external_id text NOT NULL COLLATE pg_catalog."C",
    row_id uuid NOT NULL,
    hash bytea NOT NULL,
    field_digests bytea,
    is_merged boolean DEFAULT false NOT NULL,
    CONSTRAINT crm_external_ids_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'note'::text, 'task'::text, 'tag'::text])))
);

--
-- Name: findings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.findings (
    provider_id text NOT NULL,
    resource text NOT NULL,
    kind text NOT NULL,
    field text,
    reason text NOT NULL,
    count bigint NOT NULL,
    sample text,
    opened_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT findings_kind_check CHECK ((kind = ANY (ARRAY['unreadable_value'::text, 'suspicious_value'::text, 'clock_ahead'::text, 'object_stuck'::text])))
);

--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_keys (
    caller_id uuid NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    claim_id uuid NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    state text DEFAULT 'claimed'::text NOT NULL,
    status integer,
    answer bytea,
    CONSTRAINT idempotency_keys_check CHECK (((state = 'answered'::text) = ((status IS NOT NULL) AND (answer IS NOT NULL)))),
    CONSTRAINT idempotency_keys_state_check CHECK ((state = ANY (ARRAY['claimed'::text, 'committed'::text, 'answered'::text, 'lost'::text])))
);

--
-- Name: interaction_numbers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.interaction_numbers (
    month date NOT NULL,
    type text NOT NULL,
    user_id uuid,
    assigned_to uuid,
    office text,
    team text,
    entries bigint NOT NULL,
    is_sum boolean DEFAULT false NOT NULL
);

--
-- Name: interactions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.interactions (
    id uuid NOT NULL,
    lead_id uuid NOT NULL,
    type text NOT NULL,
    content text,
    interaction_date timestamp with time zone NOT NULL,
    user_id uuid,
    actor text NOT NULL,
    property_id uuid,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    deleted_by text,
    CONSTRAINT interactions_type_check CHECK ((type = ANY (ARRAY['Call Logged'::text, 'Email Sent'::text, 'SMS Sent'::text, 'Note Added'::text, 'Meeting Scheduled'::text, 'Showing'::text, 'Status Change'::text, 'Assigned'::text, 'Task Completed'::text, 'Lead Event'::text, 'Merged'::text, 'Alert Sent'::text, 'Imported'::text])))
);

--
-- Name: invitations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.invitations (
    id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    office text,
    team text,
    invited_by text DEFAULT 'command line'::text NOT NULL,
    withdrawn_at timestamp with time zone,
    time_zone text
);

--
-- Name: lead_contacts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_contacts (
    kind text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    lead_id uuid NOT NULL,
    CONSTRAINT lead_contacts_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'phone'::text])))
);

--
-- Name: lead_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_events (
    id uuid NOT NULL,
    sender uuid,
    event_id text NOT NULL,
    state text NOT NULL,
    reason text,
    raw text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    lead_id uuid,
    interaction_id uuid,
    task_id uuid,
    is_new boolean DEFAULT false NOT NULL,
    unknown_listing boolean DEFAULT false NOT NULL,
    CONSTRAINT lead_events_state_check CHECK ((state = ANY (ARRAY['taken'::text, 'refused'::text])))
);

--
-- Name: lead_rule_members; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_rule_members (
    rule_id uuid NOT NULL,
    user_id uuid NOT NULL,
    place integer NOT NULL,
    weight integer DEFAULT 1 NOT NULL,
    credit integer DEFAULT 0 NOT NULL,
    CONSTRAINT lead_rule_members_weight_check CHECK (((weight >= 1) AND (weight <= 1000)))
);

--
-- Name: lead_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_rules (
    id uuid NOT NULL,
    name text NOT NULL,
    place integer NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    method text NOT NULL,
    sources text[] DEFAULT '{}'::text[] NOT NULL,
    event_types text[] DEFAULT '{}'::text[] NOT NULL,
    areas text[] DEFAULT '{}'::text[] NOT NULL,
    min_price numeric(15,2),
    max_price numeric(15,2),
    claim_minutes integer,
    fallback_to uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT lead_rules_method_check CHECK ((method = ANY (ARRAY['direct'::text, 'round_robin'::text, 'weighted'::text, 'first_to_claim'::text])))
);

--
-- Name: lead_stages; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_stages (
    key text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    kind text NOT NULL,
    place integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT lead_stages_kind_check CHECK ((kind = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text, 'archived'::text])))
);

--
-- Name: lead_tags; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lead_tags (
    tag text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    lead_id uuid NOT NULL,
    assigned_to uuid,
    office text,
    team text
);

--
-- Name: leads; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.leads (
    id uuid NOT NULL,
    first_name text DEFAULT ''::text NOT NULL,
    last_name text DEFAULT ''::text NOT NULL,
    emails text[] DEFAULT '{}'::text[] NOT NULL,
    phones text[] DEFAULT '{}'::text[] NOT NULL,
    source text,
    status text DEFAULT 'New'::text NOT NULL,
    priority text DEFAULT 'Medium'::text NOT NULL,
    budget_min numeric(15,2),
    budget_max numeric(15,2),
    notes text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom_fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    assigned_to uuid,
    office text,
    team text,
    consents jsonb DEFAULT '[]'::jsonb NOT NULL,
    score smallint DEFAULT 0 NOT NULL,
    score_reasons text[] DEFAULT '{}'::text[] NOT NULL,
    score_until timestamp with time zone,
    ai_summary text,
    activity jsonb DEFAULT '{}'::jsonb NOT NULL,
    claimants uuid[],
    claim_until timestamp with time zone,
    claim_fallback uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    last_activity_at timestamp with time zone NOT NULL,
    merged_into uuid,
    deleted_at timestamp with time zone,
    deleted_by text,
    search_text text DEFAULT ''::text NOT NULL,
    name_text text DEFAULT ''::text NOT NULL,
    stage_kind text DEFAULT 'open'::text NOT NULL,
    CONSTRAINT leads_priority_check CHECK ((priority = ANY (ARRAY['Low'::text, 'Medium'::text, 'High'::text, 'Urgent'::text]))),
    CONSTRAINT leads_stage_kind_check CHECK ((stage_kind = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text, 'archived'::text])))
);

--
-- Name: listing_changes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.listing_changes (
    id uuid NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    property_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    changes jsonb DEFAULT '[]'::jsonb NOT NULL,
    source text NOT NULL,
    sync_id uuid,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT listing_changes_kind_check CHECK ((kind = ANY (ARRAY['listed'::text, 'price_changed'::text, 'status_changed'::text, 'changed'::text, 'removed'::text, 'returned'::text, 'media_changed'::text, 'out_of_scope'::text, 'erased'::text])))
);

--
-- Name: listing_document_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.listing_document_versions (
    provider_id text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL
);

--
-- Name: listing_terms; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.listing_terms (
    kind text NOT NULL COLLATE pg_catalog."C",
    term text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT listing_terms_kind_check CHECK ((kind = ANY (ARRAY['word'::text, 'city'::text, 'postalCode'::text, 'subdivision'::text])))
);

--
-- Name: login_failures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_failures (
    subject text NOT NULL,
    at timestamp with time zone NOT NULL
);

--
-- Name: login_networks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_networks (
    user_id uuid NOT NULL,
    network text NOT NULL,
    last_at timestamp with time zone NOT NULL
);

--
-- Name: media_blobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_blobs (
    id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    recipe text,
    format text,
    bytes bigint,
    width integer,
    height integer,
    color text,
    placeholder text,
    flaw text,
    variants jsonb DEFAULT '{}'::jsonb NOT NULL,
    original text,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    unused_since timestamp with time zone,
    leftovers text[] DEFAULT '{}'::text[] NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    retry_at timestamp with time zone,
    reason text,
    finding_provider text,
    store_id smallint DEFAULT 1 NOT NULL,
    media_type text,
    CONSTRAINT media_blobs_state_check CHECK ((state = ANY (ARRAY['making'::text, 'stored'::text, 'deleting'::text])))
);

--
-- Name: media_checks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_checks (
    id bigint NOT NULL,
    property_id uuid,
    blob_id text COLLATE pg_catalog."C",
    moved boolean DEFAULT false NOT NULL,
    at_once boolean DEFAULT false NOT NULL
);

--
-- Name: media_checks_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.media_checks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.media_checks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: media_recalls; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_recalls (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL
);

--
-- Name: media_recalls_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.media_recalls ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.media_recalls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: media_stores; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_stores (
    id smallint NOT NULL,
    kind text NOT NULL,
    endpoint text,
    bucket text,
    region text,
    public_base text,
    credentials bytea,
    leaving boolean DEFAULT false NOT NULL,
    CONSTRAINT media_stores_kind_check CHECK ((kind = ANY (ARRAY['folder'::text, 'bucket'::text])))
);

--
-- Name: media_work; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_work (
    property_id uuid NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    rank smallint NOT NULL,
    newest timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    holder uuid,
    sync_id uuid,
    attempts integer DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');

--
-- Name: member_links; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.member_links (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    member_key text NOT NULL COLLATE pg_catalog."C",
    basis text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    refused_at timestamp with time zone,
    CONSTRAINT member_links_basis_check CHECK ((basis = ANY (ARRAY['entered'::text, 'license number'::text, 'email'::text, 'name and office'::text])))
);

--
-- Name: mls_copy_ages; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_copy_ages (
    provider_id text NOT NULL,
    resource text NOT NULL,
    removals_by text NOT NULL,
    changes_as_of timestamp with time zone,
    removals_as_of timestamp with time zone,
    swept_at timestamp with time zone,
    CONSTRAINT mls_copy_ages_removals_by_check CHECK ((removals_by = ANY (ARRAY['sweep'::text, 'source'::text, 'nothing'::text])))
);

--
-- Name: mls_discoveries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_discoveries (
    provider_id text NOT NULL,
    mark text,
    source text NOT NULL,
    discovery jsonb NOT NULL,
    read_at timestamp with time zone NOT NULL
);

--
-- Name: mls_excluded_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_excluded_keys (
    provider_id text NOT NULL,
    resource text NOT NULL,
    listing_key text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL
);

--
-- Name: mls_provider_configurations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_provider_configurations (
    provider_id text NOT NULL,
    provider_name text NOT NULL,
    provider_type text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    credentials bytea,
    credential_names text[] DEFAULT '{}'::text[] NOT NULL,
    field_mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
    scope jsonb DEFAULT '{}'::jsonb NOT NULL,
    retention text DEFAULT 'keep'::text NOT NULL,
    interval_hours numeric DEFAULT 4 NOT NULL,
    requests_per_second numeric,
    max_removal_share numeric DEFAULT 0.10 NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    archived_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    media jsonb DEFAULT '{}'::jsonb NOT NULL,
    allowed_age_hours numeric,
    CONSTRAINT mls_provider_configurations_allowed_age_hours_check CHECK ((allowed_age_hours > (0)::numeric)),
    CONSTRAINT mls_provider_configurations_interval_hours_check CHECK (((interval_hours >= 0.25) AND (interval_hours <= (168)::numeric))),
    CONSTRAINT mls_provider_configurations_max_removal_share_check CHECK (((max_removal_share >= (0)::numeric) AND (max_removal_share <= (1)::numeric))),
    CONSTRAINT mls_provider_configurations_requests_per_second_check CHECK ((requests_per_second > (0)::numeric)),
    CONSTRAINT mls_provider_configurations_retention_check CHECK ((retention = ANY (ARRAY['keep'::text, 'erase'::text])))
);

--
-- Name: mls_received_deletions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_received_deletions (
    sync_id uuid NOT NULL,
    listing_key text NOT NULL COLLATE pg_catalog."C",
    modified timestamp with time zone NOT NULL
);

--
-- Name: mls_received_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_received_keys (
    sync_id uuid NOT NULL,
    listing_keys text[] NOT NULL COLLATE pg_catalog."C"
);

--
-- Name: mls_sweep_candidates; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sweep_candidates (
    sweep_id uuid NOT NULL,
    listing_key text NOT NULL COLLATE pg_catalog."C"
);

--
-- Name: mls_sweep_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.mls_sweep_keys (
    sync_id uuid NOT NULL,
    listing_key text NOT NULL COLLATE pg_catalog."C"
);

--
-- Name: mls_sweeps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sweeps (
    id uuid NOT NULL,
    provider_id text NOT NULL,
    sync_id uuid NOT NULL,
    resource text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    active bigint NOT NULL,
    candidates bigint NOT NULL,
    removed bigint,
    decided_at timestamp with time zone,
    decided_by text,
    CONSTRAINT mls_sweeps_status_check CHECK ((status = ANY (ARRAY['refused'::text, 'accepted'::text, 'superseded'::text])))
);

--
-- Name: mls_sync_cursors; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sync_cursors (
    provider_id text NOT NULL,
    resource text NOT NULL,
    watermark text,
    watermark_scope text,
    walk text,
    walk_since text,
    walk_checkpoint text,
    walk_watermark text,
    walk_scope text,
    walk_done bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    walk_began_at timestamp with time zone
);

--
-- Name: mls_sync_errors; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sync_errors (
    id uuid NOT NULL,
    provider_id text NOT NULL,
    sync_id uuid NOT NULL,
    resource text,
    type text NOT NULL,
    listing_key text,
    field text,
    reason text NOT NULL,
    raw text,
    retry text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT mls_sync_errors_retry_check CHECK ((retry = ANY (ARRAY['pending'::text, 'retrying'::text, 'success'::text, 'failed'::text, 'abandoned'::text]))),
    CONSTRAINT mls_sync_errors_type_check CHECK ((type = ANY (ARRAY['authentication'::text, 'network'::text, 'data_validation'::text, 'rate_limit'::text, 'protocol'::text, 'unknown'::text])))
);

--
-- Name: mls_sync_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sync_history (
    sync_id uuid NOT NULL,
    parent_id uuid,
    provider_id text NOT NULL,
    resource text,
    sync_type text NOT NULL,
    status text NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    listing_key text,
    sweep_id uuid,
    triggered_by text NOT NULL,
    cancel_requested_at timestamp with time zone,
    queued_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    fetched bigint DEFAULT 0 NOT NULL,
    added bigint DEFAULT 0 NOT NULL,
    updated bigint DEFAULT 0 NOT NULL,
    unchanged bigint DEFAULT 0 NOT NULL,
    deleted bigint DEFAULT 0 NOT NULL,
    errored bigint DEFAULT 0 NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    stages jsonb DEFAULT '{}'::jsonb NOT NULL,
    error_type text,
    error text,
    remarks text[] DEFAULT '{}'::text[] NOT NULL,
    found_by_sweep bigint DEFAULT 0 NOT NULL,
    stale bigint DEFAULT 0 NOT NULL,
    CONSTRAINT mls_sync_history_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'success'::text, 'partial'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT mls_sync_history_sync_type_check CHECK ((sync_type = ANY (ARRAY['full'::text, 'incremental'::text, 'sweep'::text, 'record'::text, 'retry'::text])))
);

--
-- Name: mls_sync_status; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mls_sync_status (
    provider_id text NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    next_run_at timestamp with time zone,
    last_success_at timestamp with time zone,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    needs_operator text,
    blocked boolean DEFAULT false NOT NULL,
    current_sync_id uuid,
    stage text,
    done bigint DEFAULT 0 NOT NULL,
    total bigint,
    rate double precision,
    expected_end_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: named_member_links; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.named_member_links AS
 SELECT id,
    user_id,
    provider_id,
    member_key,
    basis,
    created_at,
    confirmed_at,
    confirmed_by,
    refused_at,
    ( SELECT max(p.list_agent_full_name) AS max
           FROM public.properties p
          WHERE ((p.provider_id = l.provider_id) AND (p.list_agent_key = l.member_key) AND (p.erased_at IS NULL))) AS member_name
   FROM public.member_links l;

--
-- Name: oidc_identities; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.oidc_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    sealed bytea,
    created_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone
);

--
-- Name: password_resets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.password_resets (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

--
-- Name: platbook_facts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.platbook_facts (
    name text NOT NULL,
    value bytea NOT NULL
);

--
-- Name: possible_duplicates; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.possible_duplicates (
    id uuid NOT NULL,
    lead_id uuid NOT NULL,
    other_id uuid NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    evidence jsonb NOT NULL,
    found_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by text,
    CONSTRAINT possible_duplicates_check CHECK ((lead_id < other_id)),
    CONSTRAINT possible_duplicates_state_check CHECK ((state = ANY (ARRAY['open'::text, 'merged'::text, 'dismissed'::text])))
);

--
-- Name: property_media; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.property_media (
    id uuid NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    property_id uuid NOT NULL,
    media_key text NOT NULL COLLATE pg_catalog."C",
    "order" integer NOT NULL,
    category text NOT NULL,
    caption text,
    permission text[],
    modified text,
    source_address text,
    state text DEFAULT 'waiting'::text NOT NULL,
    sync_id uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    blob_id text COLLATE pg_catalog."C",
    etag text,
    last_modified text,
    attempts integer DEFAULT 0 NOT NULL,
    retry_at timestamp with time zone,
    reason text,
    finding_key text,
    is_open boolean DEFAULT false NOT NULL,
    CONSTRAINT property_media_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'stored'::text, 'failed'::text, 'linked'::text])))
)
WITH (fillfactor='80');

--
-- Name: recovery_codes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL
);

--
-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refresh_tokens (
    id uuid NOT NULL,
    family_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

--
-- Name: schema_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schema_migrations (
    version text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    began_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

--
-- Name: source_budgets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.source_budgets (
    provider_id text NOT NULL,
    name text NOT NULL,
    spent_until timestamp with time zone NOT NULL
);

--
-- Name: source_quotas; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.source_quotas (
    provider_id text NOT NULL,
    next_request_at timestamp with time zone NOT NULL,
    closed_until timestamp with time zone NOT NULL
);

--
-- Name: source_seats; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.source_seats (
    provider_id text NOT NULL,
    seat integer NOT NULL,
    holder uuid NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    kind text DEFAULT 'session'::text NOT NULL
);

--
-- Name: suppressions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.suppressions (
    id uuid NOT NULL,
    channel text NOT NULL,
    address text COLLATE pg_catalog."C",
    address_hash bytea,
    stream text COLLATE pg_catalog."C",
    reason text NOT NULL,
    source text NOT NULL,
    at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    lead_id uuid,
    ended_at timestamp with time zone,
    ended_by text,
    ended_reason text,
    CONSTRAINT suppressions_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'call'::text, 'sms'::text]))),
    CONSTRAINT suppressions_check CHECK (((address IS NULL) <> (address_hash IS NULL))),
    CONSTRAINT suppressions_check1 CHECK ((num_nulls(ended_at, ended_by, ended_reason) = ANY (ARRAY[0, 3])))
);

--
-- Name: tagged_leads; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.tagged_leads AS
 SELECT t.tag,
    t.created_at,
    t.lead_id AS id,
    t.assigned_to,
    t.office,
    t.team,
    NULL::timestamp with time zone AS deleted_at,
    l.updated_at,
    l.last_activity_at,
    l.first_name,
    l.last_name,
    l.emails,
    l.phones,
    l.source,
    l.status,
    l.priority,
    l.budget_min,
    l.budget_max,
    l.notes,
    l.tags,
    l.custom_fields,
    l.consents,
    l.score,
    l.score_reasons,
    l.score_until,
    l.ai_summary,
    l.activity,
    l.claimants,
    l.claim_until,
    l.claim_fallback,
    l.merged_into,
    l.deleted_by,
    l.search_text,
    l.name_text,
    l.stage_kind
   FROM (public.lead_tags t
     LEFT JOIN public.leads l ON ((l.id = t.lead_id)));

--
-- Name: tasks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tasks (
    id uuid NOT NULL,
    title text NOT NULL,
    description text,
    type text NOT NULL,
    due_date timestamp with time zone,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    priority text DEFAULT 'Medium'::text NOT NULL,
    lead_id uuid,
    assigned_to uuid,
    lead_owner uuid,
    office text,
    team text,
    completed_at timestamp with time zone,
    remind_minutes_before integer,
    remind_at timestamp with time zone,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    deleted_by text,
    due_place timestamp with time zone GENERATED ALWAYS AS (COALESCE(due_date, 'infinity'::timestamp with time zone)) STORED NOT NULL,
    urgency smallint GENERATED ALWAYS AS (
CASE priority
    WHEN 'Urgent'::text THEN 4
    WHEN 'High'::text THEN 3
    WHEN 'Medium'::text THEN 2
    ELSE 1
END) STORED NOT NULL,
    due_on date,
    CONSTRAINT tasks_priority_check CHECK ((priority = ANY (ARRAY['Low'::text, 'Medium'::text, 'High'::text, 'Urgent'::text]))),
    CONSTRAINT tasks_type_check CHECK ((type = ANY (ARRAY['Call'::text, 'Email'::text, 'Text'::text, 'Meeting'::text, 'Showing'::text, 'Follow Up'::text, 'Other'::text])))
);

--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid NOT NULL,
    email text NOT NULL,
    password_hash text,
    first_name text NOT NULL,
    last_name text NOT NULL,
    role text NOT NULL,
    office text,
    team text,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_login_at timestamp with time zone,
    license_number text,
    totp_secret bytea,
    totp_confirmed_at timestamp with time zone,
    totp_last_step bigint DEFAULT 0 NOT NULL,
    time_zone text,
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'assistant'::text, 'auditor'::text])))
);

--
-- Name: api_keys api_keys_key_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

--
-- Name: assistant_agents assistant_agents_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.assistant_agents
    ADD CONSTRAINT assistant_agents_pkey PRIMARY KEY (assistant_id, agent_id);

--
-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

--
-- Name: crm_external_ids crm_external_ids_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.crm_external_ids
    ADD CONSTRAINT crm_external_ids_pkey PRIMARY KEY (system, kind, external_id);

--
-- Name: display_rule_versions display_rule_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.display_rule_versions
    ADD CONSTRAINT display_rule_versions_pkey PRIMARY KEY (provider_id, version);

--
-- Name: display_rules display_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.display_rules
    ADD CONSTRAINT display_rules_pkey PRIMARY KEY (id);

--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller_id, key);

--
-- Name: interactions interactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_pkey PRIMARY KEY (id);

--
-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

--
-- Name: invitations invitations_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_hash_key UNIQUE (token_hash);

--
-- Name: lead_contacts lead_contacts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_contacts
    ADD CONSTRAINT lead_contacts_pkey PRIMARY KEY (kind, value);

--
-- Name: lead_events lead_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_events
    ADD CONSTRAINT lead_events_pkey PRIMARY KEY (id);

--
-- Name: lead_events lead_events_sender_event_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_events
    ADD CONSTRAINT lead_events_sender_event_id_key UNIQUE NULLS NOT DISTINCT (sender, event_id);

--
-- Name: lead_rule_members lead_rule_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_rule_members
    ADD CONSTRAINT lead_rule_members_pkey PRIMARY KEY (rule_id, user_id);

--
-- Name: lead_rules lead_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_rules
    ADD CONSTRAINT lead_rules_pkey PRIMARY KEY (id);

--
-- Name: lead_stages lead_stages_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_stages
    ADD CONSTRAINT lead_stages_pkey PRIMARY KEY (key);

--
-- Name: leads leads_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_pkey PRIMARY KEY (id);

--
-- Name: listing_changes listing_changes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.listing_changes
    ADD CONSTRAINT listing_changes_pkey PRIMARY KEY (id);

--
-- Name: listing_document_versions listing_document_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.listing_document_versions
    ADD CONSTRAINT listing_document_versions_pkey PRIMARY KEY (provider_id);

--
-- Name: listing_terms listing_terms_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.listing_terms
    ADD CONSTRAINT listing_terms_pkey PRIMARY KEY (kind, term);

--
-- Name: login_networks login_networks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_pkey PRIMARY KEY (user_id, network);

--
-- Name: media_blobs media_blobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_blobs
    ADD CONSTRAINT media_blobs_pkey PRIMARY KEY (id);

--
-- Name: media_checks media_checks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_checks
    ADD CONSTRAINT media_checks_pkey PRIMARY KEY (id);

--
-- Name: media_recalls media_recalls_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_recalls
    ADD CONSTRAINT media_recalls_pkey PRIMARY KEY (id);

--
-- Name: media_stores media_stores_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_stores
    ADD CONSTRAINT media_stores_pkey PRIMARY KEY (id);

--
-- Name: media_work media_work_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_work
    ADD CONSTRAINT media_work_pkey PRIMARY KEY (property_id);

--
-- Name: member_links member_links_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.member_links
    ADD CONSTRAINT member_links_pkey PRIMARY KEY (id);

--
-- Name: member_links member_links_user_id_provider_id_member_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.member_links
    ADD CONSTRAINT member_links_user_id_provider_id_member_key_key UNIQUE (user_id, provider_id, member_key);

--
-- Name: mls_copy_ages mls_copy_ages_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_copy_ages
    ADD CONSTRAINT mls_copy_ages_pkey PRIMARY KEY (provider_id, resource);

--
-- Name: mls_discoveries mls_discoveries_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_discoveries
    ADD CONSTRAINT mls_discoveries_pkey PRIMARY KEY (provider_id);

--
-- Name: mls_excluded_keys mls_excluded_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_excluded_keys
    ADD CONSTRAINT mls_excluded_keys_pkey PRIMARY KEY (provider_id, resource, listing_key);

--
-- Name: mls_provider_configurations mls_provider_configurations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_provider_configurations
    ADD CONSTRAINT mls_provider_configurations_pkey PRIMARY KEY (provider_id);

--
-- Name: mls_received_deletions mls_received_deletions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_received_deletions
    ADD CONSTRAINT mls_received_deletions_pkey PRIMARY KEY (sync_id, listing_key);

--
-- Name: mls_sweep_candidates mls_sweep_candidates_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sweep_candidates
    ADD CONSTRAINT mls_sweep_candidates_pkey PRIMARY KEY (sweep_id, listing_key);

--
-- Name: mls_sweep_keys mls_sweep_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sweep_keys
    ADD CONSTRAINT mls_sweep_keys_pkey PRIMARY KEY (sync_id, listing_key);

--
-- Name: mls_sweeps mls_sweeps_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sweeps
    ADD CONSTRAINT mls_sweeps_pkey PRIMARY KEY (id);

--
-- Name: mls_sync_cursors mls_sync_cursors_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_cursors
    ADD CONSTRAINT mls_sync_cursors_pkey PRIMARY KEY (provider_id, resource);

--
-- Name: mls_sync_errors mls_sync_errors_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_errors
    ADD CONSTRAINT mls_sync_errors_pkey PRIMARY KEY (id);

--
-- Name: mls_sync_history mls_sync_history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_history
    ADD CONSTRAINT mls_sync_history_pkey PRIMARY KEY (sync_id);

--
-- Name: mls_sync_status mls_sync_status_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_status
    ADD CONSTRAINT mls_sync_status_pkey PRIMARY KEY (provider_id);

--
-- Name: oidc_identities oidc_identities_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.oidc_identities
    ADD CONSTRAINT oidc_identities_pkey PRIMARY KEY (issuer, subject);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

--
-- Name: password_resets password_resets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_pkey PRIMARY KEY (id);

--
-- Name: password_resets password_resets_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash);

--
-- Name: platbook_facts platbook_facts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.platbook_facts
    ADD CONSTRAINT platbook_facts_pkey PRIMARY KEY (name);

--
-- Name: possible_duplicates possible_duplicates_lead_id_other_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.possible_duplicates
    ADD CONSTRAINT possible_duplicates_lead_id_other_id_key UNIQUE (lead_id, other_id);

--
-- Name: possible_duplicates possible_duplicates_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.possible_duplicates
    ADD CONSTRAINT possible_duplicates_pkey PRIMARY KEY (id);

--
-- Name: properties properties_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.properties
    ADD CONSTRAINT properties_pkey PRIMARY KEY (id);

--
-- Name: property_media property_media_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.property_media
    ADD CONSTRAINT property_media_pkey PRIMARY KEY (id);

--
-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash);

--
-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id);

--
-- Name: refresh_tokens refresh_tokens_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_token_hash_key UNIQUE (token_hash);

--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

--
-- Name: source_budgets source_budgets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_budgets
    ADD CONSTRAINT source_budgets_pkey PRIMARY KEY (provider_id, name);

--
-- Name: source_quotas source_quotas_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_quotas
    ADD CONSTRAINT source_quotas_pkey PRIMARY KEY (provider_id);

--
-- Name: source_seats source_seats_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_seats
    ADD CONSTRAINT source_seats_pkey PRIMARY KEY (provider_id, kind, seat);

--
-- Name: suppressions suppressions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (id);

--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

--
-- Name: api_keys_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX api_keys_user ON public.api_keys USING btree (user_id);

--
-- Name: assistant_agents_agent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX assistant_agents_agent ON public.assistant_agents USING btree (agent_id);

--
-- Name: audit_log_recent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_recent ON public.audit_log USING btree (at DESC, id DESC);

--
-- Name: audit_log_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_subject ON public.audit_log USING btree (subject_kind, subject_id, at DESC, id DESC);

--
-- Name: audit_log_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_user ON public.audit_log USING btree (user_id, at DESC, id DESC);

--
-- Name: crm_external_ids_row; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX crm_external_ids_row ON public.crm_external_ids USING btree (row_id);

--
-- Name: display_rules_current; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX display_rules_current ON public.display_rules USING btree (provider_id, surface, originating_system, feed, ours) NULLS NOT DISTINCT WHERE (valid_to IS NULL);

--
-- Name: display_rules_provider; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX display_rules_provider ON public.display_rules USING btree (provider_id, valid_from);

--
-- Name: findings_identity; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX findings_identity ON public.findings USING btree (provider_id, resource, kind, field, reason) NULLS NOT DISTINCT;

--
-- Name: idempotency_keys_claimed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_keys_claimed ON public.idempotency_keys USING btree (claimed_at);

--
-- Name: interaction_numbers_new; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interaction_numbers_new ON public.interaction_numbers USING btree (month) WHERE (NOT is_sum);

--
-- Name: interactions_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_lead ON public.interactions USING btree (lead_id, interaction_date, id) WHERE (deleted_at IS NULL);

--
-- Name: interactions_recent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_recent ON public.interactions USING btree (interaction_date, id) WHERE (deleted_at IS NULL);

--
-- Name: interactions_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_type ON public.interactions USING btree (type, interaction_date, id) INCLUDE (lead_id, user_id) WHERE (deleted_at IS NULL);

--
-- Name: invitations_email; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_email ON public.invitations USING btree (lower(email));

--
-- Name: lead_contacts_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_contacts_lead ON public.lead_contacts USING btree (lead_id);

--
-- Name: lead_events_interaction; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_events_interaction ON public.lead_events USING btree (interaction_id);

--
-- Name: lead_events_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_events_lead ON public.lead_events USING btree (lead_id);

--
-- Name: lead_events_refused; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_events_refused ON public.lead_events USING btree (received_at, id) WHERE (state = 'refused'::text);

--
-- Name: lead_events_task; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_events_task ON public.lead_events USING btree (task_id);

--
-- Name: lead_rules_order; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_rules_order ON public.lead_rules USING btree (place, id) WHERE enabled;

--
-- Name: lead_tags_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_tags_lead ON public.lead_tags USING btree (lead_id);

--
-- Name: lead_tags_tag; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX lead_tags_tag ON public.lead_tags USING btree (tag, created_at, lead_id) INCLUDE (assigned_to, office, team);

--
-- Name: leads_active; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_active ON public.leads USING btree (last_activity_at, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_claim_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_claim_until ON public.leads USING btree (claim_until) WHERE (claim_until IS NOT NULL);

--
-- Name: leads_claimants; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_claimants ON public.leads USING gin (claimants) WHERE (claimants IS NOT NULL);

--
-- Name: leads_counts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_counts ON public.leads USING btree (status, source, assigned_to, office, team) WHERE (deleted_at IS NULL);

--
-- Name: leads_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_created ON public.leads USING btree (created_at, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_least; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_least ON public.leads USING btree (COALESCE(budget_min, (budget_max - 'Infinity'::numeric))) INCLUDE (budget_min, budget_max) WHERE (deleted_at IS NULL);

--
-- Name: leads_merged; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_merged ON public.leads USING btree (merged_into) WHERE (merged_into IS NOT NULL);

--
-- Name: leads_most; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_most ON public.leads USING btree (COALESCE(budget_max, (budget_min + 'Infinity'::numeric))) INCLUDE (budget_min, budget_max) WHERE (deleted_at IS NULL);

--
-- Name: leads_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_name ON public.leads USING btree (last_name, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_office; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_office ON public.leads USING btree (office, created_at, id) INCLUDE (team) WHERE (deleted_at IS NULL);

--
-- Name: leads_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_owner ON public.leads USING btree (assigned_to, created_at, id) INCLUDE (office, team) WHERE (deleted_at IS NULL);

--
-- Name: leads_pond; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_pond ON public.leads USING btree (office, created_at, id) INCLUDE (team, assigned_to) WHERE ((deleted_at IS NULL) AND (assigned_to IS NULL) AND (claimants IS NULL));

--
-- Name: leads_priority; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_priority ON public.leads USING btree (priority, created_at, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_score; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_score ON public.leads USING btree (score, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_score_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_score_until ON public.leads USING btree (score_until) WHERE (score_until IS NOT NULL);

--
-- Name: leads_search; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_search ON public.leads USING gin (search_text public.gin_trgm_ops) WHERE (deleted_at IS NULL);

--
-- Name: leads_source; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_source ON public.leads USING btree (source, created_at, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_status ON public.leads USING btree (status, created_at, id) WHERE (deleted_at IS NULL);

--
-- Name: leads_tags; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_tags ON public.leads USING gin (tags) WHERE (deleted_at IS NULL);

--
-- Name: leads_team; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_team ON public.leads USING btree (team, created_at, id) INCLUDE (office) WHERE (deleted_at IS NULL);

--
-- Name: leads_updated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leads_updated ON public.leads USING btree (updated_at, id) WHERE (deleted_at IS NULL);

--
-- Name: listing_changes_timeline; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX listing_changes_timeline ON public.listing_changes USING btree (property_id, at DESC, id DESC);

--
-- Name: listing_terms_near; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX listing_terms_near ON public.listing_terms USING gin (term public.gin_trgm_ops);

--
-- Name: listing_terms_places; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX listing_terms_places ON public.listing_terms USING btree (public.fold_text(term) text_pattern_ops) WHERE (kind <> 'word'::text);

--
-- Name: login_failures_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX login_failures_subject ON public.login_failures USING btree (subject, at);

--
-- Name: media_blobs_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_blobs_created ON public.media_blobs USING btree (created_at);

--
-- Name: media_blobs_retry; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_blobs_retry ON public.media_blobs USING btree (retry_at) WHERE (retry_at IS NOT NULL);

--
-- Name: media_blobs_store; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_blobs_store ON public.media_blobs USING btree (store_id, created_at);

--
-- Name: media_blobs_unused; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_blobs_unused ON public.media_blobs USING btree (unused_since) WHERE (unused_since IS NOT NULL);

--
-- Name: media_stores_address; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX media_stores_address ON public.media_stores USING btree (kind, endpoint, bucket) NULLS NOT DISTINCT;

--
-- Name: media_work_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_work_due ON public.media_work USING btree (provider_id, due_at);

--
-- Name: media_work_next; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX media_work_next ON public.media_work USING btree (provider_id, rank, newest DESC, property_id);

--
-- Name: member_links_member; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX member_links_member ON public.member_links USING btree (provider_id, member_key);

--
-- Name: mls_received_keys_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_received_keys_run ON public.mls_received_keys USING btree (sync_id);

--
-- Name: mls_sweeps_provider; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sweeps_provider ON public.mls_sweeps USING btree (provider_id, began_at DESC);

--
-- Name: mls_sync_errors_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX mls_sync_errors_open ON public.mls_sync_errors USING btree (provider_id, resource, listing_key) WHERE ((listing_key IS NOT NULL) AND (retry = ANY (ARRAY['pending'::text, 'retrying'::text, 'failed'::text])));

--
-- Name: mls_sync_errors_recent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_errors_recent ON public.mls_sync_errors USING btree (provider_id, at DESC, id DESC);

--
-- Name: mls_sync_errors_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_errors_run ON public.mls_sync_errors USING btree (sync_id);

--
-- Name: mls_sync_history_children; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_history_children ON public.mls_sync_history USING btree (parent_id) WHERE (parent_id IS NOT NULL);

--
-- Name: mls_sync_history_provider; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_history_provider ON public.mls_sync_history USING btree (provider_id, queued_at DESC) WHERE (parent_id IS NULL);

--
-- Name: mls_sync_history_recent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_history_recent ON public.mls_sync_history USING btree (queued_at DESC) WHERE (parent_id IS NULL);

--
-- Name: mls_sync_history_running; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX mls_sync_history_running ON public.mls_sync_history USING btree (provider_id) WHERE ((parent_id IS NULL) AND (status = 'running'::text));

--
-- Name: mls_sync_history_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX mls_sync_history_waiting ON public.mls_sync_history USING btree (provider_id) WHERE ((parent_id IS NULL) AND (status = 'waiting'::text));

--
-- Name: mls_sync_status_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mls_sync_status_due ON public.mls_sync_status USING btree (next_run_at);

--
-- Name: oidc_identities_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX oidc_identities_user ON public.oidc_identities USING btree (user_id);

--
-- Name: outbox_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_waiting ON public.outbox USING btree (id) WHERE (taken_at IS NULL);

--
-- Name: password_resets_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX password_resets_user ON public.password_resets USING btree (user_id);

--
-- Name: possible_duplicates_other; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX possible_duplicates_other ON public.possible_duplicates USING btree (other_id);

--
-- Name: possible_duplicates_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX possible_duplicates_state ON public.possible_duplicates USING btree (state, found_at, id);

--
-- Name: properties_address_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_address_key ON public.properties USING btree (COALESCE(address_key, lower(unparsed_address)) text_pattern_ops) WHERE visible;

--
-- Name: properties_author; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_author ON public.properties USING btree (author_id) WHERE (author_id IS NOT NULL);

--
-- Name: properties_city_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_city_modified ON public.properties USING btree (public.fold_text(city), modified_at DESC, id DESC) WHERE visible;

--
-- Name: properties_city_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_city_price ON public.properties USING btree (public.fold_text(city), list_price, id) INCLUDE (city, standard_status) WHERE visible;

--
-- Name: properties_co_list_agent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_co_list_agent ON public.properties USING btree (provider_id, co_list_agent_key) WHERE (co_list_agent_key IS NOT NULL);

--
-- Name: properties_contract_date; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_contract_date ON public.properties USING btree (listing_contract_date, id) WHERE visible;

--
-- Name: properties_featured; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_featured ON public.properties USING btree (modified_at DESC, id DESC) WHERE (visible AND is_featured);

--
-- Name: properties_kept; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_kept ON public.properties USING btree (provider_id, listing_key) WHERE ((removed_at IS NOT NULL) AND (erased_at IS NULL));

--
-- Name: properties_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX properties_key ON public.properties USING btree (provider_id, listing_key);

--
-- Name: properties_list_agent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_list_agent ON public.properties USING btree (provider_id, list_agent_key) WHERE (list_agent_key IS NOT NULL);

--
-- Name: properties_listed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_listed ON public.properties USING btree (listed_at, id) WHERE visible;

--
-- Name: properties_mls_number; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_mls_number ON public.properties USING btree (public.mls_number_key(listing_id) text_pattern_ops);

--
-- Name: properties_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_modified ON public.properties USING btree (modified_at DESC, id DESC) WHERE visible;

--
-- Name: properties_place; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_place ON public.properties USING gist (point(longitude, latitude)) INCLUDE (longitude, latitude) WHERE (visible AND (latitude IS NOT NULL));

--
-- Name: properties_postal_code; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_postal_code ON public.properties USING btree (postal_code) WHERE visible;

--
-- Name: properties_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_price ON public.properties USING btree (list_price, id) WHERE visible;

--
-- Name: properties_public_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_public_until ON public.properties USING btree (public_until) WHERE (public_until IS NOT NULL);

--
-- Name: properties_stored; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_stored ON public.properties USING btree (stored_at) WHERE visible;

--
-- Name: properties_street_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_street_key ON public.properties USING btree (COALESCE(street_key, lower(street_name)) text_pattern_ops) WHERE visible;

--
-- Name: properties_sub_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_sub_type ON public.properties USING btree (property_sub_type) WHERE visible;

--
-- Name: properties_subdivision; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_subdivision ON public.properties USING btree (subdivision_name) WHERE (visible AND (subdivision_name IS NOT NULL));

--
-- Name: properties_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_type ON public.properties USING btree (property_type) WHERE visible;

--
-- Name: properties_words; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX properties_words ON public.properties USING gin (words) WHERE visible;

--
-- Name: property_media_blob; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX property_media_blob ON public.property_media USING btree (blob_id) WHERE (blob_id IS NOT NULL);

--
-- Name: property_media_failed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX property_media_failed ON public.property_media USING btree (provider_id) WHERE (state = 'failed'::text);

--
-- Name: property_media_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX property_media_key ON public.property_media USING btree (property_id, media_key);

--
-- Name: property_media_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX property_media_run ON public.property_media USING btree (sync_id) WHERE (state <> 'waiting'::text);

--
-- Name: property_media_stuck; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX property_media_stuck ON public.property_media USING btree (property_id) WHERE (finding_key IS NOT NULL);

--
-- Name: refresh_tokens_family; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX refresh_tokens_family ON public.refresh_tokens USING btree (family_id);

--
-- Name: sessions_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_expires ON public.sessions USING btree (expires_at);

--
-- Name: sessions_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

--
-- Name: suppressions_address; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX suppressions_address ON public.suppressions USING btree (address, channel, stream) NULLS NOT DISTINCT WHERE ((ended_at IS NULL) AND (address IS NOT NULL));

--
-- Name: suppressions_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX suppressions_created ON public.suppressions USING btree (created_at, id);

--
-- Name: suppressions_former; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX suppressions_former ON public.suppressions USING btree (address) WHERE (ended_at IS NOT NULL);

--
-- Name: suppressions_hash; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX suppressions_hash ON public.suppressions USING btree (address_hash, channel, stream) NULLS NOT DISTINCT WHERE ((ended_at IS NULL) AND (address_hash IS NOT NULL));

--
-- Name: suppressions_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX suppressions_lead ON public.suppressions USING btree (lead_id) WHERE (lead_id IS NOT NULL);

--
-- Name: tasks_assigned; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_assigned ON public.tasks USING btree (assigned_to, due_place, id) INCLUDE (completed_at, office, team) WHERE (deleted_at IS NULL);

--
-- Name: tasks_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_created ON public.tasks USING btree (created_at, id) WHERE (deleted_at IS NULL);

--
-- Name: tasks_done; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_done ON public.tasks USING btree (due_place, id) WHERE ((deleted_at IS NULL) AND (completed_at IS NOT NULL));

--
-- Name: tasks_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_due ON public.tasks USING btree (due_place, id) WHERE (deleted_at IS NULL);

--
-- Name: tasks_lead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_lead ON public.tasks USING btree (lead_id, due_place, id) WHERE (deleted_at IS NULL);

--
-- Name: tasks_lead_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_lead_owner ON public.tasks USING btree (lead_owner, due_place, id) INCLUDE (completed_at, assigned_to, office, team) WHERE (deleted_at IS NULL);

--
-- Name: tasks_office; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_office ON public.tasks USING btree (office, due_place, id) INCLUDE (team, completed_at) WHERE (deleted_at IS NULL);

--
-- Name: tasks_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_open ON public.tasks USING btree (due_place, id) WHERE ((deleted_at IS NULL) AND (completed_at IS NULL));

--
-- Name: tasks_priority; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_priority ON public.tasks USING btree (priority, due_place, id) WHERE (deleted_at IS NULL);

--
-- Name: tasks_remind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_remind ON public.tasks USING btree (remind_at) WHERE ((remind_at IS NOT NULL) AND (completed_at IS NULL) AND (deleted_at IS NULL));

--
-- Name: tasks_team; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_team ON public.tasks USING btree (team, due_place, id) INCLUDE (office, completed_at) WHERE (deleted_at IS NULL);

--
-- Name: tasks_updated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_updated ON public.tasks USING btree (updated_at, id) WHERE (deleted_at IS NULL);

--
-- Name: tasks_urgency; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_urgency ON public.tasks USING btree (urgency, id) WHERE (deleted_at IS NULL);

--
-- Name: users_email; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email));

--
-- Name: users_office; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_office ON public.users USING btree (office, team);

--
-- Name: properties_agent_counts; Type: STATISTICS; Schema: public; Owner: -
--

CREATE STATISTICS public.properties_agent_counts ON public.fold_text(list_agent_full_name) FROM public.properties;

--
-- Name: properties_city_counts; Type: STATISTICS; Schema: public; Owner: -
--

CREATE STATISTICS public.properties_city_counts ON public.fold_text(city) FROM public.properties;

--
-- Name: properties_county_counts; Type: STATISTICS; Schema: public; Owner: -
--

CREATE STATISTICS public.properties_county_counts ON public.fold_text(county_or_parish) FROM public.properties;

--
-- Name: properties_office_counts; Type: STATISTICS; Schema: public; Owner: -
--

CREATE STATISTICS public.properties_office_counts ON public.fold_text(list_office_name) FROM public.properties;

--
-- Name: properties_state_counts; Type: STATISTICS; Schema: public; Owner: -
--

CREATE STATISTICS public.properties_state_counts ON public.fold_text(state_or_province) FROM public.properties;

--
-- Name: api_keys api_keys_access_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER api_keys_access_changed AFTER DELETE OR UPDATE OF revoked_at ON public.api_keys FOR EACH STATEMENT EXECUTE FUNCTION public.tell_access_changed();

--
-- Name: assistant_agents assistant_agents_access_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER assistant_agents_access_changed AFTER INSERT OR DELETE ON public.assistant_agents FOR EACH STATEMENT EXECUTE FUNCTION public.tell_access_changed();

--
-- Name: interactions interactions_came; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER interactions_came AFTER INSERT ON public.interactions REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.interactions_counted();

--
-- Name: interactions interactions_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER interactions_changed AFTER UPDATE ON public.interactions REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.interactions_counted();

--
-- Name: interactions interactions_went; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER interactions_went AFTER DELETE ON public.interactions REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION public.interactions_counted();

--
-- Name: leads leads_log_erased; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leads_log_erased BEFORE DELETE ON public.leads FOR EACH ROW EXECUTE FUNCTION public.leads_erase_log();

--
-- Name: leads leads_numbers_follow; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leads_numbers_follow AFTER UPDATE OF assigned_to, office, team ON public.leads FOR EACH ROW WHEN ((((new.assigned_to IS DISTINCT FROM old.assigned_to) OR (new.office IS DISTINCT FROM old.office)) OR (new.team IS DISTINCT FROM old.team))) EXECUTE FUNCTION public.leads_take_numbers_along();

--
-- Name: leads leads_tagged; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leads_tagged AFTER INSERT ON public.leads FOR EACH ROW WHEN ((new.tags <> '{}'::text[])) EXECUTE FUNCTION public.leads_keep_tags();

--
-- Name: leads leads_tags_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leads_tags_changed AFTER UPDATE ON public.leads FOR EACH ROW WHEN ((((((((new.tags IS DISTINCT FROM old.tags) OR (new.created_at IS DISTINCT FROM old.created_at)) OR (new.deleted_at IS DISTINCT FROM old.deleted_at)) OR (new.assigned_to IS DISTINCT FROM old.assigned_to)) OR (new.office IS DISTINCT FROM old.office)) OR (new.team IS DISTINCT FROM old.team)) AND ((new.tags <> '{}'::text[]) OR (old.tags <> '{}'::text[])))) EXECUTE FUNCTION public.leads_keep_tags();

--
-- Name: mls_sync_history mls_sync_history_sweep; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER mls_sync_history_sweep AFTER UPDATE OF status ON public.mls_sync_history FOR EACH ROW WHEN (((new.sweep_id IS NOT NULL) AND (new.status = ANY (ARRAY['failed'::text, 'cancelled'::text])))) EXECUTE FUNCTION public.reopen_sweep();

--
-- Name: properties properties_media; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER properties_media AFTER UPDATE ON public.properties FOR EACH ROW WHEN (((new.document_version <> 'withdrawn'::text) AND ((old.document_version = 'withdrawn'::text) OR (public.listing_is_public(old.visible, old.public_document) <> public.listing_is_public(new.visible, new.public_document))))) EXECUTE FUNCTION public.check_listing_media();

--
-- Name: property_media property_media_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER property_media_changed AFTER UPDATE OF blob_id, is_open ON public.property_media FOR EACH ROW WHEN (((old.blob_id IS NOT NULL) AND ((old.blob_id IS DISTINCT FROM new.blob_id) OR (old.is_open <> new.is_open)))) EXECUTE FUNCTION public.check_blob();

--
-- Name: property_media property_media_gone; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER property_media_gone AFTER DELETE ON public.property_media FOR EACH ROW WHEN ((old.blob_id IS NOT NULL)) EXECUTE FUNCTION public.check_blob();

--
-- Name: sessions sessions_access_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER sessions_access_changed AFTER UPDATE OF ended_at ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION public.tell_access_changed();

--
-- Name: tasks tasks_end_day; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER tasks_end_day BEFORE INSERT OR UPDATE OF assigned_to, due_on, due_date, time_zone ON public.tasks FOR EACH ROW WHEN ((new.due_on IS NOT NULL)) EXECUTE FUNCTION public.end_day_of_task();

--
-- Name: users users_access_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_access_changed AFTER DELETE OR UPDATE OF email, role, office, team, is_active ON public.users FOR EACH STATEMENT EXECUTE FUNCTION public.tell_access_changed();

--
-- Name: users users_days_follow; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_days_follow AFTER UPDATE OF time_zone ON public.users FOR EACH ROW WHEN ((old.time_zone IS DISTINCT FROM new.time_zone)) EXECUTE FUNCTION public.days_follow_user();

--
-- Name: users users_leads_follow; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_leads_follow AFTER UPDATE OF office, team ON public.users FOR EACH ROW WHEN (((old.office IS DISTINCT FROM new.office) OR (old.team IS DISTINCT FROM new.team))) EXECUTE FUNCTION public.leads_follow_owner();

--
-- Name: api_keys api_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: assistant_agents assistant_agents_agent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.assistant_agents
    ADD CONSTRAINT assistant_agents_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: assistant_agents assistant_agents_assistant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.assistant_agents
    ADD CONSTRAINT assistant_agents_assistant_id_fkey FOREIGN KEY (assistant_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: display_rule_versions display_rule_versions_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.display_rule_versions
    ADD CONSTRAINT display_rule_versions_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: display_rules display_rules_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.display_rules
    ADD CONSTRAINT display_rules_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: findings findings_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: interactions interactions_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: interactions interactions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

--
-- Name: lead_contacts lead_contacts_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_contacts
    ADD CONSTRAINT lead_contacts_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: lead_events lead_events_interaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_events
    ADD CONSTRAINT lead_events_interaction_id_fkey FOREIGN KEY (interaction_id) REFERENCES public.interactions(id) ON DELETE SET NULL;

--
-- Name: lead_events lead_events_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_events
    ADD CONSTRAINT lead_events_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: lead_events lead_events_task_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_events
    ADD CONSTRAINT lead_events_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE SET NULL;

--
-- Name: lead_rule_members lead_rule_members_rule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_rule_members
    ADD CONSTRAINT lead_rule_members_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.lead_rules(id) ON DELETE CASCADE;

--
-- Name: lead_rule_members lead_rule_members_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_rule_members
    ADD CONSTRAINT lead_rule_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: lead_rules lead_rules_fallback_to_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_rules
    ADD CONSTRAINT lead_rules_fallback_to_fkey FOREIGN KEY (fallback_to) REFERENCES public.users(id);

--
-- Name: lead_tags lead_tags_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lead_tags
    ADD CONSTRAINT lead_tags_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: leads leads_assigned_to_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_assigned_to_fkey FOREIGN KEY (assigned_to) REFERENCES public.users(id);

--
-- Name: leads leads_claim_fallback_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_claim_fallback_fkey FOREIGN KEY (claim_fallback) REFERENCES public.users(id);

--
-- Name: leads leads_merged_into_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.leads(id) ON DELETE SET NULL;

--
-- Name: listing_changes listing_changes_property_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.listing_changes
    ADD CONSTRAINT listing_changes_property_id_fkey FOREIGN KEY (property_id) REFERENCES public.properties(id) ON DELETE CASCADE;

--
-- Name: login_networks login_networks_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: media_work media_work_property_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_work
    ADD CONSTRAINT media_work_property_id_fkey FOREIGN KEY (property_id) REFERENCES public.properties(id) ON DELETE CASCADE;

--
-- Name: member_links member_links_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.member_links
    ADD CONSTRAINT member_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: mls_copy_ages mls_copy_ages_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_copy_ages
    ADD CONSTRAINT mls_copy_ages_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_discoveries mls_discoveries_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_discoveries
    ADD CONSTRAINT mls_discoveries_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_excluded_keys mls_excluded_keys_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_excluded_keys
    ADD CONSTRAINT mls_excluded_keys_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_received_deletions mls_received_deletions_sync_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_received_deletions
    ADD CONSTRAINT mls_received_deletions_sync_id_fkey FOREIGN KEY (sync_id) REFERENCES public.mls_sync_history(sync_id) ON DELETE CASCADE;

--
-- Name: mls_received_keys mls_received_keys_sync_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_received_keys
    ADD CONSTRAINT mls_received_keys_sync_id_fkey FOREIGN KEY (sync_id) REFERENCES public.mls_sync_history(sync_id) ON DELETE CASCADE;

--
-- Name: mls_sweep_candidates mls_sweep_candidates_sweep_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sweep_candidates
    ADD CONSTRAINT mls_sweep_candidates_sweep_id_fkey FOREIGN KEY (sweep_id) REFERENCES public.mls_sweeps(id) ON DELETE CASCADE;

--
-- Name: mls_sweeps mls_sweeps_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sweeps
    ADD CONSTRAINT mls_sweeps_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_sync_cursors mls_sync_cursors_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_cursors
    ADD CONSTRAINT mls_sync_cursors_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_sync_errors mls_sync_errors_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_errors
    ADD CONSTRAINT mls_sync_errors_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_sync_errors mls_sync_errors_sync_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_errors
    ADD CONSTRAINT mls_sync_errors_sync_id_fkey FOREIGN KEY (sync_id) REFERENCES public.mls_sync_history(sync_id) ON DELETE CASCADE;

--
-- Name: mls_sync_history mls_sync_history_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_history
    ADD CONSTRAINT mls_sync_history_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.mls_sync_history(sync_id) ON DELETE CASCADE;

--
-- Name: mls_sync_history mls_sync_history_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_history
    ADD CONSTRAINT mls_sync_history_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: mls_sync_status mls_sync_status_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mls_sync_status
    ADD CONSTRAINT mls_sync_status_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: oidc_identities oidc_identities_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.oidc_identities
    ADD CONSTRAINT oidc_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: password_resets password_resets_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: possible_duplicates possible_duplicates_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.possible_duplicates
    ADD CONSTRAINT possible_duplicates_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: possible_duplicates possible_duplicates_other_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.possible_duplicates
    ADD CONSTRAINT possible_duplicates_other_id_fkey FOREIGN KEY (other_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: properties properties_author_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.properties
    ADD CONSTRAINT properties_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;

--
-- Name: property_media property_media_blob_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.property_media
    ADD CONSTRAINT property_media_blob_id_fkey FOREIGN KEY (blob_id) REFERENCES public.media_blobs(id);

--
-- Name: property_media property_media_property_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.property_media
    ADD CONSTRAINT property_media_property_id_fkey FOREIGN KEY (property_id) REFERENCES public.properties(id) ON DELETE CASCADE;

--
-- Name: recovery_codes recovery_codes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: refresh_tokens refresh_tokens_family_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_family_id_fkey FOREIGN KEY (family_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

--
-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

--
-- Name: source_budgets source_budgets_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_budgets
    ADD CONSTRAINT source_budgets_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: source_quotas source_quotas_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_quotas
    ADD CONSTRAINT source_quotas_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: source_seats source_seats_provider_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.source_seats
    ADD CONSTRAINT source_seats_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES public.mls_provider_configurations(provider_id) ON DELETE CASCADE;

--
-- Name: tasks tasks_assigned_to_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_assigned_to_fkey FOREIGN KEY (assigned_to) REFERENCES public.users(id);

--
-- Name: tasks tasks_lead_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id) ON DELETE CASCADE;

--
-- Name: tasks tasks_lead_owner_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_lead_owner_fkey FOREIGN KEY (lead_owner) REFERENCES public.users(id);

--
-- PostgreSQL database dump complete
--
