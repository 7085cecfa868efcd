"""Reads stored checkpoints: strictly, since a default in place of a missing field would be another position."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def parse_checkpoint(model: type[M], text: str) -> M | None:
    """Read a checkpoint's JSON as `model`; None unless it has every field of it, nested ones too.

    The model has to forbid extra fields itself.
    """
    try:
        checkpoint = model.model_validate_json(text)
    except ValidationError:
        return None
    return checkpoint if _is_complete(checkpoint) else None


def _is_complete(model: BaseModel) -> bool:
    nested = (value for _, value in model if isinstance(value, BaseModel))
    return model.model_fields_set == type(model).model_fields.keys() and all(_is_complete(one) for one in nested)
