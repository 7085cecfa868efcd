"""Deduplication: an e-mail address decides, a telephone number only where neither address nor name conflicts."""

import asyncio
from itertools import count

import orjson
import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.crm.intake.events import ingest_event
from platbook.crm.intake.inbox import ProcessedEvent
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.db import Database, Query
from tests.crm.conftest import NOW

A, B, C = "a@example.com", "b@example.com", "c@example.com"
P, P2, ZEROS = "+15125550243", "+15125550244", "000-000-0000"

Contacts = tuple[list[str], list[str]]
"""Addresses and numbers."""

_NAMES = count()


async def send(database: Database, contacts: Contacts, name: str = "") -> ProcessedEvent:
    person = {"firstName": name, "emails": contacts[0], "phones": contacts[1]}
    event = {"eventId": f"event-{next(_NAMES)}", "type": "Inquiry", "person": person}
    async with database.transaction() as connection:
        result = await ingest_event(connection, COMMAND_LINE, orjson.dumps(event), NOW)
    assert isinstance(result, ProcessedEvent)
    return result


async def find_leads(database: Database) -> list[dict[str, object]]:
    query = Query("leads", "Every lead.", "SELECT id, first_name, emails, phones FROM leads ORDER BY first_name, id")
    async with database.read() as connection:
        return await connection.dicts(query)


MATCHED_OR_NEW: dict[str, tuple[list[Contacts], Contacts, int | None]] = {
    "the same address": ([([A], [])], ([A], []), 0),
    "the same address, another number": ([([A], [P])], ([A], [P2]), 0),
    "another address, the same number": ([([A], [P])], ([B], [P]), None),
    "another address, a placeholder number": ([([A], [ZEROS])], ([B], [ZEROS]), None),
    "an address, a lead with the number alone": ([([], [P])], ([A], [P]), 0),
    "a number alone, a lead with an address": ([([A], [P])], ([], [P]), 0),
    "a number alone, a lead with it alone": ([([], [P])], ([], [P]), 0),
    "another number": ([([], [P])], ([], [P2]), None),
    "the same number with an extension": ([([], [P])], ([], [f"{P};ext=12"]), None),
    "an address of one, the number of another": ([([A], [P]), ([B], [P2])], ([B], [P]), 1),
    "one known address of two": ([([A], [P])], ([B, A], [P]), 0),
    "a third address with a shared number": ([([A], [P]), ([B], [P])], ([C], [P]), None),
    "a number alone that two have": ([([A], [P]), ([B], [P])], ([], [P]), None),
    "a number alone of two and of one without address": ([([A], [P]), ([B], [P]), ([], [P])], ([], [P]), 2),
    "a new address, several with the number": ([([A], [P]), ([B], [P]), ([], [P])], ([C], [P]), 2),
    "a placeholder alone": ([([], [ZEROS])], ([], [ZEROS]), None),
    "a number without area code alone": ([([], ["5550243"])], ([], ["555-0243"]), None),
    "two numbers of two leads": ([([], [P]), ([], [P2])], ([], [P, P2]), None),
    "a new address, two numbers of two leads": ([([], [P]), ([], [P2])], ([C], [P, P2]), None),
}


@pytest.mark.parametrize(("stored", "event", "match"), MATCHED_OR_NEW.values(), ids=list(MATCHED_OR_NEW))
async def test_an_event_matches_a_lead_or_creates_one(
    database: Database, stored: list[Contacts], event: Contacts, match: int | None
) -> None:
    leads = [await send(database, contacts) for contacts in stored]
    assert all(one.is_new for one in leads)
    result = await send(database, event)
    assert result.is_new == (match is None)
    if match is not None:
        assert result.lead_id == leads[match].lead_id
    assert len(await find_leads(database)) == len(stored) + (match is None)


