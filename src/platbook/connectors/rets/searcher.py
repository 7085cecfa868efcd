"""One search: sent, read to its proven end, judged. A result counts only when `</RETS>` and its status are read."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from platbook.connectors.contract import HttpReply, ProviderMisconfigured, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.rets.http_session import RetsHttpSession, SessionLostError
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.search import CompactParser, CompactRow, MalformedRow
from platbook.protocols.rets.standard import StandardXmlParser, XmlRecord
from platbook.protocols.rets.xml import ReplyStatus

_MISCELLANEOUS, _SYNTAX = 20203, 20206
_OLD_DIALECT = frozenset({"RETS/1.5", "RETS/1.0"})

Fields = Mapping[str, object]


class OffsetRefusedError(ProviderMisconfigured):
    """The source does not take an Offset."""


class QueryRefusedError(ProviderMisconfigured):
    """The source does not take the query's syntax, or its value for the field's type."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched: a class of the resource, by a DMQL2 query.

    `limit` None asks for all there is; `offset` is 1-based, None leaves it out; `select` empty asks for every column.
    """

    class_name: str
    query: str
    limit: int | None = None
    offset: int | None = None
    select: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A search result or a piece of one; `ended`: it is the last, and proven.

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

    def __init__(self, conversation: RetsHttpSession, settings: RetsSettings, remarks: Remarks) -> None:
        self._conversation, self._settings, self._remarks = conversation, settings, remarks

    async def find(self, asked: SearchRequest) -> SearchResult:
        """Search and give the result whole; a broken reply is asked for again."""
        return await self._conversation.persist(lambda: self._find(asked))

    async def _find(self, asked: SearchRequest) -> SearchResult:
        rows: list[CompactRow | MalformedRow | XmlRecord] = []
        columns: Sequence[str] = ()
        async for piece in self._stream(asked):
            rows += piece.rows
            columns = piece.columns or columns
            if piece.ended:
                return SearchResult(columns, rows, piece.count, piece.more, ended=True)
        raise AssertionError("a search ends with its end or raises")

    async def stream(self, asked: SearchRequest) -> AsyncGenerator[SearchResult]:
        """Search and give the rows as they come, provisional until the piece that says `ended`.

        A broken reply is asked for again, as long as no rows of it have been given out.
        """
        first, further = await self._conversation.persist(lambda: self._begin(asked))
        async with aclosing(further):
            yield first
            async for piece in further:
                yield piece

    async def _begin(self, asked: SearchRequest) -> tuple[SearchResult, AsyncGenerator[SearchResult]]:
        """The first piece of a search, and what gives the others."""
        pieces = self._stream(asked)
        return await anext(pieces), pieces

    async def _stream(self, asked: SearchRequest) -> AsyncGenerator[SearchResult]:
        """Search once; a lost session is met with one new login and the search again, unless rows were given out."""
        for again in (True, False):
            given = False
            try:
                async with self._conversation.asking("Search", self._arguments(asked)) as reply:
                    async for piece in self._read(reply, asked):
                        given = given or bool(piece.rows)
                        yield piece
            except SessionLostError:
                if given or not again:
                    raise SourceUnavailable("the source forgot the login in the middle of a search") from None
                await self._conversation.log_in()
            else:
                return

    async def count(self, class_name: str, query: str) -> int | None:
        """How many records a query has; None: the source does not tell."""
        arguments = {**self._arguments(SearchRequest(class_name, query)), "Count": "2"}
        del arguments["Limit"]

        async def read(reply: HttpReply) -> int | None:
            parser = CompactParser(self._conversation.encoding_of(reply))
            async for chunk in reply.chunks:
                parser.feed(chunk)
            _, status = parser.close()
            meaning = classify_reply_code(status.code, logged_in=True)
            if meaning is ReplyOutcome.EMPTY:
                return 0
            self._refuse(status, meaning, SearchRequest(class_name, query))
            return parser.count

        return await self._conversation.ask("Search", arguments, read)

    async def _read(self, reply: HttpReply, asked: SearchRequest) -> AsyncGenerator[SearchResult]:
        encoding = self._conversation.encoding_of(reply)
        parser = StandardXmlParser(encoding) if self._settings.format == "STANDARD-XML" else CompactParser(encoding)
        rows: list[CompactRow | MalformedRow | XmlRecord] = []
        received = 0
        async for chunk in reply.chunks:
            rows += parser.feed(chunk)
            if rows:
                received += len(rows)
                yield SearchResult(_columns(parser), rows)
                rows = []
        last, status = parser.close()
        rows += last
        received += len(rows)
        self._remarks.repaired += parser.repairs
        meaning = classify_reply_code(status.code, logged_in=True)
        if meaning is ReplyOutcome.EMPTY:
            if received:
                raise SourceBrokeProtocol(f"the source sends {received} records and says that there are none")
            yield SearchResult((), (), parser.count or 0, ended=True)
            return
        self._refuse(status, meaning, asked)
        more = parser.max_rows or meaning is ReplyOutcome.MORE
        yield SearchResult(_columns(parser), rows, parser.count, more, ended=True)

    def _refuse(self, status: ReplyStatus, meaning: ReplyOutcome, asked: SearchRequest) -> None:
        """Raise what a status means that is no answer."""
        if meaning in {ReplyOutcome.OK, ReplyOutcome.MORE}:
            return
        if meaning is ReplyOutcome.SESSION_LOST:
            raise SessionLostError
        if status.code == _MISCELLANEOUS and asked.offset is not None and "offset" in status.text.lower():
            raise OffsetRefusedError(f"the source answers {status.code}: {status.text}")
        if status.code == _SYNTAX:
            raise QueryRefusedError(f"the source answers {status.code}: {status.text}")
        raise to_error(status.code, status.text, logged_in=True)

    def _arguments(self, asked: SearchRequest) -> dict[str, str]:
        settings = self._settings
        arguments = {
            "SearchType": settings.resource,
            "Class": asked.class_name,
            "Query": asked.query,
            "QueryType": "DMQL" if self._conversation.version in _OLD_DIALECT else "DMQL2",
            "Format": settings.format,
            "StandardNames": "0",
            "Count": "1",
            "Limit": "NONE" if asked.limit is None else str(asked.limit),
        }
        if asked.offset is not None:
            arguments["Offset"] = str(asked.offset)
        if asked.select:
            arguments["Select"] = ",".join(asked.select)
        if settings.restricted_indicator:
            arguments["RestrictedIndicator"] = settings.restricted_indicator
        return arguments


def _columns(parser: CompactParser | StandardXmlParser) -> Sequence[str]:
    return parser.columns if isinstance(parser, CompactParser) else ()
