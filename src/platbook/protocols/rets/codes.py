"""Reply codes (RETS 1.7.2, appendix of each transaction) and what a client does about them."""

from enum import Enum

from platbook.base.errors import (
    CredentialsRefused,
    LoginSlotTaken,
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
    OTHER = "other"


_MEANINGS: dict[int, Meaning] = {
    0: Meaning.OK,
    20201: Meaning.EMPTY,
    20403: Meaning.EMPTY,
    20208: Meaning.MORE,
    20701: Meaning.SESSION_LOST,
    20022: Meaning.SLOT_TAKEN,
    20210: Meaning.SLOW_DOWN,
    **dict.fromkeys((20003, 20012, 20013, 20041, 20140, 20141, 20142), Meaning.CREDENTIALS),
    **dict.fromkeys((20050, 20209, 20411, 20412, 20511, 20512, 10000), Meaning.TRY_LATER),
    **dict.fromkeys((20200, 20202, 20203, 20206, 20207, 20211, 20212, 20213, 20400, 20401, 20514), Meaning.SETTINGS),
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
    match find_meaning(code, logged_in=logged_in):
        case Meaning.SLOT_TAKEN:
            return LoginSlotTaken(words)
        case Meaning.CREDENTIALS:
            return CredentialsRefused(words)
        case Meaning.TRY_LATER | Meaning.SESSION_LOST:
            return SourceUnavailable(words)
        case Meaning.SLOW_DOWN:
            return RateLimited(words)
        case Meaning.SETTINGS:
            return ProviderMisconfigured(words)
        case _:
            return SourceBrokeProtocol(words)
