"""Every word by which a field may be called: RESO's name, our column, our API's word, and short names in common use."""

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
"""Short names, those of common provider configurations first of all, to RESO names. Capitals do not matter."""


def _fold(word: str) -> str:
    return word.replace("_", "").casefold()


def _words() -> Mapping[str, Field]:
    # The later line wins: RESO's own name is never taken over by a short one.
    words = {_fold(alias): FIELDS[name] for alias, name in ALIASES.items()}
    words |= {_fold(field.api): field for field in FIELDS.values() if field.api is not None}
    words |= {_fold(field.column): field for field in COLUMNS if field.column is not None}
    return MappingProxyType(words | {_fold(name): field for name, field in FIELDS.items()})


_WORDS = _words()
_SUGGESTED: Mapping[str, str] = MappingProxyType(
    {_fold(name): name for name in FIELDS} | {_fold(a): a for a in ALIASES}
)


def find_field(word: str) -> Field | None:
    """Find the field that `word` names in any of the ways above, whatever its capitals and underscores."""
    return _WORDS.get(_fold(word))


def suggest_names(word: str, limit: int = 3) -> list[str]:
    """Name what someone who wrote `word` may have meant, nearest first."""
    return [_SUGGESTED[close] for close in get_close_matches(_fold(word), _SUGGESTED, n=limit, cutoff=0.6)]
