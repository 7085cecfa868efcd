"""Coercion of numbers, degrees and booleans. Numerals are plain: no currency signs, no thousands separators."""

import re
from decimal import Decimal
from typing import Final

from platbook.reso.values import INT64, Coercer, Value, refuse

INT32: Final = 2**31
_NUMERAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_LONGEST_NUMERAL: Final = 40
_DECIMAL_DIGITS: Final = 15  # before the decimal point, and after it: any price, and room to convert units
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "y", "yes", "true", "t"), True),
    **dict.fromkeys(("0", "n", "no", "false", "f"), False),
}
_SWITCHES: Final = {Decimal(1): True, Decimal(0): False}


def integer_reader(label: str, bound: int) -> Coercer:
    """Build the coercer of integers from -bound up to bound; 3.0 is one, 3.5 is not."""

    def read(value: object) -> Value:
        if type(value) is int:
            if -bound <= value < bound:
                return value
            raise refuse(label, value, "a whole number in range")
        if value is None:
            return None
        number = _numeral(label, value, "a whole number")
        if number is None:
            return None
        if not -bound <= number < bound:
            raise refuse(label, value, "a whole number in range")
        integer = int(number)
        if integer != number:
            raise refuse(label, value, "a whole number")
        return integer

    return read


def decimal_reader(label: str) -> Coercer:
    """Build the coercer of decimals, exactly as written."""
    limit = Decimal(10) ** _DECIMAL_DIGITS

    def read(value: object) -> Value:
        if value is None:
            return None
        number = _numeral(label, value, "a plain number")
        if number is None or not number:
            return number if number is None else Decimal(0)
        if not -limit < number < limit:
            raise refuse(label, value, f"a number of at most {_DECIMAL_DIGITS} digits before the point")
        if number.adjusted() < -_DECIMAL_DIGITS or len(str(number)) > _LONGEST_NUMERAL:
            raise refuse(label, value, f"a number of at most {_LONGEST_NUMERAL} characters")
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


def _numeral(label: str, value: object, expected: str) -> Decimal | None:
    """Parse a finite number of bounded size, exactly as written."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if len(text) > _LONGEST_NUMERAL or _NUMERAL.fullmatch(text) is None:
            raise refuse(label, value, expected)
        number = Decimal(text)
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
