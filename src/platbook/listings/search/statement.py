"""Composes the SQL of a listing search out of an allow-list of columns. What a caller sent travels as a parameter only.

An area or keywords can be answered two ways: from their own index (GiST or GIN; best while few rows match), or by
walking the index of the requested order and filtering each row (best where a large share matches: `dense`). PostgreSQL
cannot tell which, since its selectivity estimate for a point in a box is a constant, so the bounded count decides.

Composing costs more than executing, so conditions are plain texts and a statement is composed once for all searches of
its shape (the filters in use, the order, the window); only the parameters differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import LiteralString

from platbook.base.actor import Surface
from platbook.db import Query
from platbook.db.compose import SQL, Composable, Identifier, Literal, Placeholder, to_statement, to_text
from platbook.db.lists import STATEMENT_CACHE_SIZE, Conditions, CursorPosition, SortOrder, any_of, to_count_columns
from platbook.listings.search.columns import (
    DOCUMENT_COLUMN,
    EXACT_COLUMNS,
    FOLDED_COLUMNS,
    RANGE_COLUMNS,
    SearchView,
    to_usable,
)
from platbook.listings.search.filters import EXACT_FILTERS, RANGE_FILTERS, Box, ListingSearch, Near, Range
from platbook.listings.search.polygons import Polygon, Ring, cut_ring
from platbook.listings.search.query_words import Keywords, to_tsquery
from platbook.listings.search.sorting import DISTANCE
from platbook.listings.words import WORD_FIELDS

_MILES_PER_DEGREE = 69.0
_MIN_PARALLEL = 0.01
_LISTINGS = Identifier("properties")

_PUBLIC_PHOTO = SQL(" AND m.is_open")
_WORDS = SQL("words @@ {keywords}::tsquery")
# A listing that is not rebuilt since words are stored this way is looked at anew.
_SHOWN_WORDS = SQL(
    "(shows_address OR coalesce(open_words, listing_words(NULL, city, postal_code, subdivision_name, listing_id, "
    "public_remarks)) @@ {keywords}::tsquery)"
)
_STORED_WORDS = SQL("CASE WHEN open_words IS NULL THEN {shown} AND {words} ELSE open_words @@ {keywords}::tsquery END")

# Looked up first, each by its own index: a person has some hundred listings, whatever the market has.
_MINE = SQL("""id = ANY(ARRAY(
    SELECT p.id FROM unnest(%(mine_providers)s::text[], %(mine_keys)s::text[]) AS m (provider, key)
    JOIN properties p ON p.provider_id = m.provider AND p.list_agent_key = m.key
    UNION SELECT p.id FROM unnest(%(mine_providers)s::text[], %(mine_keys)s::text[]) AS m (provider, key)
    JOIN properties p ON p.provider_id = m.provider AND p.co_list_agent_key = m.key
    UNION SELECT p.id FROM properties p WHERE p.author_id = ANY(%(mine_authors)s::uuid[])))""")


def to_conditions(
    search: ListingSearch, view: SearchView, keywords: Keywords = (), *, dense: bool = False, without: str | None = None
) -> Conditions:
    """The conditions of a search. `without`: leave out one filter, as facets of it do.

    Errors: `InvalidInput` for a filter that the search's surface may not use.
    """
    conditions = Conditions(_LISTINGS, [view.rows], view.params)
    for name, attribute in EXACT_FILTERS.items():
        texts: tuple[str, ...] = getattr(search, attribute)
        if texts and name != without:
            _add_texts(conditions, name, texts, view)
    for name, attribute in RANGE_FILTERS.items():
        _add_range(conditions, name, getattr(search, attribute), view)
    _add_flags(conditions, search)
    if keywords:
        _add_keywords(conditions, keywords, view)
    if search.box or search.near or search.polygon:
        _add_area(conditions, search, view, dense=dense)
    return conditions


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of one ordered segment are read, from `offset` or after the position `after`.

    `dense`: see the module. `count_bound`: each row also carries the count of all matches, bounded, to save a round
    trip.
    """

    order: SortOrder
    limit: int
    offset: int = 0
    after: CursorPosition | None = None
    dense: bool = False
    count_bound: int | None = None


