"""Importing again: only what the file changed since its last import is changed here, and nothing done here is lost."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

from hypothesis import given, settings
from hypothesis.strategies import DrawFn, booleans, composite, lists, sampled_from, sets, tuples

from platbook.base.actor import COMMAND_LINE
from platbook.crm.external_ids.rows import ExternalRecord
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.patch import LeadPatch, apply_patch
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.merging import merge_lead
from platbook.crm.tasks.store import change_task, set_completed
from platbook.crm.transfer.csv_import import ImportFiles, import_files
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.dump import export_all
from platbook.crm.transfer.field_digests import Value, pack, to_digests, unpack
from platbook.crm.transfer.import_context import ImportContext
from platbook.crm.transfer.mapping import ColumnMapping, FileKind
from platbook.crm.transfer.person_row import change_person, to_person, to_values
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.restore import restore_all
from platbook.db import Database, Query
from tests.crm.conftest import NOW, STAGES

Row = dict[str, object]
HEADER = "ID,First Name,Last Name,Email,Phone,Stage,Notes,Tags,Rating\n"
MIRA = "1,Mira,Lane,mira@example.com,5125550143,New,first note,buyer,A\n"


async def import_texts(database: Database, folder: Path, **texts: str) -> ImportReport:
    paths: dict[FileKind, Path] = {}
    for kind, text in texts.items():
        paths[FileKind(kind)] = folder / f"{kind}.csv"
        paths[FileKind(kind)].write_text(text)
    return await import_files(database, COMMAND_LINE, ImportFiles(paths, {}), NOW, system="old")


async def rows(database: Database, sql: str) -> list[Row]:
    async with database.read() as connection:
        return await connection.dicts(Query("rows", "Rows of a test.", sql))


async def only_lead(database: Database) -> Row:
    (lead,) = await rows(database, "SELECT * FROM leads WHERE deleted_at IS NULL")
    return lead


async def edit(database: Database, lead: Row, patch: LeadPatch) -> None:
    async with database.transaction() as connection:
        await change_lead(connection, COMMAND_LINE, UUID(str(lead["id"])), patch, NOW)


def changed(report: ImportReport) -> tuple[int, int, list[str]]:
    counts = report.of(FileKind.PEOPLE)
    return counts.changed, counts.unchanged, [one.field for one in report.conflicts]


async def test_only_the_column_that_changed_in_the_file_is_changed(database: Database, tmp_path: Path) -> None:
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    ours: Row = {
        "status": "Under Contract",
        "notes": "our own note",
        "tags": ["buyer", "vip"],
        "emails": ["mira@example.com", "work@example.com"],
        "phones": ["+15125550143", "+15125550144"],
        "custom_fields": {"Rating": "B"},
    }
    await edit(database, await only_lead(database), cast("LeadPatch", ours))
    report = await import_texts(database, tmp_path, people=HEADER + MIRA.replace("Lane", "Lane-Stone"))
    assert changed(report) == (1, 0, [])
    lead = await only_lead(database)
    assert lead["last_name"] == "Lane-Stone"
    assert {name: lead[name] for name in ours} == ours
    (entry,) = await rows(database, "SELECT content, metadata FROM interactions WHERE type = 'Imported'")
    assert entry == {
        "content": "Imported from old: lastName",
        "metadata": {"system": "old", "fields": {"lastName": {"from": "Lane", "to": "Lane-Stone"}}},
    }


async def test_what_both_changed_stays_and_is_a_conflict_once(database: Database, tmp_path: Path) -> None:
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    await edit(database, await only_lead(database), {"notes": "ours", "custom_fields": {"Rating": "B"}})
    text = HEADER + MIRA.replace("first note", "theirs").replace(",A\n", ",C\n").replace("Mira,", "Mirabel,")
    report = await import_texts(database, tmp_path, people=text)
    assert changed(report) == (1, 0, ["customFields.Rating", "notes"])
    assert report.conflicts[1].reason == "is ours here and theirs in the file; both changed, what is here was kept"
    lead = await only_lead(database)
    assert (lead["first_name"], lead["notes"], lead["custom_fields"]) == ("Mirabel", "ours", {"Rating": "B"})
    (entry,) = await rows(database, "SELECT metadata -> 'conflicts' AS kept FROM interactions WHERE type = 'Imported'")
    assert entry["kept"] == {
        "notes": {"here": "ours", "file": "theirs"},
        "customFields.Rating": {"here": "B", "file": "C"},
    }
    assert changed(await import_texts(database, tmp_path, people=text + "\n")) == (0, 1, [])
    other = text.replace("5125550143", "5125550144")
    assert changed(await import_texts(database, tmp_path, people=other)) == (1, 0, [])
    assert (await only_lead(database))["phones"] == ["+15125550144"]


async def test_a_stage_or_owner_from_the_file_is_in_the_log(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    text = "id,name,stage,owner\n1,Mira Lane,New,ann@example.com\n"
    await import_texts(database, tmp_path, people=text, tasks="id,person,title\n1,1,Call\n")
    await import_texts(database, tmp_path, people=text.replace("New,ann", "Qualified,abe"))
    log = await rows(database, "SELECT type, metadata FROM interactions ORDER BY id")
    assert log == [
        {"type": "Status Change", "metadata": {"from": "New", "to": "Qualified"}},
        {"type": "Assigned", "metadata": {"from": str(agents["ann"]), "to": str(agents["abe"])}},
    ]
    assert await rows(database, "SELECT assigned_to FROM tasks") == [{"assigned_to": agents["abe"]}]


async def test_lists_are_added_to_and_taken_from(database: Database, tmp_path: Path) -> None:
    text = "id,first name,email,tags\n1,Mira,a@example.com|b@example.com,one|two|three\n"
    await import_texts(database, tmp_path, people=text)
    patch: LeadPatch = {"tags": ["two", "three", "four"], "emails": ["a@example.com", "b@example.com", "c@example.com"]}
    await edit(database, await only_lead(database), patch)
    text = text.replace("two|three", "three|five").replace("a@", "d@")
    assert changed(await import_texts(database, tmp_path, people=text)) == (1, 0, [])
    lead = await only_lead(database)
    assert lead["tags"] == ["three", "four", "five"]
    assert lead["emails"] == ["d@example.com", "b@example.com", "c@example.com"]
    contacts = await rows(database, "SELECT value FROM lead_contacts ORDER BY value")
    assert [one["value"] for one in contacts] == ["b@example.com", "c@example.com", "d@example.com"]


async def test_an_address_of_another_lead_is_left_out_and_one_that_moved_follows(
    database: Database, tmp_path: Path
) -> None:
    text = "id,first name,email\n1,Mira,m@example.com|x@example.com\n2,Jo,j@example.com\n"
    await import_texts(database, tmp_path, people=text)
    taken = text.replace("j@example.com", "j@example.com|m@example.com")
    report = await import_texts(database, tmp_path, people=taken)
    assert changed(report) == (0, 2, ["emails"])
    assert "m@example.com is the address of another lead" in report.conflicts[0].reason
    moved = text.replace("|x@example.com", "").replace("j@example.com", "j@example.com|x@example.com")
    assert changed(await import_texts(database, tmp_path, people=moved)) == (2, 0, [])
    leads = await rows(database, "SELECT emails FROM leads ORDER BY first_name")
    assert [one["emails"] for one in leads] == [["j@example.com", "x@example.com"], ["m@example.com"]]
    contacts = await rows(database, "SELECT value FROM lead_contacts ORDER BY value")
    assert [one["value"] for one in contacts] == ["j@example.com", "m@example.com", "x@example.com"]


async def test_an_absent_column_says_nothing_and_an_emptied_cell_does(database: Database, tmp_path: Path) -> None:
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    before = await only_lead(database)
    assert changed(await import_texts(database, tmp_path, people="ID,First Name\n1,Mira\n")) == (0, 1, [])
    assert await only_lead(database) == before
    emptied = "1,Mira,,mira@example.com,,,,,\n"
    assert changed(await import_texts(database, tmp_path, people=HEADER + emptied)) == (1, 0, [])
    lead = await only_lead(database)
    assert [lead[name] for name in ("last_name", "phones", "status", "notes", "tags", "custom_fields")] == [
        "", [], "New", None, [], {},
    ]  # fmt: skip


async def test_the_id_of_a_merged_person_leads_to_the_other_and_overwrites_nothing(
    database: Database, tmp_path: Path
) -> None:
    text = "id,first name,last name,email,source\n1,Mira,Lane,mira@example.com,\n2,M,Lane,m@example.com,\n"
    await import_texts(database, tmp_path, people=text)
    mira, other = await rows(database, "SELECT id FROM leads ORDER BY first_name DESC")
    async with database.transaction() as connection:
        await merge_lead(connection, COMMAND_LINE, UUID(str(other["id"])), UUID(str(mira["id"])), NOW)
    theirs = text.replace("2,M,Lane,m@example.com,", "2,Maria,Stone,new@example.com,Web")
    report = await import_texts(database, tmp_path, people=theirs, notes="person,note,date\n2,called,2025-01-01\n")
    assert changed(report) == (1, 1, ["firstName", "lastName"])
    lead = await only_lead(database)
    assert (lead["id"], lead["first_name"], lead["last_name"], lead["source"]) == (mira["id"], "Mira", "Lane", "Web")
    assert lead["emails"] == ["mira@example.com", "m@example.com", "new@example.com"]
    log = await rows(database, "SELECT type, lead_id FROM interactions ORDER BY type")
    assert log == [{"type": one, "lead_id": mira["id"]} for one in ("Imported", "Merged", "Note Added")]


async def test_a_task_that_is_done_here_stays_done(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    people = "id,name,owner\n1,Tess Lane,ann@example.com\n"
    text = "id,person,title,due,completed\n7,1,Call,2027-12-05T10:00:00,no\n"
    await import_texts(database, tmp_path, people=people, tasks=text.replace(",completed", "").replace(",no", ""))
    (task,) = await rows(database, "SELECT id FROM tasks")
    task_id = UUID(str(task["id"]))
    async with database.transaction() as connection:
        await set_completed(connection, COMMAND_LINE, task_id, NOW, completed=True)
        await change_task(connection, COMMAND_LINE, task_id, {"assigned_to": agents["abe"], "description": "ours"}, NOW)
    report = await import_texts(database, tmp_path, tasks=text.replace("Call", "Call Tess"))
    assert (report.of(FileKind.TASKS).changed, report.conflicts) == (1, [])
    (after,) = await rows(database, "SELECT title, description, completed_at, assigned_to FROM tasks")
    assert after == {
        "title": "Call Tess", "description": "ours", "completed_at": NOW, "assigned_to": agents["abe"],
    }  # fmt: skip
    await import_texts(database, tmp_path, tasks=text.replace(",no", ",yes").replace("Call", "Call Tess"))
    report = await import_texts(database, tmp_path, tasks=text.replace("Call", "Call Tess"))
    assert [one.field for one in report.conflicts] == ["isCompleted"]
    (after,) = await rows(database, "SELECT completed_at FROM tasks")
    assert after["completed_at"] == NOW


async def test_a_task_done_in_the_other_system_is_done_here(database: Database, tmp_path: Path) -> None:
    text = "id,person,title,due,completed\n7,1,Call,2027-12-05T10:00:00,no\n"
    await import_texts(database, tmp_path, people="id,name\n1,Tess Lane\n", tasks=text)
    await import_texts(database, tmp_path, tasks=text.replace(",no", ",yes").replace("12-05", "12-06"))
    (task,) = await rows(database, "SELECT completed_at, due_date::text AS due FROM tasks")
    assert (task["completed_at"], str(task["due"])[:10]) == (NOW, "2027-12-06")
    log = await rows(database, "SELECT type FROM interactions ORDER BY type")
    assert [one["type"] for one in log] == ["Imported", "Task Completed"]


async def test_an_all_day_task_moves_to_the_day_of_the_file(database: Database, tmp_path: Path) -> None:
    text = "id,person,title,due\n7,1,Call,2027-12-05\n"
    await import_texts(database, tmp_path, people="id,name\n1,Tess Lane\n", tasks=text)
    due = "SELECT due_on::text AS day, due_date::text AS due FROM tasks"
    (before,) = await rows(database, due)
    await import_texts(database, tmp_path, tasks=text.replace("12-05", "12-08"))
    (after,) = await rows(database, due)
    assert (before["day"], after["day"]) == ("2027-12-05", "2027-12-08")
    await import_texts(database, tmp_path, tasks=text.replace("12-05", "12-08T10:00:00"))
    (after,) = await rows(database, due)
    assert (after["day"], str(after["due"])[:10]) == (None, "2027-12-08")


async def test_a_tag_that_was_removed_here_stays_away(database: Database, tmp_path: Path) -> None:
    texts = {"people": "id,name\n1,Mira Lane\n", "tags": "person,tag\n1,vip\n1,pool\n"}
    await import_texts(database, tmp_path, **texts)
    await edit(database, await only_lead(database), {"tags": ["pool"]})
    await import_texts(database, tmp_path, people=texts["people"], tags=texts["tags"] + "1,new\n")
    assert (await only_lead(database))["tags"] == ["pool", "new"]


async def test_rows_that_were_imported_before_digests_were_stored_overwrite_nothing(
    database: Database, tmp_path: Path
) -> None:
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    async with database.transaction() as connection:
        forget = "UPDATE crm_external_ids SET field_digests = NULL"
        await connection.run(Query("forget", "As an older version stored it.", forget))
    await edit(database, await only_lead(database), {"notes": "ours"})
    text = HEADER + MIRA.replace("New", "Qualified").replace("first note", "theirs")
    assert changed(await import_texts(database, tmp_path, people=text)) == (1, 0, ["notes"])
    lead = await only_lead(database)
    assert (lead["status"], lead["notes"]) == ("Qualified", "ours")


async def test_a_backup_has_what_the_next_import_compares_with(database: Database, tmp_path: Path) -> None:
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    stored = await rows(database, "SELECT * FROM crm_external_ids")
    await export_all(database, COMMAND_LINE, tmp_path / "out", NOW)
    async with database.transaction() as connection:
        await connection.run(Query("clear", "An empty database.", "TRUNCATE leads, crm_external_ids CASCADE"))
    await restore_all(database, COMMAND_LINE, tmp_path / "out", NOW)
    assert await rows(database, "SELECT * FROM crm_external_ids") == stored


_SCALARS: Mapping[str, tuple[str, ...]] = {
    "lastName": ("", "Lane", "Stone"),
    "status": ("", "New", "Nurture", "Offer"),
    "notes": ("", "one", "two"),
    "customFields.Pets": ("", "cat", "dog"),
}
_LISTS: Mapping[str, tuple[str, ...]] = {
    "tags": ("red", "green", "blue"),
    "emails": ("a@example.com", "b@example.com", "c@example.com"),
}
_FIELDS = (*_SCALARS, *_LISTS)
_BLANK = {"status": "New"}


@dataclass(slots=True)
class Model:
    """One person by plain values: what the file had in each field at its last import, and what is expected here."""

    told: dict[str, object] = field(default_factory=dict[str, object])
    here: dict[str, object] = field(default_factory=dict[str, object])
    conflicts: set[str] = field(default_factory=set[str])
    is_new: bool = True

    def read(self, file: Mapping[str, object]) -> None:
        """Import a row that has these fields."""
        self.conflicts = set()
        for name, value in file.items():
            if name in _LISTS:
                self._read_list(name, cast("frozenset[str]", value))
            elif value != "" or name != "status":
                self._read_scalar(name, value)
        self.is_new = False

    def _read_list(self, name: str, value: frozenset[str]) -> None:
        told = cast("frozenset[str]", self.told.get(name, frozenset[str]()))
        here = cast("frozenset[str]", self.here.get(name, frozenset[str]()))
        self.here[name] = here - (told - value) | (value - told)
        self.told[name] = value

    def _read_scalar(self, name: str, value: object) -> None:
        told = self.told.get(name, _BLANK.get(name, ""))
        here = self.here.get(name, _BLANK.get(name, ""))
        if self.is_new or (value not in {told, here} and here in {told, "" if name not in self.told else told}):
            self.here[name] = value
        elif value not in {told, here} or (name not in self.told and value not in {_BLANK.get(name, ""), here}):
            self.conflicts.add(name)
        self.told[name] = value

    def edit(self, name: str, value: object) -> None:
        """Change a field here."""
        if name != "status" or value != "":
            self.here[name] = value


Step = tuple[str, str, object]


@composite
def steps(draw: DrawFn) -> list[Step]:
    """Edits of the file and here, and imports of some columns or all."""
    several: list[Step] = []
    for who, name in draw(lists(tuples(sampled_from(("file", "here", "import")), sampled_from(_FIELDS)), max_size=30)):
        if who == "import":
            several.append(
                (who, "", draw(sets(sampled_from(_FIELDS), min_size=1)) if draw(booleans()) else set(_FIELDS))
            )
        elif name in _LISTS:
            several.append((who, name, frozenset(draw(sets(sampled_from(_LISTS[name]))))))
        else:
            several.append((who, name, draw(sampled_from(_SCALARS[name]))))
    return several


def to_cells(file: Mapping[str, object]) -> dict[str, str]:
    texts = {
        name: "|".join(sorted(cast("frozenset[str]", one))) if name in _LISTS else str(one)
        for name, one in file.items()
    }
    return {"id": "1", "firstName": "Mira"} | {name: text for name, text in texts.items() if text}


def to_patch(name: str, value: object) -> LeadPatch:
    if name.startswith("customFields."):
        return {"custom_fields": {"Pets": value or None}}
    attribute = {"lastName": "last_name"}.get(name, name)
    return cast("LeadPatch", {attribute: sorted(cast("frozenset[str]", value)) if name in _LISTS else value or None})


def to_expected(values: Mapping[str, Value]) -> dict[str, object]:
    return {
        name: frozenset(cast("tuple[str, ...]", values.get(name, ()))) if name in _LISTS else values.get(name) or ""
        for name in _FIELDS
    }


def check(model: Model, values: Mapping[str, Value], conflicts: Sequence[str]) -> None:
    blank: dict[str, object] = {name: frozenset() if name in _LISTS else _BLANK.get(name, "") for name in _FIELDS}
    assert to_expected(values) == blank | model.here
    assert set(conflicts) == model.conflicts


@settings(max_examples=300, deadline=None)
@given(steps())
def test_random_edits_on_both_sides_end_as_in_the_model(several: list[Step]) -> None:
    context = ImportContext(COMMAND_LINE, NOW, "old", {}, stages=STAGES)
    file: dict[str, object] = {name: frozenset[str]() if name in _LISTS else "" for name in _FIELDS}
    model, lead, record = Model(), cast("Lead | None", None), cast("ExternalRecord | None", None)
    for who, name, value in [*several, ("import", "", set(_FIELDS)), ("import", "", set(_FIELDS))]:
        if who == "file":
            file[name] = value
        elif who == "here":
            if lead is not None:
                lead = apply_patch(lead, to_patch(name, value), NOW)
                model.edit(name, value)
        else:
            part = {one: file[one] for one in sorted(cast("set[str]", value))}
            columns = {"id": "externalId", "firstName": "firstName", **{one: one for one in part}}
            person = to_person(context, ColumnMapping(columns), CsvRow(2, to_cells(part)))
            conflicts: list[str] = []
            if lead is None or record is None:
                lead, record = person.lead, person.record(person.lead.id)
            else:
                change = change_person(person, lead, record, NOW)
                lead, record = change.lead, change.record
                conflicts = [one.field for one in change.comparison.conflicts]
            model.read(part)
            check(model, to_values(lead), conflicts)


async def test_random_edits_in_the_database_end_as_in_the_model(database: Database, tmp_path: Path) -> None:
    dice = random.Random(20)  # noqa: S311 - a repeatable scenario, no secret
    people = [str(number) for number in range(8)]
    file = {one: {name: frozenset[str]() if name in _LISTS else "" for name in _FIELDS} for one in people}
    models = {one: Model() for one in people}

    def choose(person: str, name: str) -> object:
        if name in _LISTS:
            return frozenset(one.replace("@", f"{person}@") for one in _LISTS[name] if dice.random() < 0.5)
        return dice.choice(_SCALARS[name])

    for _ in range(8):
        columns = [one for one in _FIELDS if dice.random() < 0.8]
        for one in people:
            file[one] |= {name: cast("str", choose(one, name)) for name in _FIELDS if dice.random() < 0.3}
        lines = [",".join(["id", "firstName", *columns])]
        for one in people:
            cells = to_cells({name: file[one][name] for name in columns}) | {"id": one}
            lines.append(",".join(cells.get(name, "") for name in ["id", "firstName", *columns]))
        text = "\n".join(lines)
        paths = {FileKind.PEOPLE: tmp_path / "people.csv"}
        paths[FileKind.PEOPLE].write_text(text)
        mapping = {"people": {"columns": {one: one for one in columns}}}
        report = await import_files(database, COMMAND_LINE, ImportFiles(paths, mapping), NOW, system="old")
        assert not report.refused
        ids = await rows(database, "SELECT external_id, row_id FROM crm_external_ids")
        for one in ids:
            person = str(one["external_id"])
            models[person].read({name: file[person][name] for name in columns})
            async with database.transaction() as connection:
                lead = await change_lead(connection, COMMAND_LINE, UUID(str(one["row_id"])), {}, NOW)
                line = people.index(person) + 2
                check(models[person], to_values(lead), [rem.field for rem in report.conflicts if rem.line == line])
                for name in _FIELDS:
                    if dice.random() < 0.3:
                        value = choose(person, name)
                        await change_lead(connection, COMMAND_LINE, lead.id, to_patch(name, value), NOW)
                        models[person].edit(name, value)


@given(lists(tuples(sampled_from(_FIELDS), sampled_from((None, "x", "", ("a",), ("a", "b"), ())))))
def test_digests_are_read_as_they_were_stored(pairs: list[tuple[str, Value]]) -> None:
    digests = to_digests(dict(pairs))
    assert unpack(pack(digests)) == digests


async def test_a_lead_that_existed_before_is_completed_and_its_changes_are_logged(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as connection:
        await create_lead(connection, COMMAND_LINE, {"first_name": "Mirabel", "email": "mira@example.com"}, NOW)
    await import_texts(database, tmp_path, people=HEADER + MIRA)
    lead = await only_lead(database)
    assert (lead["first_name"], lead["last_name"]) == ("Mirabel", "Lane")
    (entry,) = await rows(database, "SELECT content FROM interactions WHERE type = 'Imported'")
    assert str(entry["content"]).startswith("Imported from old: ")
    text = HEADER + MIRA.replace("Mira,Lane", "Maria,Stone")
    assert changed(await import_texts(database, tmp_path, people=text)) == (1, 0, ["firstName"])
    assert (await only_lead(database))["last_name"] == "Stone"
