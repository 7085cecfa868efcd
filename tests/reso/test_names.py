import pytest

from platbook.reso.fields import COLUMNS, FIELDS
from platbook.reso.names import ALIASES, find_field, suggest_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("price", "ListPrice"),
        ("status", "StandardStatus"),
        ("listingId", "ListingId"),
        ("listing_id", "ListingId"),
        ("ListPrice", "ListPrice"),
        ("list_price", "ListPrice"),
        ("listPrice", "ListPrice"),
        ("LISTPRICE", "ListPrice"),
        ("bedrooms", "BedroomsTotal"),
        ("squareFeet", "LivingArea"),
        ("zipCode", "PostalCode"),
        ("address.city", "City"),
        ("listAgent.name", "ListAgentFullName"),
        ("modifiedAt", "ModificationTimestamp"),
        ("Appliances", "Appliances"),
    ],
)
def test_a_field_is_found_by_any_of_its_names(text: str, name: str) -> None:
    assert find_field(text) == FIELDS[name]


def test_every_name_column_and_short_name_finds_its_field() -> None:
    assert all(find_field(name) is field for name, field in FIELDS.items())
    assert all(find_field(field.column or "") is field for field in COLUMNS)
    assert all(find_field(field.api) is field for field in FIELDS.values() if field.api)
    assert {alias: find_field(alias) for alias in ALIASES} == {alias: FIELDS[name] for alias, name in ALIASES.items()}


def test_an_unknown_name_gets_suggestions() -> None:
    assert find_field("ListPrise") is None
    assert "ListPrice" in suggest_names("ListPrise")
    assert suggest_names("xqzw") == []