def to_page(
    search: ListingSearch, view: SearchView, conditions: Conditions, window: Window
) -> tuple[Query, dict[str, object]]:
    """The statement of the rows of one window, with its parameters.

    Of each row: document, times (null where days on market are hidden), id, row version, sort value and distance (null
    without `near`); with `count_bound` also matches and snapshot.
    """
    params = conditions.params | window.order.to_params(window.after)
    sorts_matches = search.is_narrowed and not window.dense
    times = to_text(SQL("{}, {}").format(view.value("listed_at"), view.value("off_market_at")))
    shape = _Shape(search.surface, sorts_matches, window.after is not None, search.near is not None, times)
    return _compose_page(to_text(conditions.where), shape, replace(window, after=None)), params


@dataclass(frozen=True, slots=True)
class _Shape:
    """What else decides a page's SQL. `sorts_matches`: few rows match, which are found first and sorted then.

    `times`: when a listing came on the market and left it, as this view may see them.
    """

    surface: Surface
    sorts_matches: bool
    is_after_cursor: bool
    has_distance: bool
    times: LiteralString


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose_page(where: LiteralString, shape: _Shape, window: Window) -> Query:
    order, segment = window.order, window.order.in_segment()
    parts: list[Composable] = [SQL(where), *([] if segment is None else [segment])]
    if shape.is_after_cursor:
        parts.append(order.after())
    columns = SQL("{} AS document, {}, id, xmin::text AS version, {} AS sort_value, {} AS distance").format(
        DOCUMENT_COLUMN[shape.surface],
        SQL(shape.times),
        SQL(order.key.expression) if order.has_value else SQL("NULL"),
        SQL(DISTANCE) if shape.has_distance else SQL("NULL::float8"),
    )
    if window.count_bound is not None:
        columns = SQL("{}, {}").format(columns, to_count_columns(_LISTINGS, [SQL(where)], window.count_bound))
    rows = SQL("SELECT {} FROM properties WHERE {}").format(columns, SQL(" AND ").join(parts))
    order_by = order.order_by()
    if shape.sorts_matches:
        # OFFSET 0 keeps the planner from walking the sorted index in the hope of meeting the matches there, which it
        # estimates wrongly for rare words and for boxes.
        rows, order_by = SQL("SELECT * FROM ({} OFFSET 0) AS matching").format(rows), order.order_by(SQL("sort_value"))
    statement = SQL("{} {} LIMIT {} OFFSET {}").format(rows, order_by, Literal(window.limit), Literal(window.offset))
    return to_statement("page", statement)


def _add_texts(conditions: Conditions, name: str, texts: tuple[str, ...], view: SearchView) -> None:
    folding = next((FOLDED_COLUMNS[one] for one in EXACT_COLUMNS[name] if one in FOLDED_COLUMNS), None)
    exact = list(texts)
    folded = [one for text in texts for one in folding.fold(text)] if folding else exact
    # One value is compared by =, so that an index led by it also gives the order after it.
    is_single = len(folded) == 1
    params = {name: exact[0], f"{name}_folded": folded[0]} if is_single else {name: exact, f"{name}_folded": folded}
    if view.shown(*EXACT_COLUMNS[name]) is None:
        conditions.text(_compare(name, view.surface, is_single=is_single), **params)
    else:
        parts = _compare_each(name, view.surface, is_single=is_single)
        conditions.add(any_of([view.only_shown(part, column) for column, part in parts]), **params)


@lru_cache(STATEMENT_CACHE_SIZE)
def _compare(name: str, surface: Surface, *, is_single: bool) -> LiteralString:
    return to_text(any_of([part for _, part in _compare_each(name, surface, is_single=is_single)]))


