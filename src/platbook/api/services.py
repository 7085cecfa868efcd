"""How a route gets at the services of its application."""

from typing import Annotated, cast

from fastapi import Depends, Request

from platbook.application.services import Services


async def get_services(request: Request) -> Services:
    """The services of the application a request came to. Async, or each request would wait for a thread."""
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]
"""A route's parameter: `services: ServicesDep`."""
