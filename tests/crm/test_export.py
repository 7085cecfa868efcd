"""Exporting everything and bringing it back; one person's data out, and gone."""

import csv
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis.strategies import text

from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.errors import InvalidInput, NotAllowed, NotFound
from platbook.crm.csv_files import to_plain, to_safe
from platbook.crm.duplicates.rows import save_likenesses
from platbook.crm.enums import UserInteractionType
from platbook.crm.intake.events import ingest_event
from platbook.crm.intake.inbox import ProcessedEvent, RejectedEvent
from platbook.crm.intake.round_robin import RuleMember
from platbook.crm.intake.rules import RoutingMethod, RoutingRuleInput, add_rule
from platbook.crm.interactions.log import add_interaction
from platbook.crm.leads.matching import Likeness
from platbook.crm.leads.patch import LeadPatch
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.crm.lifecycle.editing import create_lead
from platbook.crm.merging import merge_lead
from platbook.crm.suppressions.rows import find_standing
from platbook.crm.tasks.store import create_task
from platbook.crm.transfer.dump import MANIFEST, export_all
from platbook.crm.transfer.person import erase_person, export_person
from platbook.crm.transfer.restore import restore_all
from platbook.db import Database, Query
from tests.crm.conftest import NOW, add_agents

FORMULA = '=HYPERLINK("http://evil.example","x")'


async def add_rows(database: Database) -> dict[str, UUID]:
    """Rows in every table."""
    users = await add_agents(database, "ann", "abe")
    async with database.transaction() as connection:
        members = (RuleMember(users["ann"], 2), RuleMember(users["abe"], 1))
        await add_rule(connection, COMMAND_LINE, RoutingRuleInput("all", RoutingMethod.WEIGHTED, members), NOW)
        patch: LeadPatch = {
            "first_name": FORMULA,
            "last_name": "Lane",
            "email": "mira@example.com",
            "phone_number": "512 555 0243",
            "tags": ["@pool"],
            "custom_fields": {"pets": ["cat", 2]},
            "assigned_to": users["ann"],
            "consents": [{"channel": "email", "given": True}, {"channel": "call", "given": False}],
            "budget_max": Decimal("450000.50"),
        }
        mira = await create_lead(connection, COMMAND_LINE, patch, NOW)
        gone = await create_lead(connection, COMMAND_LINE, {"last_name": "Twice", "email": "twice@example.com"}, NOW)
        deleted = await create_lead(connection, COMMAND_LINE, {"last_name": "Deleted"}, NOW)
        await add_interaction(connection, COMMAND_LINE, mira.id, UserInteractionType.NOTE_ADDED, NOW, content="-1+1")
        await create_task(
            connection, COMMAND_LINE, {"title": "+Call", "lead_id": mira.id, "due_date": "2026-02-01"}, NOW
        )
        await merge_lead(connection, COMMAND_LINE, gone.id, mira.id, NOW)
        await delete_lead(connection, COMMAND_LINE, deleted.id, NOW)
        body = {"eventId": "1", "type": "Inquiry", "person": {"emails": ["new@example.com"]}}
        processed = await ingest_event(connection, COMMAND_LINE, orjson.dumps(body), NOW)
        rejected = await ingest_event(connection, COMMAND_LINE, b'{"phone": "(512) 555-0243"}', NOW)
        assert isinstance(processed, ProcessedEvent)
        assert isinstance(rejected, RejectedEvent)
        likeness = Likeness(processed.lead_id, (), ("+15125550243",), None)
        await save_likenesses(connection, {mira.id: [likeness]}, NOW)
        return {"mira": mira.id, "gone": gone.id, "deleted": deleted.id, "new": processed.lead_id}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != MANIFEST}


async def empty(database: Database) -> None:
    """As a new installation: the same users, under other ids, and nothing else."""
    async with database.transaction() as connection:
        await connection.run(
            Query(
                "empty",
                "A change by the test.",
                "TRUNCATE users, leads, lead_rules, lead_events, crm_external_ids, suppressions CASCADE",
            )
        )
    await add_agents(database, "abe", "ann")


async def test_an_export_restored_into_an_empty_system_is_the_same_crm(database: Database, tmp_path: Path) -> None:
    await add_rows(database)
    counts = await export_all(database, COMMAND_LINE, tmp_path / "one", NOW)
    assert counts == {
        "stages": 10,
        "leads": 4,
        "tasks": 2,
        "interactions": 5,
        "rules": 1,
        "rule_members": 2,
        "events": 2,
        "contacts": 4,
        "suppressions": 1,
        "external_ids": 0,
        "possible_duplicates": 1,
    }
    await empty(database)
    restored = await restore_all(database, COMMAND_LINE, tmp_path / "one", NOW)
    assert (restored.rows, restored.unknown_users) == (counts | {"stages": 0}, {})  # every installation has the ten
    await export_all(database, COMMAND_LINE, tmp_path / "two", NOW)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    again = await restore_all(database, COMMAND_LINE, tmp_path / "one", NOW)
    assert set(again.rows.values()) == {0}
    async with database.read() as connection:
        search_text = await connection.value(
            str, Query("rows", "Rows of a test.", "SELECT search_text FROM leads WHERE last_name = 'Lane'")
        )
    assert search_text is not None
    assert "  5125550243" in search_text


