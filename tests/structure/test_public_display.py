"""What may be public is decided in one place of Python and by one function of SQL: nothing else holds a copy."""

import ast
import re

import pytest

from platbook.db.queries import parse_queries
from platbook.providers.display_rules import RuleSettings
from tests.structure.schema import SCHEMA
from tests.structure.sources import SRC, find_modules, find_statement_files, find_texts, parse

_DECIDES = SRC / "listings/display.py"
_SETTINGS = (SRC / "providers/display_rules.py", SRC / "providers/rule_checks.py")
_STORED = "public_document IS NOT NULL"
"""What tells of a decision in the schema: it stands in `listing_is_public` alone."""

# A permission that is compared, a document that is looked for, a setting that stands in for a missing value.
_COPIED_SQL = re.compile(
    r"public_document\s+IS\b|(?-i:'(?:Public|IDX)')|\bpermission\s*(?:&&|@>|<@|=|IN\b)|(?:Display|valuation|comments)WhenNull"
    r"|InternetEntireListing|InternetAddressDisplay",
    re.IGNORECASE,
)
_WRITES = re.compile(r"\bpermission = excluded\.|internet_\w+_display_yn")
_CARRIED = frozenset({"hot_link", "mls", "copyright", "disclaimer", "logo", "credit_label", "excluded_notice"})
"""Settings that decide nothing: they are shown, or say how."""
_RULES = frozenset(RuleSettings.model_fields) - _CARRIED - {"statuses", "property_types", "licences"}
"""Settings by which a listing, a field or a photo is shown or not; those left out are names of other things, too."""
_FLAGS = frozenset(
    {
        "InternetEntireListingDisplayYN",
        "InternetAddressDisplayYN",
        "InternetAutomatedValuationDisplayYN",
        "InternetConsumerCommentYN",
    }
)
_KNOW_THE_FLAGS = frozenset({"reso", "market", "simulate"})
"""Packages that name the fields and make data; they decide nothing."""


def _without_comments(sql: str) -> str:
    return re.sub(r"--.*", "", sql)


def find_copies(sql: str) -> list[str]:
    """What of a text decides about what is public."""
    return _COPIED_SQL.findall(_WRITES.sub("", _without_comments(sql)))


@pytest.mark.parametrize(
    ("sql", "is_copy"),
    [
        ("SELECT FROM properties WHERE visible AND public_document IS NOT NULL", True),
        ("SELECT FROM property_media WHERE permission && ARRAY['IDX']", True),
        ("SELECT c.display ->> 'photoDisplayWhenNull'", True),
        ("SELECT listing_is_public(visible, public_document), permission -- public_document IS NOT NULL", False),
        ("UPDATE properties SET public_document = NULL, permission = excluded.permission", False),
    ],
)
def test_a_copy_is_recognised(sql: str, *, is_copy: bool) -> None:
    assert bool(find_copies(sql)) is is_copy


def test_no_statement_decides_what_is_public() -> None:
    texts = [(file, file.read_text()) for file in find_statement_files()]
    texts += [
        (file, text)
        for file in find_modules()
        for text in find_texts(file)
        if re.search(r"\b(SELECT|FROM|AND)\b", text)
    ]

    assert not {str(file): found for file, text in texts if (found := find_copies(text))}


def test_the_clock_is_compared_where_documents_are_withdrawn_and_versions_known() -> None:
    """Whoever reads asks `listing_is_public`; these two look for what ceased to be public."""
    comparing = {
        name
        for file in find_statement_files()
        for name, query in parse_queries(file.read_text()).items()
        if re.search(r"public_until\s*[<>]", query.sql)
    }
    assert comparing == {"withdraw_expired", "get_snapshot"}


def test_in_the_schema_one_function_decides() -> None:
    schema = SCHEMA.read_text()
    bodies = re.findall(r"CREATE FUNCTION public\.(\w+)\((.*?;)\n", schema, re.DOTALL)
    assert schema.count(_STORED) == 1
    assert [name for name, body in bodies if _STORED in body] == ["listing_is_public"]
    assert not find_copies(schema.replace(_STORED, ""))
    assert schema.count("public_until > ") == 1
    trigger = next(line for line in schema.splitlines() if "TRIGGER properties_media " in line)
    assert trigger.count("listing_is_public(") == 2


def test_no_other_module_reads_display_rules_or_compares_permissions() -> None:
    copies: list[str] = []
    for file in find_modules():
        if file in {_DECIDES, *_SETTINGS}:
            continue
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.Attribute) and node.attr in _RULES:
                copies.append(f"{file}:{node.lineno} {node.attr}")
            if isinstance(node, ast.Constant) and node.value == "IDX":
                copies.append(f"{file}:{node.lineno} IDX")
        if file.relative_to(SRC).parts[0] not in _KNOW_THE_FLAGS:
            copies += [f"{file} {text}" for text in find_texts(file) if text in _FLAGS]
    assert not copies
