"""E-mail addresses and telephone numbers in the one form they are kept and compared in. Pure."""

from collections.abc import Callable, Iterable

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from platbook.base.errors import FieldProblem, InvalidInput

_REGION = "US"
"""Where a number without a country is read: MLSs are North American, and so is its numbering plan."""

MAX_CONTACTS = 20
"""Of a kind, per lead."""

EMAIL, PHONE = "email", "phone"


def to_email(text: str) -> str:
    """An e-mail address in lower case, its domain in its written form. Errors: ValueError, in words."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def to_phone(text: str) -> str:
    """A number in E.164, an extension after `;ext=` (RFC 3966 section 5.3). Errors: ValueError, in words."""
    try:
        number = phonenumbers.parse(text, _REGION)
    except NumberParseException:
        raise ValueError("is not a telephone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("has too few or too many digits for a telephone number")
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{written};ext={number.extension}" if number.extension else written


def to_emails(texts: Iterable[str], field: str = "emails") -> list[str]:
    """Addresses, each once, in their order. Errors: InvalidInput naming each that is none by its place."""
    return _each(texts, field, to_email)


def to_phones(texts: Iterable[str], field: str = "phones") -> list[str]:
    """Numbers, each once, in their order. Errors: InvalidInput naming each that is none by its place."""
    return _each(texts, field, to_phone)


def _each(texts: Iterable[str], field: str, to: Callable[[str], str]) -> list[str]:
    found: dict[str, None] = {}
    problems: list[FieldProblem] = []
    for place, text in enumerate(texts):
        try:
            found[to(text)] = None
        except ValueError as error:
            problems.append(FieldProblem(f"{field}.{place}", str(error)))
    if len(found) > MAX_CONTACTS:
        problems.append(FieldProblem(field, f"holds more than {MAX_CONTACTS}"))
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    return list(found)
