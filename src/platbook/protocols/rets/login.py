"""The login reply (RETS 1.7.2, section 4; 1.8 `Info` lines): where the source's transactions are.

The body should be lines of `key=value`. In practice the lines end in LF or CRLF, have spaces round the `=`, spell
names in any case, or stand all on one line with some values empty; then the known names are the separators.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.codes import to_error
from platbook.protocols.rets.xml import RetsXml

CAPABILITIES = (
    "Action", "ChangePassword", "GetMetadata", "GetObject", "GetPayloadList", "Login", "LoginComplete", "Logout",
    "PostObject", "Search", "ServerInformation", "Update",
)  # fmt: skip
_FACTS = (
    "MemberName", "User", "Broker", "MetadataVersion", "MetadataTimestamp", "MinMetadataTimestamp", "OfficeList",
    "Balance", "TimeoutSeconds", "Expr", "Info",
)  # fmt: skip
_BY_LOWER = {name.lower(): name for name in (*CAPABILITIES, *_FACTS)}
_KNOWN = re.compile(
    r"(?:(?<=^)|(?<=\s))(" + "|".join((*CAPABILITIES, *_FACTS)) + r"|X-[A-Za-z0-9-]+)[ \t]*=[ \t]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LoginReply:
    """What a good login said: `capabilities` by name, their addresses absolute; `facts` as they stand."""

    capabilities: Mapping[str, str]
    facts: Mapping[str, str]

    @property
    def timeout_seconds(self) -> int | None:
        """How long a session may be idle."""
        said = self.facts.get("TimeoutSeconds", "").rpartition(";")[2].strip()
        return int(said) if said.isascii() and said.isdigit() else None


def parse_login(body: bytes, url: str, charset: str | None = None) -> LoginReply:
    """Read a login reply. `url` is the address used for this login: relative ones are resolved against it.

    A reply code other than 0 raises its error; a body without the Search capability is SourceBrokeProtocol.
    """
    texts: dict[str, str] = {}
    xml = RetsXml(lambda tag, _: tag in {"RETS", "RETS-RESPONSE"}, texts.__setitem__, charset)
    xml.feed(body)
    status = xml.close()
    if status.code != 0:
        raise to_error(status.code, status.text, logged_in=False)
    said = parse_pairs(texts.get("RETS-RESPONSE") or texts.get("RETS") or "")
    capabilities = {
        name: urljoin(url, value) for name, value in said.items() if value and (name in CAPABILITIES or "X-" in name)
    }
    if "Search" not in capabilities:
        raise SourceBrokeProtocol("the login reply names no Search address", sample=body)
    return LoginReply(capabilities, {name: value for name, value in said.items() if name not in capabilities})


def parse_pairs(text: str) -> dict[str, str]:
    """Read `key=value` pairs, one to a line or all on one line."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        marks = list(_KNOWN.finditer(stripped))
        if marks and marks[0].start() == 0:
            ends = [mark.start() for mark in marks[1:]] + [len(stripped)]
            for mark, end in zip(marks, ends, strict=True):
                _note(pairs, mark[1], stripped[mark.end() : end].strip())
        elif "=" in stripped:
            key, _, value = stripped.partition("=")
            _note(pairs, key.strip(), value.strip())
    return pairs


def _note(pairs: dict[str, str], key: str, value: str) -> None:
    name = _BY_LOWER.get(key.lower(), key)
    if name == "Info":  # 1.8: Info=NAME;Type;value or Info=NAME;value
        name, _, value = value.partition(";")
        name = _BY_LOWER.get(name.strip().lower(), name.strip())
        value = value.rpartition(";")[2].strip()
    pairs[name] = value
