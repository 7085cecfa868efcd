"""A RETS server over rows of key and time, honest but for the habits it is given: what it counts, caps and refuses."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from platbook.base.clock import SystemClock
from platbook.connectors.contract import Page, Resource, Scope
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.connector import RetsSession
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import no_sleep
from tests.fakes.rets_replay import NONE_FOUND, Answer, Request, RetsReplay, serving

_RANGE = re.compile(r"(\d{4}-\d\d-\d\dT[\d:]+)(?:\+|-(\d{4}-\d\d-\d\dT[\d:]+))")
_CRITERION = re.compile(r"\((\w+)=([^()]*)\)")

Row = tuple[str, str]


def numbered_rows(count: int, undated: int = 0) -> list[Row]:
    """Rows K001 to K`count`, the first `undated` of them without a time."""
    return [
        (f"K{number:03d}", "" if number <= undated else f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}T00:00:00")
        for number in range(1, count + 1)
    ]


@dataclass
class RowsReplay(RetsReplay):
    """`count` is what COUNT is in a reply with rows: their total, the rows of this reply, none, or this number."""

    rows: Sequence[Row] = ()
    count: Literal["total", "page", "none"] | int = "total"
    counts_alone: bool = True
    """Whether a request for the count alone is answered with the total."""
    cap: int | None = None
    caps_keys: bool = False
    marks_more: bool = True
    ignores_offset: bool = False
    ignores_query: bool = False
    refused: str = r"(?!)"
    """A pattern of queries that are refused with 20206."""
    repeats: int = 0
    """How many rows at the end of the result are replaced by its first ones."""

    def answer(self, request: Request) -> Answer:
        if not request.path.lower().startswith("/rets/search"):
            return super().answer(request)
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        self.requests.append(request)
        return Answer(self.search(request.arguments))

    def search(self, arguments: dict[str, str]) -> bytes:
        """The reply to a search."""
        query = arguments["Query"]
        if re.search(self.refused, query):
            return b'<RETS ReplyCode="20206" ReplyText="Invalid Query Syntax"/>'
        rows = list(self.rows) if self.ignores_query else self._find(query)
        if self.repeats:
            rows = rows[: -self.repeats] + rows[: self.repeats]
        total = len(rows)
        if arguments.get("Count") == "2":
            return _write((), "", self._to_count(total, total, alone=True), more=False)
        start = 0 if self.ignores_offset else int(arguments.get("Offset", "1")) - 1
        keys_only = arguments.get("Select") == "Key"
        limit = total if arguments["Limit"] == "NONE" else int(arguments["Limit"])
        cap = total if self.cap is None or (keys_only and not self.caps_keys) else self.cap
        sent = rows[start : start + min(limit, cap)]
        if not sent:
            return NONE_FOUND
        more = self.marks_more and start + len(sent) < total
        cells = [key if keys_only else f"{key}\t{time}" for key, time in sent]
        return _write(
            cells, "Key" if keys_only else "Key\tModified", self._to_count(total, len(sent), alone=False), more=more
        )

    def _to_count(self, total: int, rows: int, *, alone: bool) -> int | None:
        if isinstance(self.count, int):
            return self.count
        if self.count == "total" or alone:
            return total if self.counts_alone or not alone else None
        return rows if self.count == "page" else None

    def _find(self, query: str) -> list[Row]:
        rows = list(self.rows)
        if "|" in query:  # the times, or none
            return rows
        for name, value in _CRITERION.findall(query):
            if name == "Modified" and value == ".EMPTY.":
                rows = [row for row in rows if not row[1]]
            elif name == "Modified" and (match := _RANGE.fullmatch(value)):
                rows = [row for row in rows if row[1] and match[1] <= row[1] <= (match[2] or "9999")]
            elif name == "Key" and value[-1:] not in {"+", "."}:
                rows = [row for row in rows if row[0] in value.split(",")]
        return rows


def _write(cells: Sequence[str], columns: str, count: int | None, *, more: bool) -> bytes:
    counted = "" if count is None else f'<COUNT Records="{count}"/>'
    named = f"<COLUMNS>\t{columns}\t</COLUMNS>" if columns else ""
    data = "".join(f"<DATA>\t{row}\t</DATA>" for row in cells)
    return f'<RETS ReplyCode="0">{counted}{named}{data}{"<MAXROWS/>" if more else ""}</RETS>'.encode()


@asynccontextmanager
async def rows_session(replay: RetsReplay, **settings: object) -> AsyncGenerator[RetsSession]:
    """A session with a scripted server."""
    connector = RetsConnector(no_sleep)
    async with serving(replay), plain_http() as http:
        said = {
            "loginUrl": replay.login_url,
            "classes": ["A"],
            "keyField": "Key",
            "modifiedField": "Modified",
            "pageSize": 10,
            **settings,
        }
        async with connector.connect(
            connector.settings_model.model_validate(said),
            connector.credentials_model.model_validate({"username": "demo", "password": "secret"}),
            scope=Scope(),
            http=http,
            clock=SystemClock(),
        ) as session:
            yield session


async def walk_rows(replay: RetsReplay, **settings: object) -> tuple[list[str], list[str]]:
    """The keys of a full walk that ended complete, and the remarks."""
    async with rows_session(replay, **settings) as session:
        pages: list[Page] = [page async for page in session.changes(Resource.PROPERTY, None, None)]
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        return [record.key for page in pages for record in page.records], list(session.remarks())
