"""Coercion of numbers, degrees and booleans.

A numeral is plain (`1234.5`), or written for people in the one way that leaves no doubt: thousands separated by commas,
for amounts of money with a sign of the currency. `docs/connectors.md` has the table of what is read and what is not.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto
from typing import Final

from platbook.reso.values import INT64, Coercer, Value, refuse

INT32: Final = 2**31
_NUMERAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_GROUPED: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<currency>(?:US|CA?|A)?\$ ?|(?:USD|CAD) )?"
    r"(?:(?P<groups>[1-9]\d{0,2}(?:,\d{3})+)|(?P<plain>\d+))(?P<fraction>\.\d+)?(?P<code> ?(?:USD|CAD|\$))?",
    re.ASCII | re.IGNORECASE,
)
_POINT_GROUP: Final = re.compile(r"[^\d.,]*[1-9]\d{0,2}\.\d{3}(?!\d|[eE])\D*", re.ASCII)
_CENT: Final = Decimal("0.01")
_LONGEST_NUMERAL: Final = 40
_DECIMAL_DIGITS: Final = 15  # before the decimal point, and after it: any price, and room to convert units
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "y", "yes", "true", "t"), True),
    **dict.fromkeys(("0", "n", "no", "false", "f"), False),
}
_SWITCHES: Final = {Decimal(1): True, Decimal(0): False}


class Quantity(Enum):
    """What a number counts, as far as that decides how a written numeral is read."""

    OTHER = auto()
    """`1,234` may also be 1.234 with a comma for the decimal point."""
    WHOLE = auto()
    """Whole numbers, and areas in square feet: nobody writes three decimals of them, but for zeros."""
    MONEY = auto()
    """Amounts of money: the same, zeros included, and with a sign of the currency; kept to cents."""


def integer_reader(label: str, bound: int, quantity: Quantity = Quantity.WHOLE) -> Coercer:
    """Build the coercer of integers from -bound up to bound; 3.0 is one, 3.5 is not."""

    def read(value: object) -> Value:
        if type(value) is int:
            if -bound <= value < bound:
                return value
            raise refuse(label, value, "a whole number in range")
        if value is None:
            return None
        number = _numeral(label, value, "a whole number", quantity)
        if number is None:
            return None
        if not -bound <= number < bound:
            raise refuse(label, value, "a whole number in range")
        integer = int(number)
        if integer != number:
            raise refuse(label, value, "a whole number")
        return integer

    return read


def decimal_reader(label: str, quantity: Quantity = Quantity.OTHER) -> Coercer:
    """Build the coercer of decimals, exactly as written; amounts of money are rounded to cents."""
    is_money = quantity is Quantity.MONEY
    limit = Decimal(10) ** _DECIMAL_DIGITS

    def read(value: object) -> Value:
        if value is None:
            return None
        number = _numeral(label, value, "a plain number", quantity)
        if number is None or not number:
            return number if number is None else Decimal(0)
        if not -limit < number < limit:
            raise refuse(label, value, f"a number of at most {_DECIMAL_DIGITS} digits before the point")
        text = str(number)
        if number.adjusted() < -_DECIMAL_DIGITS or len(text) > _LONGEST_NUMERAL:
            raise refuse(label, value, f"a number of at most {_LONGEST_NUMERAL} characters")
        if is_money and ("." in text[:-3] or "E" in text):
            return number.quantize(_CENT, ROUND_HALF_UP)
        return number

    return read


def degrees_reader(label: str, bound: float) -> Coercer:
    """Build the coercer of degrees from -bound to bound."""

    def read(value: object) -> Value:
        if type(value) is float and -bound <= value <= bound:
            return value
        if value is None:
            return None
        number = _numeral(label, value, "a number of degrees")
        if number is None:
            return None
        degrees = float(number)
        if not -bound <= degrees <= bound:
            raise refuse(label, value, f"between -{bound:g} and {bound:g} degrees")
        return degrees

    return read


def boolean_reader(label: str) -> Coercer:
    """Build the coercer of booleans, in the forms that sources use."""

    def read(value: object) -> Value:
        if value is True or value is False or value is None:
            return value
        if isinstance(value, str):
            text = value.strip().lower()
            if not text:
                return None
            truth = _BOOLEANS.get(text)
        elif isinstance(value, (int, float, Decimal)):
            number = _numeral(label, value, "yes or no")
            truth = None if number is None else _SWITCHES.get(number)
        else:
            truth = None
        if truth is None:
            raise refuse(label, value, "yes or no")
        return truth

    return read


def _numeral(label: str, value: object, expected: str, quantity: Quantity = Quantity.OTHER) -> Decimal | None:
    """Parse a finite number of bounded size, exactly as written."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        read = _read_text(text, quantity) if len(text) <= _LONGEST_NUMERAL else None
        if read is None:
            raise refuse(label, value, expected)
        number = read
    elif isinstance(value, bool):
        raise refuse(label, value, expected)
    elif isinstance(value, int):
        if abs(value) >= INT64:
            raise refuse(label, value, expected)
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(float(value)))
    elif isinstance(value, Decimal):
        number = value
    else:
        raise refuse(label, value, expected)
    if not number.is_finite():
        raise refuse(label, value, expected)
    return number


def _read_text(text: str, quantity: Quantity) -> Decimal | None:
    """Read a numeral; None: it is none, or has more than one reading."""
    if quantity is not Quantity.OTHER and "." in text and _may_be_thousands(text, quantity):
        return None
    if _NUMERAL.fullmatch(text) is not None:
        return Decimal(text)
    match = _GROUPED.fullmatch(text)
    if match is None:
        return None
    has_currency = match["currency"] is not None or match["code"] is not None
    if has_currency and (quantity is not Quantity.MONEY or (match["currency"] and match["code"])):
        return None
    groups, fraction = match["groups"] or "", match["fraction"] or ""
    if groups.count(",") == 1 and not fraction and not has_currency and quantity is Quantity.OTHER:
        return None
    return Decimal(f"{match['sign']}{groups.replace(',', '') or match['plain']}{fraction}")


def _may_be_thousands(text: str, quantity: Quantity) -> bool:
    """Whether a point may separate thousands: `1.850` square feet, `450.000` of money."""
    return _POINT_GROUP.fullmatch(text) is not None and (quantity is Quantity.MONEY or ".000" not in text)
