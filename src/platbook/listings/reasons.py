"""The sentences of an explanation: why something of a listing is shown or not, out of a verdict. Pure.

A sentence names the rule that decided, its setting as the API spells it, and the values that were compared; for what
no rule decides it says what does. It never repeats the value of a field that is not shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from types import MappingProxyType
from typing import cast

from pydantic.alias_generators import to_camel

from platbook.base.times import to_iso_z
from platbook.listings.display import Cause, Verdict
from platbook.providers.display_rules import DEFAULTS, DisplayRule
from platbook.providers.local import LOCAL

PERMISSION = "Permission"
"""The field of Media by which a source says who may see a photo."""

_Reason = Callable[[Verdict, str], str]


def to_reason(verdict: Verdict, field: str = "") -> str:
    """Why, in one sentence. `field`: the source's field by which it decides, by RESO name."""
    return _REASONS[verdict.cause](verdict, field)


def to_stale_reason(rule: DisplayRule) -> str:
    """Why nothing of a provider is shown whose copy is older than its rule allows."""
    age = getattr(getattr(rule.settings, "hide_when_stale", None), "text", "it allows")
    return f"{name_rule(rule)} shows nothing while the copy is older than {age} (hideWhenStale), and it is"


def to_setting_name(setting: str) -> str:
    """A setting as the API spells it: `soldWithin`."""
    return to_camel(setting)


def name_rule(rule: DisplayRule) -> str:
    """A rule by what it holds for: "the rule of board for our own listings of ARMLS"."""
    key = rule.key
    is_part = key.originating_system is not None or key.feed is not None
    holds_for = "our own listings" if key.ours else "listings" if is_part else "any listing"
    system = f" of {key.originating_system}" if key.originating_system else ""
    feed = f" under the feed type {key.feed}" if key.feed else ""
    return f"the rule of {key.provider_id} for {holds_for}{system}{feed}"


class _Setting:
    """The setting that decided: who makes it, and what it says."""

    def __init__(self, verdict: Verdict) -> None:
        name, rule = verdict.setting or "", verdict.rule
        is_made = rule is not None and name in rule.settings.made
        self.name = to_setting_name(name)
        self.value: object = getattr(rule.settings if rule is not None and is_made else DEFAULTS, name)
        self.maker = "the default"
        if rule is not None and is_made:
            self.maker = name_rule(rule)
        elif rule is not None and rule.key.provider_id != LOCAL:
            self.maker = f"the default (no rule of {rule.key.provider_id} sets {self.name})"
        self.suffix = f" ({self.name})" if self.name not in self.maker else ""

    def join_values(self, singular: str, plural: str, last: str = "and") -> str:
        names = cast("Sequence[str]", self.value or ())
        return f"the {singular if len(names) == 1 else plural} {_join(names, last)}" if names else f"no {singular}"


def _join(names: Iterable[str], last: str = "and") -> str:
    *most, final = names
    return f"{', '.join(most)} {last} {final}" if most else final


def _join_seen(verdict: Verdict, none: str) -> str:
    names = cast("Sequence[str]", verdict.seen)
    return _join(names) if names else none


def _source_is_silent(verdict: Verdict, field: str) -> str:
    setting = _Setting(verdict)
    meaning = "a yes" if verdict.shown else "a no"
    return f"the source is silent ({field} is missing), which {setting.maker} takes as {meaning}{setting.suffix}"


def _source_forbids(verdict: Verdict, field: str) -> str:
    if isinstance(verdict.seen, list):
        return f"the source forbids it: its {field} is {_join_seen(verdict, 'empty')}, which no rule can open"
    return f"the source forbids it ({field} is false)"


def _source_allows(_verdict: Verdict, field: str) -> str:
    return f"the source allows it ({field} is true); only hiding the whole listing (statuses) hides it"


def _unreadable(verdict: Verdict, field: str) -> str:
    if isinstance(verdict.seen, list):
        return f"the source's {_join_seen(verdict, 'price')} cannot be read, and counts as withheld"
    return f"the source's {field} cannot be read, and counts as a no"


def _shown(verdict: Verdict, field: str) -> str:
    setting = _Setting(verdict)
    match verdict.setting:
        case "statuses" if verdict.seen is None:
            return "every listing that is shown has it; only hiding the whole listing (statuses) hides it"
        case "statuses":
            return f"the source allows it, and {setting.maker} shows the status {verdict.seen}"
        case "photo_permissions":
            shown = setting.join_values(field, f"{field}s")
            seen = _join_seen(verdict, "empty")
            return f"its {field} is {seen}, and {setting.maker} shows photos with {shown}{setting.suffix}"
        case "show_days_on_market":
            return f"it is computed here, and {setting.maker} shows days on market{setting.suffix}"
        case _ if "default" in setting.maker:
            return "it is on the allow-list, and no rule takes it away (hideFields)"
        case _:
            return f"it is on the allow-list, and {setting.maker} does not take it away{setting.suffix}"


