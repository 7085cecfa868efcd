"""The GetMetadata transaction (RETS 1.7.2, sections 11 and 12): what is asked for, in COMPACT or STANDARD-XML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.formatting import to_sent
from platbook.simulate.rets.metadata import EMPTY_TYPES, TYPES, VERSION, Entry, Metadata, Parents, Part, Type
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import in_envelope

_PREFIX = "METADATA-"
_SPELLINGS = {"FOREIGN_KEYS": "FOREIGNKEYS", "FOREIGN_KEY": "FOREIGNKEYS"}
_STRANGE = ("X-Vendor-Flag", "X-Vendor-Note")
"""Columns that only this vendor has, under a quirk."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a type, below some parents, alone or with all that belongs to it. `type` None: no entries."""

    type: Type | None
    parents: Parents
    recursive: bool
    format: str


def parse_metadata_request(arguments: Mapping[str, str], quirks: Quirks) -> Wanted:
    """Read the arguments (section 12.1); RefusedError says what is wrong with them."""
    written = arguments.get("Format", "STANDARD-XML").partition(":")[0]
    if written not in {"COMPACT", "STANDARD-XML"}:
        raise RefusedError(Code.METADATA_FORMAT, "Miscellaneous error: metadata is COMPACT or STANDARD-XML.")
    if written == "COMPACT" and Quirk.METADATA_STANDARD_ONLY in quirks:
        raise RefusedError(Code.METADATA_FORMAT, "Miscellaneous error: COMPACT metadata is not supported.")
    compact_only = Quirk.METADATA_COMPACT_ONLY in quirks and Quirk.METADATA_STANDARD_ONLY not in quirks
    if written == "STANDARD-XML" and compact_only:
        raise RefusedError(Code.METADATA_DTD, "Requested DTD version unavailable.")
    said = arguments.get("Type", "")
    name = said.removeprefix(_PREFIX)
    name = _SPELLINGS.get(name, name)
    if not said.startswith(_PREFIX) or (name not in TYPES and name not in EMPTY_TYPES):
        raise RefusedError(Code.METADATA_TYPE, f"Invalid Type: {said[:60]}.")
    *parents, last = arguments.get("ID", "0").split(":")
    recursive = last == "*"
    if recursive and Quirk.METADATA_LEVELS_ONLY in quirks:
        raise RefusedError(Code.METADATA_IDENTIFIER, "Invalid Identifier: metadata is given level by level.")
    if last not in {"0", "*", ""}:
        parents.append(last)
    if name in EMPTY_TYPES:
        return Wanted(None, (), recursive, written)
    return Wanted(TYPES[name], tuple(parents), recursive, written)


def write_metadata(wanted: Wanted, metadata: Metadata, date: datetime, quirks: Quirks) -> Iterator[str]:
    """The whole reply, in pieces; RefusedError where there is nothing."""
    parts = _find(wanted, metadata)
    if not any(part.entries for part in parts):
        if Quirk.METADATA_NONE_IN_TRAILER in quirks:
            return iter(in_envelope((), quirks, trailer=Code.NO_METADATA))
        if Quirk.METADATA_NONE_SILENT in quirks:
            return iter(in_envelope((), quirks))
        raise RefusedError(Code.NO_METADATA, "No Metadata Found.")
    writer = _Writer(metadata, to_date(date, quirks), quirks, recursive=wanted.recursive)
    if wanted.format == "COMPACT":
        return iter(in_envelope(writer.compact(parts), quirks))
    return iter(in_envelope(writer.standard(parts), quirks))


def to_date(date: datetime, quirks: Quirks) -> str:
    """A date of the metadata: ISO 8601 as in 1.7.2, or RFC 1123 as in 1.5."""
    if Quirk.METADATA_RFC_DATES in quirks:
        return format_datetime(date, usegmt=True)
    return f"{date:%Y-%m-%dT%H:%M:%SZ}"


def _find(wanted: Wanted, metadata: Metadata) -> list[Part]:
    if wanted.type is None:
        return []
    depth = len(wanted.type.parents)
    if len(wanted.parents) > depth + 1:
        raise RefusedError(Code.METADATA_IDENTIFIER, f"Invalid Identifier: {':'.join(wanted.parents)[:60]}.")
    parts = metadata.parts(wanted.type, wanted.parents[:depth])
    if len(wanted.parents) > depth:  # one entry by its own name
        key, name = wanted.type.key, wanted.parents[depth]
        parts = [Part(part.type, part.parents, [one for one in part.entries if one[key] == name]) for part in parts]
    return parts


