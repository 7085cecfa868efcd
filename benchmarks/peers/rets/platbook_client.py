"""Platbook: the RETS connector over its transport, as a sync uses them; rows as tuples, or as the records' fields."""

import contextlib
import sys
from datetime import UTC, datetime
from importlib import import_module

from measure import Measure

from platbook.base.clock import SystemClock
from platbook.base.errors import Conflict
from platbook.base.log import configure_log
from platbook.cli.event_loop import new_event_loop
from platbook.cli.process import run_async
from platbook.connectors.rets.http_session import RetsHttpSession
from platbook.connectors.rets.records import RecordReader
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import Searcher, SearchRequest
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.db import Database, SecretBox
from platbook.protocols.rets.search import MalformedRow
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.transport import Transport


async def main(login: str, kind: str, database_url: str, *, check: bool) -> None:
    """Log in, search, take every row, log out."""
    configure_log("ERROR")
    settings = RetsSettings.model_validate({"loginUrl": login, "classes": ["RES"], "keyField": "Field000"})
    credentials = RetsCredentials.model_validate({"username": "demo", "password": "demo"})
    async with Database.open(database_url) as database, Transport.open(database, SystemClock()) as transport:
        said = {"providerId": "bench", "providerName": "Bench", "providerType": "RETS", "loginUrl": login}
        async with database.transaction() as connection:
            with contextlib.suppress(Conflict):
                await add_provider(connection, SecretBox(bytes(32)), parse_configuration(said), datetime.now(UTC))
        import_module("anyio._backends._asyncio")  # start-up: the HTTP library loads it with its first request
        measure = Measure()
        conversation = RetsHttpSession(transport.for_provider("bench"), settings, credentials)
        await conversation.log_in()
        measure.logged_in()
        searcher, reader = Searcher(conversation, settings, Remarks()), RecordReader(settings)
        rows = 0
        async for piece in searcher.stream(SearchRequest("RES", "(Field000=0+)")):
            rows += len(piece.rows)
            if kind == "dicts":
                for row in piece.rows:
                    if isinstance(row, MalformedRow):
                        continue
                    fields = reader.to_fields(piece.columns, row)
                    if check:
                        measure.check(str(value or "") for value in fields.values())
            elif check:
                for row in piece.rows:
                    measure.check(row if isinstance(row, tuple) else ())
        await conversation.log_out()
        measure.tell(rows)


run_async(main(sys.argv[1], sys.argv[2], sys.argv[4], check=sys.argv[3] == "check"), new_event_loop)
