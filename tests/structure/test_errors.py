"""A public exception says what its catcher does next: it derives from a first-level class of base/errors.py."""

import ast

from tests.structure.sources import SRC, find_modules, parse

_TOO_GENERAL = {"Exception", "BaseException", "PlatbookError", "RuntimeError", "ValueError"}
_ALLOWED = {
    "PlatbookError": "the root",
    "TryLater": "first level",
    "SkipThis": "first level",
    "NeedsOperator": "first level",
    "CallerError": "first level",
    "RunCancelled": "ends a run between its steps and the engine",
    "RunTakenOver": "ends a run between its steps and the engine",
    "RowRefused": "ends a row of an import between its parts",
}


def _find_general_errors(tree: ast.Module) -> set[str]:
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and any(isinstance(base, ast.Name) and base.id in _TOO_GENERAL for base in node.bases)
    }


def test_a_public_exception_derives_from_a_first_level_class() -> None:
    found = {
        (str(path.relative_to(SRC)), name)
        for path in find_modules()
        if path.relative_to(SRC).parts[0] != "simulate"  # a server of its own, whose errors are its replies
        for name in _find_general_errors(parse(path)) - _ALLOWED.keys()
    }
    assert not found, "derive it from TryLater, SkipThis, NeedsOperator or CallerError, or make it private"
