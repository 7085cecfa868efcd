"""Field names of MLSs beyond RESO names and our short names: those of the RETS 1.x dictionary, and common labels.

Only names with the same meaning in every MLS. They are suggested to whoever sets up a provider, never applied silently.
"""

from collections.abc import Mapping
from types import MappingProxyType

from platbook.base.folding import fold_label
from platbook.reso.fields import FIELDS, Field
from platbook.reso.names import find_field

_RETS: Mapping[str, str] = {
    # Standard names of the RETS 1.x data dictionary.
    "ListingID": "ListingId",
    "ListDate": "ListingContractDate",
    "ListingDate": "ListingContractDate",
    "ContractDate": "PurchaseContractDate",
    "UnderContractDate": "PurchaseContractDate",
    "ClosedDate": "CloseDate",
    "ClosingDate": "CloseDate",
    "SoldDate": "CloseDate",
    "SoldPrice": "ClosePrice",
    "SalePrice": "ClosePrice",
    "ListingPrice": "ListPrice",
    "AskingPrice": "ListPrice",
    "CurrentPrice": "ListPrice",
    "ListingStatus": "MlsStatus",
    "Status": "MlsStatus",
    "StreetNum": "StreetNumber",
    "StreetDirection": "StreetDirPrefix",
    "StreetDir": "StreetDirPrefix",
    "Unit": "UnitNumber",
    "UnitNum": "UnitNumber",
    "State": "StateOrProvince",
    "Zip": "PostalCode",
    "ZipCode": "PostalCode",
    "County": "CountyOrParish",
    "SubDivision": "SubdivisionName",
    "Subdivision": "SubdivisionName",
    "FullAddress": "UnparsedAddress",
    "Address": "UnparsedAddress",
    "Beds": "BedroomsTotal",
    "Bedrooms": "BedroomsTotal",
    "BedsTotal": "BedroomsTotal",
    "TotalBedrooms": "BedroomsTotal",
    "Baths": "BathroomsTotalInteger",
    "BathsTotal": "BathroomsTotalInteger",
    "TotalBaths": "BathroomsTotalInteger",
    "BathsFull": "BathroomsFull",
    "FullBaths": "BathroomsFull",
    "BathsHalf": "BathroomsHalf",
    "HalfBaths": "BathroomsHalf",
    "SquareFeet": "LivingArea",
    "SqFtTotal": "LivingArea",
    "ApproxLivingArea": "LivingArea",
    "LivingSqFt": "LivingArea",
    "Acres": "LotSizeAcres",
    "LotAcres": "LotSizeAcres",
    "LotSqFt": "LotSizeSquareFeet",
    "YrBuilt": "YearBuilt",
    "YearConstructed": "YearBuilt",
    "Remarks": "PublicRemarks",
    "PropertyDescription": "PublicRemarks",
    "PublicComments": "PublicRemarks",
    "AgentRemarks": "PrivateRemarks",
    "ConfidentialRemarks": "PrivateRemarks",
    "Directions": "Directions",
    "Taxes": "TaxAnnualAmount",
    "TaxAmount": "TaxAnnualAmount",
    "ParcelID": "ParcelNumber",
    "APN": "ParcelNumber",
    "ModifiedDate": "ModificationTimestamp",
    "LastModified": "ModificationTimestamp",
    "LastModifiedDateTime": "ModificationTimestamp",
    "MatrixModifiedDT": "ModificationTimestamp",
    "UpdateDate": "ModificationTimestamp",
    "Updated": "ModificationTimestamp",
    "LastUpdated": "ModificationTimestamp",
    "LastUpdate": "ModificationTimestamp",
    "UpdateTimestamp": "ModificationTimestamp",
    "PhotoCount": "PhotosCount",
    "PictureCount": "PhotosCount",
    "NumberOfPhotos": "PhotosCount",
    "PhotoModificationTimestamp": "PhotosChangeTimestamp",
    "PictureModifiedDateTime": "PhotosChangeTimestamp",
    "PhotoTimestamp": "PhotosChangeTimestamp",
    "ListAgentMLSID": "ListAgentMlsId",
    "ListingAgentID": "ListAgentMlsId",
    "ListAgentAgentID": "ListAgentMlsId",
    "ListAgentName": "ListAgentFullName",
    "ListAgentDirectWorkPhone": "ListAgentPreferredPhone",
    "ListOfficeMLSID": "ListOfficeMlsId",
    "ListOfficeOfficeID": "ListOfficeMlsId",
    "ListingOfficeName": "ListOfficeName",
    "MLSNumber": "ListingId",
    "MLSNum": "ListingId",
    "MLNumber": "ListingId",
    "CDOM": "CumulativeDaysOnMarket",
    "DOM": "DaysOnMarket",
    "DaysOnMkt": "DaysOnMarket",
    "MarketDays": "DaysOnMarket",
    "ElementarySchoolName": "ElementarySchool",
    "HighSchoolName": "HighSchool",
    "AssocFee": "AssociationFee",
    "HOAFee": "AssociationFee",
    "GarageSpaceNumber": "GarageSpaces",
    "VirtualTourURL": "VirtualTourURLUnbranded",
}


SYNONYMS: Mapping[str, str] = MappingProxyType(
    {fold_label(synonym): name for synonym, name in _RETS.items() if name in FIELDS}
)
"""Folded synonyms to RESO names."""


def find_synonym(label: str) -> Field | None:
    """Find the field that a source's name or label most likely means; None: unclear."""
    name = SYNONYMS.get(fold_label(label))
    return FIELDS[name] if name is not None else find_field("".join(label.split()))
