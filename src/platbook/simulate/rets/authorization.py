"""Authentication: Basic (RFC 7617), Digest (RFC 2617, 2069), and RETS-UA-Authorization (RETS 1.7.2, section 3.10)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Literal

from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.quirks import Quirk, Quirks

REALM = "Platbook Sample MLS"

_UA_QUIRKS = (Quirk.UA_REQUIRED, Quirk.UA_INTEREALTY, Quirk.UA_BARE_VERSION)
_STALE_AFTER = 5
_MAX_NONCES = 10_000
_PAIR = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')

Scheme = Literal["basic", "digest"]


class ChallengeError(Exception):
    """The request is answered with 401 and these WWW-Authenticate headers."""

    def __init__(self, challenges: list[str]) -> None:
        super().__init__("401")
        self.challenges = challenges


@dataclass(slots=True)
class _Nonce:
    used: set[str] = field(default_factory=set[str])
    requests: int = 0


@dataclass(frozen=True, slots=True)
class SimulatedLogin:
    """The only login, and the user agent password."""

    user: str
    password: str
    ua_password: str = "agent"  # noqa: S105 - a simulated server's


class Authenticator:
    """Checks the Authorization header of each request, and stores the nonces it has issued."""

    def __init__(self, credentials: SimulatedLogin, scheme: Scheme) -> None:
        self._credentials, self._scheme = credentials, scheme
        self._nonces: dict[str, _Nonce] = {}

    def check(self, method: str, target: str, header: str, quirks: Quirks) -> None:
        """Authenticate the request, or raise ChallengeError. `target` is path and query as requested."""
        scheme, _, credentials = header.strip().partition(" ")
        both = Quirk.BOTH_CHALLENGES in quirks
        if scheme.lower() == "basic" and (both or self._scheme == "basic") and self._is_valid_basic(credentials):
            return
        stale = False
        if scheme.lower() == "digest" and (both or self._scheme == "digest"):
            stale = self._check_digest(method, target, credentials, quirks)
            if not stale:
                return
        raise ChallengeError(self._challenges(quirks, stale=stale))

    def _is_valid_basic(self, credentials: str) -> bool:
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self._is_login(user, password)

    def _is_login(self, user: str, password: str) -> bool:
        expected = f"{self._credentials.user}:{self._credentials.password}"
        return hmac.compare_digest(f"{user}:{password}".encode(), expected.encode())

    def _check_digest(self, method: str, target: str, header: str, quirks: Quirks) -> bool:
        """Whether the nonce is stale. ChallengeError if the digest is wrong."""
        parameters = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(header)}
        nonce = self._nonces.get(parameters.get("nonce", ""))
        if nonce is None:
            return True
        if parameters.get("uri", "") != target or parameters.get("username", "") != self._credentials.user:
            raise ChallengeError(self._challenges(quirks))
        secret = _md5(f"{self._credentials.user}:{REALM}:{self._credentials.password}")
        request = _md5(f"{method}:{parameters['uri']}")
        if parameters.get("qop"):
            middle = (
                f"{parameters['nonce']}:{parameters.get('nc', '')}:{parameters.get('cnonce', '')}:{parameters['qop']}"
            )
        else:
            middle = parameters["nonce"]
        if not hmac.compare_digest(parameters.get("response", ""), _md5(f"{secret}:{middle}:{request}")):
            raise ChallengeError(self._challenges(quirks))
        if parameters.get("qop") and (parameters.get("nc", "") in nonce.used or parameters["qop"] != "auth"):
            return True  # a reused nonce count is a replay
        nonce.requests += 1
        if nonce.requests > _STALE_AFTER and Quirk.DIGEST_STALE in quirks:
            return True
        nonce.used.add(parameters.get("nc", ""))
        if Quirk.DIGEST_EVERY_TIME in quirks:
            del self._nonces[parameters["nonce"]]
        return False

    def _challenges(self, quirks: Quirks, *, stale: bool = False) -> list[str]:
        basic = f'Basic realm="{REALM}"'
        if self._scheme == "basic" and Quirk.BOTH_CHALLENGES not in quirks:
            return [basic]
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = _Nonce()
        while len(self._nonces) > _MAX_NONCES:
            del self._nonces[next(iter(self._nonces))]
        digest = f'Digest realm="{REALM}", nonce="{nonce}"'
        if Quirk.DIGEST_NO_QOP not in quirks:
            digest += ', opaque="6f70617175650a", qop="auth", algorithm=MD5'
        digest += ", stale=true" if stale else ""
        return [basic, digest] if Quirk.BOTH_CHALLENGES in quirks else [digest]


@dataclass(frozen=True, slots=True)
class UserAgentHeaders:
    """The headers of a request that identify the user agent."""

    user_agent: str
    authorization: str | None
    request_id: str
    session_id: str
    version: str


def check_user_agent(sent: UserAgentHeaders, password: str, quirks: Quirks) -> None:
    """Check the user agent, or raise RefusedError 20037 or 20041 (section 3.10)."""
    if not any(quirk in quirks for quirk in _UA_QUIRKS):
        if sent.authorization and Quirk.UA_UNWELCOME in quirks:
            raise RefusedError(ReplyCode.UA_FAILED, "User-agent authentication failed: none is expected.")
        return
    if not sent.authorization:
        raise RefusedError(ReplyCode.UA_REQUIRED, "User-agent authentication required.")
    product = sent.user_agent.split()[0] if sent.user_agent.split() else ""
    version = sent.version
    if Quirk.UA_INTEREALTY in quirks:
        product = product.partition("/")[0]
    if Quirk.UA_BARE_VERSION in quirks:
        version = version.removeprefix("RETS/")
    first = _md5(f"{product}:{password}")
    expected = _md5(f"{first}:{sent.request_id}:{sent.session_id}:{version}")
    scheme, _, digest = sent.authorization.strip().partition(" ")
    if scheme.lower() != "digest" or not hmac.compare_digest(digest.strip().strip('"').lower(), expected):
        raise RefusedError(ReplyCode.UA_FAILED, "User-agent authentication failed.")


def _md5(text: str) -> str:
    # Required by the protocol.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
