"""HTTP authorization as values: Basic (RFC 7617) and Digest (RFC 7616, RFC 2617), from a challenge to a header."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from platbook.base.errors import SourceBrokeProtocol

_SCHEME = re.compile(r"(?:^|,\s*)(Basic|Digest)(?=\s|,|$)", re.IGNORECASE)
# A name is looked at once, from its first letter: else a long one without a value would take time by its square.
_PARAMETER = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]+))')
_ALGORITHMS = {"md5": "md5", "sha-256": "sha256"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks for: `basic` or `digest`, and its parameters in lower-case names."""

    scheme: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Authorization:
    """The answer to a challenge; `nonce_count` rises with every request signed under one nonce, and only then."""

    challenge: Challenge
    username: str
    password: str
    nonce_count: int = 0

    def sign(self, method: str, target: str, cnonce: str) -> tuple[str, "Authorization"]:
        """Sign one request: the header's value, and the authorization for the next. `target` is path and query."""
        if self.challenge.scheme == "basic":
            pair = f"{self.username}:{self.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}", self
        signed = replace(self, nonce_count=self.nonce_count + 1)
        return signed.digest(method, target, cnonce), signed

    def answer(self, challenge: Challenge) -> "Authorization | None":
        """The answer to another challenge; None: it is the very one that was answered, so the answer is refused.

        A server may challenge every request anew. The count goes on where the nonce stays (RFC 7616, section 3.4).
        """
        if challenge == self.challenge:
            return None
        same_nonce = challenge.parameters.get("nonce") == self.challenge.parameters.get("nonce")
        return replace(self, challenge=challenge, nonce_count=self.nonce_count if same_nonce else 0)

    def follow(self, info: str) -> "Authorization":
        """Take up the nonce that Authentication-Info names for the next request (RFC 7616, section 3.5)."""
        said = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(info)}
        nonce = said.get("nextnonce")
        if self.challenge.scheme != "digest" or not nonce or nonce == self.challenge.parameters.get("nonce"):
            return self
        parameters = {**self.challenge.parameters, "nonce": nonce}
        return replace(self, challenge=Challenge("digest", parameters), nonce_count=0)

    def digest(self, method: str, target: str, cnonce: str) -> str:
        """The Digest header's value for one request, under the present nonce count."""
        said = self.challenge.parameters
        realm, nonce = said.get("realm", ""), said.get("nonce", "")
        named = said.get("algorithm", "MD5").lower()
        is_session = named.endswith("-sess")
        algorithm = _ALGORITHMS.get(named.removesuffix("-sess"))
        if algorithm is None:
            raise SourceBrokeProtocol(f"the source asks for digest algorithm {said.get('algorithm')}, which is unknown")

        def hashed(text: str) -> str:
            return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()

        secret = hashed(f"{self.username}:{realm}:{self.password}")
        if is_session:
            secret = hashed(f"{secret}:{nonce}:{cnonce}")
        request = hashed(f"{method}:{target}")
        count = f"{self.nonce_count:08x}"
        with_qop = "auth" in [option.strip().lower() for option in said.get("qop", "").split(",")]
        middle = f"{nonce}:{count}:{cnonce}:auth" if with_qop else nonce
        parts = {
            "username": self.username,
            "realm": realm,
            "nonce": nonce,
            "uri": target,
            "response": hashed(f"{secret}:{middle}:{request}"),
        }
        header = ", ".join(f'{key}="{_quoted(value)}"' for key, value in parts.items())
        if with_qop:
            header += f', qop=auth, nc={count}, cnonce="{cnonce}"'
        elif is_session:
            header += f', cnonce="{cnonce}"'
        if "algorithm" in said:
            header += f", algorithm={said['algorithm']}"
        if "opaque" in said:
            header += f', opaque="{_quoted(said["opaque"])}"'
        return f"Digest {header}"


def parse_challenge(header: str, *, prefer: str = "digest") -> Challenge | None:
    """Read WWW-Authenticate; of several challenges the preferred one, or else Digest, which hides the password."""
    found: dict[str, Challenge] = {}
    marks = list(_SCHEME.finditer(header))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(header)
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(header[mark.end() : end])
        }
        found[mark[1].lower()] = Challenge(mark[1].lower(), parameters)
    return found.get(prefer) or found.get("digest") or found.get("basic")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
