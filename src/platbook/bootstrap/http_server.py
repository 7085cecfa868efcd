"""The API's server in this process: its socket, and the time it is given to finish what it answers."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from dataclasses import replace
from typing import Any, cast

import uvicorn

from platbook.accounts import CallerResolver, LoginSessions
from platbook.accounts.oidc import OidcClient, OidcIssuer, OidcSignIn, parse_email_trust
from platbook.api import OIDC_CALLBACK, create_api, create_refusal
from platbook.application.asgi import AsgiApp
from platbook.application.caller_rates import CallerRates
from platbook.application.piece_cache import PieceCache
from platbook.application.services import Services
from platbook.application.uploads import UploadBudget
from platbook.base.errors import InvalidInput
from platbook.bootstrap.http_protocol import ClientLimits, create_protocol
from platbook.bootstrap.system import System

_BACKLOG = 2048
_GRACE_SECONDS = 3
_LOOK_SECONDS = 0.05


def bind(host: str, port: int) -> socket.socket:
    """Bind the address before anything else is done; InvalidInput if it is in use. Port 0: a free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise InvalidInput.of("PLATBOOK_HOST", f"{host} is not an address of this machine") from None
    taken = socket.socket(family, kind, protocol)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        reason = (error.strerror or "unknown").lower()
        raise InvalidInput(f"cannot listen on {host} port {port}: {reason}; choose another with --port") from None
    return taken


def to_url(bound: socket.socket) -> str:
    """Where a person finds the server."""
    host, port = bound.getsockname()[:2]
    if host in {"127.0.0.1", "::1"}:
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve_api(
    system: System,
    bound: socket.socket,
    stopping: asyncio.Event,
    *,
    ready: asyncio.Event,
    demo_key: str | None = None,
) -> None:
    """Answer until `stopping` is set; `ready` is set when the first request can come."""
    services = replace(to_services(system), demo_key=demo_key)
    server = create_server(create_api(services), ClientLimits.from_settings(system.settings))
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(services.callers.listen())
        serving = group.create_task(server.serve(sockets=[bound]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn reports it by an attribute only
            await asyncio.sleep(_LOOK_SECONDS)
        ready.set()
        stopped = group.create_task(stopping.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        server.should_exit = True
        listening.cancel()


def create_server(app: AsgiApp, limits: ClientLimits) -> uvicorn.Server:
    """A server of an application, which leaves signals alone."""
    return _Server(
        uvicorn.Config(
            cast("Any", app),
            http=create_protocol(limits, create_refusal()),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


def to_services(system: System) -> Services:
    """What the API is given of a system."""
    sessions = LoginSessions(system.database, system.box, system.clock, system.settings)
    return Services(
        system.settings,
        system.clock,
        system.database,
        system.box,
        system.queue,
        system.transport,
        sessions,
        CallerResolver(system.database, system.box, system.clock),
        CallerRates(system.settings.platbook_api_rate, system.clock),
        system.storage,
        system.blobs(),
        system.cdn,
        make_oidc(system, sessions),
        system.replica,
        UploadBudget(system.settings.platbook_upload_bytes),
        PieceCache(system.settings.platbook_list_cache_bytes),
    )


def make_oidc(system: System, sessions: LoginSessions) -> OidcSignIn | None:
    """The sign-in by the issuer of the settings, if they name one; InvalidInput names the setting at fault."""
    settings = system.settings
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None or settings.platbook_url is None:
        missing = "PLATBOOK_URL" if settings.platbook_url is None else "OIDC_CLIENT_ID"
        raise InvalidInput.of(missing, "is required with OIDC_ISSUER")
    trust = parse_email_trust(settings.oidc_issuer, settings.oidc_email_trust, settings.oidc_email_domains)
    secret = settings.oidc_client_secret
    client = OidcClient(
        settings.oidc_issuer,
        settings.oidc_client_id,
        None if secret is None else secret.get_secret_value(),
        settings.platbook_url + OIDC_CALLBACK,
    )
    issuer = OidcIssuer(client, system.transport, system.clock)
    return OidcSignIn(issuer, trust, sessions, system.database, system.box, system.clock)


class _Server(uvicorn.Server):
    """Signals are the command's affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
