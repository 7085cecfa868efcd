"""Bodies are read of callers with a valid token alone, and where one logs in: anybody else could send without end."""

from platbook.accounts import CallerResolver
from platbook.api.bearer_tokens import find_token
from platbook.api.route_rights import BASE
from platbook.application.asgi import Scope
from platbook.application.request_gate import mark_authenticated
from platbook.base.errors import PlatbookError
from platbook.db.errors import OperationalError

_PUBLIC = f"{BASE}/auth/"


class BodyPermission:
    """Whether the body of a request is read, by its headers. The route still authenticates the caller itself."""

    def __init__(self, callers: CallerResolver) -> None:
        self._callers = callers

    async def __call__(self, scope: Scope) -> bool:
        """Whether the caller has a valid token, or the path is open to anybody."""
        token = find_token(scope)
        if token is not None:
            try:
                await self._callers.identify(token)
            except (PlatbookError, OperationalError):
                pass  # the route refuses it, with the reason
            else:
                mark_authenticated(scope)
                return True
        return str(scope["path"]).startswith(_PUBLIC)
