"""Normalisation of e-mail addresses and telephone numbers, for storage and comparison. Pure."""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from platbook.base.errors import FieldProblem, InvalidInput
from platbook.crm.placeholder_numbers import is_placeholder

_REGION, _COUNTRY_CODE = "US", 1
"""Region of a number without a country code: MLSs are North American, and so is their numbering plan."""

_USUAL_PHONE = re.compile(r"(?:\+?1[ .-]?)?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[ .-]?)([0-9]{3})[ .-]?([0-9]{4})")
"""Numbers as they are usually written in North America: the library, which is slow, would read them alike."""
_USUAL_NORMALISED = re.compile(r"\+1([2-9][0-9]{9})")

MAX_CONTACTS = 20
"""E-mail addresses, and telephone numbers, per lead."""

EMAIL, PHONE = "email", "phone"

_PLAIN_EMAIL = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9_+-]|\.(?=[A-Za-z0-9_+-])){0,63})@([A-Za-z0-9.-]{1,150})")
"""Addresses of which only the domain needs the validator; those of other forms it reads whole."""

ContactKey = tuple[str, str]
"""The key of a contact: `email` or `phone`, and the normalised value."""


@lru_cache(maxsize=10_000)
def _to_domain(text: str) -> str | None:
    """A domain as the validator normalises it; None: it accepts none such. Most people share a few domains."""
    try:
        return validate_email(f"a@{text}", check_deliverability=False).domain.lower()
    except EmailNotValidError:
        return None


def to_email(text: str) -> str:
    """Normalise an e-mail address: lower case, domain in Unicode. Errors: ValueError with a readable message."""
    plain = _PLAIN_EMAIL.fullmatch(text)
    if plain is not None and (domain := _to_domain(plain[2])) is not None:
        return f"{plain[1].lower()}@{domain}"
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def to_phone(text: str) -> str:
    """Normalise a telephone number to E.164, an extension after `;ext=` (RFC 3966 section 5.3). Errors: ValueError."""
    usual = _USUAL_PHONE.fullmatch(text)
    if usual is not None:
        return f"+1{usual[1] or usual[2]}{usual[3]}{usual[4]}"
    try:
        number = phonenumbers.parse(text, _REGION)
    except NumberParseException:
        raise ValueError("is not a telephone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("has too few or too many digits for a telephone number")
    formatted = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{formatted};ext={number.extension}" if number.extension else formatted


@lru_cache(4096)
def identifies(phone: str) -> bool:
    """Whether a normalised number can tell one person from another: it is valid for its region, and no placeholder.

    A number without its area code is not valid: many people have it.
    """
    usual = _USUAL_NORMALISED.fullmatch(phone)
    if usual is not None and _get_usual_numbers().fullmatch(usual[1]):
        return not is_placeholder(_COUNTRY_CODE, usual[1])
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return False
    if not phonenumbers.is_valid_number(number):
        return False
    return not is_placeholder(number.country_code or 0, phonenumbers.national_significant_number(number))


@cache
def _get_usual_numbers() -> re.Pattern[str]:
    """The library's pattern of most of its region's numbers, landlines and mobiles: what it matches is valid."""
    metadata = PhoneMetadata.metadata_for_region(_REGION)
    pattern = None if metadata is None or metadata.fixed_line is None else metadata.fixed_line.national_number_pattern
    return re.compile(pattern or "(?!)")


def to_emails(texts: Iterable[str], field: str = "emails") -> list[str]:
    """Normalise and deduplicate addresses, in order. Errors: InvalidInput naming each invalid one by its index."""
    return _normalize_all(texts, field, to_email)


def to_phones(texts: Iterable[str], field: str = "phones") -> list[str]:
    """Normalise and deduplicate numbers, in order. Errors: InvalidInput naming each invalid one by its index."""
    return _normalize_all(texts, field, to_phone)


def _normalize_all(texts: Iterable[str], field: str, normalize: Callable[[str], str]) -> list[str]:
    unique: dict[str, None] = {}
    problems: list[FieldProblem] = []
    for index, text in enumerate(texts):
        try:
            unique[normalize(text)] = None
        except ValueError as error:
            problems.append(FieldProblem(f"{field}.{index}", str(error)))
    if len(unique) > MAX_CONTACTS:
        problems.append(FieldProblem(field, f"must have at most {MAX_CONTACTS} entries"))
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    return list(unique)
