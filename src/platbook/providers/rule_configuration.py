"""A provider's display rules as an operator writes them: the JSON of the API and the command line."""

from collections.abc import Mapping, Sequence
from typing import Annotated, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from platbook.base.actor import Surface
from platbook.base.validation import to_invalid_input
from platbook.providers.display_rules import RuleKey, RuleSettings

_READ_ONLY_OF_A_RULE = frozenset({"id", "version", "from", "setBy"})
_READ_ONLY = frozenset({"providerId", "version", "ownOffices"})
"""What rules that were read have besides: it says nothing when they are written."""

_LATER_SURFACES = frozenset({"vow"})


def _refuse_later_surface(value: object) -> object:
    if isinstance(value, str) and value.lower() in _LATER_SURFACES:
        raise ValueError(f"{value} is not served yet: rules are of the surfaces {' and '.join(Surface)}")
    return value


_Surface = Annotated[Surface, BeforeValidator(_refuse_later_surface)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class RuleWrite(BaseModel):
    """One rule: what it holds for (any, where it is left out), and its settings."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    originating_system: _Name | None = Field(
        default=None, description="OriginatingSystemName of its listings; null: any", examples=["Naples MLS"]
    )
    surface: _Surface = Field(default=Surface.PUBLIC, description="where it holds: `public` (IDX) or `internal`")
    feed: Annotated[_Name, AfterValidator(str.upper)] | None = Field(
        default=None, description="a feed type that the record carries; null: any", examples=["VOW"]
    )
    ours: bool = Field(default=False, strict=True, description="whether it holds for listings of own offices alone")
    settings: RuleSettings

    @model_validator(mode="before")
    @classmethod
    def _ignore_read_only(cls, raw: object) -> object:
        return _without(raw, _READ_ONLY_OF_A_RULE)

    def to_key(self, provider_id: str) -> RuleKey:
        """What the rule holds for, of this provider."""
        return RuleKey(provider_id, self.surface, self.originating_system, self.feed, self.ours)


class DisplayRulesWrite(BaseModel):
    """All display rules of a provider. What reading them answers is taken as it is: what is read-only is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    rules: Annotated[tuple[RuleWrite, ...], Field(max_length=500)]

    @model_validator(mode="before")
    @classmethod
    def _ignore_read_only(cls, raw: object) -> object:
        return _without(raw, _READ_ONLY)

    def to_rules(self, provider_id: str) -> Sequence[tuple[RuleKey, RuleSettings]]:
        """The rules with their keys, in the order they were written."""
        return [(rule.to_key(provider_id), rule.settings) for rule in self.rules]


def parse_rules(raw: Mapping[str, object]) -> DisplayRulesWrite:
    """Read a provider's rules as people write them; InvalidInput names each field at fault."""
    try:
        return DisplayRulesWrite.model_validate(raw)
    except ValidationError as error:
        raise to_invalid_input(error.errors(include_url=False, include_input=False)) from None


def _without(raw: object, names: frozenset[str]) -> object:
    if not isinstance(raw, Mapping):
        return raw
    return {name: value for name, value in cast("Mapping[str, object]", raw).items() if name not in names}
