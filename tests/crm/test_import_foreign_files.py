"""Files as other software writes them: Excel's cells, dates of a country, names in one column, well-known systems."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis.strategies import dates, lists, sampled_from, text

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.crm.transfer.cells import to_amount
from platbook.crm.transfer.csv_import import FilePreview, ImportFiles, import_files, preview_files
from platbook.crm.transfer.date_formats import (
    DAY_FIRST,
    ISO,
    MONTH_FIRST,
    SHORT_YEAR_FIRST,
    UNDECIDED,
    DateGuess,
    to_iso,
)
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.person_name import split_name
from platbook.crm.transfer.presets import load_presets
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, Query
from tests.crm.conftest import NOW, STAGES

Row = dict[str, object]


def write(folder: Path, text_of_people: str) -> dict[FileKind, Path]:
    path = folder / "people.csv"
    path.write_text(text_of_people)
    return {FileKind.PEOPLE: path}


async def import_people(
    database: Database, folder: Path, people: str, mapping: Mapping[str, object] | None = None
) -> ImportReport:
    files = ImportFiles(write(folder, people), {"people": mapping or {}})
    return await import_files(database, COMMAND_LINE, files, NOW, system="old")


def preview(folder: Path, people: str, mapping: Mapping[str, object] | None = None) -> FilePreview:
    (one,) = preview_files(ImportFiles(write(folder, people), {"people": mapping or {}}), STAGES)
    return one


async def rows(database: Database, sql: str) -> list[Row]:
    async with database.read() as connection:
        return await connection.dicts(Query("rows", "Rows of a test.", sql))


@pytest.mark.parametrize(
    ("people", "emails", "phones"),
    [
        ('id,first name,email,phone\n="007",="Eva",="e@example.com",="5125550111"\n', 1, ["+15125550111"]),
        ("sep=;\r\nid;first name;email\r\n007;Eva;e@example.com\r\n", 1, []),
        ("id,first name,email,phone\n007,Eva,e@example.com,5125550111.0\n", 1, ["+15125550111"]),
        (
            "id,first name,email,phone\n007,Eva,e@example.com,512-555-0111 / 512-555-0112 or 512.555.0113 x4\n",
            1,
            ["+15125550111", "+15125550112", "+15125550113;ext=4"],
        ),
        ("id,first name,email,phone,stage\n007,Eva,n/a,#N/A,-\n", 0, []),
    ],
)
async def test_cells_of_spreadsheets(
    database: Database, tmp_path: Path, people: str, emails: int, phones: list[str]
) -> None:
    report = await import_people(database, tmp_path, people)
    assert (report.refused, report.unread) == ([], [])
    (lead,) = await rows(database, "SELECT first_name, emails, phones FROM leads")
    assert lead == {"first_name": "Eva", "emails": ["e@example.com"] * emails, "phones": phones}
    assert await rows(database, "SELECT external_id FROM crm_external_ids") == [{"external_id": "007"}]


async def test_an_id_with_a_decimal_is_the_same_id(database: Database, tmp_path: Path) -> None:
    await import_people(database, tmp_path, "id,first name\n12.0,Eva\n")
    paths = {FileKind.TAGS: tmp_path / "tags.csv"}
    paths[FileKind.TAGS].write_text("person,tag\n12,vip\n")
    report = await import_files(database, COMMAND_LINE, ImportFiles(paths, {}), NOW, system="old")
    assert report.of(FileKind.TAGS).added == 1


async def test_what_cannot_be_read_costs_no_person_and_is_kept_in_the_log(database: Database, tmp_path: Path) -> None:
    people = (
        "id,first name,email,phone,stage,budget,owner,created\n"
        "1,Eva,e@example.com|nonsense,5.12555E+09|5125550111,Hotter,a lot,Nobody Here,soon\n"
    )
    report = await import_people(database, tmp_path, people)
    assert report.refused == []
    assert {one.field: one.reason.split(" could")[0] for one in report.unread} == {
        "emails": "nonsense",
        "phones": "5.12555E+09",
        "status": "Hotter",
        "budgetMax": "a lot",
        "owner": "Nobody Here",
        "createdAt": "soon",
    }
    (lead,) = await rows(database, "SELECT emails, phones, status, budget_max, assigned_to, created_at FROM leads")
    assert list(lead.values()) == [["e@example.com"], ["+15125550111"], "New", None, None, NOW]
    (entry,) = await rows(database, "SELECT type, metadata -> 'unread' AS unread FROM interactions")
    assert entry["type"] == "Imported"
    assert entry["unread"] == {
        "emails": ["nonsense"],
        "phones": ["5.12555E+09"],
        "status": ["Hotter"],
        "budgetMax": ["a lot"],
        "owner": ["Nobody Here"],
        "createdAt": ["soon"],
    }


async def test_an_unreadable_number_removes_none(database: Database, tmp_path: Path) -> None:
    people = "id,first name,phone,stage\n1,Eva,5125550111,Offer\n"
    await import_people(database, tmp_path, people)
    await import_people(database, tmp_path, people.replace("5125550111,Offer", "512555,Odd"))
    after = await rows(database, "SELECT phones, status FROM leads")
    assert after == [{"phones": ["+15125550111"], "status": "Offer"}]
    await import_people(database, tmp_path, people.replace("0111,Offer", "0112,Nurture"))
    after = await rows(database, "SELECT phones, status FROM leads")
    assert after == [{"phones": ["+15125550112"], "status": "Nurture"}]


async def test_an_owner_may_be_named(database: Database, tmp_path: Path, agents: Mapping[str, UUID]) -> None:
    name = "UPDATE users SET first_name = 'Ann', last_name = 'Lee' WHERE email = 'ann@example.com'"
    async with database.transaction() as connection:
        await connection.run(Query("name", "A name that one user has.", name))
    await import_people(database, tmp_path, "id,first name,assigned to\n1,Eva,ann  lee\n")
    assert await rows(database, "SELECT assigned_to FROM leads") == [{"assigned_to": agents["ann"]}]


@pytest.mark.parametrize(
    ("name", "first_and_last"),
    [
        ("Smith, John", ("John", "Smith")),
        ("Smith, John A. Jr.", ("John A.", "Smith Jr.")),
        ("Smith Jr., John", ("John", "Smith Jr.")),
        ("John Smith, Jr.", ("John", "Smith Jr.")),
        ("Mary van der Berg Jr.", ("Mary", "van der Berg Jr.")),
        ("Mary Ann Smith", ("Mary Ann", "Smith")),
        ("Juan de la Cruz", ("Juan", "de la Cruz")),
        ("John & Jane Smith", ("John & Jane", "Smith")),
        ("Van Morrison", ("Van", "Morrison")),
        ("Cher", ("Cher", "")),
        ("Smith,", ("", "Smith")),
        ("Acme Homes, LLC", ("", "Acme Homes, LLC")),
        ("", ("", "")),
    ],
)
def test_a_name_in_one_column(name: str, first_and_last: tuple[str, str]) -> None:
    assert split_name(name) == first_and_last


@given(text())
def test_no_word_of_a_name_is_lost(name: str) -> None:
    first, last = split_name(name)
    words = " ".join(name.replace(",", " ").split()).split()
    assert sorted(f"{first} {last}".replace(",", " ").split()) == sorted(words)


@pytest.mark.parametrize(
    ("cell", "form", "iso"),
    [
        ("2024-03-15", ISO, "2024-03-15"),
        ("2024-03-15 10:00 AM", ISO, "2024-03-15T10:00:00"),
        ("2024/3/5", MONTH_FIRST, "2024-03-05"),
        ("03/15/2024", MONTH_FIRST, "2024-03-15"),
        ("03/15/2024", DAY_FIRST, None),
        ("3/15/2024 4:05 PM", MONTH_FIRST, "2024-03-15T16:05:00"),
        ("3/15/24 12:05am", MONTH_FIRST, "2024-03-15T00:05:00"),
        ("15.03.1999 16:05:30", DAY_FIRST, "1999-03-15T16:05:30"),
        ("24-03-15", SHORT_YEAR_FIRST, "2024-03-15"),
        ("24-03-15", DAY_FIRST, "2015-03-24"),
        ("Mar 15, 2024", ISO, "2024-03-15"),
        ("15 March 2024 10:00 UTC", ISO, "2024-03-15T10:00:00Z"),
        ("2024-03-15 10:00:00 -0600", ISO, "2024-03-15 10:00:00 -0600"),
        ("3/15/2024 10:00 -06:00", MONTH_FIRST, "2024-03-15T10:00:00-06:00"),
        ("March 1st, 2024", DAY_FIRST, "2024-03-01"),
        ("02/30/2024", MONTH_FIRST, None),
        ("03/15/2024 25:00", MONTH_FIRST, None),
        ("03/15/2024", ISO, None),
        ("45366", MONTH_FIRST, None),
        ("soon", MONTH_FIRST, None),
    ],
)
def test_a_date_is_read_by_the_format_of_its_column(cell: str, form: str, iso: str | None) -> None:
    assert to_iso(cell, form) == iso


_PATTERNS = ((MONTH_FIRST, "%m/%d/%Y"), (DAY_FIRST, "%d.%m.%Y"), (ISO, "%Y-%m-%d"))


@given(lists(dates(date(1970, 1, 1)), min_size=1), sampled_from(_PATTERNS))
def test_a_guess_is_right_or_asks(days: list[date], form: tuple[str, str]) -> None:
    name, pattern = form
    guess = DateGuess()
    for day in days:
        guess.see(day.strftime(pattern))
    assert guess.format in {name, UNDECIDED}
    assert guess.format == name or all(day.day <= 12 for day in days)


@pytest.mark.parametrize(
    ("cells", "form", "question"),
    [
        (("03/04/2024", "03/15/2024"), MONTH_FIRST, None),
        (("03/04/2024", "15/03/2024 10:00"), DAY_FIRST, None),
        (("2024-03-04", "whenever"), ISO, None),
        (("03/04/2024", "05/06/2024"), UNDECIDED, "can be read as MM/DD/YYYY and as DD/MM/YYYY (such as 03/04/2024)"),
        (("03/15/2024", "15/03/2024"), UNDECIDED, "cannot all be read in one format (such as 15/03/2024)"),
    ],
)
async def test_the_format_of_dates_is_guessed_from_the_column_and_never_from_a_row(
    database: Database, tmp_path: Path, cells: tuple[str, ...], form: str, question: str | None
) -> None:
    people = "id,first name,created\n" + "".join(f"{number},Eva,{cell}\n" for number, cell in enumerate(cells))
    shown = preview(tmp_path, people)
    assert shown.mapping.dates == {"created": form}
    if question is None:
        assert (await import_people(database, tmp_path, people)).refused == []
        return
    assert question in shown.questions[0]
    with pytest.raises(InvalidInput, match=r"people.dates.created: .* in the mapping, see --preview"):
        await import_people(database, tmp_path, people)
    assert await rows(database, "SELECT * FROM leads") == []
    report = await import_people(database, tmp_path, people, {"dates": {"created": DAY_FIRST}})
    assert len(report.unread) == cells.count("03/15/2024")
    (first, *_) = await rows(database, "SELECT created_at FROM leads ORDER BY created_at")
    assert str(first["created_at"])[:10] in {"2024-04-03", "2024-03-15"}


GOOGLE_OLD = (
    "Name,Given Name,Family Name,Priority,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Value,"
    "Phone 1 - Type,Phone 1 - Value\n"
    "Gina Gee,Gina,Gee,Normal,* myContacts ::: Buyers,Home,g@example.com ::: h@example.com,i@example.com,"
    "Mobile,(512) 555-0151\n"
)
GOOGLE_NEW = (
    "First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Label,"
    "Phone 1 - Value\n"
    "Gina,,Gee,Buyers ::: * myContacts,Home,g@example.com ::: h@example.com,i@example.com,,512-555-0151\n"
)
FOLLOW_UP_BOSS = (
    "ID,Date Added,Name,First Name,Last Name,Stage,Lead Source,Assigned To,Tags,Email 1,Email 1 - Type,Email 2,"
    "Email 3,Phone 1,Phone 1 - Type,Background\n"
    "9,2024-03-15 10:00:00,Gina Gee,Gina,Gee,Hot Prospect,Zillow,ann@example.com,Buyers,g@example.com,home,"
    "h@example.com,i@example.com,(512) 555-0151,mobile,likes trees\n"
)
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Additional email addresses,Phone Number,Contact owner,Lifecycle Stage,"
    "Lead Status,Create Date\n"
    "9,Gina,Gee,g@example.com,h@example.com;i@example.com,+1 512-555-0151,ann@example.com,Lead,Open Deal,"
    "2024-03-15 10:00\n"
)


@pytest.mark.parametrize(
    ("people", "system", "status"),
    [
        (GOOGLE_OLD, "Google Contacts", "New"),
        (GOOGLE_NEW, "Google Contacts", "New"),
        (FOLLOW_UP_BOSS, "Follow Up Boss", "Qualified"),
        (HUBSPOT, "HubSpot", "Qualified"),
    ],
)
async def test_a_file_of_a_well_known_system_needs_no_mapping(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path, people: str, system: str, status: str
) -> None:
    assert preview(tmp_path, people).mapping.preset == system
    report = await import_people(database, tmp_path, people)
    assert (report.refused, report.unread) == ([], [])
    (lead,) = await rows(database, "SELECT * FROM leads")
    assert (lead["first_name"], lead["last_name"], lead["status"]) == ("Gina", "Gee", status)
    assert (lead["emails"], lead["phones"]) == (
        ["g@example.com", "h@example.com", "i@example.com"],
        ["+15125550151"],
    )
    assert lead["tags"] == ([] if system == "HubSpot" else ["Buyers"])
    assert lead["assigned_to"] == (None if "Google" in system else agents["ann"])
    assert lead["custom_fields"] == ({"Lifecycle Stage": "Lead"} if system == "HubSpot" else {})


def test_a_preset_can_be_chosen_or_left(tmp_path: Path) -> None:
    assert preview(tmp_path, GOOGLE_OLD, {"preset": "none"}).mapping.preset == "none"
    assert preview(tmp_path, "id,Lead Status\n1,Open\n", {"preset": "HubSpot"}).mapping.columns == {
        "id": "externalId",
        "Lead Status": "status",
    }
    with pytest.raises(InvalidInput, match=r"preset: must be one of none, Follow Up Boss"):
        preview(tmp_path, GOOGLE_OLD, {"preset": "hubspot crm"})


def test_every_preset_names_fields_of_people(tmp_path: Path) -> None:
    for preset in load_presets():
        columns = [one.replace("*", "1") for one in preset.columns]
        shown = preview(tmp_path, ",".join(columns) + "\n" + ",".join("x" for _ in columns), {"preset": preset.name})
        assert set(preset.values["status"].values() if "status" in preset.values else ()) <= {
            "New", "Contacted", "Nurture", "Qualified", "Showing", "Offer", "Under Contract", "Closed Won",
            "Closed Lost", "Archived",
        }  # fmt: skip
        assert set(shown.mapping.columns) == set(columns)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Primary E-mail", "emails"),
        ("Cell Phone #", "phones"),
        ("Mobile Phone 2", "phones"),
        ("Registration Date", "createdAt"),
        ("Pipeline Stage", "status"),
        ("Assigned Agent", "owner"),
        ("Favourite colour", "customFields.Favourite colour"),
    ],
)
def test_other_headers_are_known_by_synonyms(tmp_path: Path, column: str, name: str) -> None:
    assert preview(tmp_path, f"id,{column}\n1,2024-01-02\n").mapping.columns[column] == name


async def test_stages_of_the_other_system_are_shown_and_translated(database: Database, tmp_path: Path) -> None:
    people = "id,first name,stage\n1,Eva,Hot\n2,Bea,new\n3,Al,Cold\n4,Di,Hot\n"
    assert preview(tmp_path, people).unknown_stages == ["Hot", "Cold"]
    mapping = {"values": {"status": {"Hot": "Qualified", "Cold": ""}}}
    assert preview(tmp_path, people, mapping).unknown_stages == ["Cold"]
    report = await import_people(database, tmp_path, people, mapping)
    assert [(one.line, one.field) for one in report.unread] == [(4, "status")]
    after = await rows(database, "SELECT status FROM leads ORDER BY first_name")
    assert [one["status"] for one in after] == ["New", "New", "Qualified", "Qualified"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"dates": {"first name": ISO}}, "is not a column of dates"),
        ({"dates": {"created": "MDY"}}, "must be one of YYYY-MM-DD"),
    ],
)
def test_a_mapping_with_an_invalid_format(tmp_path: Path, section: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        preview(tmp_path, "id,first name,created\n1,Eva,2024-01-02\n", section)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("$450,000", 450_000),
        ("450k", 450_000),
        ("1.2M", 1_200_000),
        ("USD 99.50", Decimal("99.50")),
        ("1.234,56", None),
        ("45,00", None),
        ("300-400", None),
    ],
)
def test_amounts(cell: str, amount: object) -> None:
    assert to_amount(cell) == amount
