"""The envelope of every response: `{"success": true, "data": …}`, and its schemas for the OpenAPI document."""

from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Response
from pydantic import Field

from platbook.api.models import ApiModel
from platbook.base.views import Pagination, paginate

__all__ = [
    "ErrorDetail",
    "ErrorRead",
    "Failure",
    "Pagination",
    "Success",
    "failure_body",
    "paginate",
    "raw_json",
]

T = TypeVar("T")

_UNLESS_NONE = Field(exclude_if=lambda value: value is None)


class Success(ApiModel, Generic[T]):
    """A successful response."""

    success: bool = True
    data: T
    message: Annotated[str | None, _UNLESS_NONE] = None


class ErrorDetail(ApiModel):
    """One problem: the field as the caller wrote it, and what is wrong with it."""

    field: str
    message: str


class ErrorRead(ApiModel):
    """What went wrong: a code for programs, a message for people."""

    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str
    details: list[ErrorDetail] | dict[str, str] = Field(default_factory=list[ErrorDetail])


class Failure(ApiModel):
    """An error response."""

    success: bool = False
    error: ErrorRead


def raw_json(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response whose JSON is written already; describe it to OpenAPI with `responses={200: {"model": …}}`."""
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def failure_body(code: str, message: str, details: object = ()) -> bytes:
    """The body of an error response."""
    error = {"code": code, "message": message, "details": details}
    return orjson.dumps({"success": False, "error": error}, default=list)
