"""Bodies and responses of registering, logging in, refreshing and resetting a password."""

from typing import Annotated

from pydantic import Field

from platbook.api.accounts.fields import Email, Name, NewPassword, Password, Token, TotpCode
from platbook.api.accounts.users_models import UserRead
from platbook.api.models import ApiModel, RequestBody


class LoginRequest(RequestBody):
    """An e-mail address and a password; `totp` where the user has a second factor."""

    email: Email
    password: Password
    totp: TotpCode | None = None


class RegistrationRequest(RequestBody):
    """A new user. `invitationToken` is required unless ALLOW_REGISTRATION is set."""

    email: Email
    password: NewPassword
    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]
    invitation_token: Annotated[str, Field(max_length=200, examples=["an opaque text of 43 characters"])] | None = None


class RefreshRequest(RequestBody):
    """The refresh token of the last login or refresh."""

    refresh_token: Token


class PasswordResetRequest(RequestBody):
    """The e-mail address of the user who forgot the password."""

    email: Email


class PasswordResetConfirm(RequestBody):
    """The token of a password reset, and the new password."""

    token: Token
    password: NewPassword


class TokensRead(ApiModel):
    """The tokens of a login: `token` and `accessToken` are the same; `expiresIn` is in seconds."""

    user: UserRead
    token: str
    access_token: str
    refresh_token: str
    expires_in: int
