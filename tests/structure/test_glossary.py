"""The glossary: every term names a module that speaks of it, and one class has one name in the whole product."""

import ast
import re
from collections import defaultdict

import pytest

from tests.structure.sources import SRC, find_modules, parse, read_table, to_module, to_names

PAGE = "docs/glossary.md"
TERMS = [
    (row[0].strip("*"), to_names(row[-1])[0])
    for section in ("Domain", "Techniques")
    for row in read_table(section, PAGE)
]


@pytest.mark.parametrize(("term", "module"), TERMS)
def test_every_term_names_a_module_that_speaks_of_it(term: str, module: str) -> None:
    text = (SRC / module).read_text()
    words = re.split(r"[\s-]+", term)
    assert re.search(r"[\s_-]+".join(words), text, re.IGNORECASE), f"{module} does not say {term}"


def test_terms_are_in_order_and_none_stands_twice() -> None:
    names = [term for term, _ in TERMS]
    assert len(names) == len(set(names))
    techniques = [row[0].strip("*").lower() for row in read_table("Techniques", PAGE)]
    assert techniques == sorted(techniques)


def test_a_public_class_name_stands_in_one_module_unless_the_glossary_says_why() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for file in find_modules():
        for node in parse(file).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].add(to_module(file))
    listed = {to_names(row[0])[0]: row[2] for row in read_table("Names that stand in several packages", PAGE)}
    repeated = {name for name, modules in found.items() if len(modules) > 1}
    assert repeated == set(listed)
    assert all(listed.values())
