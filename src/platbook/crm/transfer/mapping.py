"""Mapping of a CSV file's columns to fields: proposed by preset or column name, changed by the user, applied. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, cast

from platbook.base.errors import InvalidInput
from platbook.crm.transfer.cells import is_absent, to_whole
from platbook.crm.transfer.consent_columns import CONSENT_DATE, CONSENT_SOURCE, CONSENT_SYNONYMS
from platbook.crm.transfer.date_formats import FORMATS, ISO, UNDECIDED, to_iso
from platbook.crm.transfer.presets import Preset, find_preset, load_presets

IGNORED = "-"
CUSTOM = "customFields."
NO_PRESET = "none"


class FileKind(StrEnum):
    """What a file holds."""

    PEOPLE = "people"
    NOTES = "notes"
    TASKS = "tasks"
    TAGS = "tags"


class FieldType(StrEnum):
    """How the cells of a field are read. A list may have several columns, and several values in a cell.

    Cells and dates are lists with one value in a cell.
    """

    TEXT = "text"
    LIST = "list"
    CELLS = "cells"
    DATES = "dates"
    DATE = "date"
    ID = "id"
    WORD = "word"

    @property
    def is_list(self) -> bool:
        """Whether a field may have several columns."""
        return self in {FieldType.LIST, FieldType.CELLS, FieldType.DATES}

    @property
    def has_dates(self) -> bool:
        """Whether its cells are dates."""
        return self in {FieldType.DATE, FieldType.DATES}


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column may be mapped to: the kinds of file that have it, and what columns of it are called."""

    kinds: frozenset[FileKind]
    synonyms: tuple[str, ...]
    type: FieldType = FieldType.WORD


