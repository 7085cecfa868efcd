"""The table of Property fields: RESO name and type (Data Dictionary 2.0), database column, API field name.

`COLUMNS` are the fields that are searched and displayed, each a typed column of `properties`; all other fields of the
Data Dictionary are stored by RESO name in a JSON column. `ListingKey` has no column here: together with the provider it
is a row's identity, comes from the connector, and is never mapped. Days on market are computed on reading, so the
source's `DaysOnMarket` is not a column either.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """The type of a field, which decides how it is coerced, stored and compared."""

    TEXT = "text"
    LOOKUP = "lookup"
    LOOKUP_LIST = "lookup_list"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DEGREES = "degrees"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


SQL_TYPE: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.TEXT: "text",
        Kind.LOOKUP: "text",
        Kind.LOOKUP_LIST: "text[]",
        Kind.INTEGER: "integer",
        Kind.DECIMAL: "numeric",
        Kind.DEGREES: "double precision",
        Kind.BOOLEAN: "boolean",
        Kind.DATE: "date",
        Kind.TIMESTAMP: "timestamptz",
    }
)
"""PostgreSQL column type by kind."""


_SHORT, _LINE, _REMARKS = 255, 500, 65_535
"""Maximum characters: a B-tree entry holds 2,704 bytes (a city's name occurs twice in one), a tsvector 1 MB."""


@dataclass(frozen=True, slots=True)
class Field:
    """One Property field.

    `column` is its column of `properties`, `api` its path in the API's listing (a dot separates nested objects);
    None: it is stored and returned among the additional fields, by its RESO name. `confidential`: never public.
    `idx`: part of RESO's IDX payload, so it may be displayed publicly.
    """

    name: str
    kind: Kind
    column: str | None = None
    api: str | None = None
    confidential: bool = False
    idx: bool = False
    max_length: int | None = None
    """Maximum characters of an indexed text: an index entry holds no more."""

    @property
    def sql_type(self) -> str:
        """PostgreSQL type of this field's column."""
        return SQL_TYPE[self.kind]


COLUMNS: tuple[Field, ...] = (
    Field("ListingId", Kind.TEXT, "listing_id", "listingId", idx=True, max_length=_SHORT),
    Field("StandardStatus", Kind.LOOKUP, "standard_status", "standardStatus", idx=True),
    Field("MlsStatus", Kind.LOOKUP, "mls_status", "mlsStatus", idx=True),
    Field("PropertyType", Kind.LOOKUP, "property_type", "propertyType", idx=True, max_length=_SHORT),
    Field("PropertySubType", Kind.LOOKUP, "property_sub_type", "propertySubType", idx=True, max_length=_SHORT),
    # Price
    Field("ListPrice", Kind.DECIMAL, "list_price", "listPrice", idx=True),
    Field("OriginalListPrice", Kind.DECIMAL, "original_list_price", "originalListPrice"),
    Field("PreviousListPrice", Kind.DECIMAL, "previous_list_price", "previousListPrice"),
    Field("ClosePrice", Kind.DECIMAL, "close_price", "closePrice", idx=True),
    # Location
    Field("UnparsedAddress", Kind.TEXT, "unparsed_address", "address.full", idx=True, max_length=_LINE),
    Field("StreetNumber", Kind.TEXT, "street_number", "address.streetNumber", idx=True),
    Field("StreetDirPrefix", Kind.LOOKUP, "street_dir_prefix", "address.streetDirPrefix", idx=True),
    Field("StreetName", Kind.TEXT, "street_name", "address.streetName", idx=True, max_length=_SHORT),
    Field("StreetSuffix", Kind.LOOKUP, "street_suffix", "address.streetSuffix", idx=True),
    Field("StreetDirSuffix", Kind.LOOKUP, "street_dir_suffix", "address.streetDirSuffix", idx=True),
    Field("UnitNumber", Kind.TEXT, "unit_number", "address.unit", idx=True),
    Field("City", Kind.LOOKUP, "city", "address.city", idx=True, max_length=_SHORT),
    Field("CountyOrParish", Kind.LOOKUP, "county_or_parish", "address.county", idx=True),
    Field("StateOrProvince", Kind.LOOKUP, "state_or_province", "address.state", idx=True),
    Field("PostalCode", Kind.TEXT, "postal_code", "address.postalCode", idx=True, max_length=_SHORT),
    Field("Country", Kind.LOOKUP, "country", "address.country"),
    Field("SubdivisionName", Kind.TEXT, "subdivision_name", "subdivisionName", idx=True, max_length=_SHORT),
    Field("MLSAreaMajor", Kind.LOOKUP, "mls_area_major", "mlsAreaMajor", idx=True),
    Field("Latitude", Kind.DEGREES, "latitude", "latitude"),
    Field("Longitude", Kind.DEGREES, "longitude", "longitude"),
    Field("Directions", Kind.TEXT, "directions", "directions", idx=True),
    Field("ParcelNumber", Kind.TEXT, "parcel_number", "parcelNumber", idx=True),
    Field("Zoning", Kind.TEXT, "zoning", "zoning", idx=True),
    Field("ElementarySchool", Kind.LOOKUP, "elementary_school", "schools.elementary", idx=True),
    Field("MiddleOrJuniorSchool", Kind.LOOKUP, "middle_school", "schools.middle", idx=True),
    Field("HighSchool", Kind.LOOKUP, "high_school", "schools.high", idx=True),
    # Size and structure; areas in square feet, lots in square feet and acres
    Field("BedroomsTotal", Kind.INTEGER, "bedrooms_total", "bedrooms", idx=True),
    Field("BathroomsTotalInteger", Kind.INTEGER, "bathrooms_total", "bathrooms.total", idx=True),
    Field("BathroomsFull", Kind.INTEGER, "bathrooms_full", "bathrooms.full", idx=True),
    Field("BathroomsHalf", Kind.INTEGER, "bathrooms_half", "bathrooms.half", idx=True),
    Field("LivingArea", Kind.DECIMAL, "living_area", "livingArea", idx=True),
    Field("LotSizeSquareFeet", Kind.DECIMAL, "lot_size_square_feet", "lotSize", idx=True),
    Field("LotSizeAcres", Kind.DECIMAL, "lot_size_acres", "lotSizeAcres", idx=True),
    Field("YearBuilt", Kind.INTEGER, "year_built", "yearBuilt", idx=True),
    Field("Stories", Kind.INTEGER, "stories", "stories", idx=True),
    Field("GarageSpaces", Kind.DECIMAL, "garage_spaces", "garageSpaces", idx=True),
    Field("ParkingTotal", Kind.DECIMAL, "parking_total", "parkingTotal"),
    Field("NewConstructionYN", Kind.BOOLEAN, "new_construction_yn", "features.newConstruction", idx=True),
    Field("PoolPrivateYN", Kind.BOOLEAN, "pool_private_yn", "features.privatePool", idx=True),
    Field("WaterfrontYN", Kind.BOOLEAN, "waterfront_yn", "features.waterfront", idx=True),
    Field("ViewYN", Kind.BOOLEAN, "view_yn", "features.view"),
    Field("FireplaceYN", Kind.BOOLEAN, "fireplace_yn", "features.fireplace", idx=True),
    Field("SeniorCommunityYN", Kind.BOOLEAN, "senior_community_yn", "features.seniorCommunity", idx=True),
    # Fees and taxes
    Field("AssociationFee", Kind.DECIMAL, "association_fee", "associationFee", idx=True),
    Field("AssociationFeeFrequency", Kind.LOOKUP, "association_fee_frequency", "associationFeeFrequency", idx=True),
    Field("TaxAnnualAmount", Kind.DECIMAL, "tax_annual_amount", "taxAnnualAmount", idx=True),
    Field("TaxYear", Kind.INTEGER, "tax_year", "taxYear"),
    # Remarks
    Field("PublicRemarks", Kind.TEXT, "public_remarks", "publicRemarks", idx=True, max_length=_REMARKS),
    Field("PrivateRemarks", Kind.TEXT, "private_remarks", "privateRemarks", confidential=True),
    Field("ShowingInstructions", Kind.TEXT, "showing_instructions", "showingInstructions", confidential=True),
    Field("VirtualTourURLUnbranded", Kind.TEXT, "virtual_tour_url", "virtualTourUrl", idx=True),
    # People
    Field("ListAgentKey", Kind.TEXT, "list_agent_key", "listAgent.key", max_length=_SHORT),
    Field("ListAgentMlsId", Kind.TEXT, "list_agent_mls_id", "listAgent.mlsId", idx=True),
    Field("ListAgentFullName", Kind.TEXT, "list_agent_full_name", "listAgent.name", idx=True),
    Field("ListAgentEmail", Kind.TEXT, "list_agent_email", "listAgent.email"),
    Field("ListAgentPreferredPhone", Kind.TEXT, "list_agent_phone", "listAgent.phone"),
    Field("ListOfficeKey", Kind.TEXT, "list_office_key", "listOffice.key"),
    Field("ListOfficeMlsId", Kind.TEXT, "list_office_mls_id", "listOffice.mlsId", idx=True),
    Field("ListOfficeName", Kind.TEXT, "list_office_name", "listOffice.name", idx=True),
    Field("ListOfficePhone", Kind.TEXT, "list_office_phone", "listOffice.phone"),
    Field("CoListAgentKey", Kind.TEXT, "co_list_agent_key", "coListAgent.key", max_length=_SHORT),
    Field("CoListAgentMlsId", Kind.TEXT, "co_list_agent_mls_id", "coListAgent.mlsId", idx=True),
    Field("CoListAgentFullName", Kind.TEXT, "co_list_agent_full_name", "coListAgent.name", idx=True),
    Field("CoListOfficeKey", Kind.TEXT, "co_list_office_key", "coListOffice.key"),
    Field("CoListOfficeName", Kind.TEXT, "co_list_office_name", "coListOffice.name", idx=True),
    Field("BuyerAgentKey", Kind.TEXT, "buyer_agent_key", "buyerAgent.key"),
    Field("BuyerAgentFullName", Kind.TEXT, "buyer_agent_full_name", "buyerAgent.name", idx=True),
    Field("BuyerOfficeKey", Kind.TEXT, "buyer_office_key", "buyerOffice.key"),
    Field("BuyerOfficeName", Kind.TEXT, "buyer_office_name", "buyerOffice.name", idx=True),
    # Times
    Field("ListingContractDate", Kind.DATE, "listing_contract_date", "listedAt", idx=True),
    Field("OnMarketDate", Kind.DATE, "on_market_date", "onMarketAt", idx=True),
    Field("PurchaseContractDate", Kind.DATE, "purchase_contract_date", "pendingAt"),
    Field("CloseDate", Kind.DATE, "close_date", "closedAt", idx=True),
    Field("OffMarketDate", Kind.DATE, "off_market_date", "offMarketAt"),
    Field("ExpirationDate", Kind.DATE, "expiration_date", "expiresAt", confidential=True),
    Field("OriginalEntryTimestamp", Kind.TIMESTAMP, "original_entry_timestamp", "enteredAt"),
    Field("ModificationTimestamp", Kind.TIMESTAMP, "modification_timestamp", "modifiedAt", idx=True),
    Field("StatusChangeTimestamp", Kind.TIMESTAMP, "status_change_timestamp", "statusChangedAt", idx=True),
    Field("PriceChangeTimestamp", Kind.TIMESTAMP, "price_change_timestamp", "priceChangedAt", idx=True),
    Field("PhotosChangeTimestamp", Kind.TIMESTAMP, "photos_change_timestamp", "photosChangedAt", idx=True),
    Field("PhotosCount", Kind.INTEGER, "photos_count", "photoCount", idx=True),
    # Display rules and provenance
    Field("InternetEntireListingDisplayYN", Kind.BOOLEAN, "internet_entire_listing_display_yn", idx=True),
    Field("InternetAddressDisplayYN", Kind.BOOLEAN, "internet_address_display_yn", idx=True),
    Field("OriginatingSystemName", Kind.TEXT, "originating_system_name", "originatingSystemName", idx=True),
)
"""The fields that have a column, in the order in which rows are written."""

_ADDITIONAL: Mapping[Kind, str] = {
    Kind.TEXT: """
        AccessCode! AdditionalParcelsDescription AnchorsCoTenants AssociationName AssociationName2
        AssociationPhone AssociationPhone2 AttributionContact BuilderModel BuilderName BuildingName BusinessName
        BuyerAgentDirectPhone BuyerAgentEmail BuyerAgentFax BuyerAgentFirstName* BuyerAgentHomePhone!
        BuyerAgentLastName* BuyerAgentMiddleName BuyerAgentMlsId* BuyerAgentMobilePhone BuyerAgentNamePrefix
        BuyerAgentNameSuffix BuyerAgentNationalAssociationId BuyerAgentOfficePhone BuyerAgentOfficePhoneExt
        BuyerAgentPager! BuyerAgentPreferredPhone BuyerAgentPreferredPhoneExt BuyerAgentStateLicense
        BuyerAgentTollFreePhone BuyerAgentURL BuyerAgentVoiceMail! BuyerAgentVoiceMailExt!
        BuyerBrokerageCompensation! BuyerOfficeEmail BuyerOfficeFax BuyerOfficeMlsId*
        BuyerOfficeNationalAssociationId BuyerOfficePhone BuyerOfficePhoneExt BuyerOfficeURL BuyerTeamKey
        BuyerTeamName CarrierRoute CityRegion CoBuyerAgentDirectPhone CoBuyerAgentEmail CoBuyerAgentFax
        CoBuyerAgentFirstName* CoBuyerAgentFullName* CoBuyerAgentHomePhone! CoBuyerAgentKey
        CoBuyerAgentLastName* CoBuyerAgentMiddleName CoBuyerAgentMlsId* CoBuyerAgentMobilePhone
        CoBuyerAgentNamePrefix CoBuyerAgentNameSuffix CoBuyerAgentNationalAssociationId CoBuyerAgentOfficePhone
        CoBuyerAgentOfficePhoneExt CoBuyerAgentPager! CoBuyerAgentPreferredPhone CoBuyerAgentPreferredPhoneExt
        CoBuyerAgentStateLicense CoBuyerAgentTollFreePhone CoBuyerAgentURL CoBuyerAgentVoiceMail!
        CoBuyerAgentVoiceMailExt! CoBuyerOfficeEmail CoBuyerOfficeFax CoBuyerOfficeKey CoBuyerOfficeMlsId*
        CoBuyerOfficeName* CoBuyerOfficeNationalAssociationId CoBuyerOfficePhone CoBuyerOfficePhoneExt
        CoBuyerOfficeURL CoListAgentDirectPhone CoListAgentEmail CoListAgentFax CoListAgentFirstName*
        CoListAgentHomePhone! CoListAgentLastName* CoListAgentMiddleName CoListAgentMobilePhone
        CoListAgentNamePrefix CoListAgentNameSuffix CoListAgentNationalAssociationId CoListAgentOfficePhone
        CoListAgentOfficePhoneExt CoListAgentPager! CoListAgentPreferredPhone CoListAgentPreferredPhoneExt
        CoListAgentStateLicense CoListAgentTollFreePhone CoListAgentURL CoListAgentVoiceMail!
        CoListAgentVoiceMailExt! CoListOfficeEmail CoListOfficeFax CoListOfficeMlsId
        CoListOfficeNationalAssociationId CoListOfficePhone CoListOfficePhoneExt CoListOfficeURL
        CompensationComments! ConcessionsComments! ContinentRegion Contingency CopyrightNotice CountryRegion
        CrossStreet DOH1 DOH2 DOH3 Disclaimer DistanceToBusComments DistanceToElectricComments
        DistanceToFreewayComments DistanceToGasComments DistanceToPhoneServiceComments
        DistanceToPlaceofWorshipComments DistanceToSchoolBusComments DistanceToSchoolsComments
        DistanceToSewerComments DistanceToShoppingComments DistanceToStreetComments DistanceToWaterComments
        EntryLocation Exclusions FrontageLength HoursDaysOfOperationDescription Inclusions License1 License2
        License3 ListAgentDirectPhone ListAgentFax ListAgentFirstName* ListAgentHomePhone! ListAgentLastName*
        ListAgentMiddleName ListAgentMobilePhone ListAgentNamePrefix ListAgentNameSuffix
        ListAgentNationalAssociationId ListAgentOfficePhone ListAgentOfficePhoneExt ListAgentPager!
        ListAgentPreferredPhoneExt ListAgentStateLicense ListAgentTollFreePhone ListAgentURL ListAgentVoiceMail!
        ListAgentVoiceMailExt! ListOfficeEmail ListOfficeFax ListOfficeNationalAssociationId ListOfficePhoneExt
        ListOfficeURL ListTeamKey ListTeamName ListingKey* ListingURL LockBoxLocation! LockBoxSerialNumber!
        LotSizeDimensions* Make MapCoordinate MapCoordinateSource MapURL Model OccupantName! OccupantPhone!
        OriginatingSystemID OriginatingSystemKey OtherParking OwnerName! OwnerPhone! Ownership ParkManagerName
        ParkManagerPhone ParkName* PostalCodePlus4* PrivateOfficeRemarks! PublicSurveyRange PublicSurveySection
        PublicSurveyTownship RVParkingDimensions SerialU SerialX SerialXX ShowingContactName!
        ShowingContactPhone! ShowingContactPhoneExt! SourceSystemID SourceSystemKey SourceSystemName StateRegion
        StreetAdditionalInfo StreetSuffixModifier* SubAgencyCompensation! SyndicationRemarks! TaxBlock
        TaxBookNumber TaxLegalDescription TaxLot TaxMapNumber TaxParcelLetter TaxTract Topography* Township
        TransactionBrokerCompensation! UniversalPropertyId* UniversalPropertySubId VirtualTourURLBranded
        WaterBodyName YearBuiltDetails ZoningDescription
    """,
    Kind.LOOKUP: """
        AboveGradeFinishedAreaSource AboveGradeFinishedAreaUnits AboveGradeUnfinishedAreaSource
        AboveGradeUnfinishedAreaUnits AssociationFee2Frequency BelowGradeFinishedAreaSource
        BelowGradeFinishedAreaUnits BelowGradeUnfinishedAreaSource BelowGradeUnfinishedAreaUnits
        BuildingAreaSource BuildingAreaUnits BuyerAgentAOR BuyerBrokerageCompensationType! BuyerOfficeAOR
        CoBuyerAgentAOR CoBuyerOfficeAOR CoListAgentAOR CoListOfficeAOR CommonInterest Concessions!
        DirectionFaces* DistanceToBusUnits DistanceToElectricUnits DistanceToFreewayUnits DistanceToGasUnits
        DistanceToPhoneServiceUnits DistanceToPlaceofWorshipUnits DistanceToSchoolBusUnits
        DistanceToSchoolsUnits DistanceToSewerUnits DistanceToShoppingUnits DistanceToStreetUnits
        DistanceToWaterUnits DocumentStatus ElementarySchoolDistrict* ElevationUnits FarmLandAreaSource
        FarmLandAreaUnits FhaEligibility Furnished HighSchoolDistrict* LandLeaseAmountFrequency
        LeasableAreaUnits LeaseAmountFrequency LeaseTerm ListAOR ListAgentAOR ListOfficeAOR ListingAgreement!
        ListingService! ListingURLDescription LivingAreaSource* LivingAreaUnits* LotDimensionsSource
        LotSizeSource* LotSizeUnits* MLSAreaMinor MajorChangeType MiddleOrJuniorSchoolDistrict* MobileDimUnits
        OccupantType! OwnershipType PostalCity PropertyTimeZoneName ShowingServiceName!
        SubAgencyCompensationType! TransactionBrokerCompensationType! UnitsFurnished YearBuiltSource
    """,
    Kind.LOOKUP_LIST: """
        AccessibilityFeatures* Appliances* ArchitecturalStyle* AssociationAmenities* AssociationFeeIncludes*
        AvailableLeaseType Basement* BodyType* BuildingFeatures BusinessType BuyerAgentDesignation
        BuyerFinancing! CoBuyerAgentDesignation CoListAgentDesignation CommonWalls CommunityFeatures
        ConstructionMaterials* Cooling* CurrentFinancing! CurrentUse* DevelopmentStatus Disclosures
        DocumentsAvailable! DoorFeatures Electric* ExistingLeaseType ExteriorFeatures* Fencing*
        FinancialDataSource FireplaceFeatures* Flooring* FoundationDetails* FrontageType
        GreenBuildingVerificationType* GreenEnergyEfficient GreenEnergyGeneration GreenIndoorAirQuality
        GreenLocation GreenSustainability GreenWaterConservation Heating* HorseAmenities HoursDaysOfOperation
        IncomeIncludes InteriorFeatures* IrrigationSource LaborInformation LaundryFeatures*
        LeaseRenewalCompensation! Levels* ListAgentDesignation ListingTerms LockBoxType! LotFeatures*
        OperatingExpenseIncludes OtherEquipment OtherStructures OwnerPays ParkingFeatures*
        PatioAndPorchFeatures* PetsAllowed PoolFeatures* Possession PossibleUse* PowerProductionType
        PropertyCondition RentIncludes* RoadFrontageType RoadResponsibility RoadSurfaceType Roof* RoomType*
        SecurityFeatures Sewer* ShowingConsiderations! ShowingContactType! ShowingDays! ShowingRequirements!
        Skirt* SpaFeatures* SpecialLicenses SpecialListingConditions* StructureType SyndicateTo!
        TaxStatusCurrent TenantPays UnitTypeType* Utilities* Vegetation View* WaterSource* WaterfrontFeatures
        WindowFeatures*
    """,
    Kind.INTEGER: """
        BathroomsOneQuarter* BathroomsPartial* BathroomsThreeQuarter* BedroomsPossible ConcessionsAmount!
        CumulativeDaysOnMarket DaysInMls DaysOnMarket DaysOnSite DistanceToBusNumeric DistanceToElectricNumeric
        DistanceToFreewayNumeric DistanceToGasNumeric DistanceToPhoneServiceNumeric
        DistanceToPlaceofWorshipNumeric DistanceToSchoolBusNumeric DistanceToSchoolsNumeric
        DistanceToSewerNumeric DistanceToShoppingNumeric DistanceToStreetNumeric DistanceToWaterNumeric
        DocumentsCount Elevation EntryLevel FireplacesTotal* MainLevelBathrooms MainLevelBedrooms MobileLength*
        MobileWidth* NumberOfBuildings NumberOfFullTimeEmployees NumberOfLots NumberOfPads
        NumberOfPartTimeEmployees NumberOfSeparateElectricMeters NumberOfSeparateGasMeters
        NumberOfSeparateWaterMeters NumberOfUnitsInCommunity NumberOfUnitsLeased NumberOfUnitsMoMo
        NumberOfUnitsTotal* NumberOfUnitsVacant PropertyTimeZoneStandardOffset RoomsTotal* SeatingCapacity
        ShowingAdvanceNotice! SimpleDaysOnMarket StoriesTotal* StreetNumberNumeric* TaxAssessedValue
        VacancyAllowance VideosCount WalkScore YearBuiltEffective YearEstablished YearsCurrentOwner
    """,
    Kind.DECIMAL: """
        AboveGradeFinishedArea AboveGradeUnfinishedArea AssociationFee2 BelowGradeFinishedArea
        BelowGradeUnfinishedArea BuildingAreaTotal CableTvExpense CapRate CarportSpaces* CoveredSpaces
        CultivatedArea ElectricExpense FoundationArea FuelExpense FurnitureReplacementExpense GardenerExpense
        GrossIncome GrossLivingAreaAnsi GrossScheduledIncome InsuranceExpense IrrigationWaterRightsAcres
        LandLeaseAmount LeasableArea LeaseAmount LicensesExpense ListPriceLow LotSizeArea* MaintenanceExpense
        ManagerExpense NetOperatingIncome NewTaxesExpense OpenParkingSpaces OperatingExpense OtherExpense
        PastureArea PestControlExpense PoolExpense ProfessionalManagementExpense RangeArea SuppliesExpense
        TaxAnnualAmountPerLivingAreaUnit TaxAnnualAmountPerSquareFoot TaxOtherAnnualAssessmentAmount
        TotalActualRent TrashExpense VacancyAllowanceRate WaterSewerExpense WoodedArea
        WorkmansCompensationExpense
    """,
    Kind.BOOLEAN: """
        AdditionalParcelsYN AssociationYN* AttachedGarageYN* BasementYN CarportYN CompSaleYN CoolingYN*
        CropsIncludedYN DualOrVariableRateCommissionYN! ElectricOnPropertyYN FarmCreditServiceInclYN GarageYN
        GrazingPermitsBlmYN GrazingPermitsForestServiceYN GrazingPermitsPrivateYN GreenVerificationYN
        HabitableResidenceYN HeatingYN* HomeWarrantyYN HorseYN InternetAutomatedValuationDisplayYN*
        InternetConsumerCommentYN* IrrigationWaterRightsYN LandLeaseYN LeaseAssignableYN LeaseConsideredYN
        LeaseRenewalOptionYN MobileHomeRemainsYN OpenParkingYN PowerProductionYN PropertyAttachedYN*
        PropertyTimeZoneObservesDstYN RentControlYN ShowingAttendedYN! SignOnPropertyYN! SpaYN
    """,
    Kind.DATE: """
        ActivationDate AvailabilityDate BackOnMarketDate CancellationDate ContingentDate
        ContractStatusChangeDate LandLeaseExpirationDate LeaseExpiration StartShowingDate! WithdrawnDate
    """,
    Kind.TIMESTAMP: """
        DocumentsChangeTimestamp MajorChangeTimestamp OffMarketTimestamp OnMarketTimestamp
        OpenHouseModificationTimestamp PendingTimestamp ShowingEndTime! ShowingStartTime! VideosChangeTimestamp
    """,
}
"""The other fields of the Data Dictionary. `*`: in the IDX payload. `!`: confidential."""


def _additional_fields() -> Iterator[Field]:
    for kind, names in _ADDITIONAL.items():
        for marked in names.split():
            name = marked.rstrip("*!")
            api = "listingKey" if name == "ListingKey" else None
            yield Field(name, kind, None, api, confidential="!" in marked, idx="*" in marked)


FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in (*COLUMNS, *_additional_fields())})
"""Every Property field of the Data Dictionary except its expansions, by RESO name."""

