"""Mapping of a CSV file's columns to fields: proposed by column name, changed by the user, applied to rows. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, cast

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
"""The fields of each kind of file. `person` is a person's id in the same system, or an e-mail address; `owner` and
`author` are users by their e-mail address. A column of people may also be `customFields.NAME`; `-` ignores a column."""

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
"""Separators of several values in one cell, but not before a number's extension (RFC 3966 section 5.3)."""


class MappedRow(TypedDict, total=False):
    """A row by field, as text; empty cells are absent. The fields of all kinds of file, see `FIELDS`."""

    externalId: str
    person: str
    owner: str
    createdAt: str
    type: str
    priority: str
    firstName: str
    lastName: str
    name: str
    emails: list[str]
    phones: list[str]
    source: str
    status: str
    budgetMin: str
    budgetMax: str
    notes: str
    tags: list[str]
    aiSummary: str
    customFields: dict[str, str]
    content: str
    date: str
    author: str
    title: str
    description: str
    dueDate: str
    timeZone: str
    isCompleted: str
    completedAt: str
    tag: str


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A file's columns and their fields; `values`: by field, the translation of a source's values, in lower case."""

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the file has, whatever its cells hold."""
        return frozenset(self.columns.values()) - {IGNORED}


def propose_mapping(kind: FileKind, columns: Sequence[str]) -> ColumnMapping:
    """The likely fields of columns, by their names. An unknown column of people becomes a custom field."""
    proposed: dict[str, str] = {}
    for column in columns:
        name = _NOT_LETTERS.sub("", column.lower())
        match = next(
            (
                one
                for one, names in _SYNONYMS.items()
                if one in FIELDS[kind] and name in names and (one in _REPEATED or one not in proposed.values())
            ),
            None,
        )
        proposed[column] = match or (f"{CUSTOM}{column}" if kind is FileKind.PEOPLE else IGNORED)
    return ColumnMapping(proposed)


def read_mapping(kind: FileKind, columns: Sequence[str], document: object) -> ColumnMapping:
    """A user's mapping of a file, completed by the proposed one. Errors: InvalidInput.

    `{"columns": {"Stage": "status", "Junk": "-"}, "values": {"status": {"Hot": "Qualified"}}}`
    """
    mapped = dict(propose_mapping(kind, columns).columns)
    sections = _to_object(document, kind)
    for column, name in _to_object(sections.get("columns", {}), f"{kind}.columns").items():
        if column not in mapped:
            raise InvalidInput.of(f"{kind}.columns.{column}", "is not a column of the file")
        if not _is_field(kind, name):
            raise InvalidInput.of(f"{kind}.columns.{column}", f"must be one of {', '.join(sorted(FIELDS[kind]))}")
        mapped[column] = str(name)
    values: dict[str, Mapping[str, str]] = {}
    for name, table in _to_object(sections.get("values", {}), f"{kind}.values").items():
        if name not in FIELDS[kind]:
            raise InvalidInput.of(f"{kind}.values.{name}", f"must be one of {', '.join(sorted(FIELDS[kind]))}")
        translations = _to_object(table, f"{kind}.values.{name}")
        values[name] = {text.lower(): str(value) for text, value in translations.items()}
    _check_unique(kind, mapped)
    return ColumnMapping(mapped, values)


def apply_mapping(mapping: ColumnMapping, cells: Mapping[str, str]) -> MappedRow:
    """A row by field: repeated fields are lists, custom fields are below `customFields`."""
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    custom: dict[str, str] = {}
    for column, text in cells.items():
        name = mapping.columns.get(column, IGNORED)
        if name == IGNORED:
            continue
        if name.startswith(CUSTOM):
            custom[name.removeprefix(CUSTOM)] = text
            continue
        value = mapping.values.get(name, {}).get(text.lower(), text)
        if name in _REPEATED:
            lists.setdefault(name, []).extend(part.strip() for part in _SPLIT.split(value) if part.strip())
        else:
            texts[name] = value
    row: dict[str, object] = {**texts, **lists}
    if custom:
        row["customFields"] = custom
    return cast("MappedRow", row)


def _check_unique(kind: FileKind, mapped: Mapping[str, str]) -> None:
    single = [name for name in mapped.values() if name in FIELDS[kind] and name not in _REPEATED]
    for name in single:
        if single.count(name) > 1:
            raise InvalidInput.of(f"{kind}.columns", f"two columns are mapped to {name}; ignore one of them with -")


def _is_field(kind: FileKind, name: object) -> bool:
    if not isinstance(name, str):
        return False
    if kind is FileKind.PEOPLE and name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return True
    return name == IGNORED or name in FIELDS[kind]


def _to_object(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput.of(name, "must be an object")
    return cast("dict[str, object]", value)
