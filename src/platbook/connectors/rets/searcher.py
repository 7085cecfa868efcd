"""Sends a search and reads it to its proven end. A result counts only once `</RETS>` and its status are read."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from platbook.connectors.contract import HttpReply, ProviderMisconfigured, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.rets.http_session import RetsHttpSession, SessionLost
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.reply_limits import RowLimits
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.search import CompactParser, CompactRow, MalformedRow
from platbook.protocols.rets.standard import StandardXmlParser, XmlRecord
from platbook.protocols.rets.xml import ReplyStatus

_MISCELLANEOUS, _SYNTAX = 20203, 20206
_OTHER_QUERY_TYPE = {"DMQL": "DMQL2", "DMQL2": "DMQL"}
_NAMES_QUERY_TYPE = re.compile(r"query\s*type", re.IGNORECASE)
_NAMES_DMQL = re.compile(r"query\s*type|dmql", re.IGNORECASE)

Fields = Mapping[str, object]
T = TypeVar("T")


class OffsetRefused(ProviderMisconfigured):
    """The source does not support Offset."""


class QueryTypeRefused(ProviderMisconfigured):
    """The source does not take queries in this language."""


class QueryRefused(ProviderMisconfigured):
    """The source rejects the query's syntax, or a value as not of the field's type."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search of one class of the resource by a DMQL2 query.

    `limit` None asks for all there is; `offset` is 1-based, None leaves it out; `select` empty asks for every column.
    """

    class_name: str
    query: str
    limit: int | None = None
    offset: int | None = None
    select: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A search result or a part of one; `ended`: it is the last, and the end is proven.

    `more`: the source has further rows for this query. Rows of STANDARD-XML are records with names of their own and
    `columns` is empty.
    """

    columns: Sequence[str]
    rows: Sequence[CompactRow | MalformedRow | XmlRecord]
    count: int | None = None
    more: bool = False
    ended: bool = False


