"""Read models of provider setup: connection tests, discoveries and previews of display rules."""

from collections.abc import Mapping
from typing import Generic, Self, TypeVar
from uuid import UUID

from platbook.base.views import UtcDatetime, View
from platbook.listings.rule_preview import Counted, Example, RulePreview
from platbook.mapping.proposal import MappingProposal, ProposedField
from platbook.sync.setup.connection_test import ConnectionTest
from platbook.sync.setup.discovery import DiscoveryResult


class TestStepRead(View):
    """One step of a connection test: settings, seat, connect, count, sample; time or logout if that fails."""

    name: str
    ok: bool
    duration_ms: int
    message: str


class SampleRecordRead(View):
    """One record as it would be stored, or why it would be rejected."""

    listing_key: str
    source_fields: int
    values: dict[str, object]
    rejected: str | None


class ConnectionTestRead(View):
    """The result of a connection test; `ok`: every step succeeded."""

    ok: bool
    provider_id: str
    steps: list[TestStepRead]
    count: int | None
    sample: SampleRecordRead | None

    @classmethod
    def of(cls, test: ConnectionTest) -> Self:
        """The view of a finished test."""
        return cls(
            ok=test.ok,
            provider_id=test.provider_id,
            steps=[
                TestStepRead(name=step.name, ok=step.ok, duration_ms=step.milliseconds, message=step.message)
                for step in test.steps
            ],
            count=test.count,
            sample=None if test.sample is None else SampleRecordRead.model_validate(test.sample),
        )


class SourceValueRead(View):
    """One value of a lookup, as records hold it, and its label."""

    value: str
    label: str
    short: str | None


class SourceLookupRead(View):
    """The values a source allows in a field."""

    name: str
    values: list[SourceValueRead]


class SourceFieldRead(View):
    """One field of a source. `dataType` is the source's own name for it."""

    name: str
    label: str | None
    standard_name: str | None
    data_type: str | None
    max_length: int | None
    precision: int | None
    lookup: str | None
    is_multiple: bool
    is_searchable: bool


class SourceClassRead(View):
    """One kind of record, with fields of its own."""

    name: str
    label: str | None
    standard_name: str | None
    description: str | None
    fields: list[SourceFieldRead]


class SourceResourceRead(View):
    """One resource of a source. `objects` are the kinds of photos and documents it has."""

    name: str
    label: str | None
    standard_name: str | None
    key_field: str | None
    classes: list[SourceClassRead]
    lookups: list[SourceLookupRead]
    objects: list[str]


class ProposedFieldRead(View):
    """A source field and the RESO field it seems to be.

    `told` names the evidence: standard_name, own_name, synonym or label.
    """

    source: str
    target: str
    told: str
    label: str | None

    @classmethod
    def of(cls, field: ProposedField) -> Self:
        """The view of a proposed field."""
        return cls(source=field.source, target=field.target, told=field.evidence.name.lower(), label=field.label)


class ProposalRead(View):
    """What may be accepted, and what is left to a person: `rivals` for targets that are taken, `unknown` fields.

    `remarks` name what was left out, such as a class whose key is not known.
    """

    settings: dict[str, object]
    field_mapping: dict[str, object]
    fields: list[ProposedFieldRead]
    rivals: list[ProposedFieldRead]
    unknown: list[str]
    remarks: list[str]

    @classmethod
    def of(cls, proposal: MappingProposal) -> Self:
        """The view of a proposal."""
        return cls(
            settings=dict(proposal.settings),
            field_mapping=dict(proposal.field_mapping),
            fields=[ProposedFieldRead.of(one) for one in proposal.fields],
            rivals=[ProposedFieldRead.of(one) for one in proposal.rivals],
            unknown=list(proposal.unknown),
            remarks=list(proposal.remarks),
        )


class DiscoveryRead(View):
    """A source's resources, when they were read, and the proposal derived from them."""

    provider_id: str
    read_at: UtcDatetime
    resources: list[SourceResourceRead]
    proposal: ProposalRead

    @classmethod
    def of(cls, result: DiscoveryResult) -> Self:
        """The view of a discovery."""
        return cls(
            provider_id=result.provider_id,
            read_at=result.read_at,
            resources=[SourceResourceRead.model_validate(one) for one in result.discovery.resources],
            proposal=ProposalRead.of(result.proposal),
        )


class ExampleRead(View):
    """A listing that would appear or vanish, or of which something would."""

    id: UUID
    provider_id: str
    listing_key: str


class PhotoExampleRead(ExampleRead):
    """A photo, video or document that would appear or vanish."""

    media_key: str


class FieldExampleRead(ExampleRead):
    """A field with a value, by its RESO name, that would appear or vanish."""

    field: str


E = TypeVar("E", bound=ExampleRead)


class CountRead(View, Generic[E]):
    """How much would appear, or vanish, and at most ten examples, of as many listings as there are."""

    count: int
    examples: list[E]


class ChangeRead(View, Generic[E]):
    """What would appear and what would vanish."""

    appear: CountRead[E]
    vanish: CountRead[E]


class RulePreviewRead(View):
    """What other display rules would change in public, if they were set now; a listing counts with all it shows."""

    listings: ChangeRead[ExampleRead]
    addresses: ChangeRead[ExampleRead]
    photos: ChangeRead[PhotoExampleRead]
    fields: ChangeRead[FieldExampleRead]

    @classmethod
    def of(cls, provider_id: str, preview: RulePreview) -> Self:
        """The view of a preview."""
        plain = {
            kind: {
                "appear": _to_count(provider_id, kind, preview.appear[kind]),
                "vanish": _to_count(provider_id, kind, preview.vanish[kind]),
            }
            for kind in preview.appear
        }
        return cls.model_validate(plain)


_NAME_OF = {"photos": "media_key", "fields": "field"}


def _to_count(provider_id: str, kind: str, counted: Counted) -> Mapping[str, object]:
    name = _NAME_OF.get(kind)
    return {"count": counted.count, "examples": [_to_example(provider_id, one, name) for one in counted.examples]}


def _to_example(provider_id: str, example: Example, name: str | None) -> Mapping[str, object]:
    shown = {"id": example.id, "provider_id": provider_id, "listing_key": example.listing_key}
    return shown if name is None else {**shown, name: example.name}
