"""One search: sent, read to its proven end, judged. A page is given out only when `</RETS>` and its status are read."""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.connectors.contract import SourceBrokeProtocol
from platbook.connectors.rets.conversation import Conversation, SessionLostError, charset_of
from platbook.protocols.rets.codes import Meaning, find_meaning, to_error
from platbook.protocols.rets.search import BadRow, Row, SearchParser


@dataclass(frozen=True, slots=True)
class Found:
    """A proven search result. `more`: the source has further rows for this query."""

    columns: Sequence[str]
    rows: Sequence[Row | BadRow]
    count: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched: a class of the resource, by a DMQL2 query, from a 1-based offset."""

    class_name: str
    query: str
    limit: int | None
    offset: int = 1
    select: str = ""
    count_only: bool = False


class Searcher:
    """Searches one resource."""

    def __init__(self, conversation: Conversation, resource: str, row_format: str) -> None:
        self._conversation, self._resource, self._format = conversation, resource, row_format

    async def find(self, asked: Asked) -> Found:
        """Search; a lost session is met with one new login and the search again."""
        try:
            return await self._find(asked)
        except SessionLostError:
            await self._conversation.log_in()
        try:
            return await self._find(asked)
        except SessionLostError:
            raise SourceBrokeProtocol("the source forgets the login again and again") from None

    async def _find(self, asked: Asked) -> Found:
        rows: list[Row | BadRow] = []
        async with self._conversation.ask("Search", self._arguments(asked)) as reply:
            parser = SearchParser(charset_of(reply.headers))
            async for chunk in reply.chunks:
                rows += parser.feed(chunk)
        last, status = parser.close()
        rows += last
        match find_meaning(status.code, logged_in=True):
            case Meaning.SESSION_LOST:
                raise SessionLostError
            case Meaning.OK:
                return Found(parser.columns, rows, parser.count, parser.max_rows)
            case Meaning.MORE:
                return Found(parser.columns, rows, parser.count, more=True)
            case Meaning.EMPTY:
                return Found((), (), parser.count or 0, more=False)
            case _:
                raise to_error(status.code, status.text, logged_in=True)

    def _arguments(self, asked: Asked) -> dict[str, str]:
        arguments = {
            "SearchType": self._resource,
            "Class": asked.class_name,
            "Query": asked.query,
            "QueryType": "DMQL2",
            "Format": self._format,
            "StandardNames": "0",
            "Count": "2" if asked.count_only else "1",
        }
        if asked.count_only:
            return arguments
        arguments["Limit"] = "NONE" if asked.limit is None else str(asked.limit)
        arguments["Offset"] = str(asked.offset)
        if asked.select:
            arguments["Select"] = asked.select
        return arguments
