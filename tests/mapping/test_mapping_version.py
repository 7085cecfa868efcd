import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import MediaRef, RawRecord
from platbook.sync.content_hash import content_hash

PHOTO = MediaRef("p1", 1, "https://photos.test/1.jpg?sig=a", modified="2026-01-01T00:00:00Z")
RECORD = RawRecord("k", {"ListPrice": 5, "Views": 1}, media=[PHOTO])


def _hash(record: RawRecord, volatile: Sequence[str] = ()) -> bytes:
    return content_hash(record, "v1", frozenset(volatile))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inside, max_size=3),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), JSON, min_size=1, max_size=6)


@given(FIELDS, st.randoms())
def test_the_order_of_keys_does_not_matter(fields: dict[str, object], random: object) -> None:
    shuffled = dict(sorted(fields.items(), key=lambda pair: hash((pair[0], str(random)))))
    found = _hash(RawRecord("k", fields))
    assert len(found) == 16
    assert _hash(RawRecord("k", shuffled)) == found
    assert _hash(RawRecord("k", MappingProxyType(shuffled))) == found


@given(FIELDS, JSON, st.data())
def test_every_value_counts_unless_it_is_volatile(
    fields: dict[str, object], value: object, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(fields)))
    before, after = RawRecord("k", fields), RawRecord("k", {**fields, name: value})
    assert _hash(before, [name]) == _hash(after, [name])
    same = json.dumps(fields[name], sort_keys=True) == json.dumps(value, sort_keys=True)
    assert (_hash(before) == _hash(after)) is same


def test_the_mapping_and_the_visibility_count() -> None:
    assert content_hash(RECORD, "v2") != content_hash(RECORD, "v1")
    assert _hash(replace(RECORD, visible=False)) != _hash(RECORD)


@pytest.mark.parametrize(
    "media",
    [
        None,
        [],
        [PHOTO, PHOTO],
        [replace(PHOTO, media_key="p2")],
        [replace(PHOTO, order=2)],
        [replace(PHOTO, modified="2026-01-02T00:00:00Z")],
        [replace(PHOTO, caption="Kitchen")],
        [replace(PHOTO, permission=["Private"])],
        [replace(PHOTO, modified=None)],
    ],
)
def test_what_a_photo_is_counts(media: list[MediaRef] | None) -> None:
    assert _hash(replace(RECORD, media=media)) != _hash(RECORD)


def test_a_signed_address_does_not_count() -> None:
    moved = replace(PHOTO, content="https://elsewhere.test/9.jpg?sig=b")
    assert _hash(replace(RECORD, media=[moved])) == _hash(RECORD)


def test_without_a_time_a_photo_is_known_by_its_address_or_its_bytes() -> None:
    def told(content: str | bytes) -> bytes:
        return _hash(replace(RECORD, media=[replace(PHOTO, modified=None, content=content)]))

    assert told("https://a.test/1.jpg?sig=a") == told("https://a.test/1.jpg?sig=b")
    assert told("https://a.test/1.jpg") != told("https://a.test/2.jpg")
    assert told(b"one") != told(b"two")


@pytest.mark.parametrize(
    "value",
    ["a\0b", ["x", {"y": "\0"}], "half \ud83c", 2**64, {"\ud83c": 1}],
    ids=["nul", "deep", "half", "big", "name"],
)
def test_what_is_repaired_before_it_is_stored_counts_like_another_value(value: object) -> None:
    assert _hash(RawRecord("k", {"Bad": value})) != _hash(RawRecord("k", {"Bad": "other"}))


def test_what_is_no_json_is_refused_by_name() -> None:
    with pytest.raises(RecordRejected) as refused:
        _hash(RawRecord("k", {"City": "Naples", "Bad": {"a": {1, 2}}}))
    assert refused.value.field == "Bad"


def test_a_text_that_spells_an_escape_is_no_nul() -> None:
    assert len(_hash(RawRecord("k", {"PublicRemarks": "\\u0000"}))) == 16


def test_a_decimal_is_a_value_like_another() -> None:
    assert _hash(RawRecord("k", {"a": Decimal("1.0")})) != _hash(RawRecord("k", {"a": Decimal("1.1")}))
