"""Ordinary edits of leads, tasks and interactions in the audit log: who, what, both values, and nothing personal."""

import orjson

from platbook.base.actor import COMMAND_LINE
from platbook.crm.enums import LeadStatus, UserInteractionType
from platbook.crm.interactions.log import add_interaction, delete_interaction
from platbook.crm.leads.patch import LeadPatch
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.lifecycle.ownership import assign_lead
from platbook.crm.tasks.store import change_task, create_task, delete_task, set_completed
from platbook.db import Database, Query
from tests.crm.conftest import NOW, add_agents

ENTRIES = Query("entries", "A test's look.", "SELECT act, subject_kind, details FROM audit_log ORDER BY at, id")
PERSONAL = ("Mira", "Lane", "mira@example.com", "5125550143", "buys a boat", "Call Mira")


async def test_edits_are_audited_with_values_that_are_not_personal(database: Database) -> None:
    users = await add_agents(database, "ann", "abe")
    async with database.transaction() as connection:
        lead = await create_lead(connection, COMMAND_LINE, {"last_name": "Lane", "email": "mira@example.com"}, NOW)
        patch: LeadPatch = {
            "first_name": "Mira",
            "notes": "buys a boat",
            "phone_number": "512 555 0143",
            "status": LeadStatus.CONTACTED,
        }
        await change_lead(connection, COMMAND_LINE, lead.id, patch, NOW)
        await change_lead(connection, COMMAND_LINE, lead.id, {"first_name": "Mira"}, NOW)
        await assign_lead(connection, COMMAND_LINE, lead.id, users["ann"], NOW)
        task = await create_task(connection, COMMAND_LINE, {"title": "Call Mira", "lead_id": lead.id}, NOW)
        await change_task(
            connection, COMMAND_LINE, task.id, {"title": "Call Mira Lane", "assigned_to": users["abe"]}, NOW
        )
        await set_completed(connection, COMMAND_LINE, task.id, NOW, completed=True)
        await delete_task(connection, COMMAND_LINE, task.id, NOW)
        kind = UserInteractionType.NOTE_ADDED
        note = await add_interaction(connection, COMMAND_LINE, lead.id, kind, NOW, content="buys a boat")
        await delete_interaction(connection, COMMAND_LINE, note.id, NOW)
    async with database.read() as connection:
        entries = [row for row in await connection.dicts(ENTRIES) if row["subject_kind"] != "user"]
    told = {str(row["act"]): row["details"] for row in entries}
    assert [row["act"] for row in entries] == [
        "lead created", "lead changed", "lead assigned",
        "task created", "task changed", "task changed", "task deleted", "interaction deleted",
    ]  # fmt: skip
    assert told["lead changed"] == {
        "fields": ["firstName", "notes", "phones", "status"],
        "status": ["New", "Contacted"],
    }
    assert told["lead assigned"] == {
        "fields": ["assignedTo", "office", "team"],
        "assignedTo": [None, str(users["ann"])],
        "office": [None, "North"],
        "team": [None, "Elm"],
    }
    assert entries[4]["details"] == {"fields": ["assignedTo", "title"], "assignedTo": [None, str(users["abe"])]}
    assert entries[5]["details"] == {"fields": ["completedAt"], "completedAt": [None, NOW.isoformat()]}
    assert told["interaction deleted"] == {"leadId": str(lead.id), "type": "Note Added"}
    assert not [text for text in PERSONAL if text in orjson.dumps(entries, default=str).decode()]
