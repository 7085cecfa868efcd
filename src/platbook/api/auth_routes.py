"""Register, login, refresh, me."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from platbook.accounts import NewUser, Tokens, add_user, get_user
from platbook.accounts.invitations import use_invitation
from platbook.api.auth import Caller, user_id_of
from platbook.api.envelope import Success
from platbook.api.models import Model, Moment, Sent
from platbook.api.services import Given
from platbook.base.actor import Role
from platbook.base.errors import NotAllowed

router = APIRouter(prefix="/auth", tags=["Auth"])

Email = Annotated[str, Field(min_length=3, max_length=320, examples=["admin@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=1024, examples=["correct horse battery staple"])]
Name = Annotated[str, Field(min_length=1, max_length=100)]
_TOKEN = "an opaque text of 43 characters"  # noqa: S105 - an example


class Login(Sent):
    """An e-mail address and a password."""

    email: Email
    password: Password


class Registration(Sent):
    """A new user. `invitationToken` is needed unless ALLOW_REGISTRATION is set."""

    email: Email
    password: Annotated[str, Field(min_length=8, max_length=128, examples=["correct horse battery staple"])]
    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]
    invitation_token: Annotated[str, Field(max_length=200, examples=[_TOKEN])] | None = None


class Refresh(Sent):
    """The refresh token of the last login or refresh."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200, examples=[_TOKEN])]


class UserAnswer(Model):
    """A user."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: Role
    office: str | None
    team: str | None
    is_active: bool
    created_at: Moment
    last_login_at: Moment | None


class TokensAnswer(Model):
    """A login: `token` and `accessToken` are the same; `expiresIn` is in seconds."""

    user: UserAnswer
    token: str
    access_token: str
    refresh_token: str
    expires_in: int


@router.post("/register", status_code=201)
async def register(body: Registration, given: Given) -> Success[TokensAnswer]:
    """Make a user of oneself, by invitation."""
    now = given.clock.now()
    async with given.database.transaction() as connection:
        role = Role.AGENT
        if body.invitation_token is not None:
            role = await use_invitation(connection, body.invitation_token, body.email, now)
        elif not given.settings.allow_registration:
            raise NotAllowed("registration needs an invitation; ask an administrator for one")
        user = NewUser(body.email, body.password, body.first_name, body.last_name, role)
        tokens = await given.sessions.start(connection, await add_user(connection, user, now))
    return _to_answer(tokens)


@router.post("/login")
async def login(body: Login, given: Given, request: Request) -> Success[TokensAnswer]:
    """Log in. An unknown user and a wrong password are answered alike."""
    address = request.client.host if request.client else "unknown"
    return _to_answer(await given.sessions.log_in(body.email, body.password, address))


@router.post("/refresh")
async def refresh(body: Refresh, given: Given) -> Success[TokensAnswer]:
    """Exchange a refresh token for a new pair; it is good once."""
    return _to_answer(await given.sessions.refresh(body.refresh_token))


@router.post("/logout", status_code=204)
async def log_out(given: Given, caller: Caller) -> Response:
    """End this login: its access and refresh tokens are good no more."""
    await given.sessions.log_out(caller)
    return Response(status_code=204)


@router.get("/me")
async def me(given: Given, caller: Caller) -> Success[UserAnswer]:
    """Who is logged in."""
    async with given.database.read() as connection:
        return Success(data=UserAnswer.model_validate(await get_user(connection, user_id_of(caller))))


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
