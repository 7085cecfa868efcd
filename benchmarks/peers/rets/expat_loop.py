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

rows = 0
columns: list[str] = []
text: list[str] | None = None


def start(name: str, _: dict[str, str]) -> None:
    """Collect text where it matters."""
    global text
    if name in {"DATA", "COLUMNS"}:
        text = []


def data(piece: str) -> None:
    """Collect."""
    if text is not None:
        text.append(piece)


def end(name: str) -> None:
    """Make a row."""
    global text, rows, columns
    if text is None:
        return
    cells = "".join(text).split("\t")[1:-1]
    text = None
    if name == "COLUMNS":
        columns = cells
        return
    rows += 1
    if kind == "dicts":
        cells = dict(zip(columns, cells, strict=False)).values()
    if check:
        measure.check(cells)


parser = expat.ParserCreate()
parser.buffer_text = True
parser.buffer_size = 65536
parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
with opener.open(f"{base}/rets/search?SearchType=Property&Class=RES&Query=(Field000=0%2B)&Limit=NONE") as reply:
    while piece := reply.read(65536):
        parser.Parse(piece, False)
parser.Parse(b"", True)
opener.open(f"{base}/rets/logout").read()
measure.tell(rows)
