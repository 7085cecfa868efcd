"""What an import writes into the log of a lead: its stage, its owner, and every other field that it changed. Pure."""

from collections.abc import Mapping

from platbook.base.ids import new_id
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.leads.lead import Lead
from platbook.crm.transfer.field_digests import Value
from platbook.crm.transfer.import_context import ImportContext
from platbook.crm.transfer.person_row import to_values

_SHOWN = 60
"""Characters of a value in a message."""


def to_entry(
    context: ImportContext, lead: Lead, kind: InteractionType, content: str | None, metadata: Mapping[str, object]
) -> Interaction:
    """One entry of the log by the import."""
    actor, at = context.actor, context.at
    return Interaction(new_id(), lead.id, kind, at, actor.name, at, content, actor.user_id, None, dict(metadata))


def to_change_entries(
    context: ImportContext, before: Lead, lead: Lead, details: Mapping[str, object]
) -> list[Interaction]:
    """The entries for a lead that an import changed. `details`: what else is to be known, such as conflicts."""
    old, new = to_values(before), to_values(lead)
    changed = {name: (old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}
    entries: list[Interaction] = []
    for name, kind in (("status", InteractionType.STATUS_CHANGE), ("owner", InteractionType.ASSIGNED)):
        if name in changed:
            former, now = changed.pop(name)
            entries.append(to_entry(context, lead, kind, None, {"from": former, "to": now}))
    if changed or details:
        entries.append(to_imported_entry(context, lead, changed, details))
    return entries


def to_imported_entry(
    context: ImportContext,
    lead: Lead,
    changed: Mapping[str, tuple[Value, Value]],
    details: Mapping[str, object],
) -> Interaction:
    """The entry for fields that an import changed, and for what else is to be known."""
    metadata: dict[str, object] = {"system": context.system, "fields": to_fields(changed), **details}
    content = f"Imported from {context.system}" + (f": {', '.join(changed)}" if changed else "")
    return to_entry(context, lead, InteractionType.IMPORTED, content, metadata)


def to_fields(changed: Mapping[str, tuple[Value, Value]]) -> dict[str, object]:
    """Changed fields with their former and new values, for an entry's metadata."""
    return {name: {"from": former, "to": new} for name, (former, new) in changed.items()}


def to_message(here: Value, file: Value) -> str:
    """What a conflict is, in one sentence."""
    return f"is {_shorten(here)} here and {_shorten(file)} in the file; both changed, what is here was kept"


def _shorten(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else value
    if not text:
        return "empty"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
