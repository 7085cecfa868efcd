"""The schema matches the market: every value has a field, fits it, and is a value of its lookup."""

from collections import Counter
from datetime import timedelta
from typing import cast

import pytest

from platbook.market import Market
from platbook.simulate.rets.fields import RESOURCES, Interpretation, find_property_class
from platbook.simulate.rets.formatting import get_formatter
from platbook.simulate.rets.lookups import LOOKUPS, to_code
from platbook.simulate.rets.names import FieldNames
from platbook.simulate.rets.quirks import Quirks
from platbook.simulate.rets.source import STARTED


@pytest.mark.parametrize(("seed", "days"), [(1, 0), (2, 40), (3, 400)])
def test_every_field_of_every_record_is_in_its_class_and_fits(seed: int, days: int) -> None:
    for listing in Market(seed, 800, STARTED).listings(STARTED + timedelta(days=days)):
        rets_class = find_property_class(listing.record["PropertyType"])
        fields = {field.name: field for field in rets_class.fields}
        assert listing.record.keys() <= fields.keys()
        for name, value in listing.record.items():
            field = fields[name]
            values = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
            assert isinstance(value, list) == (field.interpretation is Interpretation.LOOKUP_MULTI), name
            if field.lookup:
                assert set(values) <= set(LOOKUPS[name]), name
            if isinstance(value, str | int | float):
                assert len(get_formatter(field, Quirks(), decoded=True)(value)) <= field.length, name


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_codes_of_a_lookup_are_unique_and_alphanumeric(lookup: str) -> None:
    codes = [to_code(value) for value in LOOKUPS[lookup]]
    assert Counter(codes).most_common(1)[0][1] == 1
    assert all(code.isalnum() for code in codes)
    assert not any("," in value for value in LOOKUPS[lookup])


def test_every_lookup_is_used_and_every_class_has_a_field_once() -> None:
    used = {name for resource in RESOURCES for name in resource.lookups}
    assert used == set(LOOKUPS)
    for resource in RESOURCES:
        for rets_class in resource.classes:
            names = [field.name for field in rets_class.fields]
            assert len(set(names)) == len(names)
            assert resource.key in names
            assert len({named.system_name for named in FieldNames(Quirks()).fields(resource, rets_class)}) == len(names)
