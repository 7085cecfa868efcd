"""Which column of a file means what: proposed from its name, changed by hand, and applied to rows. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import cast

from platbook.base.errors import InvalidInput

IGNORED = "-"
CUSTOM = "customFields."


class FileKind(StrEnum):
    """What a file holds."""

    PEOPLE = "people"
    NOTES = "notes"
    TASKS = "tasks"
    TAGS = "tags"


FIELDS: Mapping[FileKind, frozenset[str]] = MappingProxyType(
    {
        FileKind.PEOPLE: frozenset(
            {
                "externalId", "firstName", "lastName", "name", "emails", "phones", "source", "status", "priority",
                "budgetMin", "budgetMax", "notes", "tags", "owner", "createdAt", "aiSummary",
            }
        ),
        FileKind.NOTES: frozenset({"externalId", "person", "type", "content", "date", "author"}),
        FileKind.TASKS: frozenset(
            {
                "externalId", "person", "title", "description", "type", "dueDate", "timeZone", "priority", "owner",
                "isCompleted", "completedAt", "createdAt",
            }
        ),
        FileKind.TAGS: frozenset({"person", "tag"}),
    }
)  # fmt: skip
"""What a column may mean. `person` is a person's id in the same system, or an e-mail address; `owner` and `author` are
users by their e-mail address. A people's column may also be `customFields.NAME`; `-` leaves a column out."""

_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "person": ("personid", "contactid", "leadid", "person", "contact", "lead", "clientid"),
        "externalId": ("id", "externalid", "personid", "contactid", "leadid", "recordid", "noteid", "taskid"),
        "firstName": ("firstname", "first", "givenname"),
        "lastName": ("lastname", "last", "surname", "familyname"),
        "name": ("name", "fullname", "contactname"),
        "emails": ("email", "emails", "emailaddress", "mail", "primaryemail", "secondaryemail"),
        "phones": (
            "phone", "phones", "phonenumber", "mobile", "mobilephone", "cell", "cellphone", "homephone", "workphone",
        ),
        "source": ("source", "leadsource"),
        "status": ("status", "stage", "leadstatus"),
        "priority": ("priority",),
        "budgetMin": ("budgetmin", "minbudget", "minprice", "pricefrom"),
        "budgetMax": ("budgetmax", "maxbudget", "maxprice", "price", "budget", "priceto"),
        "notes": ("notes", "background"),
        "tags": ("tags", "labels"),
        "tag": ("tag", "label", "name"),
        "owner": ("owner", "owneremail", "assignedto", "assigneduser", "agent", "agentemail"),
        "author": ("author", "createdby", "user", "useremail", "agent", "agentemail"),
        "createdAt": ("createdat", "created", "dateadded", "createddate"),
        "aiSummary": ("aisummary",),
        "type": ("type", "kind"),
        "content": ("content", "note", "body", "text", "description"),
        "date": ("date", "interactiondate", "createdat", "created", "when"),
        "title": ("title", "name", "task", "subject"),
        "description": ("description", "details", "notes"),
        "dueDate": ("duedate", "due", "dueat"),
        "timeZone": ("timezone",),
        "isCompleted": ("iscompleted", "completed", "done"),
        "completedAt": ("completedat", "completedon"),
    }
)  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z]")
_REPEATED = frozenset({"emails", "phones", "tags"})
_SPLIT = re.compile(r"[|,]|;(?!ext=)")
"""Not before the extension of a telephone number (RFC 3966 section 5.3)."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A file's columns and what they mean; `values`: by meaning, what a source's word is called here."""

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


def propose_mapping(kind: FileKind, columns: Sequence[str]) -> ColumnMapping:
    """What columns are likely to mean, by their names. A people's column that says nothing becomes a custom field."""
    found: dict[str, str] = {}
    for column in columns:
        name = _NOT_LETTERS.sub("", column.lower())
        meant = next(
            (
                word
                for word, names in _SYNONYMS.items()
                if word in FIELDS[kind] and name in names and (word in _REPEATED or word not in found.values())
            ),
            None,
        )
        found[column] = meant or (f"{CUSTOM}{column}" if kind is FileKind.PEOPLE else IGNORED)
    return ColumnMapping(found)


def read_mapping(kind: FileKind, columns: Sequence[str], said: object) -> ColumnMapping:
    """What a person said of a file's columns, over what is proposed. Errors: InvalidInput.

    `{"columns": {"Stage": "status", "Junk": "-"}, "values": {"status": {"Hot": "Qualified"}}}`
    """
    proposed = dict(propose_mapping(kind, columns).columns)
    given = _object(said, kind)
    for column, word in _object(given.get("columns", {}), f"{kind}.columns").items():
        if column not in proposed:
            raise InvalidInput.of(f"{kind}.columns.{column}", "is no column of the file")
        if not _is_word(kind, word):
            raise InvalidInput.of(f"{kind}.columns.{column}", f"must be of {', '.join(sorted(FIELDS[kind]))}")
        proposed[column] = str(word)
    values: dict[str, Mapping[str, str]] = {}
    for word, table in _object(given.get("values", {}), f"{kind}.values").items():
        if word not in FIELDS[kind]:
            raise InvalidInput.of(f"{kind}.values.{word}", f"must be of {', '.join(sorted(FIELDS[kind]))}")
        known = _object(table, f"{kind}.values.{word}")
        values[word] = {name.lower(): str(value) for name, value in known.items()}
    counted = [word for word in proposed.values() if word in FIELDS[kind] and word not in _REPEATED]
    for word in counted:
        if counted.count(word) > 1:
            raise InvalidInput.of(f"{kind}.columns", f"{word} is meant by two columns; leave one out with -")
    return ColumnMapping(proposed, values)


def apply_mapping(mapping: ColumnMapping, cells: Mapping[str, str]) -> dict[str, object]:
    """A row by meaning: repeated ones are lists, custom fields stand under `customFields`."""
    said: dict[str, object] = {}
    custom: dict[str, str] = {}
    for column, text in cells.items():
        word = mapping.columns.get(column, IGNORED)
        if word == IGNORED:
            continue
        if word.startswith(CUSTOM):
            custom[word.removeprefix(CUSTOM)] = text
            continue
        value = mapping.values.get(word, {}).get(text.lower(), text)
        if word in _REPEATED:
            parts = [part.strip() for part in _SPLIT.split(value) if part.strip()]
            cast("list[str]", said.setdefault(word, [])).extend(parts)
        else:
            said[word] = value
    if custom:
        said["customFields"] = custom
    return said


def _is_word(kind: FileKind, word: object) -> bool:
    if not isinstance(word, str):
        return False
    if kind is FileKind.PEOPLE and word.startswith(CUSTOM) and len(word) > len(CUSTOM):
        return True
    return word == IGNORED or word in FIELDS[kind]


def _object(value: object, word: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput.of(word, "must be an object")
    return cast("dict[str, object]", value)
