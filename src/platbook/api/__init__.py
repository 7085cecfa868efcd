"""The JSON API under `/api/v1`, and health."""

from platbook.api.app import create_api
from platbook.api.services import Services

__all__ = ["Services", "create_api"]
