"""How many people of a file could be mailed once it is imported: part of the preview, which stores nothing."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from platbook.base.ids import new_id
from platbook.crm.contacts import to_email
from platbook.crm.leads.lead import Lead, new_lead
from platbook.crm.suppressions.permission import ConsentPolicy, to_permission
from platbook.crm.suppressions.rows import find_standing
from platbook.crm.suppressions.suppression import ALERTS, SuppressedChannel
from platbook.crm.transfer.batches import batches
from platbook.crm.transfer.consent_columns import FileConsent, read_consents, with_consents
from platbook.crm.transfer.mapping import MappedRow
from platbook.db import ReadConnection


@dataclass(frozen=True, slots=True)
class MailableCount:
    """Of the people of a file: how many there are, have an e-mail address, and could be mailed under the policy."""

    people: int
    with_email: int
    mailable: int
    policy: str


async def count_mailable(
    connection: ReadConnection,
    rows: Iterable[MappedRow],
    file_consent: FileConsent | None,
    policy: ConsentPolicy,
    key: bytes,
    at: datetime,
) -> MailableCount:
    """Count by what the file says of consent, and by the suppressions that stand."""
    people = with_email = mailable = 0
    for batch in batches(rows):
        leads = [_to_lead(cast("Mapping[str, object]", row), file_consent, at) for row in batch]
        standing = await find_standing(connection, [email for lead in leads for email in lead.emails], key)
        suppressed = {one.address: one for one in standing if one.channel == SuppressedChannel.EMAIL}
        people += len(leads)
        with_email += sum(bool(lead.emails) for lead in leads)
        for lead in leads:
            own = [suppressed[email] for email in lead.emails if email in suppressed]
            mailable += to_permission(lead, SuppressedChannel.EMAIL, ALERTS, own, policy).is_given
    return MailableCount(people, with_email, mailable, policy.value)


def _to_lead(row: Mapping[str, object], file_consent: FileConsent | None, at: datetime) -> Lead:
    """As much of a person as the question needs."""
    emails: list[str] = []
    texts = row.get("emails")
    for text in cast("list[str]", texts) if isinstance(texts, list) else []:
        with suppress(ValueError):
            emails.append(to_email(text))
    lead = replace(new_lead(new_id(), at), emails=emails)
    return with_consents(lead, read_consents(row, file_consent, "import"), at)
