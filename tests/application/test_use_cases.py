"""Use cases: what is committed, and which workers are woken for it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import pytest

from platbook.application import media, providers, syncs
from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import Clock, SetClock
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.db import Database, Query, SecretBox
from platbook.jobs import JobQueue
from platbook.providers.configuration import Configuration, parse_configuration
from platbook.sync.runs.run import RunRequest, SyncType

SWEEP = UUID("00000000-0000-4000-8000-000000000001")


class FakeQueue:
    """Records what would be queued and cancelled."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def put(self, job: object, **_arguments: object) -> bool:
        self.calls.append(str(getattr(job, "name", job)))
        return True

    async def cancel(self, _job: object, **_arguments: object) -> int:
        self.calls.append("cancel")
        return 1


@dataclass(frozen=True)
class Context:
    """What use cases need, without a server or a command."""

    database: Database
    box: SecretBox
    clock: Clock
    queue: JobQueue

    @property
    def calls(self) -> list[str]:
        return cast("FakeQueue", self.queue).calls


@pytest.fixture
async def context(database: Database) -> Context:
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC))
    made = Context(database, SecretBox(b"k" * 32), clock, cast("JobQueue", FakeQueue()))
    await providers.add_provider(made, _configuration(), COMMAND_LINE)
    return made


def _configuration(name: str = "Board") -> Configuration:
    return parse_configuration({"providerId": "board", "providerName": name, "providerType": "MOCK"})


async def test_a_worker_is_woken_for_a_run_and_not_for_a_refused_one(context: Context) -> None:
    request = RunRequest("board", SyncType.FULL)
    started = await syncs.start_sync(context, request, COMMAND_LINE)
    assert context.calls == ["sync"]
    with pytest.raises(Conflict):
        await syncs.start_sync(context, request, COMMAND_LINE)
    assert context.calls == ["sync"]
    assert await syncs.cancel_sync(context, "board", COMMAND_LINE) == [started.sync_id]
    assert context.calls == ["sync", "cancel"]


async def test_a_sweep_of_another_provider_is_not_accepted(context: Context) -> None:
    started = await syncs.start_sync(context, RunRequest("board", SyncType.SWEEP), COMMAND_LINE)
    await syncs.cancel_sync(context, "board", COMMAND_LINE)
    async with context.database.transaction() as connection:
        await connection.run(
            Query(
                "add_sweep",
                "A refused sweep.",
                "INSERT INTO mls_sweeps (id, provider_id, sync_id, resource, status, reason, began_at, active, "
                "candidates) VALUES (%(id)s, 'board', %(sync_id)s, 'Property', 'refused', 'too many', now(), 10, 5)",
            ),
            {"id": SWEEP, "sync_id": started.sync_id},
        )
    context.calls.clear()
    with pytest.raises(InvalidInput, match="belongs to board, not to other"):
        await syncs.accept_sweep(context, SWEEP, COMMAND_LINE, provider_id="other")
    assert context.calls == []
    accepted = await syncs.accept_sweep(context, SWEEP, COMMAND_LINE, provider_id="board")
    assert (accepted.provider_id, context.calls) == ("board", ["sync"])


async def test_retrying_all_errors_wakes_a_worker(context: Context) -> None:
    assert (await syncs.retry_all(context, "board", COMMAND_LINE)).marked == 0
    with pytest.raises(NotFound):
        await syncs.retry_all(context, "nobody", COMMAND_LINE)
    assert context.calls == ["sync"]


async def test_a_provider_is_replaced_archived_and_restored(context: Context) -> None:
    changed = await providers.replace_provider(context, _configuration("New name"), COMMAND_LINE)
    assert (changed.provider_name, context.calls[0]) == ("New name", "sync")
    await providers.archive_provider(context, "board", COMMAND_LINE)
    assert context.calls[-1] == "cancel"
    context.calls.clear()
    await providers.restore_provider(context, "board", COMMAND_LINE)
    assert context.calls[0] == "sync"
    assert not (await providers.toggle_provider(context, "board", COMMAND_LINE, enabled=False)).enabled
    assert (await providers.change_interval(context, "board", 6, COMMAND_LINE)).interval_hours == 6


async def test_work_on_photos_is_recorded_and_queued(context: Context) -> None:
    assert await media.retry_photos(context, "board", COMMAND_LINE) == 0
    assert await media.queue_reprocessing(context, "board", COMMAND_LINE)
    assert await media.queue_clearing(context, COMMAND_LINE)
    assert context.calls == ["reprocess", "clear media"]
    async with context.database.read() as connection:
        acts = await connection.column(
            str,
            Query(
                "acts",
                "The acts on photos.",
                "SELECT act FROM audit_log WHERE subject_kind = 'photos' ORDER BY at, act",
            ),
        )
    assert sorted(acts) == ["photos retried", "photos to be made anew", "store to be cleared"]
