"""What of a rule that an operator writes can be no rule: the checks beyond the form of its settings."""

from collections.abc import Iterator, Sequence

from platbook.base.actor import Surface
from platbook.base.errors import FieldProblem, InvalidInput
from platbook.providers.display_rules import (
    INTERNAL_SETTINGS,
    OPENING_PERMISSIONS,
    WHOLE_PROVIDER_SETTINGS,
    RuleKey,
    RuleSettings,
)
from platbook.reso.fields import FIELDS
from platbook.reso.lookups import StandardStatus
from platbook.reso.public_fields import ALWAYS_PUBLIC_FIELDS, HIDEABLE_FIELDS, MARKET_TIME_FIELDS


def check_rules(rules: Sequence[tuple[RuleKey, RuleSettings]], *, prefix: str = "rules") -> None:
    """InvalidInput names every setting at fault (`rules.0.settings.hideFields.1`), and both of two rules of one key."""
    problems: list[FieldProblem] = []
    first: dict[RuleKey, int] = {}
    for place, (key, settings) in enumerate(rules):
        if (earlier := first.setdefault(key, place)) != place:
            problems.append(FieldProblem(f"{prefix}.{place}", f"holds for the same listings as {prefix}.{earlier}"))
        problems += find_problems(key, settings, prefix=f"{prefix}.{place}.settings.")
    raise_problems(problems)


def check_settings(key: RuleKey, settings: RuleSettings, *, prefix: str) -> None:
    """InvalidInput names every setting of one rule that is at fault; `prefix` stands before its name."""
    raise_problems(list(find_problems(key, settings, prefix=prefix)))


def raise_problems(problems: Sequence[FieldProblem]) -> None:
    """InvalidInput where there is any problem."""
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)


def find_problems(key: RuleKey, settings: RuleSettings, *, prefix: str) -> Iterator[FieldProblem]:
    """Everything that is wrong with one rule."""
    yield from _find_misplaced(key, settings, prefix)
    for place, status in enumerate(settings.statuses or ()):
        if status not in set(StandardStatus):
            reason = f"is not a standard status; these are {', '.join(StandardStatus)}"
            yield FieldProblem(f"{prefix}statuses.{place}", reason)
    for place, permission in enumerate(settings.photo_permissions or ()):
        if permission not in OPENING_PERMISSIONS:
            reason = f"opens no photo to the public; what can is {' and '.join(sorted(OPENING_PERMISSIONS))}"
            yield FieldProblem(f"{prefix}photoPermissions.{place}", reason)
    for place, name in enumerate(settings.hide_fields or ()):
        if (reason := _describe_unreachable(name)) is not None:
            yield FieldProblem(f"{prefix}hideFields.{place}", reason)


def _find_misplaced(key: RuleKey, settings: RuleSettings, prefix: str) -> Iterator[FieldProblem]:
    for name in sorted(settings.made):
        alias = RuleSettings.model_fields[name].alias or name
        if key.surface is Surface.INTERNAL and name not in INTERNAL_SETTINGS:
            yield FieldProblem(f"{prefix}{alias}", "has no meaning on the internal surface: staff see everything")
        elif name in WHOLE_PROVIDER_SETTINGS and not key.is_whole_provider:
            reason = "is of the whole provider: make it in the rule without originatingSystem, feed and ours"
            yield FieldProblem(f"{prefix}{alias}", reason)


def _describe_unreachable(name: str) -> str | None:
    """Why a rule cannot take a field away; None: it can."""
    field = FIELDS.get(name)
    if field is None:
        return "is not the RESO name of a field"
    if field.confidential:
        return "is confidential: it is never public, and no rule reaches it"
    if name in HIDEABLE_FIELDS:
        return None
    if name in ALWAYS_PUBLIC_FIELDS:
        return "identifies the listing or orders lists: it cannot be taken away"
    if name in MARKET_TIME_FIELDS:
        return "is taken away by showDaysOnMarket"
    return "is never public, so that no rule can take it away"
