"""Authentication: registration, login by password or OpenID Connect, refresh, password reset, logout."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Cookie, Query, Request, Response
from fastapi.responses import RedirectResponse

from platbook.accounts import NewUser, Tokens
from platbook.accounts.auth_throttle import RESET, register_attempt
from platbook.accounts.oidc import OidcSignIn
from platbook.accounts.oidc.sign_in import LIFETIME
from platbook.accounts.password_resets import request_reset, use_reset
from platbook.accounts.registration import register
from platbook.api.accounts.auth_models import (
    LoginRequest,
    PasswordResetConfirm,
    PasswordResetRequest,
    RefreshRequest,
    RegistrationRequest,
    TokensRead,
)
from platbook.api.accounts.users_models import UserRead
from platbook.api.authentication import ANY_QUERY, Caller, client_address_of
from platbook.api.envelope import Success
from platbook.api.route_rights import BASE
from platbook.api.services import ServicesDep
from platbook.application.services import Services
from platbook.base.errors import NotAllowed, NotFound

router = APIRouter(prefix="/auth", tags=["Auth"])

OIDC_CALLBACK = f"{BASE}/auth/oidc/callback"
"""The redirect URI of OpenID Connect, below PLATBOOK_URL."""

_COOKIE = "platbook_oidc"


@router.post("/register", status_code=201)
async def register_user(body: RegistrationRequest, services: ServicesDep) -> Success[TokensRead]:
    """Register as a new user, by invitation."""
    new = NewUser(body.email, body.password, body.first_name, body.last_name)
    is_open = services.settings.platbook_allow_registration
    async with services.database.transaction() as connection:
        user = await register(connection, new, body.invitation_token, services.clock.now(), allow_anyone=is_open)
        tokens = await services.sessions.start_session(connection, user)
    return _to_response(tokens)


@router.post("/login")
async def login(body: LoginRequest, services: ServicesDep, request: Request) -> Success[TokensRead]:
    """Log in. An unknown user and a wrong password get the same error."""
    return _to_response(
        await services.sessions.log_in(body.email, body.password, client_address_of(request), body.totp)
    )


@router.post("/refresh")
async def refresh(body: RefreshRequest, services: ServicesDep) -> Success[TokensRead]:
    """Exchange a refresh token for a new pair of tokens; it is valid once."""
    return _to_response(await services.sessions.refresh(body.refresh_token))


@router.post("/logout", status_code=204)
async def log_out(services: ServicesDep, caller: Caller) -> Response:
    """End this login: its access and refresh tokens are no longer valid."""
    await services.sessions.log_out(caller)
    return Response(status_code=204)


@router.post("/password/reset-request", status_code=202)
async def request_password_reset(
    body: PasswordResetRequest, services: ServicesDep, request: Request, background: BackgroundTasks
) -> Success[None]:
    """Request a password reset. Response and response time are the same for an unknown address."""
    async with services.database.transaction() as connection:
        await register_attempt(connection, body.email, client_address_of(request), services.clock.now(), purpose=RESET)
    background.add_task(_send_reset, services, body.email)  # what differs is done after the response
    return Success(
        data=None, message="if a user has this e-mail address, a link to reset the password will be sent to it"
    )


@router.post("/password/reset", status_code=204)
async def reset_password(body: PasswordResetConfirm, services: ServicesDep) -> Response:
    """Set a new password with the token of a reset. Every login of the user ends."""
    async with services.database.transaction() as connection:
        await use_reset(connection, body.token, body.password, services.clock.now())
    return Response(status_code=204)


@router.get("/oidc/start", status_code=302, response_class=RedirectResponse)
async def start_oidc(services: ServicesDep) -> Response:
    """Redirect the browser to the OpenID Connect issuer to log in. 404 where none is configured."""
    authorization = await _oidc(services).begin()
    response = RedirectResponse(authorization.url, status_code=302)
    response.set_cookie(
        _COOKIE,
        authorization.cookie,
        max_age=int(LIFETIME.total_seconds()),
        path=OIDC_CALLBACK,
        secure=(services.settings.platbook_url or "").startswith("https"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/oidc/callback", openapi_extra={ANY_QUERY: True})
async def finish_oidc(
    services: ServicesDep,
    response: Response,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str | None, Query(max_length=4096)] = None,
    issuer: Annotated[str | None, Query(alias="iss", max_length=1000)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
    cookie: Annotated[str, Cookie(alias=_COOKIE, max_length=4096)] = "",
) -> Success[TokensRead]:
    """Finish the login that the issuer redirects back from, for a verified e-mail address of a user or an invitation.

    Further query parameters of the issuer are ignored.
    """
    oidc = _oidc(services)
    if error is not None or code is None:
        raise NotAllowed("the OpenID Connect issuer did not log you in; start again at /auth/oidc/start")
    tokens = await oidc.finish(code, state, issuer, cookie)
    response.delete_cookie(_COOKIE, path=OIDC_CALLBACK)
    return _to_response(tokens)


async def _send_reset(services: Services, email: str) -> None:
    async with services.database.transaction() as connection:
        await request_reset(connection, services.box, email, services.clock.now())


def _oidc(services: Services) -> OidcSignIn:
    if services.oidc is None:
        raise NotFound("login by OpenID Connect is not configured on this server", code="OIDC_NOT_CONFIGURED")
    return services.oidc


def _to_response(tokens: Tokens) -> Success[TokensRead]:
    return Success(
        data=TokensRead(
            user=UserRead.model_validate(tokens.user),
            token=tokens.access_token,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=tokens.expires_in,
        )
    )
