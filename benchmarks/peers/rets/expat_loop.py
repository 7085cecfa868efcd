"""The least a RETS client can be: log in, read the search through expat, split each row at tabs, log out."""

import sys
import urllib.request
from xml.parsers import expat

from measure import Measure

login, kind, check = sys.argv[1], sys.argv[2], sys.argv[3] == "check"
base = login.removesuffix("/rets/login")
measure = Measure()
passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, base, "demo", "demo")
opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
opener.addheaders = [("User-Agent", "loop/1.0"), ("RETS-Version", "RETS/1.7.2")]
opener.open(login).read()
measure.logged_in()


class Loop:
    """Handlers of expat, and what they have made so far."""

    rows = 0
    columns: tuple[str, ...] = ()
    text: list[str] | None = None

    def start(self, name: str, _: dict[str, str]) -> None:
        """Collect text where it matters."""
        if name in {"DATA", "COLUMNS"}:
            self.text = []

    def data(self, piece: str) -> None:
        """Collect."""
        if self.text is not None:
            self.text.append(piece)

    def end(self, name: str) -> None:
        """Make a row."""
        if self.text is None:
            return
        cells = "".join(self.text).split("\t")[1:-1]
        self.text = None
        if name == "COLUMNS":
            self.columns = tuple(cells)
            return
        self.rows += 1
        if kind == "dicts":
            cells = dict(zip(self.columns, cells, strict=False)).values()
        if check:
            measure.check(cells)


loop = Loop()
parser = expat.ParserCreate()
parser.buffer_text = True
parser.buffer_size = 65536
parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = loop.start, loop.end, loop.data
with opener.open(f"{base}/rets/search?SearchType=Property&Class=RES&Query=(Field000=0%2B)&Limit=NONE") as reply:
    while piece := reply.read(65536):
        parser.Parse(piece)
parser.Parse(b"", True)  # noqa: FBT003 - expat takes it by place
opener.open(f"{base}/rets/logout").read()
measure.tell(loop.rows)
