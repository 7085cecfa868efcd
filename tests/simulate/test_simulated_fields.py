"""The table of fields is true to the market: every value has a field, fits it, and is a value of its lookup."""

from collections import Counter
from datetime import timedelta
from typing import cast

import pytest

from platbook.market import Market
from platbook.simulate.rets.fields import RESOURCES, Shape, find_property_class
from platbook.simulate.rets.formatting import to_writer
from platbook.simulate.rets.lookups import LOOKUPS, to_code
from platbook.simulate.rets.names import Names
from platbook.simulate.rets.quirks import Quirks
from platbook.simulate.rets.source import STARTED


@pytest.mark.parametrize(("seed", "days"), [(1, 0), (2, 40), (3, 400)])
def test_every_field_of_every_record_is_in_its_class_and_fits(seed: int, days: int) -> None:
    for listing in Market(seed, 800, STARTED).listings(STARTED + timedelta(days=days)):
        of_class = find_property_class(listing.record["PropertyType"])
        fields = {field.name: field for field in of_class.fields}
        assert listing.record.keys() <= fields.keys()
        for name, value in listing.record.items():
            field = fields[name]
            words = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
            assert isinstance(value, list) == (field.shape is Shape.LOOKUP_MULTI), name
            if field.lookup:
                assert set(words) <= set(LOOKUPS[name]), name
            if isinstance(value, str | int | float):
                assert len(to_writer(field, Quirks(), decoded=True)(value)) <= field.length, name


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_codes_of_a_lookup_differ_and_are_plain(lookup: str) -> None:
    codes = [to_code(value) for value in LOOKUPS[lookup]]
    assert Counter(codes).most_common(1)[0][1] == 1
    assert all(code.isalnum() for code in codes)
    assert not any("," in value for value in LOOKUPS[lookup])


def test_every_lookup_is_used_and_every_class_has_a_field_once() -> None:
    used = {name for resource in RESOURCES for name in resource.lookups}
    assert used == set(LOOKUPS)
    for resource in RESOURCES:
        for of_class in resource.classes:
            names = [field.name for field in of_class.fields]
            assert len(set(names)) == len(names)
            assert resource.key in names
            assert len({named.system for named in Names(Quirks()).fields(resource, of_class)}) == len(names)
