"""Rules of the code that no linter knows: named errors, functions that are not asked for too much."""

import ast
import importlib
import inspect
from pathlib import Path

from platbook.base import errors
from tests.structure.sources import ROOT, SRC, find_modules, parse, to_module

MOST_PARAMETERS = 9
# A simulated source refuses in its own protocol's words, and the conformance suite fails as a test does.
_APART = ("platbook.simulate", "platbook.connectors.testing")
_FIRST_LEVEL = {"TryLater", "SkipThis", "NeedsOperator", "CallerError"}


def _exception_classes() -> list[type[BaseException]]:
    found: list[type[BaseException]] = []
    for file in find_modules():
        names = [node.name for node in parse(file).body if isinstance(node, ast.ClassDef)]
        if not names or to_module(file).startswith(_APART):
            continue
        module = importlib.import_module(to_module(file))
        classes = [getattr(module, name) for name in names]
        found += [one for one in classes if inspect.isclass(one) and issubclass(one, BaseException)]
    return found


def _is_private(error: type[BaseException]) -> bool:
    """By its own name or its module's."""
    return error.__name__.startswith("_") or error.__module__.rsplit(".", 1)[1].startswith("_")


def test_every_public_error_derives_from_a_first_level_class() -> None:
    first = tuple(getattr(errors, name) for name in sorted(_FIRST_LEVEL))
    bases = {errors.PlatbookError, *first}
    public = [one for one in _exception_classes() if not _is_private(one)]
    assert not [one for one in public if one not in bases and not issubclass(one, first)]


def test_control_flow_is_private_and_no_error() -> None:
    private = [one for one in _exception_classes() if _is_private(one)]
    assert not [one for one in private if issubclass(one, errors.PlatbookError)]


def test_the_first_level_of_errors_is_what_the_catcher_does_next() -> None:
    assert {one.__name__ for one in errors.PlatbookError.__subclasses__()} >= _FIRST_LEVEL


def test_no_function_takes_more_than_nine_parameters() -> None:
    wide: list[str] = []
    for top in (SRC, ROOT / "tests", ROOT / "benchmarks"):
        for file in sorted(top.rglob("*.py")):
            if SRC / "cli" in file.parents:
                continue  # a command's parameters are its options
            wide += [f"{file.relative_to(ROOT)}:{name}" for name in _find_wide(file)]
    assert not wide


def _find_wide(file: Path) -> list[str]:
    return [
        node.name
        for node in ast.walk(parse(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _count(node) > MOST_PARAMETERS
    ]


def _count(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])
