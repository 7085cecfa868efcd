"""Arguments and options that several commands of `platbook user` have."""

from typing import Annotated

import typer

from platbook.base.actor import Role

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address to log in with.")]
RoleOption = Annotated[Role, typer.Option("--role", help=f"One of {', '.join(Role)}.", metavar="ROLE")]
Office = Annotated[str | None, typer.Option(help="The user's office.")]
Team = Annotated[str | None, typer.Option(help="The user's team.")]
TimeZone = Annotated[
    str | None, typer.Option(help="The user's time zone, such as America/Chicago, by which their all-day tasks end.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
