"""GetMetadata (RETS 1.7.2, section 11): one type below one parent, a whole subtree, or all of it.

Where a source does not support one format, the other is requested; where it refuses a subtree, level by level.
"""

from collections.abc import Sequence

from platbook.connectors.contract import HttpReply, ProviderMisconfigured
from platbook.connectors.rets.http_session import RetsHttpSession, SessionLost
from platbook.connectors.rets.reply_limits import MetadataLimits
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.metadata import MetadataParser, MetadataTable
from platbook.protocols.rets.xml import ReplyStatus

_FORMATS = ("COMPACT", "STANDARD-XML")
_FORMAT_NOT_SUPPORTED = frozenset({20506, 20513, 20514})
Rows = list[dict[str, str]]


class MetadataReader:
    """Reads a source's metadata in a session."""

    def __init__(self, http_session: RetsHttpSession, settings: RetsSettings) -> None:
        self._http_session, self._limits = http_session, MetadataLimits(settings)
        first = settings.metadata_format
        self._formats = [first, *(other for other in _FORMATS if other != first)]

    async def read(self, kind: str, identifier: str) -> Sequence[MetadataTable]:
        """Read tables by METADATA-type and ID (`0`: this level, `*`: with all below); empty where there are none."""
        refusal: ReplyStatus | None = None
        for form in list(self._formats):
            tables, status = await self._ask(kind, identifier, form)
            if status.code not in _FORMAT_NOT_SUPPORTED:
                self._formats = [form, *(other for other in self._formats if other != form)]
                return tables
            refusal = status
        raise to_error(refusal.code, refusal.text, logged_in=True) if refusal else AssertionError("no format")

    async def rows(self, kind: str, *parents: str) -> Rows:
        """Read the rows of one type below its parents, such as ("TABLE", "Property", "RES")."""
        tables = await self.read(kind, ":".join(parents) or "0")
        return [row for table in tables if table.kind == kind for row in table.rows]

    async def read_all(self) -> Sequence[MetadataTable]:
        """Read everything in one reply; empty where the source gives its metadata level by level only."""
        try:
            return await self.read("SYSTEM", "*")
        except ProviderMisconfigured:
            return ()

    async def _ask(self, kind: str, identifier: str, form: str) -> tuple[Sequence[MetadataTable], ReplyStatus]:
        async def read(reply: HttpReply) -> tuple[Sequence[MetadataTable], ReplyStatus]:
            parser = MetadataParser(self._http_session.encoding_of(reply))
            async for chunk in reply.chunks:
                self._limits.add_bytes(len(chunk))
                parser.feed(chunk)
                self._limits.check_values(parser.values, parser.tables)
            tables, status = parser.close()
            self._limits.add_values(parser.values, parser.tables)
            match classify_reply_code(status.code, logged_in=True):
                case ReplyOutcome.OK | ReplyOutcome.MORE:
                    return tables, status
                case ReplyOutcome.EMPTY:
                    return (), status
                case ReplyOutcome.SESSION_LOST:
                    raise SessionLost.by_code(status)
                case _ if status.code in _FORMAT_NOT_SUPPORTED:
                    return (), status
                case _:
                    raise to_error(status.code, status.text, logged_in=True)

        arguments = {"Type": f"METADATA-{kind}", "ID": identifier, "Format": form}
        return await self._http_session.transact("GetMetadata", arguments, read)
