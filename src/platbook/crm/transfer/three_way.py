"""The three-way comparison of an import: the file at its last import, the file now, and what is here. Pure.

A field is changed here where the file changed it since, and nobody here did. Where both did, what is here stays, and
it is a conflict. A list takes what the file added, and gives up what the file removed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from platbook.crm.stages.stage import FIRST
from platbook.crm.transfer.field_digests import Digests, Value, name_digest, value_digests

BLANK: Mapping[str, Value] = {"status": FIRST, "priority": "Medium", "isCompleted": "no"}
"""The values of new rows, where they are not empty: as if nobody had chosen them."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that both changed to different values: that of here stays."""

    field: str
    here: Value
    file: Value


@dataclass(slots=True)
class Comparison:
    """The fields to change here with their new values, the conflicts, and the digests to store."""

    digests: dict[bytes, tuple[bytes, ...]]
    changes: dict[str, Value] = field(default_factory=dict[str, Value])
    conflicts: list[FieldConflict] = field(default_factory=list[FieldConflict])


def compare(
    stored: Digests,
    file: Mapping[str, Value],
    here: Mapping[str, Value],
    *,
    only_complete: bool = False,
    incomplete: Collection[str] = (),
) -> Comparison:
    """Compare the fields that a file has; those that it has not say nothing, and keep their digests.

    `only_complete`: nothing that is here is replaced or removed. `incomplete`: lists of which the file has an element
    that could not be read: nothing is removed from them.
    """
    result = Comparison(dict(stored))
    for name, value in file.items():
        key = name_digest(name)
        before, now = stored.get(key), value_digests(value)
        result.digests[key] = now
        if before == now:
            continue
        if isinstance(value, tuple):
            keeps = only_complete or name in incomplete
            if keeps:
                result.digests[key] = (*now, *(one for one in before or () if one not in now))
            mine = here.get(name) or ()
            changed = _change_list(before or (), value, mine if isinstance(mine, tuple) else (mine,), keeps=keeps)
            if changed != mine:
                result.changes[name] = changed
        else:
            _compare_value(result, name, before, value, here.get(name), only_complete=only_complete)
    return result


def _compare_value(
    result: Comparison, name: str, before: Sequence[bytes] | None, value: Value, mine: Value, *, only_complete: bool
) -> None:
    if mine == value or (before is None and value == BLANK.get(name)):
        return
    is_blank = mine is None or (before is None and mine == BLANK.get(name))
    is_untouched = is_blank if before is None or only_complete else value_digests(mine) == tuple(before)
    if is_untouched:
        result.changes[name] = value
    else:
        result.conflicts.append(FieldConflict(name, mine, value))


def _change_list(
    before: Sequence[bytes], file: tuple[str, ...], mine: tuple[str, ...], *, keeps: bool
) -> tuple[str, ...]:
    """A list with what the file added since, without what it removed; its first element first, if it is ours, too."""
    now = value_digests(file)
    digests = dict(zip(mine, value_digests(mine), strict=True))
    gone = set[str]() if keeps else {one for one in mine if digests[one] in before and digests[one] not in now}
    added = [one for one, digest in zip(file, now, strict=True) if digest not in before and one not in digests]
    changed = [*(one for one in mine if one not in gone), *added]
    follows = bool(before and now and mine) and before[0] != now[0] and digests[mine[0]] == before[0]
    if follows and not keeps and file[0] in changed:
        changed.remove(file[0])
        changed.insert(0, file[0])
    return tuple(changed)
