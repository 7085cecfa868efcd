"""The JSON API under `/api/v1`, and health."""

from platbook.api.accounts.auth import OIDC_CALLBACK
from platbook.api.app import create_api
from platbook.api.services import Services

__all__ = ["OIDC_CALLBACK", "Services", "create_api"]
