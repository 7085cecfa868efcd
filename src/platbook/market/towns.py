"""Fictitious towns in real counties, so that coordinates, postal codes and area codes are consistent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class County:
    """A real county: the attributes its towns share."""

    name: str
    state: str
    state_name: str
    area_code: str
    views: tuple[str, ...]
    tax_rate: float
    time_zone: str


@dataclass(frozen=True, slots=True)
class Town:
    """A fictitious town. `price` is dollars per square foot of an average house, `acre` dollars per acre of land."""

    name: str
    county: County
    postal_codes: tuple[str, ...]
    latitude: float
    longitude: float
    price: int
    acre: int
    subdivisions: tuple[str, ...]


LARIMER = County("Larimer", "CO", "Colorado", "970", ("Mountain(s)", "Hills", "Meadow"), 0.0058, "America/Denver")
BUNCOMBE = County(
    "Buncombe", "NC", "North Carolina", "828", ("Mountain(s)", "Valley", "Trees/Woods"), 0.0071, "America/New_York"
)
DANE = County("Dane", "WI", "Wisconsin", "608", ("Lake", "Park/Greenbelt", "Rural"), 0.0172, "America/Chicago")

COUNTIES = (LARIMER, BUNCOMBE, DANE)

TOWNS = (
    Town(
        *("Alder Flats", LARIMER, ("80527", "80528"), 40.522, -105.021, 285, 145_000),
        ("Cottonwood Run", "Harvest Bench", "Old Mill Park", "Ridgeline at Alder Flats"),
    ),
    Town(
        *("Bellwether", LARIMER, ("80538",), 40.421, -105.088, 248, 118_000),
        ("Orchard Rows", "Lakeview Commons", "Bellwether Station", "Sunrise Acres"),
    ),
    Town(
        *("Painted Rock", LARIMER, ("80517",), 40.372, -105.507, 392, 96_000),
        ("Elk Meadow", "Fall River Pines", "High Timber"),
    ),
    Town(
        *("Saltgrass", LARIMER, ("80549",), 40.703, -105.006, 214, 52_000),
        ("Prairie Edge", "Boxelder Creek", "Windmill Crossing"),
    ),
    Town(
        *("Laurel Gap", BUNCOMBE, ("28804", "28806"), 35.618, -82.561, 318, 132_000),
        ("Rhododendron Hill", "Beaver Pond", "Montrose", "Larkspur Heights"),
    ),
    Town(
        *("Fennel Creek", BUNCOMBE, ("28711",), 35.612, -82.322, 276, 74_000),
        ("Song Mountain", "Cherry Branch", "Stillhouse Cove"),
    ),
    Town(
        *("Swallow Ford", BUNCOMBE, ("28787",), 35.697, -82.561, 232, 61_000),
        ("Reems Landing", "Dogwood Farms", "Mill Race"),
    ),
    Town(
        *("Harrow Lake", DANE, ("53590", "53597"), 43.184, -89.214, 221, 88_000),
        ("Heron Shores", "Prairie Lantern", "Willow Bay", "The Oaks of Harrow"),
    ),
    Town(
        *("Cedar Ledge", DANE, ("53562",), 43.101, -89.505, 254, 121_000),
        ("Quarry Hill", "Pheasant Run", "Middle Cross"),
    ),
    Town(
        *("Tillman's Prairie", DANE, ("53593", "53572"), 42.991, -89.533, 198, 43_000),
        ("Hawk's Landing", "Big Bluestem", "Military Ridge"),
    ),
)

STREETS = (
    *("Alder", "Ash Hollow", "Aspen", "Barn Owl", "Birch", "Blackberry", "Bluebird", "Bridle", "Buckeye", "Canyon"),
    *("Cedar", "Chestnut", "Clover", "Columbine", "Copper", "Cottontail", "Creekside", "Dogwood", "Elm", "Fairview"),
    *("Falcon", "Fern", "Fieldstone", "Foxglove", "Garden", "Goldenrod", "Grant", "Harvest", "Hawthorn", "Hickory"),
    *("Honeysuckle", "Indigo", "Jefferson", "Juniper", "Kestrel", "Lakeshore", "Larch", "Lilac", "Linden", "Madison"),
    *("Magnolia", "Maple", "Meadowlark", "Mill", "Mulberry", "Oak", "Orchard", "Pearl", "Pine", "Plum", "Prairie"),
    *("Quail", "Quarry", "Raven", "Ridge", "River", "Rosewood", "Sage", "School", "Silver", "Spruce", "Sumac"),
    *("Sunset", "Sycamore", "Thistle", "Timber", "Valley", "Walnut", "Washington", "Willow", "Windsor", "Wren"),
)
SUFFIXES = ("Street", "Street", "Avenue", "Avenue", "Lane", "Drive", "Drive", "Court", "Road", "Way", "Circle")
BUSINESS_STREETS = ("Main", "Market", "Commerce", "Depot", "Front", "Broadway", "College", "Railroad", "Exchange")
