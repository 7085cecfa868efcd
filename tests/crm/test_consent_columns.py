"""Consent in imported files: what columns mean, a statement for a whole file, and what the preview counts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.enums import ContactChannel, StageKind
from platbook.crm.leads.consents import Consent, ConsentInput, latest_consent
from platbook.crm.leads.lead import Lead, new_lead
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.stages.stages import add_stage, change_stage, find_stages
from platbook.crm.suppressions.permission import ConsentPolicy
from platbook.crm.suppressions.register import SuppressionInput, add_suppression
from platbook.crm.suppressions.rows import find_standing
from platbook.crm.suppressions.suppression import SuppressedChannel
from platbook.crm.transfer.consent_columns import (
    FieldConsent,
    FileConsent,
    read_consents,
    read_file_consent,
    with_consents,
)
from platbook.crm.transfer.consent_preview import count_mailable
from platbook.crm.transfer.csv_import import ImportFiles, import_files, preview_files, read_people
from platbook.crm.transfer.mapping import FileKind, apply_mapping, propose_mapping
from platbook.crm.transfer.presets import load_presets
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, Query
from tests.crm.conftest import NOW

_LAST_YEAR = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "cell", "meaning"),
    [
        ("Unsubscribed", "true", {"email": False}),
        ("Unsubscribed", "2025-03-01", {"email": False}),
        ("Unsubscribed", "hard bounce", {"email": False}),
        ("Unsubscribed", "No", {}),
        ("Email Opt Out", "1", {"email": False}),
        ("Email Opt-Out", "0", {}),
        ("HasOptedOutOfEmail", "TRUE", {"email": False}),
        ("Do Not Call", "x", {"call": False}),
        ("Do not call?", "false", {}),
        ("Do Not Text", "yes", {"sms": False}),
        ("DND", "on", {"email": False, "call": False, "sms": False}),
        ("DND", "off", {}),
        ("Email Opt In", "yes", {"email": True}),
        ("Email Opt In", "no", {"email": False}),
        ("Email Opt In", "maybe", {}),
        ("Email Consent", "2025-03-01", {"email": True}),
        ("SMS Opt In", "Subscribed", {"sms": True}),
        ("Pets", "yes", {}),
    ],
)
def test_columns_of_consent_are_known_by_their_headers(header: str, cell: str, meaning: Mapping[str, bool]) -> None:
    row = apply_mapping(propose_mapping(FileKind.PEOPLE, [header]), {header: cell})
    statements = [one.statement for one in read_consents(dict(row), None, "import from old")]
    assert {one["channel"]: one["given"] for one in statements} == meaning
    assert all(one.get("at") == "2025-03-01T00:00:00Z" for one in statements) == (cell == "2025-03-01" or not meaning)


def test_dates_and_sources_have_columns_of_their_own() -> None:
    row = {"emailOptIn": ["yes"], "consentDate": ["2025-03-01"], "consentSource": ["open house"]}
    assert [one.statement for one in read_consents(row, None, "import")] == [
        {"channel": "email", "given": True, "at": "2025-03-01T00:00:00Z", "source": "open house"}
    ]


def test_a_consent_without_a_date_is_never_newer_than_a_refusal() -> None:
    no: ConsentInput = {"channel": "email", "given": False, "at": "2025-01-01T00:00:00Z", "source": "mail"}
    yes: ConsentInput = {"channel": "email", "given": True, "source": "old"}
    refused = _with_consents(new_lead(new_id(), NOW), no)
    assert _with_consents(refused, yes) == refused
    dated = _with_consents(refused, {**yes, "at": "2025-02-01T00:00:00Z"})
    assert [one["given"] for one in dated.consents] == [False, True]
    both = _with_consents(new_lead(new_id(), NOW), yes, {**no, "at": "2025-01-01T00:00:00Z"})
    assert [one["given"] for one in both.consents] == [False]


@pytest.mark.parametrize(
    ("texts", "source", "date", "field"),
    [
        (["email"], "form", "2025-03-01", "--consent"),
        (["fax=yes"], "form", "2025-03-01", "--consent"),
        (["email=yes", "email=no"], "form", "2025-03-01", "--consent"),
        (["email=yes"], None, "2025-03-01", "--consent-source"),
        (["email=yes"], "form", None, "--consent-date"),
        (["email=yes"], "form", "03/01/2025", "--consent-date"),
        (["email=yes"], "form", "2027-03-01", "--consent-date"),
        ([], "form", None, "--consent"),
    ],
)
def test_a_statement_for_a_whole_file_needs_its_source_and_date(
    texts: list[str], source: str | None, date: str | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_file_consent(texts, source, date, NOW)
    assert refused.value.details[0].field == field


async def test_refusals_of_a_file_are_statements_and_suppressions(database: Database, tmp_path: Path) -> None:
    text = (
        "ID,Email,Phone,Unsubscribed,Email Opt Out,Do Not Call\n"
        "1,una@example.com,5125550133,true,yes,1\n2,jo@example.com,,no,,\n"
    )
    await _import(database, tmp_path, text)
    una, jo = await _leads(database)
    assert [(one["channel"], one["given"], one["source"]) for one in una] == [
        ("email", False, "import from old"),
        ("call", False, "import from old"),
    ]
    assert jo == []
    async with database.read() as connection:
        standing = await find_standing(connection, ["una@example.com", "+15125550133", "jo@example.com"])
    assert {(one.channel, one.address) for one in standing} == {("email", "una@example.com"), ("call", "+15125550133")}


async def test_a_whole_file_consents_also_when_it_was_imported_before_but_not_over_a_later_no(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as connection:
        later: ConsentInput = {"channel": "email", "given": False, "at": "2025-06-01T00:00:00Z"}
        una = await create_lead(connection, COMMAND_LINE, {"email": "una@example.com", "consents": [later]}, NOW)
    text = "ID,Email\n1,una@example.com\n2,jo@example.com\n"
    await _import(database, tmp_path, text)
    report = await _import(database, tmp_path, text, FileConsent({"email": True}, "signed form", _LAST_YEAR))
    assert report.counts[FileKind.PEOPLE].changed == 2
    latest = [latest_consent(one, ContactChannel.EMAIL) for one in await _leads(database)]
    assert [one and one["given"] for one in latest] == [False, True]
    assert una.consents[0]["given"] is False


async def test_a_repeated_refusal_is_no_newer_than_the_persons_own_later_yes(
    database: Database, tmp_path: Path
) -> None:
    await _import(database, tmp_path, "ID,Email,City,Unsubscribed\n1,una@example.com,Austin,yes\n")
    async with database.transaction() as connection:
        (row,) = await connection.column(UUID, Query("id", "The lead of a test.", "SELECT id FROM leads"))
        yes: ConsentInput = {"channel": "email", "given": True}
        await change_lead(connection, COMMAND_LINE, row, {"consents": [yes]}, NOW + timedelta(days=1))
    for city, latest in (("Dallas,yes", True), ("Dallas,", True), ("Dallas,yes", False)):
        later = NOW + timedelta(days=2)
        await _import(database, tmp_path, f"ID,Email,City,Unsubscribed\n1,una@example.com,{city}\n", at=later)
        (consents,) = await _leads(database)
        assert (one := latest_consent(consents, ContactChannel.EMAIL))
        assert one["given"] is latest


async def test_a_file_names_stages_of_admins_by_key_or_name(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as connection:
        await add_stage(connection, COMMAND_LINE, "Past Client", StageKind.WON, NOW, key="past")
        await change_stage(connection, COMMAND_LINE, "Offer", NOW, retired=True)
    text = "ID,Email,Stage\n1,a@example.com,past client\n2,b@example.com,PAST\n3,c@example.com,Offer\n"
    report = await _import(database, tmp_path, text)
    assert [(one.line, one.field) for one in report.unread] == [(4, "status")]
    await _import(database, tmp_path, text.replace("1,a@example.com,past client", "1,a@example.com,Closed Lost"))
    statement = "SELECT status || ' ' || stage_kind FROM leads ORDER BY emails"
    async with database.read() as connection:
        found = await connection.column(str, Query("stages", "Stages of a test.", statement))
        unknown = preview_files(
            ImportFiles({FileKind.PEOPLE: tmp_path / "people.csv"}, {}), await find_stages(connection)
        )
    assert found == ["Closed Lost lost", "past won", "New open"]
    assert unknown[0].unknown_stages == ["Offer"]


def test_a_presets_pattern_takes_no_column_of_consent() -> None:
    columns = ["Stage", "Assigned To", "Date Added", "Email 1", "Email Opt Out", "Phone Opt Out"]
    (preset,) = [one for one in load_presets() if one.has(columns)]
    mapped = propose_mapping(FileKind.PEOPLE, columns, preset).columns
    assert [mapped[one] for one in columns[3:]] == ["emails", "emailOptOut", "callOptOut"]


async def test_the_preview_counts_who_could_be_mailed(database: Database, tmp_path: Path) -> None:
    text = (
        "ID,Email,Unsubscribed,Email Opt In\n1,una@example.com,yes,\n2,jo@example.com,,yes\n3,al@example.com,,\n4,,,\n"
        "5,gone@example.com,,yes\n6,nobody,,yes\n"
    )
    (tmp_path / "people.csv").write_text(text)
    new = SuppressionInput(SuppressedChannel.EMAIL, "gone@example.com", "asked")
    async with database.transaction() as connection:
        await add_suppression(connection, COMMAND_LINE, new, NOW)
    files = ImportFiles({FileKind.PEOPLE: tmp_path / "people.csv"}, {})
    counts: dict[str, tuple[int, int, int]] = {}
    async with database.read() as connection:
        for policy in ConsentPolicy:
            one = await count_mailable(connection, read_people(files), None, policy, b"key", NOW)
            counts[one.policy] = (one.people, one.with_email, one.mailable)
    assert counts == {"opt_in": (6, 4, 1), "opt_out": (6, 4, 2)}


def _with_consents(lead: Lead, *statements: ConsentInput) -> Lead:
    return with_consents(lead, [FieldConsent("emailOptIn", one) for one in statements], NOW)


async def _import(
    database: Database, folder: Path, text: str, consent: FileConsent | None = None, at: datetime = NOW
) -> ImportReport:
    (folder / "people.csv").write_text(text)
    files = ImportFiles({FileKind.PEOPLE: folder / "people.csv"}, {}, consent)
    report = await import_files(database, COMMAND_LINE, files, at, system="old")
    assert report.refused == []
    return report


async def _leads(database: Database) -> list[list[Consent]]:
    """The consents of all leads, una's first."""
    async with database.read() as connection:
        rows = await connection.dicts(Query("rows", "Rows of a test.", "SELECT * FROM leads ORDER BY emails DESC"))
    assert all(isinstance(row["id"], UUID) for row in rows)
    return [row["consents"] for row in rows]  # pyright: ignore[reportReturnType] - JSON of a known form