BY_COLUMN: Mapping[str, Field] = MappingProxyType({field.column: field for field in COLUMNS if field.column})
"""The fields that have a column, by column name."""

COLUMN_NAMES: tuple[str, ...] = tuple(BY_COLUMN)
"""The columns' names, in the order of `COLUMNS`."""

SLOT: Mapping[str, int] = MappingProxyType({field.name: index for index, field in enumerate(COLUMNS)})
"""Index of a field in a row of `COLUMNS`, by RESO name."""

MONEY: frozenset[str] = frozenset(
    name for name, field in FIELDS.items() if field.kind is Kind.DECIMAL and name.endswith(("Expense", "Income"))
) | frozenset(
    {
        "ListPrice", "ListPriceLow", "OriginalListPrice", "PreviousListPrice", "ClosePrice", "AssociationFee",
        "AssociationFee2", "TaxAnnualAmount", "TaxAssessedValue", "TaxOtherAnnualAssessmentAmount", "ConcessionsAmount",
        "LandLeaseAmount", "LeaseAmount", "TotalActualRent",
    }
)  # fmt: skip
"""RESO names of the amounts of money."""

IN_SQUARE_FEET: frozenset[str] = frozenset({"LivingArea", "LotSizeSquareFeet"})
"""RESO names of the areas that are in square feet, or in a unit in which they are as large a number."""

REMARKS: frozenset[str] = frozenset(
    name for name, field in FIELDS.items() if field.kind is Kind.TEXT and name.endswith("Remarks")
) | {"Directions", "ShowingInstructions"}
"""RESO names of the texts that people write in sentences, in which sources send HTML."""

ADDRESS_PARTS: tuple[str, ...] = (
    "StreetNumber",
    "StreetDirPrefix",
    "StreetName",
    "StreetSuffix",
    "StreetDirSuffix",
    "UnitNumber",
)
"""RESO names of the parts of a street address, in RESO's order."""
