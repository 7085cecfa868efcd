"""Every exception in the linters' configuration is needed, and says why."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from tests.structure.sources import ROOT, read_project

_RUFF = Path(sys.executable).with_name("ruff")
_LINT = cast("dict[str, dict[str, dict[str, object]]]", read_project()["tool"])["ruff"]["lint"]
_EVERYWHERE = cast("list[str]", _LINT["ignore"])
_IN_SOME_FILES = cast("dict[str, list[str]]", _LINT["per-file-ignores"])


@cache
def _find_all() -> dict[str, set[str]]:
    """By rule, the files it finds fault with when nothing is ignored."""
    codes = sorted({*_EVERYWHERE, *(code for ignored in _IN_SOME_FILES.values() for code in ignored)})
    arguments = ["check", "--exit-zero", "--output-format", "json", "--select", ",".join(codes)]
    nothing = ["--config", "lint.ignore=[]", "--config", "lint.per-file-ignores={}"]
    done = subprocess.run([_RUFF, *arguments, *nothing, "."], cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, set[str]] = {}
    for one in cast("list[dict[str, str]]", json.loads(done.stdout)):
        found.setdefault(one["code"], set()).add(str(Path(one["filename"]).relative_to(ROOT)))
    return found


def _find_files(code: str) -> set[str]:
    return {file for found, files in _find_all().items() if found.startswith(code) for file in files}


@pytest.mark.parametrize("code", _EVERYWHERE)
def test_a_rule_that_is_ignored_everywhere_would_find_something(code: str) -> None:
    assert _find_files(code)


@pytest.mark.parametrize(
    ("pattern", "code"), [(pattern, code) for pattern, codes in _IN_SOME_FILES.items() for code in codes]
)
def test_a_rule_that_is_ignored_in_some_files_would_find_something_there(pattern: str, code: str) -> None:
    assert any(fnmatch(file, pattern.replace("**", "*")) for file in _find_files(code))


def test_every_exception_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.flake8-bugbear]")]
    bare = [line for line in re.findall(r"^ +\"[A-Z]+\d*\",.*$", section, re.MULTILINE) if "#" not in line]
    assert not bare


def test_a_comment_that_silences_a_checker_says_why() -> None:
    silencer = re.compile(r"#\s*(?:noqa: [A-Z0-9]+(?:, ?[A-Z0-9]+)*|pyright: ignore\[[^\]]+\]|type: ignore\S*)(.*)$")
    bare = [
        f"{file.relative_to(ROOT)}:{number}"
        for top in ("src", "tests", "benchmarks")
        for file in (ROOT / top).rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (found := silencer.search(line)) and not re.match(r" - \S", found[1])
    ]
    assert not bare
