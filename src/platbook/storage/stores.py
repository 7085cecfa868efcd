"""The stores that hold pictures: that of the settings, and those that held them before, until they are moved.

A store's address and login are remembered (the login encrypted), so that its pictures are served after the settings
have changed. Its number never changes.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from platbook.base.clock import Clock
from platbook.base.errors import StorageRefused
from platbook.base.settings import Settings
from platbook.db import Database, ReadConnection, SecretBox, WriteConnection, load_queries
from platbook.storage.factory import StoreAddress, StoreLogin, open_store, parse_store
from platbook.storage.storage import Storage

Q = load_queries("platbook.storage")

_CONTEXT = "media store"


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store as it is remembered. `leaving`: its pictures are to be moved to the store of the settings."""

    id: int
    kind: str
    endpoint: str | None
    bucket: str | None
    region: str | None
    public_base: str | None
    credentials: bytes | None = field(repr=False)
    leaving: bool

    @property
    def address(self) -> StoreAddress:
        """Where it is."""
        return StoreAddress(self.kind, self.endpoint, self.bucket)


class StoreRegistry:
    """Opens stores by their number."""

    def __init__(self, database: Database, box: SecretBox, home: Path, signing_key: bytes, clock: Clock) -> None:
        self._database = database
        self._box = box
        self._home = home
        self._signing_key = signing_key
        self._clock = clock
        self._opened: dict[int, Storage] = {}
        self._cdn: str | None = None

    async def register(self, settings: Settings) -> Storage:
        """Remember and open the store of the settings. InvalidInput names the setting that cannot work."""
        address, login = parse_store(settings)
        keys = [login.key_id, login.secret]
        params = {
            "kind": address.kind,
            "endpoint": address.endpoint,
            "bucket": address.bucket,
            "region": login.region,
            "public_base": login.cdn,
            "credentials": self._box.seal(orjson.dumps(keys), context=_CONTEXT) if login.key_id else None,
        }
        async with self._database.transaction() as connection:
            await connection.run(Q.lock_stores)
            store_id = await connection.value(int, Q.register_store, params)
        self._cdn = login.cdn
        return self._open(store_id or 1, address, login)

    async def open(self, store_id: int) -> Storage:
        """A store by its number. StorageRefused for one that is not known."""
        if store_id in self._opened:
            return self._opened[store_id]
        async with self._database.read() as connection:
            row = await connection.first(StoreRow, Q.find_store, {"id": store_id})
        if row is None:
            raise StorageRefused(f"store {store_id}, which holds pictures, is not known")
        return self._open(row.id, row.address, self._to_login(row))

    def _open(self, store_id: int, address: StoreAddress, login: StoreLogin) -> Storage:
        opened = open_store(
            address, login, self._home, self._signing_key, self._clock, store_id=store_id, others=self
        )  # fmt: skip
        self._opened[store_id] = opened
        return opened

    def _to_login(self, row: StoreRow) -> StoreLogin:
        login = StoreLogin(row.region)
        if row.credentials is not None:
            key_id, secret = orjson.loads(self._box.open(row.credentials, context=_CONTEXT))
            login = replace(login, key_id=key_id, secret=secret)
        # A CDN that stands before the store of the settings now is none of this store any more.
        return login if row.public_base == self._cdn else replace(login, cdn=row.public_base)


async def find_stores(connection: ReadConnection) -> list[StoreRow]:
    """All stores that are or were configured."""
    return await connection.all(StoreRow, Q.find_stores)


async def leave_other_stores(connection: WriteConnection, store_id: int) -> None:
    """Let the pictures of all stores but one be moved."""
    await connection.run(Q.leave_stores, {"id": store_id})
