"""`platbook audit`: the audit log."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from platbook.accounts import get_user_by_email
from platbook.audit import AuditEntry, AuditFilter, find_entries
from platbook.base.actor import COMMAND_LINE
from platbook.base.views import paginate
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.format import to_text
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.db.lists import NumberedPage

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def audit(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    *,
    user: Annotated[str | None, typer.Option(metavar="EMAIL", help="Only what this user did.")] = None,
    act: Annotated[str | None, typer.Option(help='Only this act, such as "login refused".')] = None,
    kind: Annotated[str | None, typer.Option(help="Only what was done to subjects of this kind: user, lead…")] = None,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="Only what was done to this subject.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only what was done at or after this time, in UTC.")] = None,
    limit: _Limit = 20,
    as_json: _Json = False,
) -> None:
    """Audit log, newest first: who did what to whom."""

    async def read(system: DatabaseContext) -> NumberedPage[AuditEntry]:
        async with system.database.read() as connection:
            user_id = None if user is None else (await get_user_by_email(connection, user)).id
            wanted = AuditFilter(user_id, act, kind, subject, since and since.replace(tzinfo=UTC))
            return await find_entries(connection, COMMAND_LINE, wanted, page=1, limit=limit)

    found = run_on_database(context, read)
    if as_json:
        print_json({"entries": found.rows, "pagination": paginate(1, limit, found.total)})
        return
    print_table(
        [
            Column("at (UTC)", rank=1),
            Column("who"),
            Column("act"),
            Column("subject", rank=2),
            Column("details", rank=3, wrap=True),
        ],
        [
            (
                f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                one.actor,
                one.act,
                f"{one.subject_kind} {one.subject_id}",
                ", ".join(f"{name} {to_text(value)}" for name, value in one.details.items()),
            )
            for one in found.rows
        ],
        empty="No entry.",
    )
