"""What a public timeline shows of a listing's past, by the display rules that hold for the listing.

A change of a field is shown where the field is. Of whole entries:

- Where the list price is hidden, no change of price; where both statuses are, no change of status.
- Where days on market are hidden, nothing they could be computed from: when the listing was listed, changed its status,
  was removed or returned.
- `showHistory: none`: nothing.
- `showHistory: whilePublic`: what happened while the listing was public, as far as its log says: while its status and
  property type were among the rules' of today, its source allowed its display, and it was neither removed nor out of
  scope. The moments it left and returned are not shown, nor that it was away. What made it public is shown without
  the values before, which are of a time when it was not. How long a sale was shown, opt-outs, and rules of earlier
  days are in no log, so that they leave nothing out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from platbook.db import ReadConnection, load_queries
from platbook.listings.display import LOGGED_FIELDS, allows_value, find_shown_fields, shown_history
from platbook.listings.documents import to_field_names
from platbook.listings.reading import ListingRow
from platbook.providers.display_rules import ResolvedRules, ShownHistory
from platbook.providers.rule_versions import get_rules
from platbook.reso.public_fields import DAYS_ON_MARKET

Q = load_queries(__package__ or "platbook.listings")

_LEAVING = frozenset({"removed", "out_of_scope", "erased"})
_AWAY = frozenset({"removed", "returned"})
_MARKET_TIMES = _AWAY | {"listed", "status_changed"}
_LOGGED: Mapping[str, str] = {field: name for name in LOGGED_FIELDS for field in to_field_names([name])}
"""The RESO names of fields by their names in timelines."""

_NAMED_FIELDS: Mapping[str, frozenset[str]] = {
    "price_changed": frozenset({"ListPrice"}),
    "status_changed": frozenset({"StandardStatus", "MlsStatus"}),
}
"""The kinds of entries that name a field, and the fields one of which must be shown."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time from `start` on and before `end`; None leaves a side open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class PublicHistory:
    """What of a listing's log a public timeline shows.

    `fields`: by their names in timelines. `left_out`: kinds of entries. `periods`: when it happened; None: at any time.
    """

    fields: frozenset[str]
    left_out: frozenset[str] = frozenset()
    periods: Sequence[Period] | None = None

    def begins_at(self, at: datetime) -> bool:
        """Whether the listing became public at a moment."""
        return any(period.start == at for period in self.periods or ())


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """An entry of a listing's log that says when the listing was public."""

    at: datetime
    kind: str
    changes: Sequence[Mapping[str, object]]


async def get_public_history(connection: ReadConnection, row: ListingRow) -> PublicHistory:
    """What a public timeline shows of a stored listing."""
    hidden = frozenset(row.hidden_fields or ())
    shown = find_shown_fields(hidden, shows_address=row.shows_address)
    left_out = {kind for kind, names in _NAMED_FIELDS.items() if shown.isdisjoint(names)}
    if DAYS_ON_MARKET in hidden:
        left_out |= _MARKET_TIMES
    rules = await get_rules(connection, row.provider_id)
    resolved = rules.resolve(rules.to_subject(row.originating_system, row.licences or (), row.offices))
    history, periods = shown_history(resolved), None
    if resolved is None or history is ShownHistory.NONE:
        periods = ()
    elif history is ShownHistory.WHILE_PUBLIC:
        left_out |= _AWAY
        params = {"property_id": row.id, "leaving": sorted(_LEAVING), "fields": sorted(_LOGGED)}
        periods = find_public_periods(await connection.all(LoggedChange, Q.find_logged_visibility, params), resolved)
    return PublicHistory(to_field_names(shown), frozenset(left_out), periods)


def find_public_periods(log: Sequence[LoggedChange], rules: ResolvedRules) -> Sequence[Period]:
    """The periods in which a listing, which is public now, was public by its log, oldest entry first."""
    passes = {field: _passed_at_first(log, field, rules) for field in _LOGGED}
    is_away, periods, start, is_open = False, list[Period](), None, all(passes.values())
    for at, entries in groupby(log, key=lambda entry: entry.at):
        for entry in entries:
            if entry.kind in _LEAVING or entry.kind == "returned":
                is_away = entry.kind != "returned"
            for change in entry.changes:
                if (field := str(change["field"])) in _LOGGED:
                    passes[field] = allows_value(rules, _LOGGED[field], change["to"])
        is_public = not is_away and all(passes.values())
        if is_public and not is_open:
            start = at
        elif is_open and not is_public:
            periods.append(Period(start, at))
        is_open = is_public
    return [*periods, Period(start, None)] if is_open else periods


def _passed_at_first(log: Sequence[LoggedChange], field: str, rules: ResolvedRules) -> bool:
    """Whether the first value that the log knows passes; one that never changed is today's, which does."""
    for entry in log:
        for change in entry.changes:
            if change["field"] == field:
                return allows_value(rules, _LOGGED[field], change["to" if entry.kind == "listed" else "from"])
    return True
