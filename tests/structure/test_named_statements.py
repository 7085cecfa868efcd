"""Named statements: every one that is used exists, every one that exists is used, and none is too wide to read."""

import ast
import re
from collections import defaultdict

import pytest

from platbook.db import load_queries
from tests.structure.sources import MIGRATIONS, ROOT, find_modules, find_statement_files, parse, to_module

WIDEST = 120
# Applied migrations are kept to the letter by their checksums, so those made before this rule stay as they are.
_WIDE_BEFORE = "0026"
_WIDE = frozenset({"0042_stuck_photos"})  # made since, and applied before this rule was checked


def _package(file: str) -> str:
    return file.rsplit(".", 1)[0]


def _load_calls() -> dict[tuple[str, str], str]:
    """Which package's statements a module-level name stands for: {(module, name): package}."""
    found: dict[tuple[str, str], str] = {}
    for file in find_modules():
        module = to_module(file)
        package = module if file.name == "__init__.py" else _package(module)
        for node in parse(file).body:
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
                continue
            call = node.value
            if not (isinstance(call.func, ast.Name) and call.func.id == "load_queries"):
                continue
            argument = call.args[0]
            literal = [one.value for one in ast.walk(argument) if isinstance(one, ast.Constant)]
            is_own = any(isinstance(one, ast.Name) and one.id == "__package__" for one in ast.walk(argument))
            assert literal, f"{module}: load_queries takes the package's name"
            if is_own:
                assert literal == [package], f"{module}: {literal} is not its package"
            (target,) = node.targets
            assert isinstance(target, ast.Name)
            found[module, target.id] = str(literal[0])
    return found


def _imported_names() -> dict[tuple[str, str], str]:
    """Names of statements that a module takes from another one: `from platbook.crm.leads.rows import Q as LEADS`."""
    loaded = _load_calls()
    found = dict(loaded)
    for file in find_modules():
        for node in parse(file).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    package = loaded.get((node.module, alias.name))
                    if package is not None:
                        found[to_module(file), alias.asname or alias.name] = package
    return found


def _uses() -> dict[str, set[str]]:
    used: dict[str, set[str]] = defaultdict(set)
    names = _imported_names()
    for file in find_modules():
        module = to_module(file)
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                package = names.get((module, node.value.id))
                if package is not None:
                    used[package].add(node.attr)
    return used


def test_every_statement_that_is_used_exists_and_every_one_that_exists_is_used() -> None:
    used = _uses()
    for file in find_statement_files():
        package = to_module(file.with_suffix(".py")).rsplit(".", 1)[0]
        assert {query.name for query in load_queries(package).all()} == used[package], package


@pytest.mark.parametrize(
    "file",
    [str(file.relative_to(ROOT)) for file in find_statement_files()]
    + [
        str(file.relative_to(ROOT))
        for file in sorted(MIGRATIONS.glob("*.sql"))
        if file.stem[:4] > _WIDE_BEFORE and file.stem not in _WIDE
    ],
)
def test_sql_is_at_most_120_columns_wide(file: str) -> None:
    wide = [number for number, line in enumerate((ROOT / file).read_text().splitlines(), 1) if len(line) > WIDEST]
    assert not wide


def test_no_statement_is_named_twice_in_a_file() -> None:
    for file in find_statement_files():
        names = re.findall(r"^-- name: (\w+)", file.read_text(), re.MULTILINE)
        assert len(names) == len(set(names)), file
