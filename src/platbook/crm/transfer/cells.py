"""Cells as spreadsheets and other systems write them: Excel's texts, numbers with a decimal, several in one. Pure."""

import re
from decimal import Decimal

_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_DECIMAL = re.compile(r"(\+?\d+)\.0+")
_SEPARATORS = re.compile(r"\s*(?:\n|[/&|]|\s(?:or|and)\s)\s*", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_AMOUNT = re.compile(r"(?:USD|CAD|\$)?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*([km])?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_ABSENT = frozenset({"n/a", "#n/a", "null", "nan", "none", "-", "--"})


_LONGEST_ABSENT = max(map(len, _ABSENT))


def is_absent(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return len(text) <= _LONGEST_ABSENT and text.lower() in _ABSENT


def to_text(cell: str) -> str:
    """A cell without Excel's `="…"`, by which leading zeros are kept."""
    match = _EXCEL_TEXT.fullmatch(cell)
    return match[1].replace('""', '"').strip() if match else cell


def to_whole(text: str) -> str:
    """A whole number without the `.0` that spreadsheets append."""
    if not text.endswith("0"):
        return text
    match = _DECIMAL.fullmatch(text)
    return match[1] if match else text


def to_numbers(text: str) -> list[str]:
    """The telephone numbers of a cell, that may have several."""
    return [to_whole(part) for part in _SEPARATORS.split(text) if part]


def is_rounded(text: str) -> bool:
    """Whether a spreadsheet wrote a long number as `5.12555E+09`: its last digits are lost."""
    return _SCIENTIFIC.fullmatch(text) is not None


def to_amount(text: str) -> Decimal | None:
    """An amount of money, such as `$450,000`, `450k` or `1.2M`; None: it is none."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    return Decimal(match[1].replace(",", "")) * _UNITS[(match[2] or "").lower()]
