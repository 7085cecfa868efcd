"""Pure functions: contacts, scores, due dates, consents, search texts."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis.strategies import builds, datetimes, dictionaries, from_regex, integers, sampled_from, text

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.contacts import identifies, to_email, to_emails, to_phone, to_phones
from platbook.crm.enums import LeadEventType, LeadStatus
from platbook.crm.intake.event import parse_event, read_event_id
from platbook.crm.leads.consents import Consent, ConsentInput, add_consents, latest_consent
from platbook.crm.leads.lead import new_lead, record_activity, to_search_text
from platbook.crm.leads.patch import LeadPatch, apply_patch
from platbook.crm.leads.scoring import ScoreInput, to_score
from platbook.crm.placeholder_numbers import is_placeholder
from platbook.crm.tasks.task import to_due
from platbook.crm.transfer.import_context import to_hash
from platbook.crm.transfer.mapping import ColumnMapping, apply_mapping

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("(512) 555-0143", "+15125550143"),
        ("512.555.0143 x22", "+15125550143;ext=22"),
        ("+15125550143;ext=22", "+15125550143;ext=22"),
        ("+44 20 7946 0958", "+442079460958"),
        ("1-512-555-0143", "+15125550143"),
    ],
)
def test_numbers_are_normalized(text: str, normalized: str) -> None:
    assert to_phone(text) == normalized
    assert to_phone(normalized) == normalized


@pytest.mark.parametrize("text", ["", "12", "ask me", "+999 1", "5" * 40])
def test_invalid_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="telephone number"):
        to_phone(text)


_NUMBERS = from_regex(
    r"(\+?1[ .-]?)?(\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-]?)[2-9]\d{2}[ .-]?\d{4}",
    fullmatch=True,
    alphabet="0123456789+() .-",
) | text(alphabet="0123456789+-. ()x", max_size=18)


@given(_NUMBERS)
@example("512-200-0000")
@example("(876) 922-0000")  # Jamaica
@example("(800) 222-3000")
@example("(512) 555-0143")
def test_usual_numbers_are_read_and_judged_as_by_the_library(text: str) -> None:
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return
    if number.extension or not phonenumbers.is_possible_number(number):
        return
    normalized = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert to_phone(text) == normalized
    national = phonenumbers.national_significant_number(number)
    placeholder = is_placeholder(number.country_code or 0, national)
    is_valid = phonenumbers.is_valid_number(phonenumbers.parse(normalized))
    assert identifies(normalized) == (is_valid and not placeholder)


@pytest.mark.parametrize(
    ("text", "normalized"), [(" Mira@EXAMPLE.com ", "mira@example.com"), ("a@MÜNCHEN.example", "a@münchen.example")]
)
def test_addresses_are_normalized(text: str, normalized: str) -> None:
    assert to_email(text) == normalized
    assert to_email(normalized) == normalized


_LOCALS = text(alphabet="aZ09._+-", max_size=70)
_DOMAINS = sampled_from(("example.com", "EXAMPLE.com", "-bad.com", "a..b", "localhost", "xn--mnchen-3ya.example", "x"))


@given(_LOCALS, _DOMAINS)
def test_an_address_is_normalized_as_the_validator_does(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    try:
        expected = validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(ValueError, match=r".+"):
            to_email(address)
    else:
        assert to_email(address) == expected


def test_each_invalid_one_is_named_by_its_index() -> None:
    with pytest.raises(InvalidInput) as caught:
        to_emails(["a@example.com", "b", "c"])
    assert [one.field for one in caught.value.details] == ["emails.1", "emails.2"]
    assert to_phones(["512 555 0143", "+15125550143"]) == ["+15125550143"]


@given(text())
def test_any_text_is_normalized_or_a_value_error(value: str) -> None:
    for normalize in (to_email, to_phone):
        try:
            normalized = normalize(value)
        except ValueError:
            continue
        assert normalize(normalized) == normalized


def _score_input(stage: LeadStatus, activity: Mapping[str, int], *, has_all: bool = False) -> ScoreInput:
    return ScoreInput(stage, has_all, has_all, has_all, activity, NOW)


@pytest.mark.parametrize(
    ("lead", "points", "reasons"),
    [
        (_score_input(LeadStatus.NEW, {}), 10, ["stage New: +10"]),
        (
            _score_input(
                LeadStatus.QUALIFIED, {LeadEventType.INQUIRY: 3, LeadEventType.VIEWED_PROPERTY: 1}, has_all=True
            ),
            35 + 8 + 4 + 16 + 1 + 10,
            [
                "stage Qualified: +35",
                "budget known: +8",
                "e-mail and telephone known: +4",
                "Inquiry 3 times: +16",
                "Viewed Property 1 time: +1",
                "active in the last week: +10",
            ],
        ),
        (_score_input(LeadStatus.CLOSED_WON, {}, has_all=True), 100, ["Closed Won: 100"]),
        (_score_input(LeadStatus.ARCHIVED, {}, has_all=True), 0, ["Archived: 0"]),
    ],
)
def test_a_score_has_its_reasons(lead: ScoreInput, points: int, reasons: list[str]) -> None:
    score = to_score(lead, NOW)
    assert (score.points, list(score.reasons)) == (points, reasons)


_SCORE_INPUTS = builds(
    ScoreInput,
    sampled_from(LeadStatus),
    activity=dictionaries(sampled_from(LeadEventType), integers(1, 50)),
    last_activity_at=datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001 - made aware beside
)


@given(_SCORE_INPUTS)
def test_a_score_is_in_range_and_valid_until_its_time(lead: ScoreInput) -> None:
    now = lead.last_activity_at + timedelta(hours=1)
    score = to_score(lead, now)
    assert 0 <= score.points <= 100
    if score.until is not None:
        assert to_score(lead, score.until - timedelta(seconds=1)).points == score.points
        assert to_score(lead, score.until).points <= score.points


def test_activity_of_the_future_counts_as_of_now() -> None:
    lead = record_activity(new_lead(new_id(), NOW), LeadEventType.INQUIRY, NOW + timedelta(days=9), NOW)
    assert (lead.last_activity_at, lead.activity) == (NOW, {"Inquiry": 1})
    assert lead.score_until == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "zone", "due", "day"),
    [
        ("2026-03-08", "America/Chicago", datetime(2026, 3, 9, 4, 59, 59, tzinfo=UTC), date(2026, 3, 8)),  # 23 hours
        ("20260308", "America/Chicago", datetime(2026, 3, 9, 4, 59, 59, tzinfo=UTC), date(2026, 3, 8)),
        ("2026-11-01T01:30:00", "America/Chicago", datetime(2026, 11, 1, 6, 30, tzinfo=UTC), None),  # twice; the first
        ("2026-06-01T00:00:00Z", "America/Chicago", datetime(2026, 6, 1, tzinfo=UTC), None),
        ("20260601T000000Z", "America/Chicago", datetime(2026, 6, 1, tzinfo=UTC), None),
    ],
)
def test_a_due_date_is_read_in_its_time_zone(text: str, zone: str, due: datetime, day: date | None) -> None:
    assert to_due(text, zone) == (due, day)


def test_consents_are_append_only_and_added_where_they_change() -> None:
    yes: ConsentInput = {"channel": "sms", "given": True, "at": "2026-01-01T00:00:00Z", "source": "form"}
    no: ConsentInput = {"channel": "sms", "given": False, "source": "call"}
    statements = add_consents([], [yes, yes, no, no], NOW)
    assert statements == [yes, {**no, "at": "2026-01-02T12:00:00Z"}]


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ([("2026-01-01", True), ("2025-01-01", False)], True),
        ([("2026-01-01", False), ("2024-01-01", True)], False),
        ([("2025-01-01", False), ("2026-01-01", False), ("2025-06-01", True)], False),
        ([("2026-01-01T10:00:00Z", True), ("2026-01-01T10:00:00.5Z", False)], False),
        ([("2026-01-01", True), ("2026-01-01", False), ("2026-01-01", True)], False),  # of equal times the refusal
        ([("2099-01-01", True), ("2026-01-02T12:00:00Z", False)], False),  # no statement is later than now
    ],
)
def test_the_latest_statement_of_a_channel_counts_whenever_it_arrives(
    told: list[tuple[str, bool]], *, counts: bool
) -> None:
    statements: list[Consent] = []
    for at, given_ in told:
        statements = add_consents(statements, [{"channel": "email", "given": given_, "at": at, "source": "x"}], NOW)
    latest = latest_consent(statements, "email")
    assert latest is not None
    assert latest["given"] is statements[-1]["given"] is counts


def test_a_search_text_has_two_spaces_before_every_word() -> None:
    search_text = to_search_text("Mira Jo", "Lane", ["m@example.com"], ["+15125550143"])
    assert search_text == "  mira  jo  lane  m@example.com  +15125550143  5125550143"


def test_null_removes_the_first_address_and_another_becomes_first() -> None:
    lead = apply_patch(new_lead(new_id(), NOW), {"emails": ["a@example.com", "b@example.com"]}, NOW)
    assert apply_patch(lead, {"email": None}, NOW).emails == ["b@example.com"]
    assert apply_patch(lead, {"email": "B@example.com"}, NOW).emails == ["b@example.com", "a@example.com"]


@given(text())
def test_any_body_is_an_event_or_invalid_and_has_an_id(body: str) -> None:
    raw = body.encode("utf-8", "surrogatepass")
    assert read_event_id(raw) == read_event_id(raw)
    with pytest.raises(InvalidInput):
        parse_event(raw)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "date or a time in ISO 8601"),
        ("1969-12-31", "years 1970 to 8999"),
        ("9000-01-01", "years 1970 to 8999"),
    ],
)
def test_an_invalid_due_date_is_refused_with_what_is_valid(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        to_due(text, "UTC")


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"first_name": "x" * 201}, "firstName"),
        ({"phone_number": "12"}, "phoneNumber"),
        ({"emails": ["x"]}, "emails.0"),
        ({"budget_max": Decimal("NaN")}, "budgetMax"),
        ({"last_name": "x", "budget_min": Decimal(2), "budget_max": Decimal(1)}, "budgetMin"),
        ({"custom_fields": {"": 1}}, "customFields"),
        ({"consents": [{"channel": "fax", "given": True}]}, "consents"),
        ({}, "lastName"),
    ],
)
def test_an_invalid_patch_is_refused_with_the_field_of_the_api(patch: LeadPatch, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        apply_patch(new_lead(new_id(), NOW), patch, NOW)
    assert [one.field for one in caught.value.details] == [field]


def test_a_patch_leaves_absent_fields_and_none_clears_one() -> None:
    patch: LeadPatch = {"last_name": "Lane", "notes": "n", "budget_max": Decimal(5), "tags": ["a"], "source": "Web"}
    lead = apply_patch(new_lead(new_id(), NOW), patch, NOW)
    cleared = apply_patch(lead, {"notes": None, "budget_max": None, "tags": None}, NOW)
    assert (cleared.notes, cleared.budget_max, cleared.tags) == (None, None, ["a"])
    assert (cleared.last_name, cleared.source) == ("Lane", "Web")


def test_the_hash_of_an_imported_row_is_as_it_was_stored() -> None:
    mapping = ColumnMapping({"Id": "externalId", "Mail": "emails", "Pets": "customFields.Pets", "Stage": "status"})
    row = apply_mapping(mapping, {"Stage": "New", "Mail": "a@example.com|b@example.com", "Id": "1", "Pets": "2"})
    stored = b'{"customFields":{"Pets":"2"},"emails":["a@example.com","b@example.com"],"externalId":"1","status":"New"}'
    assert to_hash(row) == hashlib.blake2b(stored, digest_size=16).digest()