_PEOPLE, _NOTES, _TASKS, _TAGS = (frozenset({kind}) for kind in FileKind)
_ROWS = _NOTES | _TASKS
_CONSENT_TYPES: Mapping[str, FieldType] = MappingProxyType(
    {CONSENT_DATE: FieldType.DATES, CONSENT_SOURCE: FieldType.TEXT}
)
"""Those of the consent fields whose cells are not read whole by `consent_columns`."""

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "person": Target(
            _ROWS | _TAGS,
            ("personid", "contactid", "leadid", "person", "contact", "lead", "clientid"),
            FieldType.ID,
        ),
        "externalId": Target(
            _PEOPLE | _ROWS,
            (
                "id", "externalid", "personid", "contactid", "leadid", "recordid", "noteid", "taskid", "clientid",
                "customerid",
            ),
            FieldType.ID,
        ),
        "firstName": Target(_PEOPLE, ("firstname", "first", "givenname", "fname", "forename"), FieldType.TEXT),
        "lastName": Target(_PEOPLE, ("lastname", "last", "surname", "familyname", "lname"), FieldType.TEXT),
        "name": Target(
            _PEOPLE,
            ("name", "fullname", "contactname", "leadname", "clientname", "displayname", "contact", "client"),
            FieldType.TEXT,
        ),
        "emails": Target(
            _PEOPLE,
            (
                "email", "emails", "emailaddress", "mail", "primaryemail", "secondaryemail", "emailvalue", "homeemail",
                "workemail", "personalemail", "otheremail", "alternateemail", "emailprimary", "emailaddresses",
                "primaryemailaddress", "additionalemails",
            ),
            FieldType.LIST,
        ),
        "phones": Target(
            _PEOPLE,
            (
                "phone", "phones", "phonenumber", "mobile", "mobilephone", "cell", "cellphone", "homephone",
                "workphone", "phonevalue", "mobilenumber", "cellnumber", "telephone", "tel", "primaryphone",
                "secondaryphone", "otherphone", "businessphone", "officephone", "mainphone", "phonemobile",
                "phonehome", "phonework", "phoneprimary", "phonenumbers", "mobilephonenumber", "homephonenumber",
                "workphonenumber", "homenumber", "worknumber", "alternatephone", "additionalphones",
            ),
            FieldType.LIST,
        ),
        "source": Target(_PEOPLE, ("source", "leadsource", "originalsource", "referralsource", "howheard")),
        "status": Target(
            _PEOPLE, ("status", "stage", "leadstatus", "pipelinestage", "leadstage", "contactstatus", "dealstage")
        ),
        "priority": Target(_PEOPLE | _TASKS, ("priority",)),
        "budgetMin": Target(
            _PEOPLE, ("budgetmin", "minbudget", "minprice", "pricefrom", "minimumprice", "pricemin", "lowprice")
        ),
        "budgetMax": Target(
            _PEOPLE,
            (
                "budgetmax", "maxbudget", "maxprice", "price", "budget", "priceto", "maximumprice", "pricemax",
                "highprice",
            ),
        ),
        "notes": Target(
            _PEOPLE, ("notes", "background", "note", "comments", "comment", "remarks"), FieldType.TEXT
        ),
        "tags": Target(
            _PEOPLE, ("tags", "labels", "tag", "label", "groups", "group", "categories", "category"), FieldType.LIST
        ),
        "tag": Target(_TAGS, ("tag", "label", "name"), FieldType.TEXT),
        "owner": Target(
            _PEOPLE | _TASKS,
            (
                "owner", "owneremail", "assignedto", "assigneduser", "agent", "agentemail", "assignedagent",
                "contactowner", "leadowner", "assignee", "agentname",
            ),
        ),
        "author": Target(_NOTES, ("author", "createdby", "user", "useremail", "agent", "agentemail")),
        "createdAt": Target(
            _PEOPLE | _TASKS,
            (
                "createdat", "created", "dateadded", "createddate", "createdon", "datecreated", "createdtime",
                "createdate", "creationdate", "added", "addedon", "registered", "registrationdate", "registeredon",
            ),
            FieldType.DATE,
        ),
        "aiSummary": Target(_PEOPLE, ("aisummary",), FieldType.TEXT),
        "type": Target(_ROWS, ("type", "kind")),
        "content": Target(_NOTES, ("content", "note", "body", "text", "description"), FieldType.TEXT),
        "date": Target(
            _NOTES, ("date", "interactiondate", "createdat", "created", "when", "dateadded"), FieldType.DATE
        ),
        "title": Target(_TASKS, ("title", "name", "task", "subject"), FieldType.TEXT),
        "description": Target(_TASKS, ("description", "details", "notes"), FieldType.TEXT),
        "dueDate": Target(_TASKS, ("duedate", "due", "dueat"), FieldType.DATE),
        "timeZone": Target(_TASKS, ("timezone",)),
        "isCompleted": Target(_TASKS, ("iscompleted", "completed", "done")),
        "completedAt": Target(_TASKS, ("completedat", "completedon"), FieldType.DATE),
        **{
            name: Target(_PEOPLE, synonyms, _CONSENT_TYPES.get(name, FieldType.CELLS))
            for name, synonyms in CONSENT_SYNONYMS.items()
        },
    }
)  # fmt: skip
"""Every field, in the order in which a column's name is looked up. `person` is a person's id in the same system, or an
e-mail address; `owner` and `author` are users by e-mail address or name. A column of people may also be
`customFields.NAME`; `-` ignores a column."""

FIELDS: Mapping[FileKind, frozenset[str]] = MappingProxyType(
    {kind: frozenset(name for name, target in TARGETS.items() if kind in target.kinds) for kind in FileKind}
)
"""The fields of each kind of file."""

_CONSENT_HEADERS = frozenset(synonym for synonyms in CONSENT_SYNONYMS.values() for synonym in synonyms)
_NOT_LETTERS = re.compile(r"[^a-z]")
_SPLIT = re.compile(r":::|[|,]|;(?!ext=)")
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
    fileConsent: str


_Plan = tuple[str, FieldType | None, Mapping[str, str]]
"""What to do with a cell: its field, how it is read, and the translations; without a type it is a custom field's."""