def _compare_each(name: str, surface: Surface, *, is_single: bool) -> list[tuple[str, Composable]]:
    """Each column of a filter with the condition on it."""
    form = SQL("{} = {}") if is_single else SQL("{} = ANY({}::text[])")
    return [
        (
            column,
            form.format(FOLDED_COLUMNS[column].expression.format(Identifier(column)), Placeholder(f"{name}_folded")),
        )
        if column in FOLDED_COLUMNS
        else (column, form.format(Identifier(column), Placeholder(name)))
        for column in to_usable(EXACT_COLUMNS[name], surface, name)
    ]


def _add_range(conditions: Conditions, name: str, limits: Range, view: SearchView) -> None:
    if not limits:
        return
    if (shown := view.shown("listed_at" if name == "DaysOnMarket" else RANGE_COLUMNS[name])) is not None:
        conditions.add(shown)
    if name == "DaysOnMarket":
        on_market = SQL("coalesce(off_market_at, %(days_until)s::timestamptz) - listed_at")
        if limits.minimum is not None:
            part = SQL("(listed_at IS NOT NULL AND (%(min_days)s = 0 OR {} >= make_interval(days => %(min_days)s)))")
            conditions.add(part.format(on_market), min_days=math.ceil(limits.minimum))
        if limits.maximum is not None:
            part = SQL("{} < make_interval(days => %(max_days)s)")
            conditions.add(part.format(on_market), max_days=math.floor(limits.maximum) + 1)
        return
    column = Identifier(RANGE_COLUMNS[name])
    for sign, value, parameter in (
        (SQL(">="), limits.minimum, f"min_{name}"),
        (SQL("<="), limits.maximum, f"max_{name}"),
    ):
        if value is not None:
            conditions.add(SQL("{} {} {}").format(column, sign, Placeholder(parameter)), **{parameter: value})


def _add_flags(conditions: Conditions, search: ListingSearch) -> None:
    if search.modified_since is not None:
        conditions.text("modified_at >= %(modified_since)s", modified_since=search.modified_since)
    if search.stored_since is not None:
        conditions.text("stored_at >= %(stored_since)s", stored_since=search.stored_since)
    if search.featured is not None:
        conditions.text("is_featured" if search.featured else "NOT is_featured")
    if search.mine is not None:
        conditions.add(
            _MINE,
            mine_providers=[provider for provider, _ in search.mine.members],
            mine_keys=[key for _, key in search.mine.members],
            mine_authors=list(search.mine.authors),
        )
    if search.has_photos is not None:
        photo = SQL("EXISTS (SELECT FROM property_media m WHERE m.property_id = properties.id{})")
        if search.surface is Surface.PUBLIC:
            photos: Composable = photo.format(_PUBLIC_PHOTO)
        else:
            photos = SQL("(coalesce(photos_count, 0) > 0 OR {})").format(photo.format(SQL("")))
        conditions.add(photos if search.has_photos else SQL("NOT {}").format(photos))


def to_keyword_conditions(keywords: Keywords, view: SearchView) -> Conditions:
    """The condition of keywords alone."""
    conditions = Conditions(_LISTINGS)
    _add_keywords(conditions, keywords, view)
    return conditions


def _add_keywords(conditions: Conditions, keywords: Keywords, view: SearchView) -> None:
    conditions.add(to_word_condition(view, Placeholder("keywords")), keywords=to_tsquery(keywords))


def to_word_condition(view: SearchView, keywords: Composable) -> Composable:
    """The condition that words which a listing shows match a tsquery."""
    words = _WORDS.format(keywords=keywords)
    if not view.is_public:
        return words
    shown = _SHOWN_WORDS.format(keywords=keywords)
    if (shows_all := view.shows(WORD_FIELDS)) is not None:
        shown = _STORED_WORDS.format(shown=shows_all, words=shown, keywords=keywords)
    return SQL("{} AND {}").format(words, shown)


