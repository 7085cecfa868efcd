"""The vocabulary of US addresses: which spellings mean the same word (USPS Publication 28, and what people type).

Pure data, for the keyword search and whatever else compares addresses. Every word is folded: lower case, no accents.
"""

from collections.abc import Mapping
from types import MappingProxyType

STREET_SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "aly": ("alley",), "anx": ("annex",), "arc": ("arcade",), "ave": ("avenue", "av", "aven", "avn"),
        "bch": ("beach",), "bnd": ("bend",), "blf": ("bluff",), "blvd": ("boulevard", "boul", "bvd"),
        "br": ("branch",), "brg": ("bridge",), "brk": ("brook",), "byp": ("bypass",), "cp": ("camp",),
        "cyn": ("canyon",), "cpe": ("cape",), "cswy": ("causeway",), "ctr": ("center", "centre"),
        "cir": ("circle", "circ"), "clf": ("cliff",), "clfs": ("cliffs",), "cmn": ("common",), "cor": ("corner",),
        "crse": ("course",), "ct": ("court", "crt"), "cts": ("courts",), "cv": ("cove",), "crk": ("creek",),
        "cres": ("crescent",), "xing": ("crossing",), "xrd": ("crossroad",), "curv": ("curve",), "dl": ("dale",),
        "dr": ("drive", "driv", "drv"), "est": ("estate",), "ests": ("estates",), "expy": ("expressway",),
        "ext": ("extension",), "fls": ("falls",), "fry": ("ferry",), "fld": ("field",), "flds": ("fields",),
        "frst": ("forest",), "frk": ("fork",), "fwy": ("freeway",), "gdns": ("gardens",), "gtwy": ("gateway",),
        "gln": ("glen",), "grn": ("green",), "grv": ("grove",), "hbr": ("harbor", "harbour"), "hvn": ("haven",),
        "hts": ("heights",), "hwy": ("highway", "hiway", "hiwy"), "hl": ("hill",), "hls": ("hills",),
        "holw": ("hollow",), "jct": ("junction",), "knl": ("knoll",), "knls": ("knolls",),
        "lk": ("lake",), "lks": ("lakes",), "lndg": ("landing",), "ln": ("lane",), "lgt": ("light",),
        "ldg": ("lodge",), "mnr": ("manor",), "mdw": ("meadow",), "mdws": ("meadows",), "ml": ("mill",),
        "mtwy": ("motorway",), "orch": ("orchard",), "opas": ("overpass",), "pkwy": ("parkway", "pkway", "pky"),
        "psge": ("passage",), "pne": ("pine",), "pnes": ("pines",), "pl": ("place",), "pln": ("plain",),
        "plns": ("plains",), "plz": ("plaza",), "pt": ("point",), "pts": ("points",), "prt": ("port",),
        "pr": ("prairie",), "radl": ("radial",), "rnch": ("ranch",), "rpds": ("rapids",), "rdg": ("ridge",),
        "riv": ("river",), "rd": ("road",), "rds": ("roads",), "rte": ("route", "rt"), "shr": ("shore",),
        "shrs": ("shores",), "skwy": ("skyway",), "spg": ("spring",), "spgs": ("springs",), "sq": ("square",),
        "sta": ("station",), "strm": ("stream",), "st": ("street", "str", "strt"), "smt": ("summit",),
        "ter": ("terrace", "terr"), "trce": ("trace",), "trak": ("track",), "trl": ("trail",), "tunl": ("tunnel",),
        "tpke": ("turnpike",), "vly": ("valley",), "vw": ("view",), "vlg": ("village",),
        "vis": ("vista",), "wls": ("wells",),
    }
)  # fmt: skip
"""Street suffixes: the standard abbreviation, and its other spellings."""

DIRECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "n": ("north",), "s": ("south",), "e": ("east",), "w": ("west",),
        "ne": ("northeast",), "nw": ("northwest",), "se": ("southeast",), "sw": ("southwest",),
    }
)  # fmt: skip
"""Directions before or after a street's name."""

NAME_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"st": ("saint",), "ste": ("sainte",), "mt": ("mount",), "ft": ("fort",)}
)
"""Words inside the names of streets and cities."""

UNIT_DESIGNATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "apt": ("apartment", "aptmt"), "bldg": ("building",), "flr": ("floor",), "lot": (), "ofc": ("office",),
        "ph": ("penthouse",), "pier": (), "rm": ("room",), "slip": (), "spc": ("space", "sp"), "stop": (),
        "ste": ("suite",), "trlr": ("trailer",), "unit": (),
    }
)  # fmt: skip
"""What is written before the number of a unit, as is `#`."""

HIGHWAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "i": ("interstate", "ih", "interstate highway", "interstate hwy"),
        "us": ("us highway", "us hwy", "us route", "us rte"),
        "sh": ("state highway", "state hwy", "st hwy"),
        "sr": ("state road", "state rd", "state route", "state rte", "st rd"),
        "cr": ("county road", "county rd", "co rd", "co road"),
        "fm": ("farm to market", "farm to market road", "farm to market rd"),
        "rm": ("ranch to market", "ranch to market road", "ranch to market rd"),
        "rr": ("ranch road", "ranch rd"),
        "hwy": ("highway", "hiway", "hiwy", "hwy no"),
        "rte": ("route", "rt"),
    }
)
"""Numbered roads: the abbreviation that is joined to the number (I80), and other spellings of one or more words."""

ORDINALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "1st": ("first",), "2nd": ("second",), "3rd": ("third",), "4th": ("fourth",), "5th": ("fifth",),
        "6th": ("sixth",), "7th": ("seventh",), "8th": ("eighth",), "9th": ("ninth",), "10th": ("tenth",),
        "11th": ("eleventh",), "12th": ("twelfth",), "13th": ("thirteenth",), "14th": ("fourteenth",),
        "15th": ("fifteenth",), "16th": ("sixteenth",), "17th": ("seventeenth",), "18th": ("eighteenth",),
        "19th": ("nineteenth",), "20th": ("twentieth",),
    }
)  # fmt: skip
"""Numbered streets."""

_VOCABULARIES = (STREET_SUFFIXES, DIRECTIONS, NAME_WORDS, ORDINALS)


def _to_spellings() -> dict[str, tuple[str, ...]]:
    spellings: dict[str, dict[str, None]] = {}
    for vocabulary in _VOCABULARIES:
        for short, long in vocabulary.items():
            for word in (short, *long):
                # Street and Saint have an abbreviation in common, but are not each other's.
                spellings.setdefault(word, {word: None}).update(dict.fromkeys((short, *long)))
    return {word: tuple(others) for word, others in spellings.items()}


SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(_to_spellings())
"""Of a word of an address, itself and what else is written for it: `st` also `street` and `saint`."""

STANDARD: Mapping[str, str] = MappingProxyType(
    {
        long: short
        for vocabulary in (*_VOCABULARIES, UNIT_DESIGNATORS)
        for short, spellings in vocabulary.items()
        for long in spellings
    }
)
"""The standard abbreviation of a spelling."""

UNIT_WORDS = frozenset(word for short, long in UNIT_DESIGNATORS.items() for word in (short, *long))
"""Every spelling of a unit designator."""
