"""What the API is given, and how a route gets at it."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from platbook.accounts import CallerResolver, LoginSessions
from platbook.accounts.oidc import OidcSignIn
from platbook.base.actor import Actor, Surface
from platbook.base.clock import Clock
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.storage import Cdn, Storage
from platbook.transport import Transport


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may use."""

    settings: Settings
    clock: Clock
    database: Database
    box: SecretBox
    queue: JobQueue
    transport: Transport
    sessions: LoginSessions
    callers: CallerResolver
    storage: Storage
    blobs: Blobs
    cdn: Cdn | None = None
    oidc: OidcSignIn | None = None
    replica: Database | None = None

    @property
    def listings(self) -> Database:
        """Where lists of listings are read, and all that everybody may see: it may lag a little behind `database`."""
        return self.replica or self.database

    def listings_of(self, caller: Actor) -> Database:
        """Where a single listing is read: staff, who change listings, see at once what they have changed."""
        return self.listings if caller.surface is Surface.PUBLIC else self.database


async def get_services(request: Request) -> Services:
    """The services of the application a request came to. Async, or each request would wait for a thread."""
    return cast("Services", request.app.state.services)


Given = Annotated[Services, Depends(get_services)]
"""A route's parameter: `given: Given`."""
