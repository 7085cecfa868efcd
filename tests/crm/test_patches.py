"""The bodies of the API set the fields of the patches, by the same names."""

from platbook.api.crm.leads_models import LeadUpdate
from platbook.api.crm.tasks_models import TaskUpdate
from platbook.crm.leads.patch import LeadPatch
from platbook.crm.tasks.task import TaskPatch


def test_the_body_of_a_lead_has_the_fields_of_its_patch() -> None:
    assert set(LeadUpdate.model_fields) == set(LeadPatch.__annotations__)


def test_the_body_of_a_task_has_the_fields_of_its_patch() -> None:
    assert set(TaskUpdate.model_fields) == set(TaskPatch.__annotations__)


def test_a_patch_has_the_fields_that_the_body_sets_and_no_others() -> None:
    body = LeadUpdate.model_validate(
        {"notes": None, "consents": [{"channel": "sms", "given": True, "at": "2026-01-01"}]}
    )
    consent = {"channel": "sms", "given": True, "source": "api", "at": "2026-01-01T00:00:00Z"}
    assert body.to_changes() == {"notes": None, "consents": [consent]}
