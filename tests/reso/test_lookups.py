import pytest

from platbook.base.errors import RecordRejected
from platbook.reso.lookups import PropertySubType, PropertyType, StandardStatus, find_standard, to_standard


@pytest.mark.parametrize(("values", "count"), [(StandardStatus, 11), (PropertyType, 9), (PropertySubType, 31)])
def test_the_lists_are_whole(values: type[StandardStatus], count: int) -> None:
    assert len(values) == count


@pytest.mark.parametrize(
    ("lookup", "said", "meant"),
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
def test_wordings_lead_to_the_standard_value(lookup: str, said: str, meant: str) -> None:
    assert to_standard(lookup, said) == meant


@pytest.mark.parametrize("values", [StandardStatus, PropertyType, PropertySubType])
def test_every_standard_value_stands_for_itself(values: type[StandardStatus]) -> None:
    for value in values:
        assert find_standard(values.__name__, str(value)) == value
        assert find_standard(values.__name__, str(value).replace(" ", "")) == value


@pytest.mark.parametrize("said", ["A", "Gone fishing", ""])
def test_a_locked_lookup_refuses_what_it_does_not_know(said: str) -> None:
    with pytest.raises(RecordRejected, match="StandardStatus"):
        to_standard("StandardStatus", said)
