import pytest

from platbook.base.errors import RecordRejected
from platbook.reso.lookups import PropertySubType, PropertyType, StandardStatus, find_standard
from platbook.reso.text import lookup_reader


@pytest.mark.parametrize(("values", "count"), [(StandardStatus, 11), (PropertyType, 9), (PropertySubType, 31)])
def test_the_lists_are_complete(values: type[StandardStatus], count: int) -> None:
    assert len(values) == count


@pytest.mark.parametrize(
    ("lookup", "text", "expected"),
    [
        ("StandardStatus", "Active Under Contract", "Active Under Contract"),
        ("StandardStatus", "ActiveUnderContract", "Active Under Contract"),
        ("StandardStatus", "active under contract", "Active Under Contract"),
        ("StandardStatus", "Sold", "Closed"),
        ("StandardStatus", "Cancelled", "Canceled"),
        ("StandardStatus", "Under Contract", "Pending"),
        ("PropertyType", "ResidentialLease", "Residential Lease"),
        ("PropertySubType", "HotelMotel", "Hotel/Motel"),
        ("PropertySubType", "CoOwnership", "Co-Ownership"),
        ("PropertySubType", "TenancyInCommon", "Tenancy in Common"),
        ("PropertySubType", "Condo", "Condominium"),
        ("PropertySubType", "Farm", "Farm"),
        ("PropertySubType", "Ranch", "Ranch"),
        ("PropertySubType", "Houseboat", "Houseboat"),
        ("City", "NAPLES", "NAPLES"),
    ],
)
def test_texts_are_normalized_to_the_standard_value(lookup: str, text: str, expected: str) -> None:
    assert lookup_reader(lookup, lookup)(text) == expected


@pytest.mark.parametrize("values", [StandardStatus, PropertyType, PropertySubType])
def test_every_standard_value_is_its_own_standard(values: type[StandardStatus]) -> None:
    for value in values:
        assert find_standard(values.__name__, str(value)) == value
        assert find_standard(values.__name__, str(value).replace(" ", "")) == value


@pytest.mark.parametrize("text", ["A", "Gone fishing"])
def test_a_locked_lookup_rejects_unknown_values(text: str) -> None:
    with pytest.raises(RecordRejected, match="StandardStatus"):
        lookup_reader("StandardStatus", "StandardStatus")(text)
