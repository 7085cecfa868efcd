"""Every name a field can be referred to by: RESO name, column, API field name, and short names in common use."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from platbook.reso.fields import COLUMNS, FIELDS, Field

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "address": "UnparsedAddress",
        "fullAddress": "UnparsedAddress",
        "streetAddress": "UnparsedAddress",
        "agentEmail": "ListAgentEmail",
        "agentId": "ListAgentMlsId",
        "agentName": "ListAgentFullName",
        "agentPhone": "ListAgentPreferredPhone",
        "area": "MLSAreaMajor",
        "baths": "BathroomsTotalInteger",
        "bathrooms": "BathroomsTotalInteger",
        "beds": "BedroomsTotal",
        "bedrooms": "BedroomsTotal",
        "closedDate": "CloseDate",
        "soldDate": "CloseDate",
        "soldPrice": "ClosePrice",
        "county": "CountyOrParish",
        "dateListed": "ListingContractDate",
        "listDate": "ListingContractDate",
        "listedDate": "ListingContractDate",
        "description": "PublicRemarks",
        "remarks": "PublicRemarks",
        "fullBaths": "BathroomsFull",
        "halfBaths": "BathroomsHalf",
        "garage": "GarageSpaces",
        "hoaFee": "AssociationFee",
        "hoaFrequency": "AssociationFeeFrequency",
        "lat": "Latitude",
        "lng": "Longitude",
        "lon": "Longitude",
        "listingNumber": "ListingId",
        "mlsId": "ListingId",
        "mlsNumber": "ListingId",
        "lotSize": "LotSizeSquareFeet",
        "lotAcres": "LotSizeAcres",
        "acres": "LotSizeAcres",
        "middleOrJuniorSchool": "MiddleOrJuniorSchool",
        "modified": "ModificationTimestamp",
        "modifiedDate": "ModificationTimestamp",
        "lastModified": "ModificationTimestamp",
        "updatedAt": "ModificationTimestamp",
        "neighborhood": "SubdivisionName",
        "subdivision": "SubdivisionName",
        "newConstruction": "NewConstructionYN",
        "officeId": "ListOfficeMlsId",
        "officeName": "ListOfficeName",
        "officePhone": "ListOfficePhone",
        "originalPrice": "OriginalListPrice",
        "pendingDate": "PurchaseContractDate",
        "photoCount": "PhotosCount",
        "photosModified": "PhotosChangeTimestamp",
        "pool": "PoolPrivateYN",
        "price": "ListPrice",
        "propertyTax": "TaxAnnualAmount",
        "taxes": "TaxAnnualAmount",
        "sqft": "LivingArea",
        "squareFeet": "LivingArea",
        "state": "StateOrProvince",
        "province": "StateOrProvince",
        "status": "StandardStatus",
        "subtype": "PropertySubType",
        "type": "PropertyType",
        "unit": "UnitNumber",
        "virtualTour": "VirtualTourURLUnbranded",
        "waterfront": "WaterfrontYN",
        "zip": "PostalCode",
        "zipCode": "PostalCode",
    }
)
"""Short names, mainly those of common provider configurations, to RESO names. Case-insensitive."""


def _fold(name: str) -> str:
    return name.replace("_", "").casefold()


def _fields_by_name() -> Mapping[str, Field]:
    # Later entries win: a RESO name is never overridden by a short one.
    fields = {_fold(alias): FIELDS[name] for alias, name in ALIASES.items()}
    fields |= {_fold(field.api): field for field in FIELDS.values() if field.api is not None}
    fields |= {_fold(field.column): field for field in COLUMNS if field.column is not None}
    return MappingProxyType(fields | {_fold(name): field for name, field in FIELDS.items()})


_BY_NAME = _fields_by_name()
_SUGGESTIONS: Mapping[str, str] = MappingProxyType(
    {_fold(name): name for name in FIELDS} | {_fold(a): a for a in ALIASES}
)


def find_field(name: str) -> Field | None:
    """Find a field by any of its names, ignoring case and underscores; None: no such field."""
    return _BY_NAME.get(_fold(name))


def suggest_names(name: str, limit: int = 3) -> list[str]:
    """Suggest the names closest to `name`, nearest first."""
    return [_SUGGESTIONS[close] for close in get_close_matches(_fold(name), _SUGGESTIONS, n=limit, cutoff=0.6)]
