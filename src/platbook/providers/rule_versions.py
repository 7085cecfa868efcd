"""The tables `display_rules` and `display_rule_versions`: a provider's rules as they are and as they were.

Nothing is overwritten. Whoever changes rules locks the provider's row first; whoever writes documents under them locks
it for sharing, so that no document is written under rules that are not current any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import cast
from uuid import UUID

from platbook.base.actor import Surface
from platbook.base.ids import new_id
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries
from platbook.providers.display_rules import (
    HIDING_SETTINGS,
    WHOLE_PROVIDER_SETTINGS,
    DisplayRule,
    ProviderRules,
    RuleKey,
    RuleSettings,
)
from platbook.providers.local import LOCAL, LOCAL_RULES

Q = load_queries(__package__ or "platbook.providers")

HIDING_NAMES = tuple(RuleSettings.model_fields[name].alias or name for name in sorted(HIDING_SETTINGS))
"""The settings that take fields away, as rules store them."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What changed of a provider's rules: the keys of rules that differ, and offices that became or ceased to be own.

    `quiet`: of the keys, those whose settings differ in nothing that a document holds. `own_offices`: those of before
    and after. `office_surfaces`: where a rule for own listings is or was, so that a changed office can concern a
    document. `version`: the one that the change makes.
    """

    keys: frozenset[RuleKey]
    quiet: frozenset[RuleKey]
    offices: frozenset[str]
    own_offices: frozenset[str]
    office_surfaces: frozenset[Surface]
    version: int

    def __bool__(self) -> bool:
        return bool(self.keys or self.offices)


async def get_rules(connection: ReadConnection, provider_id: str, at: datetime | None = None) -> ProviderRules:
    """A provider's rules of all surfaces, as they are now, or as they were at a moment."""
    if provider_id == LOCAL:
        return LOCAL_RULES
    params = {"provider_id": provider_id, "at": at}
    found = await connection.dicts(Q.get_display_rules, params)
    return to_rules(cast("Mapping[str, object]", found[0]["rules"])) if found else ProviderRules(())


async def lock_rules(connection: WriteConnection, provider_id: str) -> ProviderRules:
    """A provider's rules, locked until this transaction ends. Lock them before any listing's row."""
    await connection.run(Q.share_provider, {"provider_id": provider_id})
    return await get_rules(connection, provider_id)


async def lock_rules_to_change(connection: WriteConnection, provider_id: str) -> ProviderRules:
    """A provider's rules, locked until this transaction ends against whoever writes documents under them."""
    await connection.run(Q.lock_provider, {"provider_id": provider_id})
    return await get_rules(connection, provider_id)


async def replace_rules(
    connection: WriteConnection,
    provider_id: str,
    wanted: Mapping[RuleKey, RuleSettings],
    own_offices: Sequence[str],
    set_by: str,
    at: datetime,
) -> RuleChange:
    """Make these a provider's rules from now on, and return what that changes; a rule that stays keeps its id.

    The caller has locked the provider's row.
    """
    before = await get_rules(connection, provider_id)
    change = find_change(before, wanted, own_offices)
    if not change and before.version:
        return change
    ended = [rule.id for rule in before.rules if rule.key in change.keys]
    added = [_to_params(key, wanted[key], change.version, set_by, at) for key in change.keys if key in wanted]
    offices = {"own_offices": sorted(set(own_offices)), "set_by": set_by, "at": at}
    await connection.run(Q.add_rules_version, {"provider_id": provider_id, "version": change.version, **offices})
    await connection.run(Q.end_display_rules, {"ids": ended, "at": at})
    await connection.run_many(Q.add_display_rule, added)
    return change


def find_change(
    before: ProviderRules, wanted: Mapping[RuleKey, RuleSettings], own_offices: Sequence[str]
) -> RuleChange:
    """What would change if these were the rules."""
    current = {rule.key: rule.settings for rule in before.rules}
    keys = frozenset(key for key in {*current, *wanted} if current.get(key) != wanted.get(key))
    own = frozenset(own_offices)
    return RuleChange(
        keys=keys,
        quiet=frozenset(key for key in keys if _is_quiet(current.get(key), wanted.get(key))),
        offices=before.own_offices ^ own,
        own_offices=before.own_offices | own,
        office_surfaces=frozenset(key.surface for key in {*current, *wanted} if key.ours),
        version=before.version + 1,
    )


def _is_quiet(before: RuleSettings | None, after: RuleSettings | None) -> bool:
    """Whether two versions of a rule differ only in settings that reads look at themselves."""
    if before is None or after is None:
        return False
    looked_at = dict.fromkeys(WHOLE_PROVIDER_SETTINGS)
    return before.model_copy(update=looked_at) == after.model_copy(update=looked_at)


def plan_rules(
    before: ProviderRules, wanted: Mapping[RuleKey, RuleSettings], set_by: str, at: datetime
) -> ProviderRules:
    """The rules as they would be if these were set; nothing is stored."""
    version = before.version + 1
    rules = [DisplayRule(new_id(), key, settings, version, at, set_by) for key, settings in wanted.items()]
    return ProviderRules.of(rules, before.own_offices, version)


def to_rules(stored: Mapping[str, object]) -> ProviderRules:
    """A provider's rules out of what the function `display_rules_at` of migration 0076 gives."""
    rows = cast("list[dict[str, object]]", stored["rules"])
    offices = cast("list[str]", stored["ownOffices"])
    return ProviderRules.of(map(_to_rule, rows), offices, cast("int", stored["version"]))


def to_json(settings: RuleSettings) -> dict[str, object]:
    """The settings that a rule makes, as its JSON."""
    return settings.model_dump(mode="json", by_alias=True, exclude_none=True)


def find_hidden(rules: Iterable[str]) -> frozenset[str]:
    """RESO names of the fields that any of some rules takes away; of each those of `HIDING_NAMES`, as JSON text."""
    return frozenset(name for settings in rules for name in _to_hidden(settings))


@lru_cache(maxsize=1024)
def _to_hidden(settings: str) -> frozenset[str]:
    return frozenset(RuleSettings.model_validate_json(settings).hidden)


def _to_rule(row: Mapping[str, object]) -> DisplayRule:
    return DisplayRule(
        id=UUID(str(row["id"])),
        key=RuleKey(
            str(row["provider_id"]),
            Surface(str(row["surface"])),
            cast("str | None", row["originating_system"]),
            cast("str | None", row["feed"]),
            bool(row["ours"]),
        ),
        settings=RuleSettings.model_validate(row["settings"]),
        version=cast("int", row["version"]),
        valid_from=datetime.fromisoformat(str(row["valid_from"])),
        set_by=str(row["set_by"]),
    )


def _to_params(key: RuleKey, settings: RuleSettings, version: int, set_by: str, at: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "provider_id": key.provider_id,
        "originating_system": key.originating_system,
        "surface": key.surface,
        "feed": key.feed,
        "ours": key.ours,
        "settings": as_json(to_json(settings)),
        "version": version,
        "at": at,
        "set_by": set_by,
    }