class _Writer:
    def __init__(self, metadata: Metadata, date: str, quirks: Quirks, *, recursive: bool) -> None:
        self._metadata, self._date, self._quirks, self._recursive = metadata, date, quirks, recursive

    def compact(self, parts: Sequence[Part]) -> Iterator[str]:
        """Parts one after the other; those that belong to an entry follow its part (section 11.1)."""
        for part in parts:
            if not part.entries:
                continue
            if part.type.name == "SYSTEM":
                yield self._compact_system(part)
            else:
                yield self._compact_part(part)
            for child in self._children(part):
                yield from self.compact(child)

    def standard(self, parts: Sequence[Part]) -> Iterator[str]:
        """Parts as elements, those that belong to an entry inside it."""
        yield "<METADATA>\r\n"
        for part in parts:
            yield from self._standard_part(part)
        yield "</METADATA>\r\n"

    def _compact_system(self, part: Part) -> str:
        facts = "".join(f' {name}="{self._text(value)}"' for name, value in part.entries[0].items())
        comments = "<COMMENTS>\r\nNothing here exists.\r\n</COMMENTS>\r\n"
        return f"<METADATA-SYSTEM{self._stamps(part)}>\r\n<SYSTEM{facts}/>\r\n{comments}</METADATA-SYSTEM>\r\n"

    def _compact_part(self, part: Part) -> str:
        columns = list(part.type.columns)
        if Quirk.METADATA_SHUFFLED in self._quirks:
            columns = [_STRANGE[0], *reversed(columns), _STRANGE[1]]
        tag = f"{_PREFIX}{part.type.name}"
        names = "\t".join(columns)
        lines = [f"<{tag}{self._stamps(part)}>\r\n", f"<COLUMNS>\t{names}\t</COLUMNS>\r\n"]
        for entry in part.entries:
            cells = "\t".join(self._text(entry.get(column, "")) for column in columns)
            lines.append(f"<DATA>\t{cells}\t</DATA>\r\n")
        return "".join([*lines, f"</{tag}>\r\n"])

    def _standard_part(self, part: Part) -> Iterator[str]:
        tag = f"{_PREFIX}{part.type.name}"
        yield f"<{tag}{self._stamps(part)}>\r\n"
        for entry in part.entries:
            yield from self._standard_entry(part, entry)
        yield f"</{tag}>\r\n"

    def _standard_entry(self, part: Part, entry: Entry) -> Iterator[str]:
        old = Quirk.METADATA_LOOKUP_ELEMENTS in self._quirks
        element = part.type.element
        if element == "LookupType" and old:
            element = "Lookup"
        if element == "SYSTEM" and old:
            yield from self._standard_system(part, entry)
            return
        element = "System" if element == "SYSTEM" else element
        yield f"<{element}>\r\n"
        yield "".join(f"<{name}>{self._text(entry.get(name, ''))}</{name}>\r\n" for name in part.type.columns)
        for child in self._children_of(part, entry):
            yield from self._standard_part(child)
        yield f"</{element}>\r\n"

    def _standard_system(self, part: Part, entry: Entry) -> Iterator[str]:
        """The system as some write it: an element of attributes, and what belongs to it behind."""
        facts = "".join(f' {name}="{self._text(value)}"' for name, value in entry.items())
        yield f"<SYSTEM{facts}/>\r\n<COMMENTS>Nothing here exists.</COMMENTS>\r\n"
        for child in self._children_of(part, entry):
            yield from self._standard_part(child)

    def _children(self, part: Part) -> Iterator[list[Part]]:
        """What belongs to a part, type after type."""
        if self._recursive:
            for name in part.type.children:
                yield [child for entry in part.entries for child in self._below(name, part, entry)]

    def _children_of(self, part: Part, entry: Entry) -> Iterator[Part]:
        if self._recursive:
            for name in part.type.children:
                yield from self._below(name, part, entry)

    def _below(self, name: str, part: Part, entry: Entry) -> list[Part]:
        kind = TYPES[name]
        parents = (*part.parents, entry[part.type.key]) if kind.parents else ()
        return self._metadata.parts(kind, parents)

    def _stamps(self, part: Part) -> str:
        parents = "".join(
            f' {name}="{self._text(value)}"' for name, value in zip(part.type.parents, part.parents, strict=True)
        )
        return f'{parents} Version="{VERSION}" Date="{self._date}"'

    def _text(self, value: str) -> str:
        return to_sent(value, self._quirks, marked=False).replace('"', "&quot;")