async def test_refusals_of_a_backup_without_suppressions_are_suppressed(database: Database, tmp_path: Path) -> None:
    await add_rows(database)
    counts = await export_all(database, COMMAND_LINE, tmp_path, NOW)
    manifest = orjson.loads((tmp_path / MANIFEST).read_bytes())
    for name in ("stages", "suppressions"):
        del manifest["rows"][name]
        (tmp_path / f"{name}.jsonl").unlink()
    (tmp_path / MANIFEST).write_bytes(orjson.dumps(manifest))
    await empty(database)
    restored = await restore_all(database, COMMAND_LINE, tmp_path, NOW)
    assert restored.rows == {name: count for name, count in counts.items() if name not in {"stages", "suppressions"}}
    async with database.read() as connection:
        (standing,) = await find_standing(connection, ["mira@example.com", "+15125550243"])
    assert (standing.channel, standing.address, standing.at) == ("call", "+15125550243", NOW)


async def test_unknown_owners_are_reported(database: Database, tmp_path: Path) -> None:
    await add_rows(database)
    await export_all(database, COMMAND_LINE, tmp_path, NOW)
    await empty(database)
    async with database.transaction() as connection:
        await connection.run(
            Query("drop", "A change by the test.", "DELETE FROM users WHERE email = 'ann@example.com'")
        )
    restored = await restore_all(database, COMMAND_LINE, tmp_path, NOW)
    assert list(restored.unknown_users) == ["ann@example.com"]
    assert (restored.rows["leads"], restored.rows["rule_members"]) == (4, 1)


async def test_an_export_of_an_earlier_release_has_no_possible_duplicates(database: Database, tmp_path: Path) -> None:
    await add_rows(database)
    counts = await export_all(database, COMMAND_LINE, tmp_path, NOW)
    manifest = orjson.loads((tmp_path / MANIFEST).read_bytes())
    del manifest["rows"]["possible_duplicates"], counts["possible_duplicates"]
    (tmp_path / MANIFEST).write_bytes(orjson.dumps(manifest))
    (tmp_path / "possible_duplicates.jsonl").unlink()
    await empty(database)
    assert (await restore_all(database, COMMAND_LINE, tmp_path, NOW)).rows == counts | {"stages": 0}


async def test_no_cell_of_a_csv_is_a_formula(database: Database, tmp_path: Path) -> None:
    await add_rows(database)
    await export_all(database, COMMAND_LINE, tmp_path, NOW)
    cells = [
        cell
        for name in ("leads", "tasks", "interactions")
        for row in csv.reader((tmp_path / f"{name}.csv").open(newline=""))
        for cell in row
    ]
    assert f"'{FORMULA}" in cells
    assert "'-1+1" in cells
    assert "'+Call" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@given(text())
def test_a_safe_cell_is_read_as_it_was(value: str) -> None:
    safe = to_safe(value)
    assert isinstance(safe, str)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert value.startswith("'") or to_plain(safe) == value


async def test_invalid_folders(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="not empty"):
        await export_all(database, COMMAND_LINE, tmp_path, NOW)
    with pytest.raises(InvalidInput, match="is not an export"):
        await restore_all(database, COMMAND_LINE, tmp_path, NOW)
    with pytest.raises(NotAllowed):
        await export_all(database, Actor("x", role=Role.ASSISTANT), tmp_path / "new", NOW)


async def test_one_persons_data_is_exported_and_erased_completely(database: Database) -> None:
    ids = await add_rows(database)
    async with database.read() as connection:
        export = await export_person(connection, COMMAND_LINE, ids["mira"])
    assert {name: len(part) for name, part in export.items() if isinstance(part, list)} == {  # pyright: ignore[reportUnknownArgumentType] - its length alone
        "leads": 2,
        "tasks": 1,
        "interactions": 3,
        "events": 0,
        "externalIds": 0,
        "suppressions": 1,
    }
    async with database.transaction() as connection:
        assert await erase_person(connection, COMMAND_LINE, ids["mira"], NOW, suppression_key=b"key") == 2
    tables = (
        "leads",
        "interactions",
        "tasks",
        "lead_events",
        "lead_contacts",
        "possible_duplicates",
        "suppressions",
        "outbox",
        "audit_log",
    )
    parts = " UNION ALL ".join(f"SELECT {table}::text FROM {table}" for table in tables)  # noqa: S608 - names from above
    dump = f"SELECT string_agg(line, ' ') FROM ({parts}) AS lines (line)"  # noqa: S608 - as above
    async with database.read() as connection:
        remaining = await connection.value(str, Query("rows", "Rows of a test.", dump))
    assert remaining is not None
    for personal in ("mira@", "twice@", "5550243", "555-0243", "HYPERLINK", "Twice", "-1+1"):
        assert personal not in remaining
    assert "new@example.com" in remaining
    assert "lead erased" in remaining
    async with database.transaction() as connection:
        with pytest.raises(NotFound):
            await erase_person(connection, COMMAND_LINE, ids["mira"], NOW, suppression_key=b"key")
        with pytest.raises(NotAllowed):
            await erase_person(connection, Actor("x", role=Role.MANAGER), ids["new"], NOW, suppression_key=b"key")


async def test_what_is_exported_is_for_the_account_that_exports_alone(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    await export_all(database, COMMAND_LINE, folder, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert {"leads.jsonl", "leads.csv", MANIFEST} <= modes.keys()
    assert set(modes.values()) == {0o600}
