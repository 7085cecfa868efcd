-- Display rules: what may be shown of a provider's listings, as rows of settings. Nothing of a rule is overwritten: a
-- change ends the row and adds another, so that what held at any moment can be read.
--
-- A version of a provider's rules: which offices are the operator's own, who set it and when.
CREATE TABLE display_rule_versions (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    version integer NOT NULL,
    own_offices text[] NOT NULL DEFAULT '{}',
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, version)
);

-- NULL, and false for `ours`: any. `version` is the one that the row came with.
CREATE TABLE display_rules (
    id uuid PRIMARY KEY,
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    originating_system text,
    surface text NOT NULL,
    feed text,
    ours boolean NOT NULL DEFAULT false,
    settings jsonb NOT NULL,
    version integer NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    set_by text NOT NULL
);
CREATE UNIQUE INDEX display_rules_current ON display_rules (provider_id, surface, originating_system, feed, ours)
    NULLS NOT DISTINCT WHERE valid_to IS NULL;
CREATE INDEX display_rules_provider ON display_rules (provider_id, valid_from);

-- A provider's rules as they were at a moment (NULL: as they are), with the version and the own offices of then.
CREATE FUNCTION display_rules_at(provider text, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'rules', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.valid_from, r.id), '[]') FROM display_rules r
            WHERE r.provider_id = provider AND CASE WHEN at IS NULL THEN r.valid_to IS NULL
                ELSE r.valid_from <= at AND (r.valid_to IS NULL OR r.valid_to > at) END),
        'version', coalesce((SELECT max(v.version) FROM display_rule_versions v
            WHERE v.provider_id = provider AND (at IS NULL OR v.set_at <= at)), 0),
        'ownOffices', coalesce((SELECT v.own_offices FROM display_rule_versions v
            WHERE v.provider_id = provider AND (at IS NULL OR v.set_at <= at) ORDER BY v.version DESC LIMIT 1), '{}'));

INSERT INTO display_rule_versions (provider_id, version, set_by, set_at)
SELECT provider_id, 1, 'upgrade', updated_at FROM mls_provider_configurations;
INSERT INTO display_rules (id, provider_id, surface, settings, version, valid_from, set_by)
SELECT gen_random_uuid(), provider_id, 'public', jsonb_strip_nulls(display), 1, updated_at, 'upgrade'
FROM mls_provider_configurations;

-- What the decision (listings/display.py) leaves behind for statements of SQL: the rule that made the public document,
-- the moment from which it may not be shown, the RESO names of fields that were taken out of it (NULL: none), and the
-- feed types that the record carries.
ALTER TABLE properties ADD COLUMN rule_id uuid, ADD COLUMN public_until timestamptz, ADD COLUMN hidden_fields text[],
    ADD COLUMN licences text[];
CREATE INDEX properties_public_until ON properties (public_until) WHERE public_until IS NOT NULL;

UPDATE properties p SET licences = (
    SELECT array_agg(DISTINCT upper(btrim(one)) ORDER BY upper(btrim(one))) FROM jsonb_each(p.raw) AS field,
        LATERAL (SELECT jsonb_array_elements_text(field.value) WHERE jsonb_typeof(field.value) = 'array'
            UNION ALL SELECT string_to_table(field.value #>> '{}', ',') WHERE jsonb_typeof(field.value) = 'string')
            AS carried (one)
    WHERE field.key IN ('MlgCanUse', 'FeedTypes') AND btrim(one) <> '')
WHERE raw ?| ARRAY['MlgCanUse', 'FeedTypes'];

-- Whether everybody may see a photo, video or document where its listing is public.
ALTER TABLE property_media ADD COLUMN is_open boolean NOT NULL DEFAULT false;
UPDATE property_media m SET is_open = true FROM properties p LEFT JOIN mls_provider_configurations c USING (provider_id)
WHERE p.id = m.property_id AND media_is_public(m.category, m.permission, c.display, p.shows_address);

CREATE OR REPLACE TRIGGER property_media_changed AFTER UPDATE OF blob_id, is_open ON property_media FOR EACH ROW
    WHEN (OLD.blob_id IS NOT NULL AND (OLD.blob_id IS DISTINCT FROM NEW.blob_id OR OLD.is_open <> NEW.is_open))
    EXECUTE FUNCTION check_blob();
-- Withdrawn documents are rebuilt at once: what the rebuilt ones say decides.
CREATE OR REPLACE TRIGGER properties_media AFTER UPDATE ON properties FOR EACH ROW
    WHEN (NEW.document_version <> 'withdrawn' AND (OLD.document_version = 'withdrawn'
        OR listing_is_public(OLD.visible, OLD.public_document)
            <> listing_is_public(NEW.visible, NEW.public_document)))
    EXECUTE FUNCTION check_listing_media();

-- A listing is public at a moment: it is public, and its time is not over.
CREATE FUNCTION listing_is_public(visible boolean, public_document text, public_until timestamptz, at timestamptz)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN listing_is_public(visible, public_document) AND (public_until IS NULL OR public_until > at);

DROP FUNCTION media_is_public;
DROP FUNCTION photo_is_public;
ALTER TABLE mls_provider_configurations DROP COLUMN display;
