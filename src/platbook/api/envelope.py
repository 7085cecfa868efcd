"""The envelope every answer comes in: `{"success": true, "data": …}`, and its shapes for the OpenAPI document."""

from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Response
from pydantic import Field

from platbook.api.models import Model
from platbook.base.views import Pagination, paginate

__all__ = [
    "ErrorDetail",
    "ErrorWords",
    "Failure",
    "Pagination",
    "Success",
    "failure_body",
    "paginate",
    "raw_json",
]

T = TypeVar("T")

_UNLESS_NONE = Field(exclude_if=lambda value: value is None)


class Success(Model, Generic[T]):
    """A good answer."""

    success: bool = True
    data: T
    message: Annotated[str | None, _UNLESS_NONE] = None


class ErrorDetail(Model):
    """One thing wrong: the field as the caller spelt it, and why."""

    field: str
    message: str


class ErrorWords(Model):
    """What went wrong: a code for programs, a sentence for people."""

    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str
    details: list[ErrorDetail] | dict[str, str] = Field(default_factory=list[ErrorDetail])


class Failure(Model):
    """A refusal."""

    success: bool = False
    error: ErrorWords


def raw_json(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer whose JSON is ready; describe it to OpenAPI with `responses={200: {"model": …}}`."""
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def failure_body(code: str, message: str, details: object = ()) -> bytes:
    """A refusal's whole body."""
    words = {"code": code, "message": message, "details": details}
    return orjson.dumps({"success": False, "error": words}, default=list)
