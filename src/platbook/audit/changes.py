"""What changed of a record, for an audit entry: the names of its fields, and both values of those that may be shown.

Personal data stays out: the log outlives the person it would be of.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from pydantic.alias_generators import to_camel


def describe_changes(
    before: object, after: object, fields: Collection[str], shown: Collection[str]
) -> dict[str, object]:
    """The `fields` in which two values of one class differ, and `[before, after]` of those that are `shown`."""
    changed = [name for name in fields if getattr(before, name) != getattr(after, name)]
    values = {
        to_camel(name): [_to_json(getattr(one, name)) for one in (before, after)] for name in changed if name in shown
    }
    return {"fields": sorted(map(to_camel, changed)), **values}


def _to_json(value: object) -> object:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value