class Searcher:
    """Searches one resource."""

    def __init__(self, http_session: RetsHttpSession, settings: RetsSettings, remarks: Remarks) -> None:
        self._http_session, self._settings, self._remarks = http_session, settings, remarks
        self._accepted_query_type: str | None = None

    async def find(self, request: SearchRequest) -> SearchResult:
        """Search and return the whole result; a broken reply is requested again."""
        return await self._try_query_types(lambda: self._http_session.retry_broken(lambda: self._find(request)))

    async def _find(self, request: SearchRequest) -> SearchResult:
        rows: list[CompactRow | MalformedRow | XmlRecord] = []
        columns: Sequence[str] = ()
        async with aclosing(self._stream(request, held=True)) as parts:
            async for part in parts:
                rows += part.rows
                columns = part.columns or columns
                if part.ended:
                    return SearchResult(columns, rows, part.count, part.more, ended=True)
        raise AssertionError("a search yields its end or raises")

    async def stream(self, request: SearchRequest) -> AsyncGenerator[SearchResult]:
        """Search and yield the rows as they arrive, provisional until the part that is `ended`.

        A broken reply is requested again, as long as no rows of it have been yielded.
        """
        first, further = await self._try_query_types(
            lambda: self._http_session.retry_broken(lambda: self._begin(request))
        )
        async with aclosing(further):
            yield first
            async for part in further:
                yield part

    async def _begin(self, request: SearchRequest) -> tuple[SearchResult, AsyncGenerator[SearchResult]]:
        """The first part of a search's result, and the generator of the others."""
        parts = self._stream(request)
        return await anext(parts), parts

    async def _stream(self, request: SearchRequest, *, held: bool = False) -> AsyncGenerator[SearchResult]:
        """Search; after a lost session log in and search once more, unless rows have been yielded."""
        while True:
            yielded = False
            try:
                async with self._http_session.open_transaction("Search", self._arguments(request)) as reply:
                    limits = RowLimits(self._settings, self._remarks, request.limit, held=held)
                    async for part in self._read(reply, request, limits):
                        yielded = yielded or bool(part.rows)
                        if part.ended:
                            self._http_session.confirm()
                        yield part
            except SessionLost as lost:
                if yielded:
                    raise SourceUnavailable("the source ended the session in the middle of a search") from None
                await self._http_session.renew(lost)
            else:
                return

    async def count(self, class_name: str, query: str, *, is_probe: bool = False) -> int | None:
        """How many records a query has; None: the source does not count.

        `is_probe`: not every source takes the query, so that a broken reply is not requested again.
        """
        transact = self._http_session.transact_once if is_probe else self._http_session.transact

        async def read(reply: HttpReply) -> int | None:
            parser = CompactParser(self._http_session.encoding_of(reply))
            limits = RowLimits(self._settings, self._remarks, None, held=False)
            async for chunk in reply.chunks:
                limits.add(len(chunk), len(parser.feed(chunk)))
            _, status = parser.close()
            outcome = classify_reply_code(status.code, logged_in=True)
            if outcome is ReplyOutcome.EMPTY:
                return 0
            self._refuse(status, outcome, SearchRequest(class_name, query))
            return parser.count

        async def ask() -> int | None:
            arguments = {**self._arguments(SearchRequest(class_name, query)), "Count": "2"}
            del arguments["Limit"]
            return await transact("Search", arguments, read)

        return await self._try_query_types(ask)

    @property
    def _query_type(self) -> str:
        """DMQL is the language of RETS 1.0 alone; every version since 1.5 names DMQL2 (1.7.2, section 7.4.2)."""
        by_version = "DMQL" if self._http_session.version == "RETS/1.0" else "DMQL2"
        return self._settings.query_type or self._accepted_query_type or by_version

    async def _try_query_types(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run a search; where the source refuses the query's language, once more in the other one, then in that."""
        try:
            return await attempt()
        except QueryTypeRefused:
            if self._settings.query_type is not None or self._accepted_query_type is not None:
                raise
            refused = self._query_type
            self._accepted_query_type = _OTHER_QUERY_TYPE[refused]
            try:
                found = await attempt()
            except QueryTypeRefused:
                self._accepted_query_type = refused
                raise
        self._remarks.add(f"the source refuses the query type {refused}, so {self._accepted_query_type} was used")
        return found

    async def _read(self, reply: HttpReply, request: SearchRequest, limits: RowLimits) -> AsyncGenerator[SearchResult]:
        encoding = self._http_session.encoding_of(reply)
        parser = StandardXmlParser(encoding) if self._settings.format == "STANDARD-XML" else CompactParser(encoding)
        rows: list[CompactRow | MalformedRow | XmlRecord] = []
        async for chunk in reply.chunks:
            rows += parser.feed(chunk)
            wanted = limits.add(len(chunk), len(rows))
            if wanted is not None:
                self._remarks.repaired += parser.repairs
                yield SearchResult(_columns(parser), rows[:wanted], parser.count, more=True, ended=True)
                return
            if rows:
                yield SearchResult(_columns(parser), rows)
                rows = []
        last, status = parser.close()
        rows += last
        received = limits.rows + len(rows)
        self._remarks.repaired += parser.repairs
        outcome = classify_reply_code(status.code, logged_in=True)
        if outcome is ReplyOutcome.EMPTY:
            if received:
                raise SourceBrokeProtocol(f"the source sends {received} records and reports that there are none")
            yield SearchResult((), (), parser.count or 0, ended=True)
            return
        self._refuse(status, outcome, request)
        if parser.count is not None and parser.count < received:
            raise SourceBrokeProtocol(f"the source counts {parser.count} records and sends {received}")
        more = parser.max_rows or outcome is ReplyOutcome.MORE
        yield SearchResult(_columns(parser), rows, parser.count, more, ended=True)

    def _refuse(self, status: ReplyStatus, outcome: ReplyOutcome, request: SearchRequest) -> None:
        """Raise the error that a status other than success means."""
        if outcome in {ReplyOutcome.OK, ReplyOutcome.MORE}:
            return
        if outcome is ReplyOutcome.SESSION_LOST:
            raise SessionLost.by_code(status)
        self._http_session.confirm()
        if status.code == _MISCELLANEOUS and request.offset is not None and "offset" in status.text.lower():
            raise OffsetRefused(f"the source answers {status.code}: {status.text}")
        if _refuses_query_type(status, outcome):
            raise QueryTypeRefused(f"the source answers {status.code}: {status.text}")
        if status.code == _SYNTAX:
            raise QueryRefused(f"the source answers {status.code}: {status.text}")
        raise to_error(status.code, status.text, logged_in=True)

    def _arguments(self, request: SearchRequest) -> dict[str, str]:
        settings = self._settings
        arguments = {
            "SearchType": settings.resource,
            "Class": request.class_name,
            "Query": request.query,
            "QueryType": self._query_type,
            "Format": settings.format,
            "StandardNames": "0",
            "Count": "1",
            "Limit": "NONE" if request.limit is None else str(request.limit),
        }
        if request.offset is not None:
            arguments["Offset"] = str(request.offset)
        if request.select:
            arguments["Select"] = ",".join(request.select)
        if settings.restricted_indicator:
            arguments["RestrictedIndicator"] = settings.restricted_indicator
        return arguments


def _refuses_query_type(status: ReplyStatus, outcome: ReplyOutcome) -> bool:
    """Whether a refusal names the query's language; a syntax error may merely mention it."""
    pattern = _NAMES_DMQL if status.code == _MISCELLANEOUS else _NAMES_QUERY_TYPE
    return outcome is ReplyOutcome.MISCONFIGURED and pattern.search(status.text) is not None


def _columns(parser: CompactParser | StandardXmlParser) -> Sequence[str]:
    return parser.columns if isinstance(parser, CompactParser) else ()
