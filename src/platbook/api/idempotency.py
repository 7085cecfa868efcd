"""Which routes take an `Idempotency-Key`: those that create something with every request, by a caller who is known.

Not among them, though they create: registering (a token of an invitation is valid once, and a taken address is a
conflict), setting up a second factor (a new secret replaces the one before it), processing a refused event again (it
is processed once), and adding photos (bodies of up to 40 MB; one that the listing shows already is not added again).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from platbook.accounts import CallerResolver
from platbook.api.bearer_tokens import find_token
from platbook.api.route_rights import BASE, RIGHTS, NoRight
from platbook.application.asgi import Scope
from platbook.application.idempotency.requests import HEADER, MAX_LENGTH, REPLAYED
from platbook.base.actor import Actor
from platbook.base.errors import PlatbookError
from platbook.base.rights import Right, has_right
from platbook.db.errors import OperationalError

CREATING = frozenset(
    {
        "POST /auth/keys",
        "POST /users",
        "POST /users/invitations",
        "POST /users/{user_id}/reset",
        "POST /users/{user_id}/members",
        "POST /properties",
        "POST /leads",
        "POST /leads/events",
        "POST /leads/rules",
        "POST /leads/stages",
        "POST /suppressions",
        "POST /tasks",
        "POST /interactions",
        "POST /admin/mls/providers",
        "POST /admin/mls/sync",
    }
)

ERROR_CODES = ("IDEMPOTENCY_KEY_IN_USE", "IDEMPOTENCY_ANSWER_LOST", "IDEMPOTENCY_KEY_REUSED")

_PARAMETER = re.compile(r"\\\{\w+\\\}")


def _to_pattern(route: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", re.escape(f"{BASE}{route.removeprefix('POST ')}")))


_PATTERNS: Mapping[re.Pattern[str], Right | NoRight] = MappingProxyType(
    {_to_pattern(route): RIGHTS[route] for route in CREATING}
)


class CreatingCaller:
    """Finds who sends a request that creates, where they may send it."""

    def __init__(self, callers: CallerResolver) -> None:
        self._callers = callers

    async def __call__(self, scope: Scope) -> Actor | None:
        """The caller. None: the route creates nothing, or refuses this caller."""
        if scope["method"] != "POST":
            return None
        right = next((right for pattern, right in _PATTERNS.items() if pattern.fullmatch(scope["path"])), None)
        token = find_token(scope)
        if not isinstance(right, Right) or token is None:
            return None
        try:
            caller = await self._callers.identify(token)
        except (PlatbookError, OperationalError):
            return None  # the route says the reason
        return caller if has_right(caller, right) else None


def describe_idempotency(operation: dict[str, Any]) -> None:
    """Describe the headers in the OpenAPI operation of a route that creates."""
    operation.setdefault("parameters", []).append(
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
            "description": "A key of your choice, new for each request: sent again with it, the request is not carried "
            "out again, and has the same response for 24 hours.",
        }
    )
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response["headers"] = {
                **response.get("headers", {}),
                REPLAYED: {"schema": {"const": "true"}, "description": "The response is repeated."},
            }
