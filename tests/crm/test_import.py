"""Importing related files: by mapped columns, without duplicates, with a reason for every rejected row."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.errors import InvalidInput, NotAllowed
from platbook.crm.leads.patch import LeadPatch
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.transfer.csv_import import ImportFiles, import_files, preview_files
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, Query
from tests.crm.conftest import NOW, STAGES

PEOPLE = """\
\ufeffId,First Name,Last Name,Email,Email Address,Mobile,Stage,Lead Source,Price,Tags,Agent,Pets,Created
1,Mira,Lane,Mira@Example.com,second@example.com,512-555-0243,Hot,Web,"$450,000",buyer;pool,ANN@example.com,2,2025-05-01
2,Jo,Lane,,,512-555-0243,New,,,,abe@example.com,,
3,"=HYPERLINK(""x"")",Stone,stone@example.com,,,closed won,,,,,,
"""
NOTES = """\
person id,note,created,author
1,likes trees,2025-06-01T10:00:00Z,ann@example.com
stone@example.com,called,2025-06-02T10:00:00Z,
"""
TASKS = """\
id,contact,title,due date,time zone,completed,type
t1,1,Call,2026-02-01,America/Chicago,no,call
t2,2,Write,,,yes,
"""
TAGS = "contact,tag\n1,vip\n1,pool\n3,vip\n"
MAPPING = {"people": {"values": {"status": {"hot": "Qualified"}}}}


async def import_texts(database: Database, folder: Path, **texts: str) -> ImportReport:
    paths: dict[FileKind, Path] = {}
    for kind, text in texts.items():
        paths[FileKind(kind)] = folder / f"{kind}.csv"
        paths[FileKind(kind)].write_text(text)
    return await import_files(database, COMMAND_LINE, ImportFiles(paths, MAPPING), NOW, system="old")


async def rows(database: Database, sql: str) -> list[dict[str, object]]:
    async with database.read() as connection:
        return await connection.dicts(Query("rows", "Rows of a test.", sql))


def counts(report: ImportReport) -> Mapping[str, tuple[int, int, int, int]]:
    return {kind.value: (one.added, one.changed, one.unchanged, one.refused) for kind, one in report.counts.items()}


async def test_importing_related_files_again_changes_nothing(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    texts = {"people": PEOPLE, "notes": NOTES, "tasks": TASKS, "tags": TAGS}
    report = await import_texts(database, tmp_path, **texts)
    assert report.refused == []
    assert counts(report) == {
        "people": (3, 0, 0, 0),
        "tags": (2, 0, 1, 0),
        "notes": (2, 0, 0, 0),
        "tasks": (2, 0, 0, 0),
    }
    mira, jo, stone = await rows(database, "SELECT * FROM leads ORDER BY first_name DESC")
    assert (mira["emails"], mira["phones"]) == (["mira@example.com", "second@example.com"], ["+15125550243"])
    assert (mira["status"], mira["source"], mira["budget_max"]) == ("Qualified", "Web", 450000)
    assert (mira["tags"], mira["custom_fields"]) == (["buyer", "pool", "vip"], {"Pets": "2"})
    assert (mira["assigned_to"], mira["office"], mira["team"]) == (agents["ann"], "North", "Elm")
    assert str(mira["created_at"]) == "2025-05-01 00:00:00+00:00"
    assert mira["activity"] == {"Note Added": 1}
    assert jo["phones"] == ["+15125550243"]  # a family's number is stored with both, and matches the first
    assert (stone["first_name"], stone["status"], stone["score"]) == ('=HYPERLINK("x")', "Closed Won", 100)
    contacts = await rows(database, "SELECT value, lead_id FROM lead_contacts WHERE kind = 'phone'")
    assert contacts == [{"value": "+15125550243", "lead_id": mira["id"]}]
    log = await rows(
        database,
        "SELECT type, content, actor, user_id FROM interactions WHERE type <> 'Imported' ORDER BY interaction_date",
    )
    assert [tuple(one.values()) for one in log] == [
        ("Note Added", "likes trees", "ann@example.com", agents["ann"]),
        ("Note Added", "called", "command line", None),
    ]
    tasks = await rows(
        database, "SELECT title, type, assigned_to, lead_owner, due_date, completed_at FROM tasks ORDER BY title"
    )
    assert [(one["title"], one["type"], one["assigned_to"], one["lead_owner"]) for one in tasks] == [
        ("Call", "Call", agents["ann"], agents["ann"]),
        ("Write", "Other", agents["abe"], agents["abe"]),
    ]
    assert str(tasks[0]["due_date"]) == "2026-02-02 05:59:59+00:00"
    assert [one["completed_at"] is not None for one in tasks] == [False, True]
    assert await rows(database, "SELECT * FROM outbox") == []

    everything = (
        "SELECT (SELECT json_agg(l ORDER BY id) FROM leads l)::text AS leads,"
        " (SELECT json_agg(i ORDER BY id) FROM interactions i)::text AS log,"
        " (SELECT json_agg(t ORDER BY id) FROM tasks t)::text AS tasks"
    )
    before = await rows(database, everything)
    again = await import_texts(database, tmp_path, **texts)
    assert counts(again) == {"people": (0, 0, 3, 0), "tags": (0, 0, 3, 0), "notes": (0, 0, 2, 0), "tasks": (0, 0, 2, 0)}
    assert await rows(database, everything) == before


async def test_what_changed_in_the_other_system_is_updated_and_the_rest_unchanged(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    await import_texts(database, tmp_path, people=PEOPLE, tasks=TASKS)
    (mira,) = await rows(database, "SELECT id FROM leads WHERE first_name = 'Mira'")
    async with database.transaction() as connection:
        await change_lead(connection, COMMAND_LINE, UUID(str(mira["id"])), {"ai_summary": "ours"}, NOW)
    report = await import_texts(
        database,
        tmp_path,
        people=PEOPLE.replace("Hot,", "Nurture,").replace("ANN@", "abe@"),
        tasks=TASKS.replace("2026-02-01", "2026-02-02"),
    )
    assert counts(report) == {"people": (0, 1, 2, 0), "tasks": (0, 1, 1, 0)}
    (changed,) = await rows(database, "SELECT status, ai_summary, assigned_to FROM leads WHERE first_name = 'Mira'")
    assert changed == {"status": "Nurture", "ai_summary": "ours", "assigned_to": agents["abe"]}
    (task,) = await rows(database, "SELECT due_date, lead_owner FROM tasks WHERE title = 'Call'")
    assert (str(task["due_date"]), task["lead_owner"]) == ("2026-02-03 05:59:59+00:00", agents["abe"])


async def test_an_existing_lead_is_completed_and_not_overwritten(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    async with database.transaction() as connection:
        patch: LeadPatch = {"first_name": "Mirabel", "email": "mira@example.com", "assigned_to": agents["abe"]}
        await create_lead(connection, COMMAND_LINE, patch, NOW - timedelta(days=1))
    report = await import_texts(database, tmp_path, people=PEOPLE)
    assert counts(report) == {"people": (2, 1, 0, 0)}
    (lead,) = await rows(database, "SELECT * FROM leads WHERE first_name = 'Mirabel'")
    assert (lead["first_name"], lead["last_name"], lead["assigned_to"]) == ("Mirabel", "Lane", agents["abe"])
    assert lead["emails"] == ["mira@example.com", "second@example.com"]
    assert counts(await import_texts(database, tmp_path, people=PEOPLE)) == {"people": (0, 0, 3, 0)}


@pytest.mark.parametrize(
    ("stored", "row", "added"),
    [
        ([{"phones": ["5125550243"]}], "new@example.com,5125550243", 0),
        ([{"phones": ["5125550243"], "emails": ["a@example.com"]}], "new@example.com,5125550243", 1),
        ([{"phones": ["5125550243"], "emails": ["a@example.com"]}], ",5125550243", 0),
        ([{"phones": ["5125550243"]}, {"phones": ["5125550244"]}], ",5125550243|5125550244", 1),
    ],
)
async def test_a_number_matches_only_the_one_lead_whose_address_does_not_conflict(
    database: Database, tmp_path: Path, stored: list[LeadPatch], row: str, added: int
) -> None:
    async with database.transaction() as connection:
        for patch in stored:
            await create_lead(connection, COMMAND_LINE, patch, NOW)
    report = await import_texts(database, tmp_path, people=f"id,name,email,phone\n1,Bob Second,{row}\n")
    assert counts(report) == {"people": (added, 1 - added, 0, 0)}
    assert len(await rows(database, "SELECT id FROM leads")) == len(stored) + added


INVALID_PEOPLE = """\
id,name,email,phone,stage,owner,budget,created
1,A,a@example.com,,,,,
2,B,not an address,,,,,
3,C,,12,,,,
4,D,,,Hotter,,,
5,E,,,,nobody@example.com,,
6,F,,,,,a lot,
7,G,,,,,,yesterday
8,H,A@example.com,,,,,
1,I,,,,,,
9,,,,,,,
"""


@pytest.mark.usefixtures("agents")
async def test_an_invalid_row_is_rejected_with_its_reason(database: Database, tmp_path: Path) -> None:
    texts = {
        "people": INVALID_PEOPLE,
        "notes": "person,note,date\n99,x,2025-01-01\n1,x,soon\n1,x,\n",
        "tasks": "person,title,type\n1,,Call\n1,x,Nap\n",
        "tags": "person,tag\n,x\n",
    }
    report = await import_texts(database, tmp_path, **texts)
    assert counts(report) == {
        "people": (7, 0, 0, 3),
        "tags": (0, 0, 0, 1),
        "notes": (0, 0, 0, 3),
        "tasks": (0, 0, 0, 2),
    }
    reasons = [(one.kind.value, one.line, one.reason.split(":")[0]) for one in report.refused]
    assert reasons == [
        ("people", 10, "externalId"),
        ("people", 11, "lastName"),
        ("people", 9, "emails"),
        ("tags", 2, "person"),
        ("notes", 2, "person"),
        ("notes", 3, "date"),
        ("notes", 4, "date"),
        ("tasks", 2, "title"),
        ("tasks", 3, "type"),
    ]
    assert [(one.line, one.field) for one in report.unread] == [
        (3, "emails"),
        (4, "phones"),
        (5, "status"),
        (6, "owner"),
        (7, "budgetMax"),
        (8, "createdAt"),
    ]


async def test_a_preview_has_the_mapping_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    (preview,) = preview_files(
        ImportFiles({FileKind.PEOPLE: path}, {"people": {"columns": {"Pets": "-", "Price": "budgetMin"}}}), STAGES
    )
    assert preview.mapping.columns == {
        "Id": "externalId",
        "First Name": "firstName",
        "Last Name": "lastName",
        "Email": "emails",
        "Email Address": "emails",
        "Mobile": "phones",
        "Stage": "status",
        "Lead Source": "source",
        "Price": "budgetMin",
        "Tags": "tags",
        "Agent": "owner",
        "Pets": "-",
        "Created": "createdAt",
    }
    assert preview.samples[0].get("emails") == ["Mira@Example.com", "second@example.com"]


@pytest.mark.parametrize(
    ("text", "mapping", "message"),
    [
        ("", {}, "is empty"),
        ("a,a\n1,2\n", {}, "unique name"),
        ("a,b\n1,2,3\n", {}, "line 2"),
        ("a\n", {"people": {"columns": {"b": "tags"}}}, "is not a column"),
        ("a\n", {"people": {"columns": {"a": "colour"}}}, "must be one of"),
        ("a,b\n", {"people": {"columns": {"a": "status", "b": "status"}}}, "two columns"),
        ("a\n", {"people": []}, "must be an object"),
    ],
)
def test_an_invalid_file_or_mapping(tmp_path: Path, text: str, mapping: dict[str, object], message: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        preview_files(ImportFiles({FileKind.PEOPLE: path}, mapping), STAGES)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AGENT, Role.ASSISTANT, Role.AUDITOR])
async def test_only_admins_import(database: Database, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await import_files(database, Actor("x", role=role), ImportFiles({}, {}), NOW, system="old")


@pytest.mark.parametrize("people", [1500, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_many_twice(database: Database, agents: Mapping[str, UUID], tmp_path: Path, people: int) -> None:
    texts = {
        "people": "id,firstName,lastName,email,phone,stage,owner,tags\n"
        + "".join(
            f"{n},First{n},Last{n % 97},p{n}@example.com,+1512{5550000 + n % 9999:07},New,"
            f"{'ann' if n % 2 else 'abe'}@example.com,t{n % 7}\n"
            for n in range(people)
        ),
        "notes": "id,person,note,date\n" + "".join(f"{n},{n},note {n},2025-06-01T00:00:00Z\n" for n in range(people)),
        "tasks": "id,person,title,dueDate\n" + "".join(f"{n},{n},Call {n},2026-06-01\n" for n in range(people)),
    }
    first = await import_texts(database, tmp_path, **texts)
    assert counts(first) == dict.fromkeys(("people", "notes", "tasks"), (people, 0, 0, 0))
    checksums = (
        "SELECT (SELECT sum(hashtextextended(l::text, 0)) FROM leads l)::text AS leads,"
        " (SELECT count(*) FROM interactions) AS notes,"
        " (SELECT sum(hashtextextended(t::text, 0)) FROM tasks t)::text AS tasks"
    )
    before = await rows(database, checksums)
    again = await import_texts(database, tmp_path, **texts)
    assert counts(again) == dict.fromkeys(("people", "notes", "tasks"), (0, 0, people, 0))
    assert await rows(database, checksums) == before
    owned = await rows(database, "SELECT DISTINCT count(*) AS n FROM leads GROUP BY assigned_to")
    assert owned == [{"n": people // 2}]
    assert set(agents) == {"ann", "abe"}
