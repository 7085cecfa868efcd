"""Who is asking: Basic (RFC 7617), Digest (RFC 2617 and 2069), and RETS-UA-Authorization (RETS 1.7.2, section 3.10)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Literal

from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.quirks import Quirk, Quirks

REALM = "Platbook Sample MLS"

_UA_QUIRKS = (Quirk.UA_REQUIRED, Quirk.UA_INTEREALTY, Quirk.UA_BARE_VERSION)
_STALE_AFTER = 5
_MOST_NONCES = 10_000
_PAIR = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')

Scheme = Literal["basic", "digest"]


class ChallengeError(Exception):
    """The request is answered 401, with these WWW-Authenticate headers."""

    def __init__(self, challenges: list[str]) -> None:
        super().__init__("401")
        self.challenges = challenges


@dataclass(slots=True)
class _Nonce:
    used: set[str] = field(default_factory=set[str])
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one login, and the password that clients of its User-Agent have."""

    user: str
    password: str
    ua_password: str = "agent"  # noqa: S105 - a made-up server's


class Doorkeeper:
    """Checks the Authorization header of each request, and remembers the nonces it has given."""

    def __init__(self, credentials: Credentials, scheme: Scheme) -> None:
        self._credentials, self._scheme = credentials, scheme
        self._nonces: dict[str, _Nonce] = {}

    def check(self, method: str, target: str, header: str, quirks: Quirks) -> None:
        """Let the request in, or raise ChallengeError. `target` is path and query as they were asked for."""
        kind, _, said = header.strip().partition(" ")
        both = Quirk.BOTH_CHALLENGES in quirks
        if kind.lower() == "basic" and (both or self._scheme == "basic") and self._is_basic(said):
            return
        stale = False
        if kind.lower() == "digest" and (both or self._scheme == "digest"):
            stale = self._check_digest(method, target, said, quirks)
            if not stale:
                return
        raise ChallengeError(self._challenges(quirks, stale=stale))

    def _is_basic(self, said: str) -> bool:
        try:
            user, _, password = base64.b64decode(said, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self._is_login(user, password)

    def _is_login(self, user: str, password: str) -> bool:
        known = f"{self._credentials.user}:{self._credentials.password}"
        return hmac.compare_digest(f"{user}:{password}".encode(), known.encode())

    def _check_digest(self, method: str, target: str, header: str, quirks: Quirks) -> bool:
        """Whether the nonce is stale; ChallengeError where the digest is wrong."""
        said = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(header)}
        nonce = self._nonces.get(said.get("nonce", ""))
        if nonce is None:
            return True
        if said.get("uri", "") != target or said.get("username", "") != self._credentials.user:
            raise ChallengeError(self._challenges(quirks))
        secret = _md5(f"{self._credentials.user}:{REALM}:{self._credentials.password}")
        asked = _md5(f"{method}:{said['uri']}")
        if said.get("qop"):
            middle = f"{said['nonce']}:{said.get('nc', '')}:{said.get('cnonce', '')}:{said['qop']}"
        else:
            middle = said["nonce"]
        if not hmac.compare_digest(said.get("response", ""), _md5(f"{secret}:{middle}:{asked}")):
            raise ChallengeError(self._challenges(quirks))
        if said.get("qop") and (said.get("nc", "") in nonce.used or said["qop"] != "auth"):
            return True  # a count used before is a repeat, or somebody else's
        nonce.requests += 1
        if nonce.requests > _STALE_AFTER and Quirk.DIGEST_STALE in quirks:
            return True
        nonce.used.add(said.get("nc", ""))
        if Quirk.DIGEST_EVERY_TIME in quirks:
            del self._nonces[said["nonce"]]
        return False

    def _challenges(self, quirks: Quirks, *, stale: bool = False) -> list[str]:
        basic = f'Basic realm="{REALM}"'
        if self._scheme == "basic" and Quirk.BOTH_CHALLENGES not in quirks:
            return [basic]
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = _Nonce()
        while len(self._nonces) > _MOST_NONCES:
            del self._nonces[next(iter(self._nonces))]
        digest = f'Digest realm="{REALM}", nonce="{nonce}"'
        if Quirk.DIGEST_NO_QOP not in quirks:
            digest += ', opaque="6f70617175650a", qop="auth", algorithm=MD5'
        digest += ", stale=true" if stale else ""
        return [basic, digest] if Quirk.BOTH_CHALLENGES in quirks else [digest]


@dataclass(frozen=True, slots=True)
class UserAgent:
    """What a request says of the program that sent it."""

    user_agent: str
    authorization: str | None
    request_id: str
    session_id: str
    version: str


def check_user_agent(said: UserAgent, password: str, quirks: Quirks) -> None:
    """Let the program in, or raise RefusedError 20037 or 20041 (section 3.10)."""
    if not any(quirk in quirks for quirk in _UA_QUIRKS):
        if said.authorization and Quirk.UA_UNWELCOME in quirks:
            raise RefusedError(Code.UA_FAILED, "User-agent authentication failed: none is expected.")
        return
    if not said.authorization:
        raise RefusedError(Code.UA_REQUIRED, "User-agent authentication required.")
    product = said.user_agent.split()[0] if said.user_agent.split() else ""
    version = said.version
    if Quirk.UA_INTEREALTY in quirks:
        product = product.partition("/")[0]
    if Quirk.UA_BARE_VERSION in quirks:
        version = version.removeprefix("RETS/")
    first = _md5(f"{product}:{password}")
    expected = _md5(f"{first}:{said.request_id}:{said.session_id}:{version}")
    scheme, _, given = said.authorization.strip().partition(" ")
    if scheme.lower() != "digest" or not hmac.compare_digest(given.strip().strip('"').lower(), expected):
        raise RefusedError(Code.UA_FAILED, "User-agent authentication failed.")


def _md5(text: str) -> str:
    # The protocol's hash, not ours.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
