"""The GetMetadata transaction (RETS 1.7.2, sections 11 and 12): requests, and replies in COMPACT or STANDARD-XML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.formatting import encode_text
from platbook.simulate.rets.metadata import (
    EMPTY_TYPES,
    TYPES,
    VERSION,
    Entry,
    Metadata,
    MetadataSection,
    MetadataType,
    Parents,
)
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import wrap_in_envelope

_PREFIX = "METADATA-"
_SPELLINGS = {"FOREIGN_KEYS": "FOREIGNKEYS", "FOREIGN_KEY": "FOREIGNKEYS"}
_VENDOR_COLUMNS = ("X-Vendor-Flag", "X-Vendor-Note")
"""Vendor-specific columns, under a quirk."""


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """A metadata request: a type, below some parents, with or without descendants. `type` None: no entries."""

    type: MetadataType | None
    parents: Parents
    recursive: bool
    format: str


def parse_metadata_request(arguments: Mapping[str, str], quirks: Quirks) -> MetadataRequest:
    """Parse the arguments (section 12.1). RefusedError: they are invalid."""
    format_name = arguments.get("Format", "STANDARD-XML").partition(":")[0]
    if format_name not in {"COMPACT", "STANDARD-XML"}:
        raise RefusedError(ReplyCode.METADATA_FORMAT, "Miscellaneous error: metadata is COMPACT or STANDARD-XML.")
    if format_name == "COMPACT" and Quirk.METADATA_STANDARD_ONLY in quirks:
        raise RefusedError(ReplyCode.METADATA_FORMAT, "Miscellaneous error: COMPACT metadata is not supported.")
    compact_only = Quirk.METADATA_COMPACT_ONLY in quirks and Quirk.METADATA_STANDARD_ONLY not in quirks
    if format_name == "STANDARD-XML" and compact_only:
        raise RefusedError(ReplyCode.METADATA_DTD, "Requested DTD version unavailable.")
    type_name = arguments.get("Type", "")
    name = type_name.removeprefix(_PREFIX)
    name = _SPELLINGS.get(name, name)
    if not type_name.startswith(_PREFIX) or (name not in TYPES and name not in EMPTY_TYPES):
        raise RefusedError(ReplyCode.METADATA_TYPE, f"Invalid Type: {type_name[:60]}.")
    *parents, last = arguments.get("ID", "0").split(":")
    recursive = last == "*"
    if recursive and Quirk.METADATA_LEVELS_ONLY in quirks:
        raise RefusedError(ReplyCode.METADATA_IDENTIFIER, "Invalid Identifier: metadata is served level by level.")
    if last not in {"0", "*", ""}:
        parents.append(last)
    if name in EMPTY_TYPES:
        return MetadataRequest(None, (), recursive, format_name)
    return MetadataRequest(TYPES[name], tuple(parents), recursive, format_name)


def write_metadata(request: MetadataRequest, metadata: Metadata, date: datetime, quirks: Quirks) -> Iterator[str]:
    """The complete reply, in chunks. RefusedError: there are no entries."""
    sections = _find_sections(request, metadata)
    if not any(section.entries for section in sections):
        if Quirk.METADATA_NONE_IN_TRAILER in quirks:
            return iter(wrap_in_envelope((), quirks, trailer=ReplyCode.NO_METADATA))
        if Quirk.METADATA_NONE_SILENT in quirks:
            return iter(wrap_in_envelope((), quirks))
        raise RefusedError(ReplyCode.NO_METADATA, "No Metadata Found.")
    writer = _Writer(metadata, to_date(date, quirks), quirks, recursive=request.recursive)
    if request.format == "COMPACT":
        return iter(wrap_in_envelope(writer.compact(sections), quirks))
    return iter(wrap_in_envelope(writer.standard(sections), quirks))


def to_date(date: datetime, quirks: Quirks) -> str:
    """A date of the metadata: ISO 8601 as in 1.7.2, or RFC 1123 as in 1.5."""
    if Quirk.METADATA_RFC_DATES in quirks:
        return format_datetime(date, usegmt=True)
    return f"{date:%Y-%m-%dT%H:%M:%SZ}"


def _find_sections(request: MetadataRequest, metadata: Metadata) -> list[MetadataSection]:
    if request.type is None:
        return []
    depth = len(request.type.parents)
    if len(request.parents) > depth + 1:
        raise RefusedError(ReplyCode.METADATA_IDENTIFIER, f"Invalid Identifier: {':'.join(request.parents)[:60]}.")
    sections = metadata.sections(request.type, request.parents[:depth])
    if len(request.parents) > depth:  # a single entry by its name
        key, name = request.type.key, request.parents[depth]
        sections = [
            MetadataSection(section.type, section.parents, [one for one in section.entries if one[key] == name])
            for section in sections
        ]
    return sections


class _Writer:
    def __init__(self, metadata: Metadata, date: str, quirks: Quirks, *, recursive: bool) -> None:
        self._metadata, self._date, self._quirks, self._recursive = metadata, date, quirks, recursive

    def compact(self, sections: Sequence[MetadataSection]) -> Iterator[str]:
        """Sections one after the other; the children of a section follow it (section 11.1)."""
        for section in sections:
            if not section.entries:
                continue
            if section.type.name == "SYSTEM":
                yield self._compact_system(section)
            else:
                yield self._compact_section(section)
            for child in self._children(section):
                yield from self.compact(child)

    def standard(self, sections: Sequence[MetadataSection]) -> Iterator[str]:
        """Sections as elements, with the children of an entry nested in it."""
        yield "<METADATA>\r\n"
        for section in sections:
            yield from self._standard_section(section)
        yield "</METADATA>\r\n"

    def _compact_system(self, section: MetadataSection) -> str:
        xml_attributes = "".join(f' {name}="{self._text(value)}"' for name, value in section.entries[0].items())
        comments = "<COMMENTS>\r\nNothing here exists.\r\n</COMMENTS>\r\n"
        start = f"<METADATA-SYSTEM{self._format_attributes(section)}>\r\n<SYSTEM{xml_attributes}/>\r\n"
        return f"{start}{comments}</METADATA-SYSTEM>\r\n"

    def _compact_section(self, section: MetadataSection) -> str:
        columns = list(section.type.columns)
        if Quirk.METADATA_SHUFFLED in self._quirks:
            columns = [_VENDOR_COLUMNS[0], *reversed(columns), _VENDOR_COLUMNS[1]]
        tag = f"{_PREFIX}{section.type.name}"
        names = "\t".join(columns)
        lines = [f"<{tag}{self._format_attributes(section)}>\r\n", f"<COLUMNS>\t{names}\t</COLUMNS>\r\n"]
        for entry in section.entries:
            cells = "\t".join(self._text(entry.get(column, "")) for column in columns)
            lines.append(f"<DATA>\t{cells}\t</DATA>\r\n")
        return "".join([*lines, f"</{tag}>\r\n"])

    def _standard_section(self, section: MetadataSection) -> Iterator[str]:
        tag = f"{_PREFIX}{section.type.name}"
        yield f"<{tag}{self._format_attributes(section)}>\r\n"
        for entry in section.entries:
            yield from self._standard_entry(section, entry)
        yield f"</{tag}>\r\n"

    def _standard_entry(self, section: MetadataSection, entry: Entry) -> Iterator[str]:
        is_old_layout = Quirk.METADATA_LOOKUP_ELEMENTS in self._quirks
        element = section.type.element
        if element == "LookupType" and is_old_layout:
            element = "Lookup"
        if element == "SYSTEM" and is_old_layout:
            yield from self._standard_system(section, entry)
            return
        element = "System" if element == "SYSTEM" else element
        yield f"<{element}>\r\n"
        yield "".join(f"<{name}>{self._text(entry.get(name, ''))}</{name}>\r\n" for name in section.type.columns)
        for child in self._children_of(section, entry):
            yield from self._standard_section(child)
        yield f"</{element}>\r\n"

    def _standard_system(self, section: MetadataSection, entry: Entry) -> Iterator[str]:
        """The system in an alternative layout: attributes in one element, its children after it."""
        xml_attributes = "".join(f' {name}="{self._text(value)}"' for name, value in entry.items())
        yield f"<SYSTEM{xml_attributes}/>\r\n<COMMENTS>Nothing here exists.</COMMENTS>\r\n"
        for child in self._children_of(section, entry):
            yield from self._standard_section(child)

    def _children(self, section: MetadataSection) -> Iterator[list[MetadataSection]]:
        """The child sections of a section, by type."""
        if self._recursive:
            for name in section.type.children:
                yield [child for entry in section.entries for child in self._get_children(name, section, entry)]

    def _children_of(self, section: MetadataSection, entry: Entry) -> Iterator[MetadataSection]:
        if self._recursive:
            for name in section.type.children:
                yield from self._get_children(name, section, entry)

    def _get_children(self, name: str, section: MetadataSection, entry: Entry) -> list[MetadataSection]:
        kind = TYPES[name]
        parents = (*section.parents, entry[section.type.key]) if kind.parents else ()
        return self._metadata.sections(kind, parents)

    def _format_attributes(self, section: MetadataSection) -> str:
        parents = "".join(
            f' {name}="{self._text(value)}"' for name, value in zip(section.type.parents, section.parents, strict=True)
        )
        return f'{parents} Version="{VERSION}" Date="{self._date}"'

    def _text(self, value: str) -> str:
        return encode_text(value, self._quirks, is_affected=False).replace('"', "&quot;")
