"""Types of the fields and path parameters that routes of accounts share."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from platbook.base.time_zones import MAX_NAME_LENGTH

Email = Annotated[str, Field(min_length=3, max_length=320, examples=["admin@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=1024, examples=["correct horse battery staple"])]
NewPassword = Annotated[str, Field(min_length=8, max_length=128, examples=["correct horse battery staple"])]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Group = Annotated[str, Field(max_length=100)]
"""An office, a team, or a licence number."""
TimeZone = Annotated[str, Field(max_length=MAX_NAME_LENGTH, examples=["America/Chicago"])]
"""A name of the time zone database."""
TotpCode = Annotated[str, Field(max_length=40, examples=["123456"])]
"""A code of an authenticator app, or a recovery code."""
Token = Annotated[str, Field(min_length=1, max_length=200, examples=["an opaque text of 43 characters"])]

UserId = Annotated[UUID, Path()]
KeyId = Annotated[UUID, Path()]
LinkId = Annotated[UUID, Path()]
InvitationId = Annotated[UUID, Path()]
