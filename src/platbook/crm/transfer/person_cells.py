"""The cells of a person's row as a patch of a lead: what cannot be read is left out, and noted. Pure."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from platbook.crm.contacts import to_email, to_phone
from platbook.crm.enums import Priority
from platbook.crm.leads.patch import MAX_BUDGET, LeadPatch
from platbook.crm.stages.stage import Stage
from platbook.crm.transfer.cells import is_rounded, to_amount, to_numbers
from platbook.crm.transfer.import_context import RowRejected, to_member
from platbook.crm.transfer.mapping import MappedRow
from platbook.crm.transfer.person_name import split_name

T = TypeVar("T")


class PersonCells:
    """The fields of one row; `unread`: by field the texts that could not be read."""

    def __init__(self, row: MappedRow, find_stage: Callable[[str], Stage]) -> None:
        """Nothing is read yet. `find_stage`: the stage that a text names, or RowRejected."""
        self._row = row
        self._find_stage = find_stage
        self.unread: dict[str, list[str]] = {}

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """A field that the row may have, parsed; None and noted where that is a RowRejected."""
        text = self._row.get(name)
        if not isinstance(text, str):
            return None
        try:
            return parse(text)
        except RowRejected:
            self.unread.setdefault(name, []).append(text)
            return None

    def to_patch(self) -> LeadPatch:
        """The fields that the row has. Contacts are checked by who applies it."""
        row, patch = self._row, self._to_names()
        if "emails" in row:
            patch["emails"] = row["emails"]
        if "phones" in row:
            patch["phones"] = self._to_phones()
        if (stage := self.read("status", self._find_stage)) is not None:
            patch["status"] = stage.key
        if (priority := self.read("priority", lambda text: to_member(Priority, text, "priority"))) is not None:
            patch["priority"] = priority
        if (least := self.read("budgetMin", _to_budget)) is not None:
            patch["budget_min"] = least
        if (most := self.read("budgetMax", _to_budget)) is not None:
            patch["budget_max"] = most
        return patch | self._to_texts()

    def leave_out_contacts(self, patch: LeadPatch) -> None:
        """Take the contacts that are none out of a patch, and note them."""
        if texts := patch.get("emails"):
            patch["emails"] = [one for one in texts if self._is_readable("emails", one, to_email)]
        if texts := patch.get("phones"):
            patch["phones"] = [one for one in texts if self._is_readable("phones", one, to_phone)]

    def _to_names(self) -> LeadPatch:
        patch: LeadPatch = {}
        if "firstName" in self._row:
            patch["first_name"] = self._row["firstName"]
        if "lastName" in self._row:
            patch["last_name"] = self._row["lastName"]
        if "name" in self._row and not patch:
            patch["first_name"], patch["last_name"] = split_name(self._row["name"])
        return patch

    def _to_texts(self) -> LeadPatch:
        row = self._row
        patch: LeadPatch = {}
        if "source" in row:
            patch["source"] = row["source"]
        if "notes" in row:
            patch["notes"] = row["notes"]
        if "tags" in row:
            patch["tags"] = row["tags"]
        if "aiSummary" in row:
            patch["ai_summary"] = row["aiSummary"]
        if "customFields" in row:
            patch["custom_fields"] = row["customFields"]
        return patch

    def _to_phones(self) -> list[str]:
        numbers = [number for text in self._row.get("phones", []) for number in to_numbers(text)]
        if rounded := [number for number in numbers if is_rounded(number)]:
            self.unread.setdefault("phones", []).extend(rounded)
            return [number for number in numbers if number not in rounded]
        return numbers

    def _is_readable(self, name: str, text: str, normalize: Callable[[str], str]) -> bool:
        try:
            normalize(text)
        except ValueError:
            self.unread.setdefault(name, []).append(text)
            return False
        return True


def _to_budget(text: str) -> Decimal:
    amount = to_amount(text)
    if amount is None or amount > MAX_BUDGET:
        raise RowRejected(f"{text} is not an amount")
    return amount
