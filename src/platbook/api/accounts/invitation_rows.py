"""The body of POST `/users/invitations`: one invitation, a list of them, or a CSV file. Pure."""

import csv
import io
from dataclasses import dataclass
from typing import cast

import orjson
from pydantic import ValidationError

from platbook.api.accounts.users_models import InvitationCreate
from platbook.api.schemas import to_request_body
from platbook.base.errors import InvalidInput
from platbook.base.validation import to_invalid_input

_MOST_ROWS = 1000
_FIELDS = ("email", "role", "office", "team", "timeZone")
_COLUMNS = {name.lower(): name for name in _FIELDS}


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One of several: its number from 1, the address as it was sent, and the invitation or what is wrong."""

    number: int
    email: str
    invitation: InvitationCreate | InvalidInput


def to_invitations_body() -> dict[str, object]:
    """The operation's `requestBody`."""
    body = to_request_body(InvitationCreate)
    one = cast("dict[str, dict[str, object]]", body["content"])["application/json"]["schema"]
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": _MOST_ROWS}
    text = {"type": "string", "description": f"columns {', '.join(_FIELDS)}, with a header"}
    return {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": [one, many]}}, "text/csv": {"schema": text}},
    }


def read_invitations(body: bytes, content_type: str) -> InvitationCreate | list[InvitationRow]:
    """Parse a body. Errors: InvalidInput for one invitation, for what is no list, or a list of too many."""
    if content_type.partition(";")[0].strip().lower() == "text/csv":
        rows = _read_csv(body)
    else:
        document = _read_json(body)
        if not isinstance(document, list):
            return _to_invitation(document)
        rows = cast("list[object]", document)
    if not 1 <= len(rows) <= _MOST_ROWS:
        raise InvalidInput.of("body", f"must have 1 to {_MOST_ROWS} invitations")
    return [_to_row(number, document) for number, document in enumerate(rows, 1)]


def _read_json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput.of("body", "is not valid JSON") from None


def _to_row(number: int, document: object) -> InvitationRow:
    email = cast("dict[str, object]", document).get("email") if isinstance(document, dict) else None
    try:
        invitation: InvitationCreate | InvalidInput = _to_invitation(cast("object", document))
    except InvalidInput as error:
        invitation = error
    return InvitationRow(number, email if isinstance(email, str) else "", invitation)


def _to_invitation(document: object) -> InvitationCreate:
    try:
        return InvitationCreate.model_validate(document)
    except ValidationError as error:
        raise to_invalid_input(error.errors(include_url=False, include_input=False)) from None


def _read_csv(body: bytes) -> list[dict[str, str]]:
    """The rows by field, without empty cells; a header's case is of no account."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput.of("body", f"is not CSV in UTF-8: {error}") from None
    header = [_COLUMNS.get(name.strip().lower()) for name in lines[0]] if lines else []
    if "email" not in header or None in header:
        raise InvalidInput.of("body", f"must have a header with the columns {', '.join(_FIELDS)}")
    return [
        {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
        for cells in lines[1:]
        if any(cells)
    ]
