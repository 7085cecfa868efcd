"""Deduplication of events: an e-mail address decides, a telephone number only where no address conflicts."""

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
P, P2, ZEROS = "+15125550143", "+15125550144", "000-000-0000"

Contacts = tuple[list[str], list[str]]
"""Addresses and numbers."""

_NAMES = count()


async def send(database: Database, contacts: Contacts, name: str = "Ann") -> ProcessedEvent:
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
    "two numbers of two leads": ([([], [P]), ([], [P2])], ([], [P, P2]), None),
    "a new address, two numbers of two leads": ([([], [P]), ([], [P2])], ([C], [P, P2]), None),
}


@pytest.mark.parametrize(("stored", "event", "match"), MATCHED_OR_NEW.values(), ids=list(MATCHED_OR_NEW))
async def test_an_event_matches_a_lead_or_creates_one(
    database: Database, stored: list[Contacts], event: Contacts, match: int | None
) -> None:
    leads = [await send(database, contacts) for contacts in stored]
    assert all(one.is_new for one in leads)
    result = await send(database, event, "Bob")
    assert result.is_new == (match is None)
    if match is not None:
        assert result.lead_id == leads[match].lead_id
    assert len(await find_leads(database)) == len(stored) + (match is None)


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
