"""A minimal RETS client: it keeps cookies, authenticates, and returns the raw replies."""

import hashlib
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx2 as httpx

from tests.simulate.served import ServedRets

_TLS = ssl.create_default_context()
"""Created once: loading the system's certificates takes longer than any test here, and none is needed."""


@dataclass
class RawRetsClient:
    """One client."""

    served: ServedRets
    version: str = "RETS/1.7.2"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    auth: httpx.Auth | None = field(default_factory=lambda: httpx.DigestAuth("demo", "demo"))
    suffix: str = ""

    def __post_init__(self) -> None:
        self.http = httpx.Client(timeout=60, follow_redirects=False, verify=_TLS)

    def request(self, transaction: str, **arguments: str) -> httpx.Response:
        """Send one request, its arguments in the query or in the body."""
        url = f"{self.served.base}/rets/{transaction}{self.suffix if transaction != 'login' else ''}"
        headers = {"RETS-Version": self.version, "User-Agent": "RawRetsClient/1.0"} | self.headers
        body = urlencode(arguments).encode() if self.method == "POST" else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif arguments:
            url += ("&" if "?" in url else "?") + urlencode(arguments)
        request = self.http.build_request(self.method, url, content=body, headers=headers)
        return self.http.send(request, auth=self.auth)

    def log_in(self) -> httpx.Response:
        """Log in."""
        return self.request("login")

    def search(self, query: str = "(ListingKey=0+)", **more: str) -> httpx.Response:
        """Search Residential in COMPACT-DECODED with a count, unless overridden."""
        defaults = {"SearchType": "Property", "Class": "Residential", "Format": "COMPACT-DECODED", "Count": "1"}
        return self.request("search", **(defaults | {"Query": query, "QueryType": "DMQL2"} | more))

    def metadata(self, kind: str, of: str = "0", format_name: str = "COMPACT") -> httpx.Response:
        """Request metadata."""
        return self.request("metadata", Type=f"METADATA-{kind}", ID=of, Format=format_name)

    def photos(self, ids: str, **more: str) -> httpx.Response:
        """Request photos."""
        return self.request("object", Resource="Property", Type="Photo", ID=ids, **more)


def sign_user_agent(product: str, password: str, session: str, version: str) -> str:
    """RETS-UA-Authorization as specified, without a request id."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    return "Digest " + md5(f"{md5(f'{product}:{password}')}::{session}:{version}")


def get_code(reply: httpx.Response) -> int:
    """The ReplyCode of the envelope."""
    return int(ET.fromstring(reply.content).attrib["ReplyCode"])  # noqa: S314 - from our own server


def get_last_code(reply: httpx.Response) -> int:
    """The final code: that of a trailing RETS-STATUS, if there is one."""
    root = ET.fromstring(reply.content)  # noqa: S314 - from our own server
    status = root.find("RETS-STATUS")
    return int((root if status is None else status).attrib["ReplyCode"])


def parse_rows(reply: httpx.Response) -> list[dict[str, str]]:
    """The rows of a reply in the specified layout: a tab before, between and after the cells."""
    root = ET.fromstring(reply.content)  # noqa: S314 - from our own server
    columns = next((one.text or "" for one in root.iter("COLUMNS")), "").split("\t")[1:-1]
    return [dict(zip(columns, (data.text or "").split("\t")[1:-1], strict=True)) for data in root.iter("DATA")]


def get_count(reply: httpx.Response) -> int:
    """The number of records in COUNT."""
    counted = ET.fromstring(reply.content).find("COUNT")  # noqa: S314 - from our own server
    assert counted is not None
    return int(counted.attrib["Records"])
