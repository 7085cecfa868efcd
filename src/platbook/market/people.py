"""The invented people: offices, agents who belong to them, and owners. Telephone numbers are 555-01xx."""

from dataclasses import dataclass

from platbook.market.dice import Dice, to_hash
from platbook.market.towns import COUNTIES, TOWNS, County, Town

AGENTS_PER_OFFICE = 8

_OFFICE, _AGENT = 11, 12

_FIRST = (
    *("Aaliyah", "Adam", "Alice", "Amara", "Andrew", "Anita", "Beatriz", "Benjamin", "Bridget", "Caleb", "Carmen"),
    *("Chidi", "Claire", "Daniel", "Deborah", "Diego", "Eleanor", "Elijah", "Emily", "Esther", "Fatima", "Felix"),
    *("Grace", "Hannah", "Harold", "Henry", "Imani", "Irene", "Jasmine", "Joel", "Julia", "Kenji", "Laura", "Leo"),
    *("Lucia", "Marcus", "Margaret", "Mei", "Miguel", "Nadia", "Noah", "Olivia", "Owen", "Priya", "Quentin", "Rafael"),
    *("Rebecca", "Rosa", "Samuel", "Simone", "Stephen", "Tamika", "Theodore", "Uma", "Victor", "Wendy", "Yusuf", "Zoe"),
)
_LAST = (
    *("Abbott", "Alvarez", "Andersen", "Bauer", "Bell", "Bennett", "Brooks", "Castillo", "Chen", "Cole", "Crawford"),
    *("Cruz", "Dalton", "Delgado", "Diaz", "Eriksen", "Farrell", "Fletcher", "Foster", "Garza", "Gibson", "Greene"),
    *("Haddad", "Hale", "Harmon", "Hoffman", "Ibrahim", "Iverson", "Jacobs", "Kaplan", "Keller", "Kim", "Lambert"),
    *("Larson", "Lopez", "Mackey", "Marsh", "Mbeki", "Mercer", "Moreno", "Nakamura", "Nguyen", "Novak", "O'Brien"),
    *("Okafor", "Olsen", "Park", "Patel", "Quinn", "Ramirez", "Reyes", "Rossi", "Sandoval", "Schultz", "Singh"),
    *("Sorensen", "Stone", "Tanaka", "Torres", "Tran", "Vance", "Vasquez", "Walsh", "Weber", "Whitfield", "Young"),
)
_BRAND = (
    *("Lantern", "Keystone Ridge", "Bluestem", "Front Porch", "Copper Door", "Meridian", "Wayfinder", "Hearthstone"),
    *("Open Gate", "Three Rivers", "Plumb Line", "Evergreen", "Cornerstone", "Sundial", "Homeward", "Red Barn"),
)
_TRADE = ("Realty", "Real Estate", "Properties", "Realty Group", "Brokers", "Homes & Land")


@dataclass(frozen=True, slots=True)
class Office:
    """A brokerage, standing in a town."""

    key: str
    mls_id: str
    name: str
    phone: str
    town: Town


@dataclass(frozen=True, slots=True)
class Agent:
    """A licensed person of an office."""

    key: str
    mls_id: str
    first_name: str
    last_name: str
    phone: str
    email: str
    license: str
    office: Office

    @property
    def full_name(self) -> str:
        """Both names, as on a card."""
        return f"{self.first_name} {self.last_name}"


def to_phone(county: County, number: int) -> str:
    """Give a telephone number that can belong to nobody."""
    return f"{county.area_code}-555-01{number % 100:02d}"


def to_person_name(dice: Dice) -> tuple[str, str]:
    """Invent a first and a last name."""
    return dice.pick(_FIRST), dice.pick(_LAST)


class Directory:
    """All offices and agents of one market, made as they are asked for and kept; their number grows slowly."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed = seed
        self.offices = max(2 * len(TOWNS), min(400, size // 100))
        self._known: dict[int, Agent] = {}
        self._towns_of = {
            county.name: [at for at, town in enumerate(TOWNS) if town.county == county] for county in COUNTIES
        }

    def office(self, number: int) -> Office:
        """Invent the office of that number; numbers go round the towns."""
        dice = Dice(self._seed, number, _OFFICE)
        town = TOWNS[number % len(TOWNS)]
        brand = _BRAND[to_hash(self._seed, number // len(TOWNS) + number * 7) % len(_BRAND)]
        name = f"{brand} {dice.pick(_TRADE)}"
        if number >= len(TOWNS) and dice.chance(0.6):
            name = f"{name} of {town.name}"
        phone = to_phone(town.county, dice.between(0, 99))
        return Office(f"O{100000 + number}", f"{town.county.state}{2000 + number}", name, phone, town)

    def agent(self, number: int) -> Agent:
        """Find the agent of that number, who works in office `number // AGENTS_PER_OFFICE`."""
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = self._invent_agent(number)
        return known

    def agent_near(self, town: Town, dice: Dice) -> Agent:
        """Pick an agent whose office is in the town, or in its county."""
        rounds = self.offices // len(TOWNS)
        place = TOWNS.index(town) if dice.chance(0.7) else dice.pick(self._towns_of[town.county.name])
        office = dice.between(0, rounds - 1) * len(TOWNS) + place
        return self.agent(office * AGENTS_PER_OFFICE + dice.between(0, AGENTS_PER_OFFICE - 1))

    def _invent_agent(self, number: int) -> Agent:
        office = self.office(number // AGENTS_PER_OFFICE)
        dice = Dice(self._seed, number, _AGENT)
        first, last = to_person_name(dice)
        county = office.town.county
        mailbox = f"{first}.{last}".lower().replace("'", "")
        return Agent(
            *(f"A{500000 + number}", f"{county.state}{30000 + number}", first, last),
            phone=to_phone(county, dice.between(0, 99)),
            email=f"{mailbox}{number}@example.com",
            license=f"{county.state}-{dice.between(1_000_000, 9_999_999)}",
            office=office,
        )