_NOT_MAPPED: _Plan = (IGNORED, None, MappingProxyType({}))


def _to_plan(name: str, values: Mapping[str, Mapping[str, str]]) -> _Plan:
    if name == IGNORED:
        return _NOT_MAPPED
    if name.startswith(CUSTOM):
        return name.removeprefix(CUSTOM), None, {}
    return name, TARGETS[name].type, values.get(name, {})


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a file's columns mean.

    `values`: by field, the translation of a source's values, in lower case; `dates`: by column, the format of its
    dates; `preset`: the name of the system whose preset it follows.
    """

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    dates: Mapping[str, str] = field(default_factory=dict[str, str])
    preset: str = NO_PRESET
    plan: Mapping[str, _Plan] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every row needs."""
        plan = {column: _to_plan(name, self.values) for column, name in self.columns.items()}
        object.__setattr__(self, "plan", plan)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the file has, whatever its cells hold."""
        return frozenset(self.columns.values()) - {IGNORED}

    def columns_of_dates(self) -> list[str]:
        """The columns that are mapped to fields of dates."""
        return [column for column, name in self.columns.items() if name in TARGETS and TARGETS[name].type.has_dates]

    def columns_named(self, name: str) -> list[str]:
        """The columns that are mapped to a field."""
        return [column for column, one in self.columns.items() if one == name]

    def with_dates(self, formats: Mapping[str, str]) -> "ColumnMapping":
        """The mapping with the guessed formats of those columns that it names none for."""
        return replace(self, dates={**formats, **self.dates})


def propose_mapping(kind: FileKind, columns: Sequence[str], preset: Preset | None = None) -> ColumnMapping:
    """The likely fields of columns, by preset or name. An unknown column of people becomes a custom field."""
    proposed: dict[str, str] = {}
    for column in columns:
        if kind is FileKind.PEOPLE and _normalize(column) in _CONSENT_HEADERS:
            continue  # a preset's pattern such as `Email *` means no consent
        if preset is not None and (name := preset.field_of(column)) is not None and _is_free(name, proposed):
            proposed[column] = name
    for column in columns:
        if column not in proposed:
            proposed[column] = _find_field(kind, column, proposed)
    ordered = {column: proposed[column] for column in columns}
    if preset is None:
        return ColumnMapping(ordered)
    values = {name: _to_translations(table) for name, table in preset.values.items()}
    return ColumnMapping(ordered, values, preset=preset.name)


def read_mapping(kind: FileKind, columns: Sequence[str], document: object) -> ColumnMapping:
    """A user's mapping of a file, completed by the proposed one. Errors: InvalidInput.

    `{"columns": {"Stage": "status", "Junk": "-"}, "values": {"status": {"Hot": "Qualified"}}, "dates": {"Created":
    "MM/DD/YYYY"}, "preset": "HubSpot"}`
    """
    sections = _to_object(document, kind)
    proposed = propose_mapping(kind, columns, _choose_preset(kind, columns, sections.get("preset")))
    mapped = dict(proposed.columns)
    for column, name in _to_object(sections.get("columns", {}), f"{kind}.columns").items():
        if column not in mapped:
            raise InvalidInput.of(f"{kind}.columns.{column}", "is not a column of the file")
        if not _is_field(kind, name):
            raise InvalidInput.of(f"{kind}.columns.{column}", f"must be one of {', '.join(sorted(FIELDS[kind]))}")
        mapped[column] = str(name)
    values = dict(proposed.values)
    for name, table in _to_object(sections.get("values", {}), f"{kind}.values").items():
        if name not in FIELDS[kind]:
            raise InvalidInput.of(f"{kind}.values.{name}", f"must be one of {', '.join(sorted(FIELDS[kind]))}")
        values[name] = {**values.get(name, {}), **_to_translations(_to_object(table, f"{kind}.values.{name}"))}
    _check_unique(kind, mapped)
    mapping = ColumnMapping(mapped, values, preset=proposed.preset)
    return mapping.with_dates(_read_dates(kind, mapping, sections.get("dates", {})))


def apply_mapping(mapping: ColumnMapping, cells: Mapping[str, str]) -> MappedRow:
    """A row by field: repeated fields are lists, custom fields are below `customFields`."""
    row: dict[str, object] = {}
    lists: dict[str, list[str]] = {}
    custom: dict[str, str] = {}
    for column, text in cells.items():
        name, type_, translations = mapping.plan.get(column, _NOT_MAPPED)
        if type_ is None:
            if name != IGNORED:
                custom[name] = text
            continue
        value = translations.get(text.lower(), text) if translations else text
        if type_ is FieldType.TEXT:
            row[name] = value
        elif is_absent(value):
            continue
        elif type_ is FieldType.LIST:
            lists.setdefault(name, []).extend(_to_parts(value, translations))
        else:
            read = _read_cell(value, type_, mapping.dates.get(column, ISO))
            if type_.is_list:
                lists.setdefault(name, []).append(read)
            else:
                row[name] = read
    row |= lists
    if custom:
        row["customFields"] = custom
    return cast("MappedRow", row)


def _read_cell(value: str, type_: FieldType, date_format: str) -> str:
    """A cell that has one value."""
    if type_.has_dates:
        return to_iso(value, date_format) or value
    return to_whole(value) if type_ is FieldType.ID else value


def _to_parts(value: str, translations: Mapping[str, str]) -> list[str]:
    """The values of a cell that may have several."""
    parts = [part.strip() for part in _SPLIT.split(value)]
    if translations:
        parts = [translations.get(part.lower(), part) for part in parts]
    return [part for part in parts if part and not is_absent(part)]


def _find_field(kind: FileKind, column: str, proposed: Mapping[str, str]) -> str:
    text = _normalize(column)
    for name, target in TARGETS.items():
        if kind in target.kinds and text in target.synonyms and _is_free(name, proposed):
            return name
    return f"{CUSTOM}{column}" if kind is FileKind.PEOPLE else IGNORED


def _normalize(column: str) -> str:
    return _NOT_LETTERS.sub("", column.lower())


def _is_free(name: str, proposed: Mapping[str, str]) -> bool:
    return name == IGNORED or TARGETS[name].type.is_list or name not in proposed.values()


def _choose_preset(kind: FileKind, columns: Sequence[str], name: object) -> Preset | None:
    """The preset that a user names, or else that of the system whose columns these are. Errors: InvalidInput."""
    if kind is not FileKind.PEOPLE or name == NO_PRESET:
        return None
    if name is None:
        return find_preset(columns)
    presets = {one.name: one for one in load_presets()}
    if not isinstance(name, str) or name not in presets:
        raise InvalidInput.of(f"{kind}.preset", f"must be one of {', '.join([NO_PRESET, *presets])}")
    return presets[name]


def _read_dates(kind: FileKind, mapping: ColumnMapping, document: object) -> dict[str, str]:
    dates: dict[str, str] = {}
    for column, name in _to_object(document, f"{kind}.dates").items():
        if column not in mapping.columns_of_dates():
            raise InvalidInput.of(f"{kind}.dates.{column}", "is not a column of dates")
        if name == UNDECIDED:
            continue
        if name not in FORMATS:
            raise InvalidInput.of(f"{kind}.dates.{column}", f"must be one of {', '.join(FORMATS)}")
        dates[column] = str(name)
    return dates


def _to_translations(table: Mapping[str, object]) -> dict[str, str]:
    """By a value in lower case what it means; one without a meaning is left out."""
    return {text.lower(): str(value) for text, value in table.items() if value}


def _check_unique(kind: FileKind, mapped: Mapping[str, str]) -> None:
    single = [name for name in mapped.values() if name in FIELDS[kind] and not TARGETS[name].type.is_list]
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
