"""The plainest RETS client there can be: it keeps cookies, proves who it is, and reads nothing into the answers."""

import hashlib
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx2 as httpx

from tests.simulate.served import ServedRets

_TLS = ssl.create_default_context()
"""Made once: reading the machine's certificates takes longer than any test here, and none is needed."""


@dataclass
class Caller:
    """One client."""

    served: ServedRets
    version: str = "RETS/1.7.2"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    auth: httpx.Auth | None = field(default_factory=lambda: httpx.DigestAuth("demo", "demo"))
    suffix: str = ""

    def __post_init__(self) -> None:
        self.http = httpx.Client(timeout=60, follow_redirects=False, verify=_TLS)

    def ask(self, transaction: str, **arguments: str) -> httpx.Response:
        """Send one request, its arguments in the query or in the body."""
        url = f"{self.served.base}/rets/{transaction}{self.suffix if transaction != 'login' else ''}"
        headers = {"RETS-Version": self.version, "User-Agent": "Caller/1.0"} | self.headers
        body = urlencode(arguments).encode() if self.method == "POST" else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif arguments:
            url += ("&" if "?" in url else "?") + urlencode(arguments)
        request = self.http.build_request(self.method, url, content=body, headers=headers)
        return self.http.send(request, auth=self.auth)

    def log_in(self) -> httpx.Response:
        """Log in."""
        return self.ask("login")

    def search(self, query: str = "(ListingKey=0+)", **more: str) -> httpx.Response:
        """Search Residential in COMPACT-DECODED with a count, where nothing else is said."""
        said = {"SearchType": "Property", "Class": "Residential", "Format": "COMPACT-DECODED", "Count": "1"}
        return self.ask("search", **(said | {"Query": query, "QueryType": "DMQL2"} | more))

    def metadata(self, kind: str, of: str = "0", written: str = "COMPACT") -> httpx.Response:
        """Ask for metadata."""
        return self.ask("metadata", Type=f"METADATA-{kind}", ID=of, Format=written)

    def photos(self, ids: str, **more: str) -> httpx.Response:
        """Ask for photos."""
        return self.ask("object", Resource="Property", Type="Photo", ID=ids, **more)


def sign_program(product: str, password: str, session: str, version: str) -> str:
    """RETS-UA-Authorization by the book, without a request id."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    return "Digest " + md5(f"{md5(f'{product}:{password}')}::{session}:{version}")


def code(reply: httpx.Response) -> int:
    """The ReplyCode of the envelope."""
    return int(ET.fromstring(reply.content).attrib["ReplyCode"])  # noqa: S314 - from our own server


def last_code(reply: httpx.Response) -> int:
    """The code that counts: the trailing RETS-STATUS's, where there is one."""
    root = ET.fromstring(reply.content)  # noqa: S314 - from our own server
    status = root.find("RETS-STATUS")
    return int((root if status is None else status).attrib["ReplyCode"])


def rows(reply: httpx.Response) -> list[dict[str, str]]:
    """The rows of a reply by the book: a tab before, between and behind."""
    root = ET.fromstring(reply.content)  # noqa: S314 - from our own server
    columns = next((one.text or "" for one in root.iter("COLUMNS")), "").split("\t")[1:-1]
    return [dict(zip(columns, (data.text or "").split("\t")[1:-1], strict=True)) for data in root.iter("DATA")]


def count(reply: httpx.Response) -> int:
    """What COUNT says."""
    counted = ET.fromstring(reply.content).find("COUNT")  # noqa: S314 - from our own server
    assert counted is not None
    return int(counted.attrib["Records"])
