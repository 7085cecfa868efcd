"""HTTP authentication as values: Basic (RFC 7617) and Digest (RFC 7616, RFC 2617), from a challenge to a header."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from platbook.base.errors import SourceBrokeProtocol

_SCHEME = re.compile(r"(?:^|,\s*)(Basic|Digest)(?=\s|,|$)", re.IGNORECASE)
# Each name is matched once, from its first letter; otherwise a long one without a value takes quadratic time.
_PARAMETER = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]+))')
_ALGORITHMS = {"md5": "md5", "sha-256": "sha256"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A server's challenge: scheme `basic` or `digest`, and its parameters by lower-case name."""

    scheme: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Authorization:
    """The response to a challenge; `nonce_count` increments with every request signed under the same nonce."""

    challenge: Challenge
    username: str
    password: str
    nonce_count: int = 0

    def sign(self, method: str, target: str, cnonce: str) -> tuple[str, "Authorization"]:
        """Sign one request: the header value, and the authorization for the next. `target` is path and query."""
        if self.challenge.scheme == "basic":
            pair = f"{self.username}:{self.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}", self
        signed = replace(self, nonce_count=self.nonce_count + 1)
        return signed.to_digest_header(method, target, cnonce), signed

    def answer_challenge(self, challenge: Challenge) -> "Authorization | None":
        """The response to a new challenge; None if it repeats the one just answered, so the credentials are refused.

        A server may challenge every request. The count continues if the nonce is the same (RFC 7616, section 3.4).
        """
        if challenge == self.challenge:
            return None
        same_nonce = challenge.parameters.get("nonce") == self.challenge.parameters.get("nonce")
        return replace(self, challenge=challenge, nonce_count=self.nonce_count if same_nonce else 0)

    def update_nonce(self, info: str) -> "Authorization":
        """Switch to the nextnonce of Authentication-Info for the next request (RFC 7616, section 3.5)."""
        info_parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(info)}
        nonce = info_parameters.get("nextnonce")
        if self.challenge.scheme != "digest" or not nonce or nonce == self.challenge.parameters.get("nonce"):
            return self
        parameters = {**self.challenge.parameters, "nonce": nonce}
        return replace(self, challenge=Challenge("digest", parameters), nonce_count=0)

    def to_digest_header(self, method: str, target: str, cnonce: str) -> str:
        """The Digest header value for one request, with the current nonce count."""
        parameters = self.challenge.parameters
        realm, nonce = parameters.get("realm", ""), parameters.get("nonce", "")
        algorithm_name = parameters.get("algorithm", "MD5").lower()
        is_session = algorithm_name.endswith("-sess")
        algorithm = _ALGORITHMS.get(algorithm_name.removesuffix("-sess"))
        if algorithm is None:
            raise SourceBrokeProtocol(
                f"the source asks for digest algorithm {parameters.get('algorithm')}, which is not supported"
            )

        def hashed(text: str) -> str:
            return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()

        secret = hashed(f"{self.username}:{realm}:{self.password}")
        if is_session:
            secret = hashed(f"{secret}:{nonce}:{cnonce}")
        request = hashed(f"{method}:{target}")
        count = f"{self.nonce_count:08x}"
        with_qop = "auth" in [option.strip().lower() for option in parameters.get("qop", "").split(",")]
        middle = f"{nonce}:{count}:{cnonce}:auth" if with_qop else nonce
        parts = {
            "username": self.username,
            "realm": realm,
            "nonce": nonce,
            "uri": target,
            "response": hashed(f"{secret}:{middle}:{request}"),
        }
        header = ", ".join(f'{key}="{_escape_quotes(value)}"' for key, value in parts.items())
        if with_qop:
            header += f', qop=auth, nc={count}, cnonce="{cnonce}"'
        elif is_session:
            header += f', cnonce="{cnonce}"'
        if "algorithm" in parameters:
            header += f", algorithm={parameters['algorithm']}"
        if "opaque" in parameters:
            header += f', opaque="{_escape_quotes(parameters["opaque"])}"'
        return f"Digest {header}"


def parse_challenge(header: str, *, prefer: str = "digest") -> Challenge | None:
    """Parse WWW-Authenticate; of several challenges the preferred one, or else Digest, which hides the password."""
    challenges: dict[str, Challenge] = {}
    marks = list(_SCHEME.finditer(header))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(header)
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(header[mark.end() : end])
        }
        challenges[mark[1].lower()] = Challenge(mark[1].lower(), parameters)
    return challenges.get(prefer) or challenges.get("digest") or challenges.get("basic")


def _escape_quotes(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
