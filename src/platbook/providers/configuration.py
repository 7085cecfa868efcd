"""A provider's configuration as an operator writes it: the JSON of the API and the command line."""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from platbook.base.errors import InvalidInput, ProviderMisconfigured
from platbook.base.validation import to_invalid_input
from platbook.connectors.contract import Scope
from platbook.connectors.registry import find_connector
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.providers.media import MediaSettings
from platbook.providers.rule_checks import check_settings
from platbook.reso.lookups import StandardStatus

_TOP_LEVEL_SETTINGS = ("loginUrl",)
_READ_ONLY = ("archivedAt", "createdAt", "updatedAt")
"""What a configuration that was read has besides: it says nothing when it is written."""
IS_SET = "set"
"""What stands in place of a credential in a configuration that is read."""
LEAST_RATE, MOST_RATE = 0.001, 1000
"""Requests per second: from one in 17 minutes."""


class ScopeSettings(BaseModel):
    """Which listings are replicated; an empty criterion allows all."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    statuses: tuple[str, ...] = ()
    property_types: tuple[str, ...] = ()
    closed_since: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    photos_per_status: dict[str, Annotated[int, Field(ge=0, le=100_000)]] = {}

    @model_validator(mode="after")
    def _statuses_are_standard(self) -> Self:
        unknown = {*self.statuses, *self.photos_per_status} - set(StandardStatus)
        if unknown:
            raise ValueError(f"unknown status {min(unknown)}; the standard ones are {', '.join(StandardStatus)}")
        return self

    def to_scope(self) -> Scope:
        """As connectors and the engine take it."""
        return Scope(frozenset(self.statuses), frozenset(self.property_types), self.closed_since)


OfficeNames = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=1000)]
"""Offices of a provider, each by its key or MLS id."""


class Configuration(BaseModel):
    """A provider's complete configuration. `loginUrl` may be at the top level, as in the classic form.

    What reading a provider answers is taken as it is: the times in it are ignored, and credentials that are `set` are
    kept. `display` is the display rule for all its listings in public; null: there is none.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    provider_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    provider_name: Annotated[str, Field(min_length=1, max_length=200)]
    provider_type: Annotated[str, Field(min_length=1, max_length=64)]
    settings: dict[str, object] = {}
    credentials: dict[str, object] | None = None
    field_mapping: dict[str, object] = {}
    scope: ScopeSettings = ScopeSettings()
    display: RuleSettings | None = RuleSettings()
    own_offices: OfficeNames = ()
    media: MediaSettings = MediaSettings()
    retention: Literal["keep", "erase"] = "keep"
    interval_hours: Annotated[float, Field(ge=0.25, le=168)] = 4
    allowed_age_hours: Annotated[float, Field(ge=0.25, le=8760)] | None = None
    requests_per_second: Annotated[float, Field(ge=LEAST_RATE, le=MOST_RATE)] | None = None
    max_removal_share: Annotated[float, Field(ge=0, le=1)] = 0.10
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _lift_settings(cls, raw: object) -> object:
        if not isinstance(raw, Mapping):
            return raw
        fields = {name: value for name, value in cast("Mapping[str, object]", raw).items() if name not in _READ_ONLY}
        if not fields.get("credentials"):
            fields.pop("credentials", None)  # as a provider without any is read
        nested = fields.pop("settings", {})
        if not isinstance(nested, Mapping):
            return {**fields, "settings": nested}
        settings = dict(cast("Mapping[str, object]", nested))
        for name in _TOP_LEVEL_SETTINGS:
            if name in fields:
                settings.setdefault(name, fields.pop(name))
        return {**fields, "settings": settings}


def parse_configuration(raw: Mapping[str, object]) -> Configuration:
    """Validate a configuration, its connector's settings and credentials included; InvalidInput names the field."""
    try:
        configuration = Configuration.model_validate(raw)
    except ValidationError as error:
        raise _invalid(error, "") from None
    check_connection_settings(configuration.provider_type, configuration.settings, configuration.credentials)
    check_display(configuration)
    return configuration


def check_display(configuration: Configuration) -> None:
    """Check the display settings as those of a rule; InvalidInput names each one at fault."""
    if configuration.display is not None:
        check_settings(RuleKey(configuration.provider_id), configuration.display, prefix="display.")


def keep_credentials(configuration: Configuration) -> Configuration:
    """The configuration without the credentials that were sent back as they were read, so that these are kept."""
    credentials = configuration.credentials or {}
    echoed = [name for name, value in credentials.items() if value == IS_SET]
    if len(echoed) < len(credentials):
        require_credentials(configuration)
    return configuration.model_copy(update={"credentials": None}) if echoed else configuration


def require_credentials(configuration: Configuration) -> None:
    """InvalidInput where a credential is not written but only said to be set."""
    for name, value in (configuration.credentials or {}).items():
        if value == IS_SET:
            reason = "write its value, or leave out credentials to keep those that are stored"
            raise InvalidInput.of(f"credentials.{name}", reason)


def check_connection_settings(
    provider_type: str, settings: Mapping[str, object], credentials: Mapping[str, object] | None
) -> None:
    """Let the connector check what is its own; InvalidInput names the field, never its value."""
    connector = find_connector(provider_type)
    try:
        connector.settings_model.model_validate(settings)
    except ValidationError as error:
        raise _invalid(error, "settings.") from None
    if credentials is not None:
        _refuse_control_characters(credentials, "credentials")
        try:
            connector.credentials_model.model_validate(credentials)
        except ValidationError as error:
            raise _invalid(error, "credentials.") from None


def _refuse_control_characters(value: object, field: str) -> None:
    """A line break, a tab or a NUL in a secret was copied with it: no source takes it, and none may reach a header."""
    if isinstance(value, Mapping):
        for name, part in cast("Mapping[str, object]", value).items():
            _refuse_control_characters(part, f"{field}.{name}")
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            _refuse_control_characters(part, field)
    elif isinstance(value, str) and any(unicodedata.category(letter) == "Cc" for letter in value):
        raise InvalidInput.of(field, "contains a control character, such as a line break or a tab; remove it")


def read_part(model: type[BaseModel], stored: Mapping[str, object], part: str) -> BaseModel:
    """A stored provider's settings or credentials (`part`) in their connector's form; ProviderMisconfigured."""
    try:
        return model.model_validate(stored)
    except ValidationError as error:
        first = _invalid(error, f"{part}.")
        raise ProviderMisconfigured(str(first)) from None


def _invalid(error: ValidationError, prefix: str) -> InvalidInput:
    return to_invalid_input(error.errors(include_url=False, include_input=False), prefix=prefix)
