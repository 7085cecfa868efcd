"""Reply codes (RETS 1.7.2, appendix of each transaction), classified by how a client handles them."""

from enum import Enum

from platbook.base.errors import (
    CredentialsRefused,
    LoginSlotTaken,
    MediaRejected,
    PlatbookError,
    ProviderMisconfigured,
    RateLimited,
    SourceBrokeProtocol,
    SourceUnavailable,
)


class ReplyOutcome(Enum):
    """The meaning of a reply code, by how a client handles it."""

    OK = "ok"
    EMPTY = "empty"
    MORE = "more"
    SESSION_LOST = "session lost"
    SLOT_TAKEN = "slot taken"
    CREDENTIALS_REFUSED = "credentials refused"
    TRY_LATER = "try later"
    RATE_LIMITED = "rate limited"
    MISCONFIGURED = "misconfigured"
    OBJECT_UNAVAILABLE = "object unavailable"
    OTHER = "other"


_OUTCOMES: dict[int, ReplyOutcome] = {
    0: ReplyOutcome.OK,
    20208: ReplyOutcome.MORE,
    20701: ReplyOutcome.SESSION_LOST,
    20022: ReplyOutcome.SLOT_TAKEN,
    **dict.fromkeys((20201, 20403, 20502, 20503), ReplyOutcome.EMPTY),
    **dict.fromkeys((20210, 20412, 20512), ReplyOutcome.RATE_LIMITED),
    # Zero balance, broker code missing or invalid, user agent or password refused (sections 4.9 and 14).
    **dict.fromkeys((20003, 20012, 20013, 20041, 20140, 20141, 20142), ReplyOutcome.CREDENTIALS_REFUSED),
    # Temporarily disabled: the server, one transaction or one resource; timeouts and outages.
    **dict.fromkeys((10000, 20050, 20209, 20408, 20411, 20508, 20509, 20511), ReplyOutcome.TRY_LATER),
    # A query, resource, class, column, type, format or payload that the server does not support or does not permit.
    **dict.fromkeys((20200, 20202, 20203, 20205, 20206, 20207, 20211, 20212, 20213), ReplyOutcome.MISCONFIGURED),
    **dict.fromkeys((20400, 20401, 20406, 20414), ReplyOutcome.MISCONFIGURED),
    **dict.fromkeys((20500, 20501, 20506, 20507, 20510, 20513, 20514), ReplyOutcome.MISCONFIGURED),
    # One object: unknown identifier, not permitted, not available, too large, or failed.
    **dict.fromkeys((20402, 20407, 20409, 20410, 20413), ReplyOutcome.OBJECT_UNAVAILABLE),
}
_LOGIN_OR_LOST = frozenset({20036, 20037})


def classify_reply_code(code: int, *, logged_in: bool) -> ReplyOutcome:
    """Classify a code. 20036 and 20037 refuse a login; after a successful login they mean that the session is lost."""
    if code in _LOGIN_OR_LOST:
        return ReplyOutcome.SESSION_LOST if logged_in else ReplyOutcome.CREDENTIALS_REFUSED
    return _OUTCOMES.get(code, ReplyOutcome.OTHER)


def to_error(code: int, text: str, *, logged_in: bool) -> PlatbookError:
    """The error for a code that is neither a success nor an empty result."""
    message = f"the source answers {code}: {text}" if text else f"the source answers {code}"
    kind = _ERRORS.get(classify_reply_code(code, logged_in=logged_in), SourceBrokeProtocol)
    return kind(message)


_ERRORS: dict[ReplyOutcome, type[PlatbookError]] = {
    ReplyOutcome.SLOT_TAKEN: LoginSlotTaken,
    ReplyOutcome.CREDENTIALS_REFUSED: CredentialsRefused,
    ReplyOutcome.TRY_LATER: SourceUnavailable,
    ReplyOutcome.SESSION_LOST: SourceUnavailable,
    ReplyOutcome.RATE_LIMITED: RateLimited,
    ReplyOutcome.MISCONFIGURED: ProviderMisconfigured,
    ReplyOutcome.OBJECT_UNAVAILABLE: MediaRejected,
}
