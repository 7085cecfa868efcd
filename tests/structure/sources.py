"""What the tests of the structure read: the packages in their order, their sources and their statements."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src/platbook"
MIGRATIONS = SRC / "db/migrations"


@cache
def read_project() -> dict[str, object]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def read_layers() -> list[set[str]]:
    """The packages from the top of the stack down; those on one row are neighbours."""
    tool = cast("dict[str, dict[str, list[dict[str, object]]]]", read_project()["tool"])
    contracts = tool["importlinter"]["contracts"]
    rows = next(cast("list[str]", one["layers"]) for one in contracts if one["type"] == "layers")
    return [set(re.findall(r"\w+", row)) for row in rows]


def level(package: str) -> int:
    """The row a package stands on; smaller is higher."""
    return next(index for index, row in enumerate(read_layers()) if package in row)


def find_modules(top: Path = SRC) -> list[Path]:
    """Every module of the product."""
    return sorted(top.rglob("*.py"))


def find_statement_files() -> list[Path]:
    """Every file of named statements."""
    return sorted(SRC.rglob("queries.sql"))


def package_of(path: Path) -> str:
    """The feature a file belongs to."""
    return path.relative_to(SRC).parts[0]


def to_module(path: Path) -> str:
    """A file as its dotted module."""
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def parse(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def find_texts(path: Path) -> Iterator[str]:
    """The texts of a module that may be SQL: its string literals, docstrings apart."""
    tree = parse(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def read_table(heading: str, page: str = "docs/architecture.md") -> list[list[str]]:
    """The rows, without their head, of the tables in a section of a document: cells as text."""
    text = (ROOT / page).read_text()
    section = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = section.splitlines()
    rows: list[list[str]] = []
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            rows.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
    return rows


def to_names(cell: str) -> list[str]:
    """The names in backticks of a cell."""
    return re.findall(r"`([^`]+)`", cell)
