"""Deduplication: which lead a person is, in intake, API and import alike.

A known e-mail address decides. A telephone number joins only a lead without a conflicting address and without a
conflicting name, and only where the number can identify somebody (`contacts.identifies`). What is alike and does not
join is a likeness: evidence for a possible duplicate, on which a person decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE, ContactKey, identifies
from platbook.crm.leads.lead import Lead, to_words
from platbook.crm.leads.rows import PhoneMatch, find_by_contacts, find_by_phones, to_contact_keys
from platbook.db import ReadConnection

NameComparison = Literal["same", "similar", "different", "unknown"]
"""`similar`: the words of one name are in the other; `unknown`: one of the two has no name."""


@dataclass(frozen=True, slots=True)
class Person:
    """What of a person is compared: e-mail addresses, numbers that can identify, and the words of the name, folded."""

    emails: frozenset[str]
    phones: tuple[str, ...]
    name: frozenset[str]

    @property
    def keys(self) -> list[ContactKey]:
        """The keys of the contacts that can identify the person."""
        return [*((EMAIL, one) for one in sorted(self.emails)), *((PHONE, one) for one in self.phones)]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a person has in common with a lead that they are not joined with; `name` None: it was not compared."""

    lead_id: UUID
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    name: NameComparison | None


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """The lead that a person is, or None. `stored`: the leads of the contacts; `by_phone`: those with the numbers."""

    lead_id: UUID | None
    stored: Mapping[ContactKey, UUID]
    by_phone: Sequence[PhoneMatch] = ()


def to_person(first_name: str, last_name: str, contacts: Iterable[ContactKey]) -> Person:
    """What is compared of a person with these contacts, normalised."""
    keys = list(contacts)
    return Person(
        frozenset(value for kind, value in keys if kind == EMAIL),
        tuple(value for kind, value in keys if kind == PHONE and identifies(value)),
        frozenset(to_words(f"{first_name} {last_name}")),
    )


def person_of(lead: Lead) -> Person:
    """What is compared of the person of a lead."""
    return to_person(lead.first_name, lead.last_name, to_contact_keys(lead))


async def match_person(connection: ReadConnection, person: Person, own: Lead | None = None) -> PersonMatch:
    """Match a person. Whoever creates a lead from the answer holds the locks of `lock_contacts` on the contacts.

    `own`: the person's lead as it is stored; it is not compared, and contacts that it has are not looked up.
    """
    known = frozenset[ContactKey]() if own is None else frozenset(to_contact_keys(own))
    sought = [key for key in person.keys if key not in known]
    stored = await find_by_contacts(connection, sought) if sought else {}
    by_email = next((stored[key] for key in sought if key[0] == EMAIL and key in stored), None)
    if by_email is not None:
        return PersonMatch(by_email, stored)
    numbers = await find_by_phones(connection, [value for kind, value in sought if kind == PHONE])
    by_phone = [one for one in numbers if own is None or one.lead_id != own.id]
    return PersonMatch(choose_by_phone(person, by_phone), stored, by_phone)


def choose_by_phone(person: Person, matches: Iterable[PhoneMatch]) -> UUID | None:
    """The one lead that a person whose addresses are not known matches by telephone number, or None. Pure.

    Of several without a conflict, the only one with the same name; else the only one without an address.
    """
    fitting = {one.lead_id: one for one in matches if not _conflict(person, one.has_email, _to_name(one))}
    if len(fitting) > 1 and person.name:
        fitting = {key: one for key, one in fitting.items() if _to_name(one) == person.name} or fitting
    if len(fitting) > 1:
        fitting = {key: one for key, one in fitting.items() if not one.has_email}
    return next(iter(fitting)) if len(fitting) == 1 else None


def find_likenesses(person: Person, match: PersonMatch, lead_id: UUID | None) -> list[Likeness]:
    """What the person of a lead has in common with other leads, by address or by number. Pure."""
    emails: dict[UUID, list[str]] = {}
    phones: dict[UUID, list[str]] = {}
    names = {one.lead_id: _to_name(one) for one in match.by_phone}
    for (kind, value), other in match.stored.items():
        if kind == EMAIL:
            emails.setdefault(other, []).append(value)
    for one in match.by_phone:
        phones.setdefault(one.lead_id, []).append(one.phone)
    return [
        Likeness(
            other,
            tuple(emails.get(other, ())),
            tuple(phones.get(other, ())),
            _compare(person.name, names[other]) if other in names else None,
        )
        for other in emails | phones
        if other != lead_id
    ]


def to_evidence(likeness: Likeness) -> dict[str, object]:
    """A likeness as it is stored and answered. Pure."""
    return {"emails": list(likeness.emails), "phones": list(likeness.phones), "name": likeness.name}


def still_matches(lead: Lead, person: Person) -> bool:
    """Whether a lead, read again, is the person: by an address, or by a number without a conflict. Pure."""
    known = person_of(lead)
    if not person.emails.isdisjoint(known.emails):
        return True
    shares_number = not set(person.phones).isdisjoint(known.phones)
    return shares_number and not _conflict(person, bool(known.emails), known.name)


def _conflict(person: Person, has_email: bool, name: frozenset[str]) -> bool:  # noqa: FBT001 - a value that is compared
    """Whether a lead with none of the person's addresses is somebody else: by its address, or by its name."""
    return (has_email and bool(person.emails)) or _compare(person.name, name) == "different"


def _compare(name: frozenset[str], other: frozenset[str]) -> NameComparison:
    if not name or not other:
        return "unknown"
    if name == other:
        return "same"
    return "similar" if name < other or other < name else "different"


def _to_name(match: PhoneMatch) -> frozenset[str]:
    return frozenset(match.name_text.split())
