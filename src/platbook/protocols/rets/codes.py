"""Reply codes (RETS 1.7.2, appendix of each transaction) and what a client does about them."""

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


class Meaning(Enum):
    """What a reply code asks for."""

    OK = "ok"
    EMPTY = "empty"
    MORE = "more"
    SESSION_LOST = "session lost"
    SLOT_TAKEN = "slot taken"
    CREDENTIALS = "credentials"
    TRY_LATER = "try later"
    SLOW_DOWN = "slow down"
    SETTINGS = "settings"
    THIS_ONE = "this one cannot be had"
    OTHER = "other"


_MEANINGS: dict[int, Meaning] = {
    0: Meaning.OK,
    20208: Meaning.MORE,
    20701: Meaning.SESSION_LOST,
    20022: Meaning.SLOT_TAKEN,
    **dict.fromkeys((20201, 20403, 20502, 20503), Meaning.EMPTY),
    **dict.fromkeys((20210, 20412, 20512), Meaning.SLOW_DOWN),
    # Zero balance, broker code missing or invalid, user agent or password refused (sections 4.9 and 14).
    **dict.fromkeys((20003, 20012, 20013, 20041, 20140, 20141, 20142), Meaning.CREDENTIALS),
    # The server is disabled for now, or one transaction or resource of it is: timeouts and outages.
    **dict.fromkeys((10000, 20050, 20209, 20408, 20411, 20508, 20509, 20511), Meaning.TRY_LATER),
    # A query, resource, class, column, type, format or payload this server does not know or does not grant.
    **dict.fromkeys((20200, 20202, 20203, 20205, 20206, 20207, 20211, 20212, 20213), Meaning.SETTINGS),
    **dict.fromkeys((20400, 20401, 20406, 20414), Meaning.SETTINGS),
    **dict.fromkeys((20500, 20501, 20506, 20507, 20510, 20513, 20514), Meaning.SETTINGS),
    # One object: its identifier is unknown, it may not be seen, is not at hand, too large, or failed.
    **dict.fromkeys((20402, 20407, 20409, 20410, 20413), Meaning.THIS_ONE),
}
_LOGIN_OR_LOST = frozenset({20036, 20037})


def find_meaning(code: int, *, logged_in: bool) -> Meaning:
    """What a code means. 20036 and 20037 refuse a login, but after a good one they say that the session is lost."""
    if code in _LOGIN_OR_LOST:
        return Meaning.SESSION_LOST if logged_in else Meaning.CREDENTIALS
    return _MEANINGS.get(code, Meaning.OTHER)


def to_error(code: int, text: str, *, logged_in: bool) -> PlatbookError:
    """The error for a code that is neither success nor an answer."""
    words = f"the source answers {code}: {text}" if text else f"the source answers {code}"
    kind = _ERRORS.get(find_meaning(code, logged_in=logged_in), SourceBrokeProtocol)
    return kind(words)


_ERRORS: dict[Meaning, type[PlatbookError]] = {
    Meaning.SLOT_TAKEN: LoginSlotTaken,
    Meaning.CREDENTIALS: CredentialsRefused,
    Meaning.TRY_LATER: SourceUnavailable,
    Meaning.SESSION_LOST: SourceUnavailable,
    Meaning.SLOW_DOWN: RateLimited,
    Meaning.SETTINGS: ProviderMisconfigured,
    Meaning.THIS_ONE: MediaRejected,
}
