"""The JSON API under `/api/v1`, and health."""

from platbook.api.accounts.auth import OIDC_CALLBACK
from platbook.api.app import create_api, create_refusal

__all__ = ["OIDC_CALLBACK", "create_api", "create_refusal"]
