"""Every quirk the server can be configured with: its name, its kind, and its effect.

A *behavior* is how some vendor's server always answers; a client must still end with the server's data. A *fault* is a
broken reply; it affects a seeded one in ten of the replies it applies to, or all of them if configured as
`NAME=always`. All can be combined; where two contradict each other, the description says which one wins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

from platbook.base.errors import InvalidInput
from platbook.market.seeded_random import SeededRandom

_ONE_IN = 10
_ALWAYS = "always"


class QuirkKind(StrEnum):
    """The kinds of quirks."""

    BEHAVIOR = "behavior"
    FAULT = "fault"


class QuirkArea(StrEnum):
    """The part of the protocol a quirk changes."""

    LOGIN = "login"
    SESSION = "session"
    SEARCH = "search"
    METADATA = "metadata"
    PHOTOS = "photos"


class Quirk(StrEnum):
    """The names of the quirks."""

    LF_LOGIN = "lf-login"
    SPACED_LOGIN = "spaced-login"
    ONE_LINE_LOGIN = "one-line-login"
    LOWER_CASE_LOGIN = "lower-case-login"
    BARE_LOGIN = "bare-login"
    INFO_LINES = "info-lines"
    RELATIVE_URLS = "relative-urls"
    QUERY_URLS = "query-urls"
    OTHER_HOST_URLS = "other-host-urls"
    ACTION_PAGE = "action-page"
    VERSION_LOWERED = "version-lowered"
    VERSION_REFUSED = "version-refused"
    LOWER_CASE_CODES = "lower-case-codes"
    POST_ONLY = "post-only"

    DIGEST_EVERY_TIME = "digest-every-time"
    DIGEST_STALE = "digest-stale"
    DIGEST_NO_QOP = "digest-no-qop"
    BOTH_CHALLENGES = "both-challenges"
    UA_REQUIRED = "ua-required"
    UA_INTEREALTY = "ua-interealty"
    UA_BARE_VERSION = "ua-bare-version"
    UA_UNWELCOME = "ua-unwelcome"
    EXTRA_COOKIES = "extra-cookies"
    ONE_SESSION = "one-session"
    PLAIN_LOGOUT = "plain-logout"
    EXPIRE_401 = "expire-401"
    EXPIRE_412 = "expire-412"
    EXPIRE_20036 = "expire-20036"
    EXPIRE_20037 = "expire-20037"
    EXPIRE_20701 = "expire-20701"
    EXPIRE_REDIRECT = "expire-redirect"

    PIPE_DELIMITER = "pipe-delimiter"
    ONE_DIGIT_DELIMITER = "one-digit-delimiter"
    NO_DELIMITER_TAG = "no-delimiter-tag"
    NO_LEADING_DELIMITER = "no-leading-delimiter"
    NO_TRAILING_DELIMITER = "no-trailing-delimiter"
    NO_COUNT = "no-count"
    ROW_CAP = "row-cap"
    CAP_20208 = "cap-20208"
    CAP_20208_TRAILER = "cap-20208-trailer"
    CAPPED_KEYS = "capped-keys"
    MAXROWS_ON_LAST = "maxrows-on-last"
    IGNORE_OFFSET = "ignore-offset"
    REFUSE_OFFSET = "refuse-offset"
    UNORDERED = "unordered"
    PHOTOS_ALONE = "photos-alone"
    CHARACTER_KEY = "character-key"
    NARROW_SELECT = "narrow-select"
    COUNT_OF_PAGE = "count-of-page"
    DMQL_ONLY = "dmql-only"
    UNDATED_ROWS = "undated-rows"
    EMPTY_IN_TRAILER = "empty-in-trailer"
    SURROGATE_REFERENCES = "surrogate-references"
    CONTROL_CHARACTERS = "control-characters"
    RAW_AMPERSAND = "raw-ampersand"
    LATIN_1_UNDECLARED = "latin-1-undeclared"
    LATIN_1_DECLARED = "latin-1-declared"
    ZONELESS_TIMESTAMPS = "zoneless-timestamps"
    FRACTION_TIMESTAMPS = "fraction-timestamps"
    ERROR_IN_TRAILER = "error-in-trailer"
    CUT_BODY = "cut-body"
    BROKEN_CONNECTION = "broken-connection"
    HTML_PAGE = "html-page"
    EMPTY_BODY = "empty-body"
    COUNT_WITHOUT_DATA = "count-without-data"
    LOW_COUNT = "low-count"
    HTTP_503 = "http-503"

    METADATA_STANDARD_ONLY = "metadata-standard-only"
    METADATA_COMPACT_ONLY = "metadata-compact-only"
    METADATA_LOOKUP_ELEMENTS = "metadata-lookup-elements"
    METADATA_RFC_DATES = "metadata-rfc-dates"
    METADATA_SHUFFLED = "metadata-shuffled"
    METADATA_LEVELS_ONLY = "metadata-levels-only"
    METADATA_NONE_IN_TRAILER = "metadata-none-in-trailer"
    METADATA_NONE_SILENT = "metadata-none-silent"
    VENDOR_NAMES = "vendor-names"

    NO_FIRST_CRLF = "no-first-crlf"
    NO_END_BOUNDARY = "no-end-boundary"
    DASHED_BOUNDARY = "dashed-boundary"
    SPACED_BOUNDARY = "spaced-boundary"
    QUOTED_BOUNDARY = "quoted-boundary"
    BOUNDARY_CHARSET = "boundary-charset"
    TIGHT_HEADERS = "tight-headers"
    FOLDED_DESCRIPTION = "folded-description"
    BROKEN_DESCRIPTION = "broken-description"
    BODYLESS_PARTS = "bodyless-parts"
    STATUS_IN_PARTS = "status-in-parts"
    JUNK_AFTER_ERROR = "junk-after-error"
    ESCAPED_LOCATION = "escaped-location"
    LOCATION_IGNORED = "location-ignored"
    LOCATION_REFUSED = "location-refused"
    ONE_ID_PER_CALL = "one-id-per-call"
    NO_OBJECT_ID = "no-object-id"
    ALWAYS_MULTIPART = "always-multipart"
    CRLF_IN_IMAGES = "crlf-in-images"
    ABSENT_PHOTOS = "absent-photos"
    PLAIN_TEXT_ERRORS = "plain-text-errors"
    CUT_PHOTOS = "cut-photos"


@dataclass(frozen=True, slots=True)
class QuirkInfo:
    """The kind, area and effect of a quirk."""

    kind: QuirkKind
    area: QuirkArea
    description: str


def _describe(kind: QuirkKind, area: QuirkArea, descriptions: Mapping[Quirk, str]) -> dict[Quirk, QuirkInfo]:
    return {quirk: QuirkInfo(kind, area, description) for quirk, description in descriptions.items()}


_LOGIN = {
    Quirk.LF_LOGIN: "The lines of the login reply end in LF only.",
    Quirk.SPACED_LOGIN: "The login reply's lines have spaces around the =.",
    Quirk.ONE_LINE_LOGIN: "The whole login reply is one line, key=value after key=value, some values empty.",
    Quirk.LOWER_CASE_LOGIN: "Names in the login reply are in lower case.",
    Quirk.BARE_LOGIN: "The login reply has no RETS-RESPONSE element, as in RETS 1.0.",
    Quirk.INFO_LINES: "The login reply has its information in Info lines, as in RETS 1.8.",
    Quirk.RELATIVE_URLS: "Capability URLs are relative to the login's folder.",
    Quirk.QUERY_URLS: "Capability URLs have a query string that requests must include.",
    Quirk.OTHER_HOST_URLS: "Capability URLs, unless relative, are on another host, localhost, which needs no cookie.",
    Quirk.ACTION_PAGE: "The login reply has an Action URL; until it is fetched, other requests are refused (20701).",
    Quirk.VERSION_LOWERED: "The server answers with RETS/1.5 whatever version is requested, and then requires it.",
    Quirk.VERSION_REFUSED: "A login with another version than RETS/1.5 is answered 400 with code 20036.",
    Quirk.LOWER_CASE_CODES: "Reply attributes are spelt replyCode and replyText.",
    Quirk.POST_ONLY: "Searches, metadata and photos accept only POST; GET is answered 405.",
}
_SESSION = {
    Quirk.DIGEST_EVERY_TIME: "Each Digest nonce is valid for one request; every request is challenged.",
    Quirk.DIGEST_STALE: "A Digest nonce is stale after five requests, and the challenge has stale=true.",
    Quirk.DIGEST_NO_QOP: "The Digest challenge has no qop and no opaque (RFC 2069).",
    Quirk.BOTH_CHALLENGES: "Basic and Digest are both offered, Basic first; either is accepted.",
    Quirk.UA_REQUIRED: "RETS-UA-Authorization is required (20037 or 20041), over the current session id.",
    Quirk.UA_INTEREALTY: "As ua-required, with Interealty's digest: the product without its version.",
    Quirk.UA_BARE_VERSION: "As ua-required, with the version in the digest as 1.7.2, without RETS/.",
    Quirk.UA_UNWELCOME: "A request with RETS-UA-Authorization is refused (20037), unless it is required.",
    Quirk.EXTRA_COOKIES: "Two more cookies are set, one changing with each reply; requests without them are 401.",
    Quirk.ONE_SESSION: "One session per login: a second login is answered 20022 until the first has logged out.",
    Quirk.PLAIN_LOGOUT: "Logout is answered in plain text.",
    Quirk.EXPIRE_401: "A session ends after eight requests; the next is answered HTTP 401 without a challenge.",
    Quirk.EXPIRE_412: "A session ends after eight requests; the next is answered HTTP 412.",
    Quirk.EXPIRE_20036: "A session ends after eight requests; the next is answered with code 20036.",
    Quirk.EXPIRE_20037: "A session ends after eight requests; the next is answered with code 20037.",
    Quirk.EXPIRE_20701: "A session ends after eight requests; the next is answered with code 20701.",
    Quirk.EXPIRE_REDIRECT: "A session ends after eight requests; the next is redirected to the login.",
}
_SEARCH = {
    Quirk.PIPE_DELIMITER: "Rows are delimited by a pipe: DELIMITER is 7C.",
    Quirk.ONE_DIGIT_DELIMITER: "DELIMITER is 9 for a tab.",
    Quirk.NO_DELIMITER_TAG: "There is no DELIMITER; the delimiter is a tab, pipe-delimiter or not.",
    Quirk.NO_LEADING_DELIMITER: "COLUMNS and DATA do not start with the delimiter.",
    Quirk.NO_TRAILING_DELIMITER: "COLUMNS and DATA do not end with the delimiter.",
    Quirk.NO_COUNT: "COUNT is omitted, except when only the count is requested.",
    Quirk.ROW_CAP: "A reply has at most --cap rows, and MAXROWS if there are more.",
    Quirk.CAP_20208: "As row-cap, and the envelope's code is 20208.",
    Quirk.CAP_20208_TRAILER: "As row-cap, and a trailing RETS-STATUS has code 20208.",
    Quirk.CAPPED_KEYS: "The cap also applies to searches of only the key column.",
    Quirk.MAXROWS_ON_LAST: "A last page that is exactly full also has MAXROWS.",
    Quirk.IGNORE_OFFSET: "Offset is ignored: every reply starts at the first row.",
    Quirk.REFUSE_OFFSET: "A search with an Offset is answered 20203, ignore-offset or not.",
    Quirk.UNORDERED: "Without an effective Offset, rows are in no particular order.",
    Quirk.PHOTOS_ALONE: "A change of photos moves PhotosChangeTimestamp alone, not ModificationTimestamp.",
    Quirk.CHARACTER_KEY: "Keys are of type Character, on which ranges are not allowed (20206).",
    Quirk.NARROW_SELECT: "More than 40 selected columns are answered 20202; without Select the first 40 are sent.",
    Quirk.COUNT_OF_PAGE: "COUNT is the number of rows of the reply, except when only the count is requested.",
    Quirk.DMQL_ONLY: "A search whose QueryType is DMQL2 is refused (20203); only DMQL is accepted.",
    Quirk.UNDATED_ROWS: "Listings that have not changed since the market began have no ModificationTimestamp.",
    Quirk.EMPTY_IN_TRAILER: "No records: envelope 0, COUNT 0, and 20201 only in a trailing RETS-STATUS.",
    Quirk.SURROGATE_REFERENCES: "Every third remark ends in a character sent as two surrogate references.",
    Quirk.CONTROL_CHARACTERS: "Every third remark has a raw 0x0B in place of a space.",
    Quirk.RAW_AMPERSAND: "Ampersands are sent raw, and every third remark has one.",
    Quirk.LATIN_1_UNDECLARED: "Replies are in undeclared ISO-8859-1; every third remark has an accent.",
    Quirk.LATIN_1_DECLARED: "Replies are in ISO-8859-1, declared in the XML prolog; every third remark has an accent.",
    Quirk.ZONELESS_TIMESTAMPS: "Timestamps are local, without offset; METADATA-SYSTEM has the offset -07:00.",
    Quirk.FRACTION_TIMESTAMPS: "Timestamps have milliseconds.",
}
_METADATA = {
    Quirk.METADATA_STANDARD_ONLY: "COMPACT metadata is refused (20513).",
    Quirk.METADATA_COMPACT_ONLY: "STANDARD-XML metadata is refused (20514), unless COMPACT is.",
    Quirk.METADATA_LOOKUP_ELEMENTS: "In STANDARD-XML lookup values are Lookup elements, system fields attributes.",
    Quirk.METADATA_RFC_DATES: "Metadata dates are in RFC 1123 format.",
    Quirk.METADATA_SHUFFLED: "COMPACT metadata columns are shuffled, with unknown and empty ones.",
    Quirk.METADATA_LEVELS_ONLY: "Metadata is served level by level: an ID ending in * is refused (20502).",
    Quirk.METADATA_NONE_IN_TRAILER: "No metadata of a type: envelope 0 and 20503 in a trailing RETS-STATUS.",
    Quirk.METADATA_NONE_SILENT: "No metadata of a type: an empty envelope with code 0.",
    Quirk.VENDOR_NAMES: "Fields have vendor-specific names (LIST_1 …); their StandardName is RESO's.",
}
_PHOTOS = {
    Quirk.NO_FIRST_CRLF: "A multipart reply starts with its first boundary, without a CRLF before it.",
    Quirk.NO_END_BOUNDARY: "A multipart reply has no closing boundary.",
    Quirk.DASHED_BOUNDARY: "The boundary itself starts with dashes.",
    Quirk.SPACED_BOUNDARY: "The boundary contains a space, unquoted.",
    Quirk.QUOTED_BOUNDARY: "The boundary is quoted in the Content-Type.",
    Quirk.BOUNDARY_CHARSET: "The Content-Type has a charset after the boundary.",
    Quirk.TIGHT_HEADERS: "Part headers have no space after the colon.",
    Quirk.FOLDED_DESCRIPTION: "Content-Description is folded over two lines.",
    Quirk.BROKEN_DESCRIPTION: "Content-Description spans two lines, the second without indentation.",
    Quirk.BODYLESS_PARTS: "With Location=1 parts have only headers, ended by a single CRLF.",
    Quirk.STATUS_IN_PARTS: "With Location=1 successful parts contain a RETS reply with code 0.",
    Quirk.JUNK_AFTER_ERROR: "The XML of a failed part is followed by some stray characters.",
    Quirk.ESCAPED_LOCATION: "Ampersands in Location are written &amp;.",
    Quirk.LOCATION_IGNORED: "Location=1 is ignored: the bytes are sent.",
    Quirk.LOCATION_REFUSED: "Location=1 is answered 20414, location-ignored or not.",
    Quirk.ONE_ID_PER_CALL: "A request for photos of more than one record is answered 20402.",
    Quirk.NO_OBJECT_ID: "A reply of a single photo has no Object-ID.",
    Quirk.ALWAYS_MULTIPART: "A single photo is sent as a multipart reply of one part.",
    Quirk.CRLF_IN_IMAGES: "Every image ends in CRLF, which is part of it.",
    Quirk.ABSENT_PHOTOS: "Every fifth listing's second photo is missing: 20403 in its place.",
    Quirk.PLAIN_TEXT_ERRORS: "Failed parts and requests for photos are answered in text/plain.",
}
_SEARCH_FAULTS = {
    Quirk.ERROR_IN_TRAILER: "A search reply ends after at most three rows with RETS-STATUS 20209.",
    Quirk.CUT_BODY: "A search or metadata reply stops in the middle, with HTTP status 200.",
    Quirk.BROKEN_CONNECTION: "The connection is closed in the middle of a search or metadata reply.",
    Quirk.HTML_PAGE: "Any request is answered with an HTML page and status 200.",
    Quirk.EMPTY_BODY: "Any request is answered with an empty body and status 200.",
    Quirk.COUNT_WITHOUT_DATA: "A search reply has its COUNT but no rows.",
    Quirk.LOW_COUNT: "COUNT is half of the rows that the search reply has.",
    Quirk.HTTP_503: "Any request is answered HTTP 503.",
}
_PHOTO_FAULTS = {
    Quirk.CUT_PHOTOS: "The connection is closed in the middle of a reply with photos.",
}

QUIRKS: Mapping[Quirk, QuirkInfo] = {
    **_describe(QuirkKind.BEHAVIOR, QuirkArea.LOGIN, _LOGIN),
    **_describe(QuirkKind.BEHAVIOR, QuirkArea.SESSION, _SESSION),
    **_describe(QuirkKind.BEHAVIOR, QuirkArea.SEARCH, _SEARCH),
    **_describe(QuirkKind.BEHAVIOR, QuirkArea.METADATA, _METADATA),
    **_describe(QuirkKind.BEHAVIOR, QuirkArea.PHOTOS, _PHOTOS),
    **_describe(QuirkKind.FAULT, QuirkArea.SEARCH, _SEARCH_FAULTS),
    **_describe(QuirkKind.FAULT, QuirkArea.PHOTOS, _PHOTO_FAULTS),
}
"""The one table of quirks."""


@dataclass(frozen=True)
class Quirks:
    """The enabled quirks of a server, and the seed of its faults."""

    enabled: frozenset[Quirk] = frozenset()
    always: frozenset[Quirk] = frozenset()
    seed: int = 1

    def __contains__(self, quirk: Quirk) -> bool:
        return quirk in self.enabled

    def triggers(self, fault: Quirk, request: int) -> bool:
        """Whether a fault affects the reply to the server's request of that number."""
        if fault not in self.enabled:
            return False
        return fault in self.always or SeededRandom(self.seed, crc32(fault.encode()), request).chance(1 / _ONE_IN)


def parse_quirks(texts: Iterable[str], seed: int = 1) -> Quirks:
    """Parse quirks: NAME, or NAME=always for faults. InvalidInput: an unknown or invalid one."""
    enabled: set[Quirk] = set()
    always: set[Quirk] = set()
    for text in texts:
        name, _, when = text.partition("=")
        try:
            quirk = Quirk(name)
        except ValueError:
            raise InvalidInput.of("quirk", f"unknown quirk {name[:60]!r}; --list-quirks lists them") from None
        if when and (when != _ALWAYS or QUIRKS[quirk].kind is not QuirkKind.FAULT):
            raise InvalidInput.of("quirk", f"{text[:80]!r}: only a fault has an option, NAME=always")
        enabled.add(quirk)
        if when:
            always.add(quirk)
    return Quirks(frozenset(enabled), frozenset(always), seed)
