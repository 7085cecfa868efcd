"""Getting in and out: registration, logins by password or by an issuer, refreshing, resets, logging out."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Cookie, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from platbook.accounts import NewUser, Tokens
from platbook.accounts.auth_throttle import RESET, register_attempt
from platbook.accounts.oidc import OidcSignIn
from platbook.accounts.oidc.sign_in import LIFETIME
from platbook.accounts.password_resets import request_reset, use_reset
from platbook.accounts.registration import register
from platbook.api.accounts.users_models import Code, Email, Name, NewPassword, Password, UserAnswer
from platbook.api.authentication import ANY_QUERY, Caller, address_of
from platbook.api.envelope import Success
from platbook.api.models import Model, Sent
from platbook.api.route_rights import BASE
from platbook.api.services import Given, Services
from platbook.base.errors import NotAllowed, NotFound

router = APIRouter(prefix="/auth", tags=["Auth"])

OIDC_CALLBACK = f"{BASE}/auth/oidc/callback"
"""Where an issuer sends people back to, below PLATBOOK_URL."""

_COOKIE = "platbook_oidc"
_TOKEN = "an opaque text of 43 characters"  # noqa: S105 - an example


class Login(Sent):
    """An e-mail address and a password; `totp` where logins of the user ask for a code."""

    email: Email
    password: Password
    totp: Code | None = None


class Registration(Sent):
    """A new user. `invitationToken` is needed unless PLATBOOK_ALLOW_REGISTRATION is set."""

    email: Email
    password: NewPassword
    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]
    invitation_token: Annotated[str, Field(max_length=200, examples=[_TOKEN])] | None = None


class Refresh(Sent):
    """The refresh token of the last login or refresh."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200, examples=[_TOKEN])]


class ForgottenBody(Sent):
    """Whose password was forgotten."""

    email: Email


class ResetBody(Sent):
    """A reset's token, and the password to be."""

    token: Annotated[str, Field(min_length=1, max_length=200, examples=[_TOKEN])]
    password: NewPassword


class TokensAnswer(Model):
    """A login: `token` and `accessToken` are the same; `expiresIn` is in seconds."""

    user: UserAnswer
    token: str
    access_token: str
    refresh_token: str
    expires_in: int


@router.post("/register", status_code=201)
async def register_user(body: Registration, given: Given) -> Success[TokensAnswer]:
    """Make a user of oneself, by invitation."""
    new = NewUser(body.email, body.password, body.first_name, body.last_name)
    anybody = given.settings.platbook_allow_registration
    async with given.database.transaction() as connection:
        user = await register(connection, new, body.invitation_token, given.clock.now(), allow_anyone=anybody)
        tokens = await given.sessions.start_session(connection, user)
    return _to_answer(tokens)


@router.post("/login")
async def login(body: Login, given: Given, request: Request) -> Success[TokensAnswer]:
    """Log in. An unknown user and a wrong password are answered alike."""
    return _to_answer(await given.sessions.log_in(body.email, body.password, address_of(request), body.totp))


@router.post("/refresh")
async def refresh(body: Refresh, given: Given) -> Success[TokensAnswer]:
    """Exchange a refresh token for a new pair; it is good once."""
    return _to_answer(await given.sessions.refresh(body.refresh_token))


@router.post("/logout", status_code=204)
async def log_out(given: Given, caller: Caller) -> Response:
    """End this login: its access and refresh tokens are good no more."""
    await given.sessions.log_out(caller)
    return Response(status_code=204)


@router.post("/password/reset-request", status_code=202)
async def ask_password_reset(
    body: ForgottenBody, given: Given, request: Request, background: BackgroundTasks
) -> Success[None]:
    """Say that a password was forgotten. The answer, and its time, are the same for an address nobody knows."""
    async with given.database.transaction() as connection:
        await register_attempt(connection, body.email, address_of(request), given.clock.now(), purpose=RESET)
    background.add_task(_ask_reset, given, body.email)  # what differs is done once the answer is out
    return Success(data=None, message="if this is a user's address, a link waits to be sent to it")


@router.post("/password/reset", status_code=204)
async def reset_password(body: ResetBody, given: Given) -> Response:
    """Choose a new password by the link of a reset. Every login of the user ends."""
    async with given.database.transaction() as connection:
        await use_reset(connection, body.token, body.password, given.clock.now())
    return Response(status_code=204)


@router.get("/oidc/start", status_code=302, response_class=RedirectResponse)
async def start_oidc(given: Given) -> Response:
    """Send the browser to the issuer to sign in. 404 where none is configured."""
    departure = await _oidc(given).begin()
    answer = RedirectResponse(departure.url, status_code=302)
    answer.set_cookie(
        _COOKIE,
        departure.cookie,
        max_age=int(LIFETIME.total_seconds()),
        path=OIDC_CALLBACK,
        secure=(given.settings.platbook_url or "").startswith("https"),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/oidc/callback", openapi_extra={ANY_QUERY: True})
async def finish_oidc(
    given: Given,
    response: Response,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str | None, Query(max_length=4096)] = None,
    issuer: Annotated[str | None, Query(alias="iss", max_length=1000)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
    cookie: Annotated[str, Cookie(alias=_COOKIE, max_length=4096)] = "",
) -> Success[TokensAnswer]:
    """Where the issuer sends the browser back to: a login, for a known or invited e-mail address it vouches for.

    Issuers add words of their own to the address; they are ignored.
    """
    oidc = _oidc(given)
    if error is not None or code is None:
        raise NotAllowed("the issuer did not sign you in")
    tokens = await oidc.finish(code, state, issuer, cookie)
    response.delete_cookie(_COOKIE, path=OIDC_CALLBACK)
    return _to_answer(tokens)


async def _ask_reset(given: Services, email: str) -> None:
    async with given.database.transaction() as connection:
        await request_reset(connection, given.box, email, given.clock.now())


def _oidc(given: Services) -> OidcSignIn:
    if given.oidc is None:
        raise NotFound("nobody signs in by an issuer here", code="OIDC_NOT_CONFIGURED")
    return given.oidc


def _to_answer(tokens: Tokens) -> Success[TokensAnswer]:
    return Success(
        data=TokensAnswer(
            user=UserAnswer.model_validate(tokens.user),
            token=tokens.access_token,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=tokens.expires_in,
        )
    )
