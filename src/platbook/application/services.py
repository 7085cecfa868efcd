"""The services that requests are answered with, in one frozen bundle."""

from dataclasses import dataclass, field

from platbook.accounts import CallerResolver, LoginSessions
from platbook.accounts.oidc import OidcSignIn
from platbook.application.caller_rates import CallerRates
from platbook.application.piece_cache import PieceCache
from platbook.application.uploads import UploadBudget
from platbook.base.actor import Actor, Surface
from platbook.base.clock import Clock
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.media.photo_urls import PhotoUrls
from platbook.storage import Cdn, Storage
from platbook.transport import Transport


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may use."""

    settings: Settings
    clock: Clock
    database: Database
    box: SecretBox
    queue: JobQueue
    transport: Transport
    sessions: LoginSessions
    callers: CallerResolver
    rates: CallerRates
    storage: Storage
    blobs: Blobs
    cdn: Cdn | None = None
    oidc: OidcSignIn | None = None
    replica: Database | None = None
    uploads: UploadBudget = field(default_factory=UploadBudget)
    pieces: PieceCache = field(default_factory=PieceCache)
    demo_key: str | None = None
    """An API key that the documentation offers to everybody; of the demo alone."""

    @property
    def listings(self) -> Database:
        """The database for lists of listings and for public reads: the replica, where there is one. It may lag."""
        return self.replica or self.database

    @property
    def photo_urls(self) -> PhotoUrls:
        """Completes the URLs of photos in documents, which are absolute where the public URL of Platbook is set."""
        return PhotoUrls(self.storage, self.settings.platbook_url or "")

    def listings_of(self, caller: Actor) -> Database:
        """The database for one listing: staff, who edit listings, read their own writes; the public may read a lag."""
        return self.listings if caller.surface is Surface.PUBLIC else self.database
