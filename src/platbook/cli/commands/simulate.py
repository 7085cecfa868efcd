"""`platbook simulate`: simulated MLS servers, on loopback."""

import asyncio
import contextlib
import socket
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from platbook.base.errors import InvalidInput
from platbook.base.times import parse_utc
from platbook.cli.event_loop import new_event_loop
from platbook.cli.output.console import out
from platbook.cli.process import run_async, stop_on_signals
from platbook.simulate.rets.application import PORT, RetsSettings, bind, create_server, serving
from platbook.simulate.rets.quirks import QUIRKS
from platbook.simulate.rets.server import DEFAULT_CAP, RetsServer

app = typer.Typer(help="Simulated MLS servers over an invented market.", no_args_is_help=True)


class Auth(StrEnum):
    """The HTTP authentication scheme."""

    DIGEST = "digest"
    BASIC = "basic"


@app.callback()
def simulate() -> None:
    """Simulated MLS servers over an invented market."""


@app.command()
def rets(  # noqa: PLR0913 - one parameter for each option of the command
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on loopback; 0 takes a free one.")] = PORT,
    listings: Annotated[int, typer.Option(min=1, max=5_000_000, help="How many listings to invent.")] = 50,
    user: Annotated[str, typer.Option(help="The user name.")] = "demo",
    password: Annotated[str, typer.Option(help="The password.")] = "demo",  # noqa: S107 - everybody's
    auth: Annotated[Auth, typer.Option(help="The HTTP authentication scheme.")] = Auth.DIGEST,
    quirk: Annotated[
        list[str] | None, typer.Option(help="A quirk to simulate; NAME=always for a fault. Can be repeated.")
    ] = None,
    cap: Annotated[int, typer.Option(min=1, help="Rows in a reply, with a quirk that caps them.")] = DEFAULT_CAP,
    at: Annotated[str | None, typer.Option(help="The market's time, ISO 8601; it is fixed without --speed.")] = None,
    speed: Annotated[float | None, typer.Option(min=0, help="Market seconds per real second.")] = None,
    seed: Annotated[int, typer.Option(help="The market's seed.")] = 1,
    list_quirks: Annotated[bool, typer.Option("--list-quirks", help="List the quirks and exit.")] = False,
) -> None:
    """Serve RETS (1.5, 1.7.2, 1.8), with selectable quirks of real servers."""
    if list_quirks:
        _list_quirks()
        return
    settings = RetsSettings(
        listings=listings,
        seed=seed,
        at=_parse_time(at),
        speed=speed,
        user=user,
        password=password,
        scheme="basic" if auth is Auth.BASIC else "digest",
        quirks=tuple(quirk or ()),
        cap=cap,
    )
    server = create_server(settings)
    bound = bind(port)
    with contextlib.closing(bound):
        run_async(_serve(server, bound, settings), new_event_loop)


async def _serve(server: RetsServer, bound: socket.socket, settings: RetsSettings) -> None:
    stopping = asyncio.Event()
    with stop_on_signals(stopping):
        async with serving(server, bound) as url:
            out().print(f"Serving {url}  log in as {settings.user} / {settings.password}  Ctrl-C stops.", markup=False)
            await stopping.wait()


def _parse_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_utc(text)
    except ValueError:
        raise InvalidInput.of("--at", f"{text[:40]!r} is no ISO 8601 time, such as 2026-03-01T12:00:00Z") from None


def _list_quirks() -> None:
    for quirk, about in QUIRKS.items():
        typer.echo(f"{quirk:<26}{about.kind:<8}{about.sentence}")
