"""Record access: the table of roles, applied to values and to rows alike."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.accounts.record_access import access_condition
from platbook.base.actor import Actor, ApiKeyScope, Role, Surface
from platbook.base.errors import NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import (
    PUBLIC,
    ROLES,
    SCOPES,
    AccessScope,
    Ownership,
    RecordAccess,
    Right,
    has_right,
    record_access,
    require_record_access,
)
from platbook.db import Database
from platbook.db.compose import SQL, Identifier

ADA, BEN, CYD = new_id(), new_id(), new_id()
OWNERS = st.sampled_from([None, ADA, BEN, CYD])
OFFICES = st.sampled_from([None, "North", "South", "No'rth"])
TEAMS = st.sampled_from([None, "A", "B"])
RECORDS = st.builds(Ownership, OWNERS, OFFICES, TEAMS)
ACTORS = st.builds(
    Actor,
    st.just("somebody"),
    OWNERS,
    st.sampled_from([None, *Role]),
    OFFICES,
    TEAMS,
    st.frozensets(st.sampled_from([ADA, BEN, CYD])),
    surface=st.sampled_from(Surface),
    scopes=st.none() | st.frozensets(st.sampled_from(ApiKeyScope)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.builds(RecordAccess, st.booleans(), st.frozensets(st.sampled_from([ADA, BEN, CYD])), OFFICES, TEAMS),
    st.lists(RECORDS, max_size=20),
)
async def test_rows_and_values_give_the_same_access(
    database: Database, over: RecordAccess, records: list[Ownership]
) -> None:
    condition = access_condition(
        over, owner=Identifier("r", "owner"), office=Identifier("r", "office"), team=Identifier("r", "team")
    )
    statement = SQL(
        "SELECT n FROM unnest(%(owners)s::uuid[], %(offices)s::text[], %(teams)s::text[]) "
        "WITH ORDINALITY AS r (owner, office, team, n) WHERE {} ORDER BY n"
    ).format(condition)
    params = {
        "owners": [one.owner for one in records],
        "offices": [one.office for one in records],
        "teams": [one.team for one in records],
    }
    async with database.read() as connection:
        found = await connection.column(int, statement, params)
    assert found == [number for number, one in enumerate(records, 1) if over.holds(one)]


@given(ACTORS, st.sampled_from(Right), RECORDS)
def test_no_record_is_accessible_without_the_right(actor: Actor, right: Right, record: Ownership) -> None:
    if record_access(actor, right).holds(record):
        assert has_right(actor, right)
        assert actor.role is not None
        assert right in ROLES[actor.role]
        if actor.surface is Surface.PUBLIC:
            assert right in PUBLIC
        if actor.scopes is not None:
            assert any(right in SCOPES[scope] for scope in actor.scopes)


@given(ACTORS, st.sampled_from(Right), RECORDS)
def test_a_key_has_no_more_access_than_its_owner(actor: Actor, right: Right, record: Ownership) -> None:
    owner = Actor(actor.name, actor.user_id, actor.role, actor.office, actor.team, actor.agents)
    if record_access(actor, right).holds(record):
        assert record_access(owner, right).holds(record)


MANAGER = Actor("manager", ADA, Role.MANAGER, "North", "A")


@pytest.mark.parametrize(
    ("office", "team", "record", "held"),
    [
        ("North", "A", Ownership(BEN, "North", "A"), True),
        ("North", "A", Ownership(BEN, "North", "B"), False),
        ("North", "A", Ownership(BEN, "South", "A"), False),
        ("North", "A", Ownership(None, "North", "A"), True),
        ("North", None, Ownership(BEN, "North", "B"), True),
        ("North", None, Ownership(BEN, "South", None), False),
        (None, "A", Ownership(BEN, "South", "A"), True),
        (None, None, Ownership(BEN, None, None), False),
        (None, None, Ownership(ADA, "South", "B"), True),
        ("North", "A", Ownership(ADA, "South", "B"), True),
    ],
)
def test_a_manager_has_access_to_team_and_office(
    office: str | None, team: str | None, record: Ownership, *, held: bool
) -> None:
    manager = Actor("manager", ADA, Role.MANAGER, office, team)
    assert record_access(manager, Right.WRITE_CRM).holds(record) is held


@pytest.mark.parametrize(
    ("actor", "record", "error"),
    [
        (MANAGER, Ownership(BEN, "South", "A"), NotFound),
        (Actor("auditor", ADA, Role.AUDITOR), Ownership(BEN), NotAllowed),
        (Actor("assistant", ADA, Role.ASSISTANT, agents=frozenset({BEN})), Ownership(BEN), NotAllowed),
        (Actor("assistant", ADA, Role.ASSISTANT, agents=frozenset({BEN})), Ownership(CYD), NotFound),
        (Actor("agent", ADA, Role.AGENT, "North"), Ownership(BEN, "North"), NotFound),
        (MANAGER, Ownership(BEN, "North", "A"), None),
    ],
)
def test_an_invisible_record_is_not_found_and_a_visible_one_refused(
    actor: Actor, record: Ownership, error: type[Exception] | None
) -> None:
    if error is None:
        require_record_access(actor, Right.DELETE_CRM, record, read_right=Right.READ_CRM)
        return
    with pytest.raises(error):
        require_record_access(actor, Right.DELETE_CRM, record, read_right=Right.READ_CRM)


def test_write_rights_include_read_rights() -> None:
    pairs = [(Right.WRITE_CRM, Right.READ_CRM), (Right.DELETE_CRM, Right.READ_CRM), (Right.RUN_SYNCS, Right.READ_SYNCS)]
    pairs += [(Right.MANAGE_USERS, Right.READ_USERS), (Right.WRITE_LISTINGS, Right.READ_LISTINGS)]
    for row in ROLES.values():
        for write, read in pairs:
            if write in row:
                assert row[read] in {row[write], AccessScope.ALL}


def test_only_admins_see_raw_records_and_manage_users() -> None:
    for right in (Right.READ_RAW, Right.MANAGE_USERS, Right.IMPORT_CRM, Right.RUN_SYNCS):
        assert [role for role, row in ROLES.items() if right in row] == [Role.ADMIN]