def _not_allowed(verdict: Verdict, field: str) -> str:
    setting = _Setting(verdict)
    match verdict.setting:
        case "property_types":
            shown = f"{setting.join_values('property type', 'property types')}{setting.suffix}"
        case "licences":
            shown = f"what carries {setting.join_values('feed type', 'feed types', 'or')}"
            return f"{setting.maker} shows {shown}{setting.suffix}, and this one carries {_join_seen(verdict, 'none')}"
        case "photo_permissions":
            shown = f"photos with {setting.join_values(field, f'{field}s')}"
            return f"{setting.maker} shows {shown}{setting.suffix}, and this one has {_join_seen(verdict, 'none')}"
        case _:
            shown = setting.join_values("status", "statuses")
    seen = "has none" if verdict.seen is None else f"is {verdict.seen}"
    return f"{setting.maker} shows {shown}, and this one {seen}"


def _opted_out(verdict: Verdict, _field: str) -> str:
    setting = _Setting(verdict)
    role = "office" if verdict.setting == "opt_out_offices" else "agent"
    return f"{setting.maker} leaves out the listings of the {role} {verdict.seen}{setting.suffix}"


def _no_contact(verdict: Verdict, _field: str) -> str:
    setting = _Setting(verdict)
    lacking = f"neither is known of {verdict.seen}" if verdict.seen else "this one names no firm"
    return f"{setting.maker} wants a firm with its telephone or e-mail{setting.suffix}, and {lacking}"


def _too_long_sold(verdict: Verdict, _field: str) -> str:
    closed = cast("datetime", verdict.seen)
    when = f"on {closed:%Y-%m-%d}" if closed.time() == time() else f"at {to_iso_z(closed)}"
    return f"{_name_window(verdict)}, and this one closed {when}"


def _closing_unknown(verdict: Verdict, _field: str) -> str:
    return f"{_name_window(verdict)}, and it is not known when this one closed"


def _name_window(verdict: Verdict) -> str:
    setting = _Setting(verdict)
    window = getattr(setting.value, "text", "")
    return f"{setting.maker} shows closed listings for {window} after closing{setting.suffix}"


def _address_hidden(verdict: Verdict, _field: str) -> str:
    reveals = "it tells where the listing is, and the address may not be shown"
    if verdict.rule is None:
        return reveals
    setting = _Setting(verdict)
    return f"{reveals}: {setting.maker} takes the source's silence as a no{setting.suffix}"


def _taken_away(verdict: Verdict, _field: str) -> str:
    setting = _Setting(verdict)
    match verdict.setting:
        case "show_close_price":
            return f"{setting.maker} shows no price of a sale{setting.suffix}"
        case "show_days_on_market":
            return f"{setting.maker} shows neither days on market nor dates that tell them{setting.suffix}"
        case _:
            return f"{setting.maker} takes it away{setting.suffix}"


def _say(sentence: str) -> _Reason:
    return lambda _verdict, _field: sentence


_REASONS: Mapping[Cause, _Reason] = MappingProxyType(
    {
        Cause.SHOWN: _shown,
        Cause.SOURCE_ALLOWS: _source_allows,
        Cause.NO_RULE: _say("no display rule of its provider holds for this listing"),
        Cause.UNREADABLE: _unreadable,
        Cause.SOURCE_FORBIDS: _source_forbids,
        Cause.SOURCE_IS_SILENT: _source_is_silent,
        Cause.NOT_ALLOWED: _not_allowed,
        Cause.OPTED_OUT: _opted_out,
        Cause.NO_CONTACT: _no_contact,
        Cause.TOO_LONG_SOLD: _too_long_sold,
        Cause.CLOSING_UNKNOWN: _closing_unknown,
        Cause.CONFIDENTIAL: _say("it is confidential: never public, whatever a rule says"),
        Cause.NOT_PUBLIC: _say("it is not on the allow-list of public fields"),
        Cause.ADDRESS_HIDDEN: _address_hidden,
        Cause.BRANDED: _say("the source does not call this tour unbranded, so that it is for the listing's own broker"),
        Cause.TAKEN_AWAY: _taken_away,
    }
)
