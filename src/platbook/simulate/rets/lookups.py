"""The lookups and their values. A value's code abbreviates its words: Active Under Contract, ActiUndeCont."""

import re
from collections.abc import Mapping
from functools import lru_cache

LOOKUPS: Mapping[str, tuple[str, ...]] = {
    "PropertyType": ("Residential", "Commercial Sale", "Commercial Lease", "Land"),
    "PropertySubType": (
        *("Single Family Residence", "Condominium", "Townhouse", "Office", "Retail", "Warehouse", "Industrial"),
        *("Mixed Use", "Unimproved Land", "Agriculture"),
    ),
    "StandardStatus": (
        *("Active", "Active Under Contract", "Canceled", "Closed", "Coming Soon", "Expired", "Hold", "Pending"),
        "Withdrawn",
    ),
    "MlsStatus": (
        *("Active", "Active - Contingent", "Canceled", "Coming Soon", "Expired", "Pending - Taking Backups", "Sold"),
        *("Temporarily Off Market", "Withdrawn"),
    ),
    "MajorChangeType": (
        *("Active Under Contract", "Back On Market", "Canceled", "Closed", "Coming Soon", "Expired", "Hold"),
        *("New Listing", "Pending", "Price Change", "Withdrawn"),
    ),
    "StreetSuffix": ("Avenue", "Circle", "Court", "Drive", "Lane", "Road", "Street", "Way"),
    "CountyOrParish": ("Buncombe", "Dane", "Larimer"),
    "StateOrProvince": ("CO", "NC", "WI"),
    "Utilities": (
        *("Cable Available", "Electricity Available", "Electricity Connected", "Natural Gas Connected"),
        *("Phone Available", "Water Connected"),
    ),
    "Sewer": ("Public Sewer", "Septic Needed"),
    "WaterSource": ("None", "Public", "Well"),
    "LivingAreaUnits": ("Square Feet",),
    "AssociationFeeFrequency": ("Monthly",),
    "Appliances": (
        *("Dishwasher", "Disposal", "Dryer", "Electric Range", "Gas Range", "Microwave", "Refrigerator", "Washer"),
    ),
    "InteriorFeatures": (
        *("Breakfast Bar", "Ceiling Fan(s)", "Eat-in Kitchen", "Granite Counters", "High Ceilings", "Kitchen Island"),
        *("Open Floorplan", "Pantry", "Vaulted Ceiling(s)", "Walk-In Closet(s)"),
    ),
    "Levels": ("One", "Two", "Three Or More"),
    "ArchitecturalStyle": (
        *("Bungalow", "Colonial", "Contemporary", "Craftsman", "Farmhouse", "Modern", "Ranch", "Traditional"),
        "Victorian",
    ),
    "CommonWalls": ("2+ Common Walls", "End Unit"),
    "View": (
        *("Hills", "Lake", "Meadow", "Mountain(s)", "Neighborhood", "Park/Greenbelt", "Rural", "Trees/Woods", "Valley"),
    ),
    "Fencing": ("Barbed Wire", "None", "Partial", "Privacy", "Split Rail", "Wood"),
    "Basement": ("Crawl Space", "Finished", "Full", "None", "Unfinished"),
    "PatioAndPorchFeatures": ("Covered", "Deck", "Front Porch", "Patio"),
    "Heating": ("Baseboard", "Electric", "Forced Air", "Heat Pump", "Natural Gas"),
    "Cooling": ("Ceiling Fan(s)", "Central Air", "Evaporative Cooling", "None"),
    "Flooring": ("Carpet", "Concrete", "Hardwood", "Tile", "Vinyl"),
    "ParkingFeatures": (
        *("Assigned", "Attached", "Driveway", "Garage", "Lighted", "Off Street", "Parking Lot", "Paved"),
        *("Unassigned", "Underground"),
    ),
    "Roof": ("Composition", "Flat", "Membrane", "Metal", "Shingle"),
    "ConstructionMaterials": (
        *("Block", "Brick", "Brick Veneer", "Concrete", "Fiber Cement", "Frame", "Steel Frame", "Vinyl Siding"),
        "Wood Siding",
    ),
    "LotFeatures": (
        *("Back Yard", "Cleared", "Corner Lot", "Cul-De-Sac", "Few Trees", "Gentle Sloping", "Landscaped", "Level"),
        *("Many Trees", "Rolling Slope", "Views"),
    ),
    "LeaseAmountFrequency": ("Monthly",),
    "CurrentUse": ("Agricultural", "Industrial", "Mixed Use", "Office", "Retail", "Vacant", "Warehouse"),
    "PossibleUse": ("Agricultural", "Pasture", "Recreational", "Single Family"),
    "RoadSurfaceType": ("Asphalt", "Gravel"),
    "ListingAgreement": ("Exclusive Right To Lease", "Exclusive Right To Sell"),
    "ListingTerms": ("Cash", "Conventional", "Submit"),
    "SpecialListingConditions": ("Probate Listing", "Standard"),
    "LockBoxType": ("Combo", "None", "SentriLock", "Supra"),
    "OccupantType": ("Owner", "Vacant"),
    "MediaCategory": ("Photo",),
}
"""By field name: the display form of every value that can occur."""


@lru_cache(maxsize=1024)
def to_code(value: str) -> str:
    """The coded value of a lookup value."""
    return "".join(word[:4] for word in re.findall(r"[A-Za-z0-9]+", value.replace("(s)", "")))
