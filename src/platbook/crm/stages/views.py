"""The read model of a stage."""

from platbook.base.views import UtcDatetime, View
from platbook.crm.enums import StageKind
from platbook.crm.stages.stage import Stage


class StageRead(View):
    """A stage. A lead's `status` is its `key`; `kind` never changes. A retired one takes no further leads."""

    key: str
    name: str
    kind: StageKind
    is_retired: bool
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def from_row(cls, row: Stage) -> "StageRead":
        """The view of a row."""
        return cls(
            key=row.key,
            name=row.name,
            kind=StageKind(row.kind),
            is_retired=row.retired_at is not None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
