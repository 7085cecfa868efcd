"""How long a request waits for the database in all before it is answered 503. Pure ASGI middleware."""

from platbook.application.asgi import AsgiApp, Receive, Scope, Send
from platbook.db.wait_budget import waiting_at_most


class DatabaseTime:
    """ASGI middleware around a whole application: `seconds` for each request."""

    def __init__(self, app: AsgiApp, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        with waiting_at_most(self._seconds):
            await self._app(scope, receive, send)
