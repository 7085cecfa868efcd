import re

import pytest

from platbook.reso.fields import BY_COLUMN, COLUMN_NAMES, COLUMNS, FIELDS, SLOT, Kind


def test_field_names_are_unique() -> None:
    names = [field.name for field in COLUMNS]
    assert len(names) == len(set(names))
    assert len(BY_COLUMN) == len(COLUMNS)
    assert len(FIELDS) == 632  # what the Data Dictionary 2.0 lists for Property, less 20 expansions


def test_the_idx_payload_is_marked() -> None:
    assert sum(field.idx for field in FIELDS.values()) == 152  # 153, less one expansion


def test_no_marker_is_left_in_a_name() -> None:
    assert [name for name in FIELDS if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)] == []


def test_api_names_are_unique() -> None:
    names = [field.api for field in FIELDS.values() if field.api]
    assert len(names) == len(set(names))


def test_a_row_has_a_slot_for_each_column() -> None:
    assert [COLUMN_NAMES[SLOT[field.name]] for field in COLUMNS] == [field.column for field in COLUMNS]


@pytest.mark.parametrize(
    "name",
    [
        "PrivateRemarks",
        "PrivateOfficeRemarks",
        "ShowingInstructions",
        "ShowingContactPhone",
        "LockBoxLocation",
        "LockBoxSerialNumber",
        "LockBoxType",
        "AccessCode",
        "OwnerName",
        "OwnerPhone",
        "OccupantName",
        "OccupantPhone",
        "ExpirationDate",
        "BuyerBrokerageCompensation",
        "SubAgencyCompensation",
        "ListAgentHomePhone",
    ],
)
def test_private_fields_are_confidential(name: str) -> None:
    assert FIELDS[name].confidential


def test_nothing_confidential_is_in_the_idx_payload() -> None:
    assert [field.name for field in FIELDS.values() if field.confidential and field.idx] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ListPrice", "numeric"),
        ("Latitude", "double precision"),
        ("BedroomsTotal", "integer"),
        ("City", "text"),
        ("CloseDate", "date"),
        ("ModificationTimestamp", "timestamptz"),
        ("ViewYN", "boolean"),
        ("Appliances", "text[]"),
    ],
)
def test_kinds_have_a_postgresql_type(name: str, kind: str) -> None:
    assert FIELDS[name].sql_type == kind


def test_the_key_and_the_days_on_market_have_no_column() -> None:
    assert FIELDS["ListingKey"].column is None
    assert FIELDS["DaysOnMarket"].column is None
    assert FIELDS["DaysOnMarket"].kind is Kind.INTEGER
