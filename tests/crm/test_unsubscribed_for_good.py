"""Unsubscribed is for good: in every way of unsubscribing, and whatever happens then, no later alert may be due."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.base.times import to_iso_z
from platbook.crm.contacts import EMAIL
from platbook.crm.intake.events import ingest_event, replay_event
from platbook.crm.intake.inbox import ProcessedEvent, RejectedEvent
from platbook.crm.leads.consents import ConsentInput
from platbook.crm.leads.lead import Lead, new_lead
from platbook.crm.leads.rows import find_by_contacts, get_lead
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.merging import merge_lead
from platbook.crm.suppressions.confirmation import end_by_confirmation, to_confirmation_token
from platbook.crm.suppressions.csv_form import read_csv_row
from platbook.crm.suppressions.enforcement import find_permission
from platbook.crm.suppressions.permission import ConsentPolicy, Refusal, to_permission
from platbook.crm.suppressions.register import (
    SuppressionInput,
    add_suppression,
    end_suppression,
    import_suppressions,
)
from platbook.crm.suppressions.rows import get_standing
from platbook.crm.suppressions.suppression import (
    ALERTS,
    StandingSuppression,
    SuppressedChannel,
    hash_address,
)
from platbook.crm.transfer.consent_columns import FileConsent
from platbook.crm.transfer.csv_import import ImportFiles, import_files
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.person import erase_person
from platbook.db import Database, Query
from tests.crm.conftest import NOW

KEY = b"0" * 32
MIRA = "mira@example.com"
YES: ConsentInput = {"channel": "email", "given": True, "source": "form"}
NO: ConsentInput = {"channel": "email", "given": False, "source": "letter"}


class Office:
    """A CRM in which time goes on."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.now = database, folder, NOW

    def tick(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    async def add(self, email: str = MIRA) -> UUID:
        async with self.database.transaction() as connection:
            lead = await create_lead(connection, COMMAND_LINE, {"email": email, "consents": [YES]}, self.tick())
        return lead.id

    async def change(self, lead_id: UUID, statement: ConsentInput) -> None:
        async with self.database.transaction() as connection:
            await change_lead(connection, COMMAND_LINE, lead_id, {"consents": [statement]}, self.tick())

    async def send(self, kind: str, email: str = MIRA) -> UUID:
        body = {"eventId": str(new_id()), "type": kind, "person": {"emails": [email]}}
        async with self.database.transaction() as connection:
            result = await ingest_event(connection, COMMAND_LINE, orjson.dumps(body), self.tick())
        assert isinstance(result, ProcessedEvent)
        return result.lead_id

    async def import_text(self, text: str, consent: FileConsent | None = None, system: str = "old") -> None:
        path = self.folder / "people.csv"
        path.write_text(text)
        files = ImportFiles({FileKind.PEOPLE: path}, {}, consent)
        report = await import_files(self.database, COMMAND_LINE, files, self.tick(), system=system)
        assert report.refused == []

    async def delete(self, lead_id: UUID) -> None:
        async with self.database.transaction() as connection:
            await delete_lead(connection, COMMAND_LINE, lead_id, self.tick())

    async def find(self, email: str = MIRA) -> Lead | None:
        async with self.database.read() as connection:
            ids = await find_by_contacts(connection, [(EMAIL, email)])
            return await get_lead(connection, ids[EMAIL, email]) if ids else None


async def _by_the_api(office: Office, lead_id: UUID) -> None:
    await office.change(lead_id, NO)


async def _when_created(office: Office, lead_id: UUID) -> None:
    await office.delete(lead_id)
    async with office.database.transaction() as connection:
        await create_lead(connection, COMMAND_LINE, {"email": MIRA, "consents": [YES, NO]}, office.tick())


async def _by_an_event(office: Office, lead_id: UUID) -> None:
    assert await office.send("Unsubscribed") == lead_id


async def _by_a_corrected_event(office: Office, _lead_id: UUID) -> None:
    async with office.database.transaction() as connection:
        rejected = await ingest_event(connection, COMMAND_LINE, b'{"eventId": "1"}', office.tick())
        assert isinstance(rejected, RejectedEvent)
        body = {"eventId": "1", "type": "Unsubscribed", "person": {"emails": [MIRA]}}
        await replay_event(connection, COMMAND_LINE, rejected.id, office.tick(), corrected=orjson.dumps(body))


async def _by_a_column(office: Office, _lead_id: UUID) -> None:
    await office.import_text(f"ID,Email,Unsubscribed\n1,{MIRA},yes\n")


async def _by_a_whole_file(office: Office, _lead_id: UUID) -> None:
    at = office.tick()
    await office.import_text(f"ID,Email\n1,{MIRA}\n", FileConsent({"email": False}, "their list", at))


async def _by_an_admin(office: Office, _lead_id: UUID) -> None:
    new = SuppressionInput(SuppressedChannel.EMAIL, MIRA, "asked by letter")
    async with office.database.transaction() as connection:
        await add_suppression(connection, COMMAND_LINE, new, office.tick())


async def _by_a_list(office: Office, _lead_id: UUID) -> None:
    rows = [read_csv_row({"channel": "email", "address": MIRA}, "imported")]
    async with office.database.transaction() as connection:
        await import_suppressions(connection, COMMAND_LINE, rows, office.tick(), source="list.csv")


async def _nothing(_office: Office, _lead_id: UUID) -> None:
    pass


async def _agree_again(office: Office, lead_id: UUID) -> None:
    await office.change(lead_id, YES)


async def _register_anew_after_deletion(office: Office, lead_id: UUID) -> None:
    await office.delete(lead_id)
    assert await office.send("Registration") != lead_id


async def _create_anew_after_deletion(office: Office, lead_id: UUID) -> None:
    await office.delete(lead_id)
    await office.add()


async def _merge_into_another(office: Office, lead_id: UUID) -> None:
    other = await office.add("other@example.com")
    async with office.database.transaction() as connection:
        await merge_lead(connection, COMMAND_LINE, lead_id, other, office.tick())
    await office.change(other, YES)


async def _merge_another_into(office: Office, lead_id: UUID) -> None:
    other = await office.add("other@example.com")
    async with office.database.transaction() as connection:
        await merge_lead(connection, COMMAND_LINE, other, lead_id, office.tick())


async def _import_a_consent(office: Office, _lead_id: UUID) -> None:
    at = office.tick()
    await office.import_text(
        f"ID,Email,Email Opt In\n9,{MIRA},yes\n", FileConsent({"email": True}, "form", at), "other"
    )


async def _import_after_deletion(office: Office, lead_id: UUID) -> None:
    await office.delete(lead_id)
    await office.import_text(f"ID,Email,Email Opt In\n9,{MIRA},yes\n", system="other")


async def _register_anew_after_erasure(office: Office, lead_id: UUID) -> None:
    async with office.database.transaction() as connection:
        await erase_person(connection, COMMAND_LINE, lead_id, office.tick(), suppression_key=KEY)
    await office.change(await office.send("Registration"), YES)


Act = Callable[[Office, UUID], Awaitable[None]]

WAYS: tuple[Act, ...] = (
    _by_the_api,
    _when_created,
    _by_an_event,
    _by_a_corrected_event,
    _by_a_column,
    _by_a_whole_file,
    _by_an_admin,
    _by_a_list,
)
LATER: tuple[Act, ...] = (
    _nothing,
    _agree_again,
    _register_anew_after_deletion,
    _create_anew_after_deletion,
    _merge_into_another,
    _merge_another_into,
    _import_a_consent,
    _import_after_deletion,
    _register_anew_after_erasure,
)


def _name(act: Act) -> str:
    return getattr(act, "__name__", "").strip("_")


@pytest.mark.parametrize("later", LATER, ids=_name)
async def test_no_later_alert_may_be_due(database: Database, tmp_path: Path, later: Act) -> None:
    """Each way of unsubscribing, by a person of its own."""
    for unsubscribe in WAYS:
        office = Office(database, tmp_path)
        await unsubscribe(office, await office.add())
        lead = await office.find()
        assert lead is not None
        await later(office, lead.id)
        lead = await office.find()
        assert lead is not None, (_name(unsubscribe), "the address has a lead")
        async with database.read() as connection:
            for stream, policy in product((ALERTS, "newsletter"), ConsentPolicy):
                permission = await find_permission(connection, KEY, lead, SuppressedChannel.EMAIL, stream, policy)
                assert permission.refusal is Refusal.SUPPRESSED, (_name(unsubscribe), stream, policy)
        await _forget(office, lead.id)


_FORGET = Query("forget", "A change by the test.", "TRUNCATE suppressions, crm_external_ids, lead_events")


async def _forget(office: Office, lead_id: UUID) -> None:
    """End what the way left, so that the next one is tried by itself."""
    async with office.database.transaction() as connection:
        await erase_person(connection, COMMAND_LINE, lead_id, office.tick(), suppression_key=KEY)
        await connection.run(_FORGET)


async def test_a_suppression_ends_by_an_admin_and_a_refusal_still_counts_until_the_person_agrees(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path)
    lead_id = await office.add()
    await office.send("Unsubscribed")
    async with database.transaction() as connection:
        standing = await get_standing(connection, "email", MIRA, None)
        assert standing is not None
        assert (standing.reason, standing.lead_id) == ("unsubscribed", lead_id)
        await end_suppression(connection, COMMAND_LINE, standing.id, "a new form", office.tick())
    assert await _ask(office) is Refusal.REFUSED
    await office.change(lead_id, YES)
    assert await _ask(office) is None


async def test_the_person_s_own_yes_by_a_mailed_link_ends_a_suppression(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path)
    await office.add()
    await office.send("Unsubscribed")
    async with database.read() as connection:
        standing = await get_standing(connection, "email", MIRA, None)
    assert standing is not None
    token = to_confirmation_token(KEY, standing, office.now + timedelta(days=1))
    late = to_confirmation_token(KEY, standing, office.now)
    other_address = to_confirmation_token(KEY, replace(standing, address="else@example.com"), NOW + timedelta(days=9))
    tampered = ("A" if token[0] != "A" else "B") + token[1:]
    for refused in ("", "x", "\u00e4", token[:-1], tampered, late, other_address):
        with pytest.raises(InvalidInput):
            async with database.transaction() as connection:
                await end_by_confirmation(connection, KEY, refused, office.now)
    with pytest.raises(InvalidInput):
        async with database.transaction() as connection:
            await end_by_confirmation(connection, b"1" * 32, token, office.now)
    assert await _ask(office) is Refusal.SUPPRESSED
    async with database.transaction() as connection:
        await end_by_confirmation(connection, KEY, token, office.tick())
    assert await _ask(office) is None
    with pytest.raises(InvalidInput):
        async with database.transaction() as connection:
            await end_by_confirmation(connection, KEY, token, office.now)


async def test_an_address_added_to_somebody_who_refuses_is_suppressed(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path)
    lead_id = await office.add()
    await office.change(lead_id, NO)
    async with database.transaction() as connection:
        await change_lead(connection, COMMAND_LINE, lead_id, {"email": "second@example.com"}, office.tick())
    await office.delete(lead_id)
    await office.add("second@example.com")
    assert await _ask(office, "second@example.com") is Refusal.SUPPRESSED


async def test_a_lead_with_a_suppressed_address_begins_with_the_refusal(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path)
    lead_id = await office.add()
    await office.send("Unsubscribed")
    at = to_iso_z(office.now)
    await office.delete(lead_id)
    await office.send("Saved Property")
    lead = await office.find()
    assert lead is not None
    assert lead.consents == [{"channel": "email", "given": False, "at": at, "source": "event"}]


async def test_a_refusal_older_than_a_stored_consent_is_history(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path)
    lead_id = await office.add()
    await office.change(lead_id, {**NO, "at": "2020-01-01T00:00:00Z"})
    assert await _ask(office) is None


async def _ask(office: Office, email: str = MIRA) -> Refusal | None:
    lead = await office.find(email)
    assert lead is not None
    async with office.database.read() as connection:
        return (
            await find_permission(connection, KEY, lead, SuppressedChannel.EMAIL, ALERTS, ConsentPolicy.OPT_IN)
        ).refusal


_LEAD = replace(new_lead(new_id(), NOW), emails=[MIRA, "b@example.com"], phones=["+15125550143"])
_YES = {"channel": "email", "given": True, "at": to_iso_z(NOW), "source": "form"}


@pytest.mark.parametrize(
    ("given", "channel", "suppressed", "policy", "refusal"),
    [
        (None, "email", None, "opt_in", "no consent"),
        (None, "email", None, "opt_out", None),
        (True, "email", None, "opt_in", None),
        (False, "email", None, "opt_out", "refused"),
        (True, "email", ("email", MIRA, None), "opt_out", "suppressed"),
        (True, "email", ("email", "b@example.com", None), "opt_in", "suppressed"),  # any address of the person
        (True, "email", ("email", MIRA, ALERTS), "opt_in", "suppressed"),
        (True, "email", ("email", MIRA, "newsletter"), "opt_in", None),
        (None, "call", ("call", "+15125550143", None), "opt_out", "suppressed"),
        (None, "sms", ("call", "+15125550143", None), "opt_out", None),
        (None, "call", ("email", MIRA, None), "opt_out", None),
    ],
)
def test_who_may_be_contacted(
    given: bool | None,  # noqa: FBT001 - a value of the table
    channel: str,
    suppressed: tuple[str, str, str | None] | None,
    policy: str,
    refusal: str | None,
) -> None:
    lead = _LEAD if given is None else replace(_LEAD, consents=[{**_YES, "given": given}])
    standing = [] if suppressed is None else [StandingSuppression(*suppressed, NOW, "x")]
    permission = to_permission(lead, SuppressedChannel(channel), ALERTS, standing, ConsentPolicy(policy))
    assert (permission.refusal, permission.is_given) == (refusal, refusal is None)
    assert bool(permission.addresses) is permission.is_given


def test_nobody_deleted_or_without_an_address_is_contacted() -> None:
    deleted = replace(_LEAD, deleted_at=NOW)
    for lead, refusal in ((deleted, Refusal.DELETED), (replace(_LEAD, emails=[]), Refusal.NO_ADDRESS)):
        permission = to_permission(lead, SuppressedChannel.EMAIL, ALERTS, [], ConsentPolicy.OPT_OUT)
        assert permission.refusal is refusal


def test_an_erased_address_is_recognised_by_its_keyed_hash_alone() -> None:
    assert hash_address(KEY, MIRA) != hash_address(b"1" * 32, MIRA)
    assert MIRA.encode() not in hash_address(KEY, MIRA)
