"""Types of the fields that routes of the CRM share."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from platbook.crm.leads.patch import MAX_BUDGET

_MAX_TEXT = 20_000

ShortText = Annotated[str, Field(min_length=1, max_length=200)]
"""A short text: a name, tag, source, office or team."""
StageKey = Annotated[str, Field(min_length=1, max_length=50, examples=["New"])]
"""The key of a stage."""
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Contact = Annotated[str, Field(min_length=1, max_length=320)]
"""An e-mail address or a telephone number."""
Money = Annotated[Decimal, Field(ge=0, le=MAX_BUDGET, examples=[450000])]
Email = Annotated[str, Field(min_length=3, max_length=320, examples=["mira.lane@example.com"])]
Phone = Annotated[str, Field(min_length=3, max_length=60, examples=["(512) 555-0143"])]
