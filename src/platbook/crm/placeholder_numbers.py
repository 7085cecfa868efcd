"""Telephone numbers that people type when they give none: reserved for fiction, or made of one digit or a sequence.

Data: by country code, patterns of the whole national number (E.164 without the country code). A number that is not
valid for its region need not stand here.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

PLACEHOLDERS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: (
            r"\d{3}55501\d\d",  # reserved for fiction by the North American Numbering Plan
            r"\d{3}5551212",  # directory assistance
            r"\d{3}5555555",
            r"\d{3}(\d)\1{6}",
            r"\d{3}1234567",
            r"\d{3}8675309",
            r"2345678901",
            r"9876543210",
        ),
        44: (  # reserved for drama by Ofcom
            r"(?:113|114|115|116|117|118|121|131|141|151|161)4960\d{3}",
            r"1632960\d{3}",
            r"1914980\d{3}",
            r"2079460\d{3}",
            r"2890180\d{3}",
            r"2920180\d{3}",
            r"7700900\d{3}",
            r"8081570\d{3}",
            r"9098790\d{3}",
            r"3069990\d{3}",
        ),
        61: (r"[2378](?:5550|7010)\d{4}", r"491570\d{3}", r"1800975\d{3}"),  # reserved for fiction by the ACMA
    }
)

ANYWHERE = (r"(\d)\1+", r"0?123456789?0?")
"""Patterns that hold for every country."""


def is_placeholder(country_code: int, national_number: str) -> bool:
    """Whether a number is one that identifies nobody."""
    return any(pattern.fullmatch(national_number) for pattern in _patterns_of(country_code))


@cache
def _patterns_of(country_code: int) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, (*ANYWHERE, *PLACEHOLDERS.get(country_code, ()))))
