"""Bodies and responses of what users manage themselves: name, time zone, password, second factor, API keys."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import AfterValidator, Field

from platbook.accounts.users import ProfilePatch
from platbook.api.accounts.fields import Name, NewPassword, Password, TimeZone, TotpCode
from platbook.api.models import ApiModel, RequestBody
from platbook.api.params import to_utc
from platbook.base.actor import ApiKeyScope, Surface
from platbook.base.views import UtcDatetime


class ProfileUpdate(RequestBody):
    """The user's own name and time zone; omitted fields stay. `null` clears the time zone."""

    first_name: Annotated[Name, Field(examples=["Ada"])] | None = None
    last_name: Annotated[Name, Field(examples=["Moss"])] | None = None
    time_zone: TimeZone | None = None

    def to_changes(self) -> ProfilePatch:
        """The fields that were sent, by column."""
        return cast("ProfilePatch", {name: getattr(self, name) for name in self.model_fields_set})


class ReauthenticationRequest(RequestBody):
    """The user's password again, and a code where the user has a second factor."""

    password: Password
    totp: TotpCode | None = None


class PasswordUpdate(ReauthenticationRequest):
    """The present password and the new one."""

    new_password: NewPassword


class TotpConfirmation(RequestBody):
    """A code of the authenticator app."""

    totp: TotpCode


class TotpSetupRead(ApiModel):
    """What to enter in an authenticator app; shown once."""

    secret: str
    uri: str


class RecoveryCodesRead(ApiModel):
    """Codes for when the device is lost, each valid once; shown once."""

    recovery_codes: list[str]


class ApiKeyCreate(RequestBody):
    """A new API key."""

    name: Annotated[Name, Field(examples=["website"])]
    scopes: Annotated[list[ApiKeyScope], Field(min_length=1, max_length=len(ApiKeyScope))]
    surface: Surface = Surface.INTERNAL
    expires_at: Annotated[datetime | None, AfterValidator(to_utc)] = None
    origins: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=20)] = Field(
        default_factory=list[str], description="web origins whose pages may use it; for the public surface alone"
    )
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="its own limit of requests a minute; only an admin's may be above the server's"
    )


class ApiKeyRead(ApiModel):
    """An API key, without the key itself. `lastUsedAt` is accurate to the hour."""

    id: UUID
    name: str
    surface: Surface
    scopes: list[ApiKeyScope]
    origins: list[str]
    rate_per_minute: int | None
    created_at: UtcDatetime
    expires_at: UtcDatetime | None
    revoked_at: UtcDatetime | None
    last_used_at: UtcDatetime | None


class ApiKeyCreated(ApiModel):
    """A new key, shown once: send it as a bearer token."""

    id: UUID
    key: str


class ApiKeyList(ApiModel):
    """A user's keys, the newest first."""

    keys: list[ApiKeyRead]
