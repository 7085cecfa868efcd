"""Accounts on a real database, with a clock that the test sets."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from platbook.accounts import CallerResolver, LoginSessions, NewUser, User, add_user, get_user_by_email, set_active
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.clock import SetClock
from platbook.base.settings import Settings
from platbook.db import Database, Query, SecretBox

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.7"
ACCESS_LIFETIME = timedelta(minutes=20)


@dataclass
class AccountsRig:
    """The account services, and shortcuts for tests."""

    database: Database
    sessions: LoginSessions
    callers: CallerResolver
    clock: SetClock
    box: SecretBox

    async def add(self, email: str = "ada@example.com", role: Role = Role.AGENT) -> User:
        """Add a user with the password PASSWORD."""
        async with self.database.transaction() as connection:
            return await add_user(
                connection, NewUser(email, PASSWORD, "Ada", "Moss", role), COMMAND_LINE, self.clock.now()
            )

    async def set_active(self, email: str, *, active: bool) -> None:
        """Enable or disable a user."""
        async with self.database.transaction() as connection:
            user = await get_user_by_email(connection, email)
            await set_active(connection, user.id, COMMAND_LINE, self.clock.now(), active=active)

    async def rows(self, sql: str) -> list[dict[str, object]]:
        """Query the database."""
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's look.", sql))

    async def run_sql(self, sql: str, **params: object) -> None:
        """Change the database directly."""
        async with self.database.transaction() as connection:
            await connection.run(Query("set", "A test's hand.", sql), params)


@pytest.fixture
def rig(database: Database) -> AccountsRig:
    """Account services without users."""
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC))
    box = SecretBox(b"k" * 32)
    settings = Settings(platbook_access_token_minutes=20, platbook_refresh_token_days=30)
    return AccountsRig(
        database, LoginSessions(database, box, clock, settings), CallerResolver(database, box, clock), clock, box
    )
