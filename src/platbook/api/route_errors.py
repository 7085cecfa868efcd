"""The errors that each route can answer, by code: what a client has to handle, and the OpenAPI document says.

Most follow from what a route takes: a login, an id in the URL, a body. The others are in a table. Tests hold every
response of the API to it.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from platbook.api.idempotency import CREATING, ERROR_CODES
from platbook.api.route_rights import PUBLIC, RIGHTS
from platbook.application.outcomes import STATUSES

_STATUSES: Mapping[int, str] = MappingProxyType(
    {
        400: "A value is not valid; `details` names each field.",
        401: "The access token, API key or password is missing or not valid.",
        403: "The caller is not allowed to do this.",
        404: "It does not exist, or the caller is not allowed to see it.",
        409: "It conflicts with the present state.",
        410: "It existed and was erased or merged.",
        413: "The body is too large.",
        422: "The key belongs to another request.",
        429: "Too many requests or attempts; see Retry-After.",
        500: "An error of the server.",
        502: "The source's reply cannot be read.",
        503: "Unavailable now; try again later.",
    }
)
_STATUS_OF_CODE: Mapping[str, int] = MappingProxyType(
    {code: status for _, status, code in STATUSES}
    | dict.fromkeys(("MISSING_TOKEN", "INVALID_CREDENTIALS", "TOTP_REQUIRED"), 401)
    | {"OIDC_NOT_CONFIGURED": 404, "INTERNAL_SERVER_ERROR": 500}
)
"""Other codes that end in NOT_FOUND are 404, all others 409."""

_ALWAYS = ("VALIDATION_ERROR", "INTERNAL_SERVER_ERROR", "UNAVAILABLE")
_NOT_FOUND: Mapping[str, str] = MappingProxyType(
    {
        "property_id": "PROPERTY_NOT_FOUND",
        "media_key": "MEDIA_NOT_FOUND",
        "provider_id": "PROVIDER_NOT_FOUND",
        "error_id": "ERROR_NOT_FOUND",
        "sweep_id": "SWEEP_NOT_FOUND",
        "lead_id": "LEAD_NOT_FOUND",
        "task_id": "TASK_NOT_FOUND",
        "interaction_id": "INTERACTION_NOT_FOUND",
        "rule_id": "RULE_NOT_FOUND",
        "event_id": "EVENT_NOT_FOUND",
        "user_id": "USER_NOT_FOUND",
        "key_id": "KEY_NOT_FOUND",
        "duplicate_id": "POSSIBLE_DUPLICATE_NOT_FOUND",
        "stage_key": "STAGE_NOT_FOUND",
        "suppression_id": "SUPPRESSION_NOT_FOUND",
        "link_id": "LINK_NOT_FOUND",
        "invitation_id": "INVITATION_NOT_FOUND",
    }
)
"""By the name of an id in the URL."""

_PASSWORD = ("INVALID_CREDENTIALS", "TOTP_REQUIRED", "RATE_LIMITED")
_LOCAL_LISTING = ("CONFLICT", "GONE")
_FURTHER: Mapping[str, Iterable[str]] = MappingProxyType(
    {
        "POST /auth/register": ("FORBIDDEN", "USER_EXISTS", "RATE_LIMITED"),
        "POST /auth/login": _PASSWORD,
        "POST /auth/refresh": ("INVALID_TOKEN", "RATE_LIMITED"),
        "POST /auth/password/reset-request": ("RATE_LIMITED",),
        "POST /auth/password/reset": ("FORBIDDEN", "RATE_LIMITED"),
        "GET /auth/oidc/start": ("OIDC_NOT_CONFIGURED",),
        "GET /auth/oidc/callback": ("OIDC_NOT_CONFIGURED", "INVALID_TOKEN", "FORBIDDEN"),
        "POST /auth/password": _PASSWORD,
        "POST /auth/totp": (*_PASSWORD, "TOTP_EXISTS"),
        "POST /auth/totp/confirm": (*_PASSWORD, "TOTP_EXISTS", "TOTP_NOT_BEGUN"),
        "POST /auth/totp/recovery-codes": (*_PASSWORD, "NO_TOTP"),
        "POST /auth/totp/remove": (*_PASSWORD, "NO_TOTP"),
        "POST /users": ("USER_EXISTS",),
        "POST /users/invitations": ("USER_EXISTS",),
        "PUT /users/{user_id}": ("LAST_ADMIN", "USER_EXISTS"),
        "POST /users/{user_id}/disable": ("LAST_ADMIN",),
        "POST /users/{user_id}/reset": ("USER_DISABLED",),
        "PUT /users/{user_id}/agents": ("NOT_AN_ASSISTANT",),
        "GET /properties/by-key": ("PROPERTY_NOT_FOUND", "GONE"),
        "GET /properties/{property_id}": ("GONE",),
        "PUT /properties/{property_id}": _LOCAL_LISTING,
        "DELETE /properties/{property_id}": _LOCAL_LISTING,
        "GET /properties/{property_id}/media": ("GONE",),
        "POST /properties/{property_id}/media": _LOCAL_LISTING,
        "PUT /properties/{property_id}/media": _LOCAL_LISTING,
        "DELETE /properties/{property_id}/media": _LOCAL_LISTING,
        "DELETE /properties/{property_id}/media/{media_key}": _LOCAL_LISTING,
        "GET /properties/{property_id}/timeline": ("GONE",),
        "GET /properties/{property_id}/explain": ("GONE",),
        "POST /admin/mls/sync": (
            "PROVIDER_NOT_FOUND", "SYNC_NOT_FOUND", "SYNC_WAITING", "SYNC_RUNNING", "PROVIDER_ARCHIVED", "CONFLICT",
        ),
        "POST /admin/mls/sync/{provider_id}/cancel": ("NO_SYNC_RUNNING",),
        "POST /admin/mls/errors/{error_id}/retry": ("ERROR_SETTLED",),
        "PUT /admin/mls/provider/{provider_id}/toggle": ("PROVIDER_ARCHIVED", "CONFLICT"),
        "PUT /admin/mls/provider/{provider_id}/interval": ("PROVIDER_ARCHIVED",),
        "POST /admin/mls/providers": ("PROVIDER_EXISTS",),
        "PUT /admin/mls/providers/{provider_id}": ("PROVIDER_ARCHIVED", "CONFLICT"),
        "DELETE /admin/mls/providers/{provider_id}": ("SYNC_RUNNING", "CONFLICT"),
        "PUT /admin/mls/providers/{provider_id}/display-rules": ("PROVIDER_ARCHIVED",),
        "POST /admin/mls/providers/{provider_id}/test": ("NEEDS_OPERATOR", "SOURCE_BROKE_PROTOCOL"),
        "POST /admin/mls/providers/{provider_id}/discover": ("NEEDS_OPERATOR", "SOURCE_BROKE_PROTOCOL"),
        "POST /admin/mls/providers/{provider_id}/discover/accept": ("PROVIDER_ARCHIVED", "CONFLICT"),
        "POST /admin/mls/sweeps/{sweep_id}/accept": ("SWEEP_DECIDED", "SYNC_WAITING", "SYNC_RUNNING"),
        "POST /leads": ("LEAD_EXISTS",),
        "POST /leads/events/{event_id}/replay": ("CONFLICT",),
        "GET /leads/{lead_id}": ("GONE",),
        "PUT /leads/{lead_id}": ("LEAD_EXISTS", "GONE"),
        "DELETE /leads/{lead_id}": ("GONE",),
        "POST /leads/{lead_id}/assign": ("USER_NOT_FOUND", "GONE"),
        "POST /leads/{lead_id}/claim": ("CONFLICT", "GONE"),
        "POST /leads/{lead_id}/merge": ("CONFLICT", "GONE"),
        "GET /leads/{lead_id}/export": ("GONE",),
        "POST /leads/{lead_id}/erase": ("CONFLICT", "GONE"),
        "POST /leads/duplicates/{duplicate_id}/merge": ("CONFLICT", "GONE"),
        "POST /leads/duplicates/{duplicate_id}/dismiss": ("CONFLICT",),
        "POST /leads/stages": ("STAGE_EXISTS",),
        "PUT /leads/stages/{stage_key}": ("STAGE_EXISTS", "CONFLICT"),
        "POST /suppressions/{suppression_id}/end": ("CONFLICT",),
        "POST /tasks": ("LEAD_NOT_FOUND", "GONE"),
        "PUT /tasks/{task_id}": ("LEAD_NOT_FOUND", "GONE"),
        "GET /interactions/leads/{lead_id}/timeline": ("GONE",),
        "POST /interactions": ("LEAD_NOT_FOUND", "GONE"),
        "DELETE /interactions/{interaction_id}": ("CONFLICT",),
    }
)  # fmt: skip


def find_codes(route: str, *, has_body: bool) -> frozenset[str]:
    """The error codes of a route (`GET /properties/{property_id}`)."""
    right = RIGHTS[route]
    codes = {*_ALWAYS, *_FURTHER.get(route, ())}
    codes |= {_NOT_FOUND[name] for name in re.findall(r"\{(\w+)\}", route)}
    if right is not PUBLIC:
        codes |= {"MISSING_TOKEN", "INVALID_TOKEN", "FORBIDDEN", "RATE_LIMITED"}
    if route in CREATING:
        codes |= {*ERROR_CODES}
    if has_body:
        codes.add("PAYLOAD_TOO_LARGE")
    return frozenset(codes)


def to_status(code: str) -> int:
    """The HTTP status of an error code."""
    return _STATUS_OF_CODE.get(code, 404 if code.endswith("NOT_FOUND") else 409)


def to_responses(codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The OpenAPI responses of error codes, by status; `x-codes` names the codes of each."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(to_status(code), []).append(code)
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    return {
        str(status): {
            "description": f"{_STATUSES[status]} Codes: {', '.join(f'`{code}`' for code in named)}.",
            "content": failure,
            "x-codes": named,
        }
        for status, named in sorted(by_status.items())
    }