NAMED: dict[str, tuple[list[tuple[str, Contacts]], tuple[str, Contacts], int | None]] = {
    "another name, no address": ([("Ann First", ([], [P]))], ("Bob Second", ([], [P])), None),
    "another name, an address": ([("Ann First", ([], [P]))], ("Bob Second", ([B], [P])), None),
    "another name, a lead with an address": ([("Ann First", ([A], [P]))], ("Bob Second", ([], [P])), None),
    "the same name in capitals": ([("Ann First", ([A], [P]))], ("ANN FIRST", ([], [P])), 0),
    "a part of the name": ([("Ann First", ([A], [P]))], ("Ann", ([], [P])), 0),
    "the same name, another address": ([("Ann First", ([A], [P]))], ("Ann First", ([B], [P])), None),
    "another name, the same address": ([("Ann First", ([A], []))], ("Bob Second", ([A], [])), 0),
    "a number that two have": (
        [("Ann First", ([A], [P])), ("Bob Second", ([B], [P]))],
        ("Bob Second", ([], [P])),
        1,
    ),
    "the same name before a part of it": (
        [("Ann", ([A], [P])), ("Ann First", ([B], [P]))],
        ("Ann First", ([], [P])),
        1,
    ),
}


@pytest.mark.parametrize(("stored", "event", "match"), NAMED.values(), ids=list(NAMED))
async def test_a_number_does_not_join_two_names(
    database: Database, stored: list[tuple[str, Contacts]], event: tuple[str, Contacts], match: int | None
) -> None:
    leads = [await send(database, contacts, name) for name, contacts in stored]
    result = await send(database, event[1], event[0])
    assert (None if result.is_new else [one.lead_id for one in leads].index(result.lead_id)) == match


@pytest.mark.parametrize(
    "number",
    [
        "000-000-0000", "9999999999", "123-456-7890", "234-567-8901", "555-0107", "512-555-0107", "(512) 555-1212",
        "512-555-5555", "737 222 2222", "+44 7700 900123", "+44 20 7946 0123", "+61 491 570 156",
    ],
)  # fmt: skip
async def test_a_number_that_nobody_can_have_identifies_nobody(database: Database, number: str) -> None:
    one, two = await send(database, ([], [number]), "Ann"), await send(database, ([], [number]), "Ann")
    assert one.lead_id != two.lead_id
    assert len({str(lead["phones"]) for lead in await find_leads(database)}) == 1  # kept as it was given


async def test_two_people_with_one_number_are_two_leads_with_all_their_contacts(database: Database) -> None:
    await send(database, ([A], [P]), "Ann")
    await send(database, ([B], [P]), "Bob")
    rows = [(one["first_name"], one["emails"], one["phones"]) for one in await find_leads(database)]
    assert rows == [("Ann", [A], [P]), ("Bob", [B], [P])]


async def test_a_lead_matched_by_address_keeps_a_number_of_another(database: Database) -> None:
    await send(database, ([A], [P]), "Ann")
    await send(database, ([B], []), "Bob")
    await send(database, ([B], [P]), "Bob")
    assert [one["phones"] for one in await find_leads(database)] == [[P], [P]]


async def test_a_shared_number_matches_the_lead_that_remains(database: Database) -> None:
    first = await send(database, ([A], [P]))
    second = await send(database, ([B], [P]))
    async with database.transaction() as connection:
        await delete_lead(connection, COMMAND_LINE, first.lead_id, NOW)
    assert (await send(database, ([], [P]))).lead_id == second.lead_id


async def test_concurrent_events_with_one_number_create_one_lead_per_address(database: Database) -> None:
    people = [f"person{number % 4}@example.com" for number in range(16)]
    results = await asyncio.gather(*(send(database, ([email], [P])) for email in people))
    assert sum(one.is_new for one in results) == 4
    assert len({(email, one.lead_id) for email, one in zip(people, results, strict=True)}) == 4
    leads = await find_leads(database)
    assert sorted(str(one["emails"]) for one in leads) == [str([email]) for email in sorted(set(people))]
    assert [one["phones"] for one in leads] == [[P]] * 4


async def test_two_concurrent_addresses_do_not_both_match_a_lead_by_different_numbers(database: Database) -> None:
    for number in range(4):  # the row is locked by one while the other has looked it up
        own, other = f"+1512555020{number}", f"+1512555030{number}"
        await send(database, ([], [own, other]))
        one, two = await asyncio.gather(
            send(database, ([f"x{number}@example.com"], [own])), send(database, ([f"y{number}@example.com"], [other]))
        )
        assert sorted((one.is_new, two.is_new)) == [False, True]
