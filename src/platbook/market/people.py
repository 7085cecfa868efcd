"""Generated people: offices, their agents, and owners. Telephone numbers are 555-01xx."""

from dataclasses import dataclass

from platbook.market.seeded_random import SeededRandom, to_hash
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
    """A brokerage office in a town."""

    key: str
    mls_id: str
    name: str
    phone: str
    town: Town


@dataclass(frozen=True, slots=True)
class Agent:
    """A licensed agent of an office."""

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
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def to_phone(county: County, number: int) -> str:
    """Return a fictitious telephone number (555-01xx is never assigned)."""
    return f"{county.area_code}-555-01{number % 100:02d}"


def to_person_name(rng: SeededRandom) -> tuple[str, str]:
    """Generate a first and a last name."""
    return rng.pick(_FIRST), rng.pick(_LAST)


class Directory:
    """All offices and agents of one market, generated on demand and cached; their number grows slowly with its size."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed = seed
        self.offices = max(2 * len(TOWNS), min(400, size // 100))
        self._agents: dict[int, Agent] = {}
        self._towns_of = {
            county.name: [at for at, town in enumerate(TOWNS) if town.county == county] for county in COUNTIES
        }

    def office(self, number: int) -> Office:
        """Generate the office of that number; numbers cycle through the towns."""
        rng = SeededRandom(self._seed, number, _OFFICE)
        town = TOWNS[number % len(TOWNS)]
        brand = _BRAND[to_hash(self._seed, number // len(TOWNS) + number * 7) % len(_BRAND)]
        name = f"{brand} {rng.pick(_TRADE)}"
        if number >= len(TOWNS) and rng.chance(0.6):
            name = f"{name} of {town.name}"
        phone = to_phone(town.county, rng.between(0, 99))
        return Office(f"O{100000 + number}", f"{town.county.state}{2000 + number}", name, phone, town)

    def agent(self, number: int) -> Agent:
        """Get the agent of that number, who works in office `number // AGENTS_PER_OFFICE`."""
        cached = self._agents.get(number)
        if cached is None:
            cached = self._agents[number] = self._generate_agent(number)
        return cached

    def pick_agent_near(self, town: Town, rng: SeededRandom) -> Agent:
        """Pick an agent whose office is in the town, or in its county."""
        rounds = self.offices // len(TOWNS)
        town_index = TOWNS.index(town) if rng.chance(0.7) else rng.pick(self._towns_of[town.county.name])
        office = rng.between(0, rounds - 1) * len(TOWNS) + town_index
        return self.agent(office * AGENTS_PER_OFFICE + rng.between(0, AGENTS_PER_OFFICE - 1))

    def _generate_agent(self, number: int) -> Agent:
        office = self.office(number // AGENTS_PER_OFFICE)
        rng = SeededRandom(self._seed, number, _AGENT)
        first, last = to_person_name(rng)
        county = office.town.county
        mailbox = f"{first}.{last}".lower().replace("'", "")
        return Agent(
            *(f"A{500000 + number}", f"{county.state}{30000 + number}", first, last),
            phone=to_phone(county, rng.between(0, 99)),
            email=f"{mailbox}{number}@example.com",
            license=f"{county.state}-{rng.between(1_000_000, 9_999_999)}",
            office=office,
        )
