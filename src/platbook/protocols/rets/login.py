"""The login reply (RETS 1.7.2, section 4; 1.8 `Info` lines): the URLs of the source's transactions.

The body should be lines of `key=value`. In practice the lines end in LF or CRLF, have spaces around the `=`, spell
names in any case, or are all on one line with some values empty; then the known names are the separators.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.xml import UNSPECIFIED, Encoding, ReplyStatus, RetsXml

CAPABILITIES = (
    "Action", "ChangePassword", "GetMetadata", "GetObject", "GetPayloadList", "Login", "LoginComplete", "Logout",
    "PostObject", "Search", "ServerInformation", "Update",
)  # fmt: skip
_INFO_NAMES = (
    "MemberName", "User", "Broker", "MetadataVersion", "MetadataTimestamp", "MinMetadataTimestamp", "OfficeList",
    "Balance", "TimeoutSeconds", "Expr", "Info",
)  # fmt: skip
_BY_LOWER = {name.lower(): name for name in (*CAPABILITIES, *_INFO_NAMES)}
_NAME = re.compile(
    r"(?:(?<=^)|(?<=\s))(" + "|".join((*CAPABILITIES, *_INFO_NAMES)) + r"|X-[A-Za-z0-9-]+)[ \t]*=[ \t]*", re.IGNORECASE
)
_BROKER = re.compile(r"(?i)\bBroker\s*=\s*([^\s=]+)")


@dataclass(frozen=True, slots=True)
class LoginReply:
    """A successful login: `capabilities` as absolute URLs by name; `info` the other arguments as received."""

    capabilities: Mapping[str, str]
    info: Mapping[str, str]

    @property
    def metadata_version(self) -> str | None:
        """Changes whenever the metadata does: MetadataTimestamp, or else MetadataVersion."""
        return self.info.get("MetadataTimestamp") or self.info.get("MetadataVersion") or None


def parse_login(body: bytes, url: str, encoding: Encoding = UNSPECIFIED) -> LoginReply | ReplyStatus:
    """Parse a login reply: the login, or the status that refuses it.

    `url` is the login URL, against which relative ones are resolved. A body without the Search capability is
    SourceBrokeProtocol.
    """
    texts: dict[str, str] = {}
    xml = RetsXml(lambda tag, _: tag in {"RETS", "RETS-RESPONSE"}, texts.__setitem__, encoding)
    xml.feed(body)
    status = xml.close()
    text = texts.get("RETS-RESPONSE") or texts.get("RETS") or ""
    if status.code != 0:
        brokers = ", ".join(_BROKER.findall(text))  # 20012 lists the codes to choose from (section 4.7)
        return ReplyStatus(status.code, f"{status.text} (broker codes: {brokers})" if brokers else status.text)
    pairs = parse_pairs(text)
    try:
        capabilities = {
            name: urljoin(url, value)
            for name, value in pairs.items()
            if value and (name in CAPABILITIES or name.upper().startswith("X-"))
        }
    except ValueError:  # brackets without an IPv6 address
        raise SourceBrokeProtocol("the login reply has an invalid URL", sample=body) from None
    if "Search" not in capabilities:
        raise SourceBrokeProtocol("the login reply has no Search URL", sample=body)
    return LoginReply(capabilities, {name: value for name, value in pairs.items() if name not in capabilities})


def parse_pairs(text: str) -> dict[str, str]:
    """Parse `key=value` pairs, one per line or all on one line."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        marks = list(_NAME.finditer(stripped))
        if marks and marks[0].start() == 0:
            ends = [mark.start() for mark in marks[1:]] + [len(stripped)]
            for mark, end in zip(marks, ends, strict=True):
                _add_pair(pairs, mark[1], stripped[mark.end() : end].strip())
        elif "=" in stripped:
            key, _, value = stripped.partition("=")
            _add_pair(pairs, key.strip(), value.strip())
    return pairs


def _add_pair(pairs: dict[str, str], key: str, value: str) -> None:
    name = _BY_LOWER.get(key.lower(), key)
    if name == "Info":  # 1.8: Info=NAME;Type;value or Info=NAME;value
        name, _, value = value.partition(";")
        name = _BY_LOWER.get(name.strip().lower(), name.strip())
        value = value.rpartition(";")[2].strip()
    pairs[name] = value