def _add_area(conditions: Conditions, search: ListingSearch, view: SearchView, *, dense: bool) -> None:
    if view.is_public:
        conditions.text("shows_address")
    if (shown := view.shown("latitude", "longitude")) is not None:
        conditions.add(shown)
    conditions.text("latitude IS NOT NULL")
    if search.box:
        _add_boxes(conditions, "box", search.box.halves(), dense=dense)
    if search.near:
        _add_boxes(conditions, "near", _to_bounding_boxes(search.near), dense=dense)
        near = search.near
        conditions.add(
            SQL("{} <= %(radius)s").format(SQL(DISTANCE)),
            near_latitude=near.latitude,
            near_longitude=near.longitude,
            radius=near.radius_miles,
        )
    if search.polygon:
        _add_polygons(conditions, search.polygon, dense=dense)


def _add_polygons(conditions: Conditions, polygons: Sequence[Polygon], *, dense: bool) -> None:
    boxes: list[Box] = []
    areas: list[Composable] = []
    for number, polygon in enumerate(polygons):
        parts = cut_ring(polygon.outer)
        boxes += map(_to_bounding_box, parts)
        area = _within(conditions, f"polygon{number}", parts)
        if holes := [part for hole in polygon.holes for part in cut_ring(hole)]:
            area = SQL("({} AND NOT {})").format(area, _within(conditions, f"polygon{number}_hole", holes))
        areas.append(area)
    _add_boxes(conditions, "polygon", boxes, dense=dense)
    conditions.add(any_of(areas))


def _within(conditions: Conditions, name: str, rings: Sequence[Ring]) -> Composable:
    """Whether a listing lies within any of some rings."""
    parts: list[Composable] = []
    for number, ring in enumerate(rings):
        corners = ",".join(f"({longitude!r},{latitude!r})" for longitude, latitude in ring)
        conditions.params[f"{name}_{number}"] = f"({corners})"
        parts.append(SQL("{}::polygon @> point(longitude, latitude)").format(Placeholder(f"{name}_{number}")))
    return any_of(parts)


def _to_bounding_box(ring: Ring) -> Box:
    longitudes, latitudes = zip(*ring, strict=True)
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def _add_boxes(conditions: Conditions, name: str, boxes: Sequence[Box], *, dense: bool) -> None:
    parts: list[Composable] = []
    for number, box in enumerate(boxes):
        sides = {f"{name}{number}_{side}": getattr(box, side) for side in ("west", "south", "east", "north")}
        west, south, east, north = map(Placeholder, sides)
        form = _DENSE_BOX if dense else _INDEXED_BOX
        parts.append(form.format(west=west, south=south, east=east, north=north))
        conditions.params.update(sides)
    conditions.add(any_of(parts))


_INDEXED_BOX = SQL(
    "point(longitude, latitude) <@ box(point({east}::float8, {north}::float8), point({west}::float8, {south}::float8))"
)
_DENSE_BOX = SQL("(longitude BETWEEN {west} AND {east} AND latitude BETWEEN {south} AND {north})")


def _to_bounding_boxes(near: Near) -> tuple[Box, ...]:
    """The bounding boxes of a circle."""
    height = near.radius_miles / _MILES_PER_DEGREE * 1.01
    south, north = max(-90.0, near.latitude - height), min(90.0, near.latitude + height)
    # The parallel nearest to a pole is the shortest, and decides how many degrees the circle can span.
    parallel = math.cos(math.radians(min(90.0, max(abs(south), abs(north)))))
    width = height / parallel if parallel > _MIN_PARALLEL else 180.0
    if width >= 180:  # noqa: PLR2004 - half way round the Earth
        return (Box(-180.0, south, 180.0, north),)
    west, east = near.longitude - width, near.longitude + width
    west, east = (west + 360 if west < -180 else west), (east - 360 if east > 180 else east)  # noqa: PLR2004 - degrees
    return Box(west, south, east, north).halves()
