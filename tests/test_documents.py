"""The documents speak of what is there: settings, commands, routes, files; and of nothing that is not."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from platbook.api.route_rights import RIGHTS
from platbook.base.actor import Surface
from platbook.base.settings import Settings
from platbook.mapping.mapping import plan_mapping
from platbook.providers.configuration import parse_configuration
from platbook.providers.display_rules import DEFAULTS, RuleKey, RuleSettings
from platbook.providers.rule_checks import check_rules
from tests.cli.command_tree import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
SETTINGS = {name.upper() for name in Settings.model_fields}
PACKAGES = "|".join(folder.name for folder in (ROOT / "src/platbook").iterdir() if folder.is_dir())
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("where", [".env.example", "docs/deployment.md"])
def test_every_setting_is_documented_and_no_other(where: str) -> None:
    text = (ROOT / where).read_text()
    pattern = r"^#?([A-Z][A-Z0-9_]+)=" if where.startswith(".env") else r"^\| `([A-Z][A-Z0-9_]+)` \|"
    assert set(re.findall(pattern, text, re.MULTILINE)) == SETTINGS


def test_every_route_is_documented_and_no_other() -> None:
    text = (ROOT / "docs/api.md").read_text()
    rows = re.findall(r"^\| (GET|POST|PUT|DELETE) `([^`]+)` \|", text, re.MULTILINE)
    assert {f"{method} {path}" for method, path in rows} == set(RIGHTS)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_options_in_documents_exist(page: Path) -> None:
    for line in re.findall(r"platbook ((?:--demo )?[a-z][^\n`#|]*)", page.read_text()):
        words = line.split()
        said = [word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("--")]
        if not said or (said[0],) not in COMMANDS:
            assert not re.match(r"(?:--demo )?[a-z]+ --", line), f"{page.name}: platbook {line}"
            continue
        path = (said[0], said[1]) if len(said) > 1 and (said[0], said[1]) in COMMANDS else (said[0],)
        known = COMMANDS[path] | {"--demo"}
        for option in re.findall(r"(?<!\S)--[a-z-]+", line):
            assert option in known, f"{page.name}: platbook {line}"


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    for path in COMMANDS:
        if len(path) == 1:
            assert re.search(rf"platbook (?:--demo )?{path[0]}\b|`{path[0]}`", text), path


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
    for path in re.findall(r"`((?:src|docs|tests|benchmarks|requirements)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), f"{page.name}: {path}"
    for path in re.findall(rf"`((?:{PACKAGES})/[\w/]+\.py)`", text):
        assert (ROOT / "src/platbook" / path).exists(), f"{page.name}: {path}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_in_documents_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_json_in_documents_is_json(page: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL):
        json.loads(block)


def test_the_classic_configuration_in_the_documents_is_accepted() -> None:
    first, second = re.findall(r"```json\n(.*?)```", (ROOT / "docs/connectors.md").read_text(), re.DOTALL)[:2]
    configuration = parse_configuration(json.loads(first))
    assert configuration.settings["loginUrl"] == "https://rets.example.com/rets/login"
    plan_mapping(configuration.field_mapping)
    plan_mapping(json.loads(second))


def test_every_display_setting_is_documented_as_it_is_described() -> None:
    text = (ROOT / "docs/display.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?\.) \|$", text, re.MULTILINE)
    assert [row[:3] for row in rows] == [
        (field.alias, field.description, _to_default(getattr(DEFAULTS, name)))
        for name, field in RuleSettings.model_fields.items()
    ]
    assert len({sentence for *_, sentence in rows}) == len(rows)


def _to_default(value: object) -> str:
    if value is None or isinstance(value, tuple):
        return ", ".join(cast("tuple[str, ...]", value or ())) or "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_the_display_rules_in_the_documents_are_accepted() -> None:
    examples = re.findall(r"```json\n(.*?)```", (ROOT / "docs/display.md").read_text(), re.DOTALL)
    for example in examples:
        rules = json.loads(example)["rules"]
        check_rules([(_to_key(rule), RuleSettings.model_validate(rule["settings"])) for rule in rules])
    assert len(examples) == 5


def _to_key(rule: dict[str, Any]) -> RuleKey:
    surface = Surface(rule.get("surface", "public"))
    return RuleKey("board", surface, rule.get("originatingSystem"), rule.get("feed"), rule.get("ours", False))


def test_nothing_names_a_registry_or_somebodys_machine() -> None:
    # Written so that this file does not name them either.
    hosts = re.compile(r"p[y]pi\.org|python[h]osted|registry\.[n]pmjs|[n]pmjs\.com|deb\.[d]ebian|[c]rates\.io")
    homes = re.compile(r"/[w]ork/|/[r]oot/\w|/[h]ome/\w")
    others = [ROOT / name for name in ("Makefile", "pyproject.toml", ".ci/run", ".env.example")]
    for file in [*PAGES, *ROOT.glob("requirements/*.txt"), *others]:
        text = file.read_text()
        assert not hosts.search(text), file
        assert not homes.search(text), file
