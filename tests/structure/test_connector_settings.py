"""A connector's settings are its own: what the engine has to know of them, the connector states in its profile."""

import ast

import pytest
from pydantic import BaseModel

from platbook.connectors.mock import MockSettings
from platbook.connectors.rets.settings import RetsSettings
from tests.structure.sources import SRC, find_modules, package_of, parse

_ALLOWED = {
    ("providers", "loginUrl"): "the classic form of a configuration has it beside the settings",
    ("mapping", "timeZone"): "an option of fieldMapping's transforms",
    ("crm", "timeZone"): "a task's field",
    ("api", "timeZone"): "a field of tasks and users",
    ("base", "timeZone"): "a field of tasks and users",
    ("api", "keyField"): "an example in the API's description",
}
_PROVIDERS_OF_OUR_OWN = {"simulate", "bootstrap"}
"""The simulator has settings of its own; bootstrap configures the demo's provider, whose connector it chooses."""


def _keys(*models: type[BaseModel]) -> set[str]:
    return {
        name for model in models for field, info in model.model_fields.items() for name in (field, info.alias or field)
    }


_KEYS = _keys(RetsSettings, MockSettings)
_TELLING = {key for key in _KEYS if key != key.lower() and "_" not in key}
"""Keys in camel case, such as keyField, are looked for anywhere; plain words only where settings are read."""


def _is_settings(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id.endswith("settings")) or (
        isinstance(node, ast.Attribute) and node.attr.endswith("settings")
    )


def _read_key(node: ast.AST) -> str | None:
    """The key of `settings["key"]`, `settings.get("key")` or `"key" in settings`."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and _is_settings(node.value):
        key = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_settings(node.func.value):
        key = node.args[0] if node.args and node.func.attr in {"get", "pop", "setdefault"} else None
    elif isinstance(node, ast.Compare) and _is_settings(node.comparators[0]):
        key = node.left
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _find_keys(tree: ast.Module) -> set[str]:
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return (literals & _TELLING) | {key for node in ast.walk(tree) if (key := _read_key(node)) is not None}


def test_only_a_connector_names_a_key_of_its_settings() -> None:
    named = {
        (str(path.relative_to(SRC)), key)
        for path in find_modules()
        if package_of(path) not in {"connectors", *_PROVIDERS_OF_OUR_OWN}
        for key in _find_keys(parse(path))
        if (package_of(path), key) not in _ALLOWED
    }
    assert not named, "state what the engine has to know in the connector's SourceProfile"


@pytest.mark.parametrize(
    "code",
    [
        'zone = provider.settings.get("timeZone")',
        'classes = configuration.settings["classes"]',
        'if "resource" in settings: pass',
        'key = whatever("keyField")',
    ],
)
def test_a_key_that_is_named_is_found(code: str) -> None:
    assert _find_keys(ast.parse(code))
