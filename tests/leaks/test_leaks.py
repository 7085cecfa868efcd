"""Every route, tried by every role in every office and team and by keys of every scope: nothing leaks.

Who may do what is read from `docs/api.md` and judged by `table.py`, apart from the code that is on trial.
"""

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from platbook.api import create_api
from platbook.api.route_rights import BASE, PUBLIC, RIGHTS
from platbook.base.actor import Role, Surface
from platbook.base.rights import ROLES
from tests.api.conftest import Api
from tests.leaks.conftest import PARTS
from tests.leaks.table import allows, reaches, read_roles, read_routes
from tests.leaks.world import Caller, Probe, Target, World

PROBES: list[Probe] = [probe for part in PARTS for probe in part.PROBES]
UNGUARDED = {
    "GET /",
    "GET /docs",
    f"GET {BASE}",
    f"GET {BASE}/docs",
    f"GET {BASE}/openapi.json",
    "GET /health/live",
    "GET /health/ready",
    "GET /media/public/{name}",
    "GET /media/private/{name}",
}
"""Outside the base, or about the API itself: no table speaks of them. A private photo's address must be signed."""

DOCUMENTED = read_routes()


def test_the_table_in_the_documents_is_the_table_in_the_code() -> None:
    assert read_roles() == {role: dict(row) for role, row in ROLES.items()}


def test_every_route_s_right_gives_it_to_whom_the_documents_name() -> None:
    for route, right in RIGHTS.items():
        roles = None if right is PUBLIC else frozenset(role for role in Role if right in ROLES[role])
        assert roles == DOCUMENTED[route], route


async def test_every_route_of_the_application_is_tried(api: Api) -> None:
    served = {
        f"{method} {route.path_format}"
        for route in iter_route_contexts(create_api(api.services).routes)
        for method in route.methods or set()
        if method != "HEAD"
    }
    tried = {f"{method} {BASE}{path}" for method, path in (probe.route.split(" ") for probe in PROBES)}
    assert served - UNGUARDED == tried


@pytest.mark.parametrize("role", Role)
async def test_nothing_leaks_to_users(world: World, role: Role) -> None:
    await _try_everything(world, [one for one in world.callers if one.role is role and one.key is None])


@pytest.mark.parametrize("surface", Surface)
async def test_nothing_leaks_to_keys(world: World, surface: Surface) -> None:
    await _try_everything(world, [one for one in world.callers if one.key is not None and one.surface is surface])


async def test_without_a_login_nothing_is_told(world: World) -> None:
    for probe in PROBES:
        method = probe.route.split(" ")[0]
        answer = await world.api.call(method, probe.address({}) + probe.query, who=None)
        assert (answer.status_code == 401) == (DOCUMENTED[probe.route] is not None), probe.route
        for marker in world.markers:
            assert marker.text not in answer.text, (probe.route, marker.text)


async def test_whatever_some_may_see_somebody_is_shown(world: World) -> None:
    """Else a marker that no route ever shows would prove nothing."""
    unseen = {marker.text for marker in world.markers if any(marker.may_see(one) for one in world.callers)}
    for caller in (world.of(Role.ADMIN, "North", "A"), world.of(Role.AUDITOR, "North", "A")):
        for probe in PROBES:
            if probe.route.startswith("GET") and not probe.ends_login:
                target = None if probe.make is None else await probe.make(world, caller)
                include = "?include=raw" if probe.route == "GET /properties/{property_id}" else probe.query
                path = probe.address({} if target is None else target.path)
                pages = [path + (include if caller.role is Role.ADMIN else probe.query)]
                texts = [(await _call(world, caller, probe, page)).text for page in pages]
                unseen = {text for text in unseen if not any(text in shown for shown in texts)}
    assert unseen == set()


async def _try_everything(world: World, callers: list[Caller]) -> None:
    assert callers
    for caller in callers:
        for probe in PROBES:
            if probe.make is None or not _is_let_in(caller, probe):
                await _try(world, caller, probe, None)
                continue
            for owner in world.owners(caller):
                await _try(world, caller, probe, await probe.make(world, owner))


async def _try(world: World, caller: Caller, probe: Probe, target: Target | None) -> None:
    path = probe.address({} if target is None else target.path) + probe.query
    answer = await _call(world, caller, probe, path)
    told = f"{caller.name}: {probe.route} of {target and target.belonging}: {answer.status_code} {answer.text[:300]}"
    status = answer.status_code
    assert status < 500, told
    if not _is_let_in(caller, probe):
        assert status == 403, told
    elif target is not None and not _is_seen(caller, probe, target):
        assert status == 404, told
    elif target is not None and not _is_reached(caller, probe, target):
        assert status == 403, told
    elif target is not None:
        assert status in {200, 201, 202, 204} | probe.may_say, told
    else:
        assert status != 403 or DOCUMENTED[probe.route] is None, told
        assert status != 401 or probe.may_say_401 or DOCUMENTED[probe.route] is None, told
    for marker in world.markers:
        assert marker.text not in answer.text or marker.may_see(caller), (marker.text, told)


def _is_let_in(caller: Caller, probe: Probe) -> bool:
    roles, right = DOCUMENTED[probe.route], RIGHTS[probe.route]
    if roles is None or right is PUBLIC:
        return True
    return caller.role in roles and allows(caller, right)


def _is_seen(caller: Caller, probe: Probe, target: Target) -> bool:
    if probe.seen_by is None:
        return True
    shown = target.is_public or caller.surface is Surface.INTERNAL
    return shown and reaches(caller, probe.seen_by, target.belonging)


def _is_reached(caller: Caller, probe: Probe, target: Target) -> bool:
    right = RIGHTS[probe.route]
    return right is not PUBLIC and reaches(caller, right, target.belonging)


async def _call(world: World, caller: Caller, probe: Probe, path: str) -> httpx2.Response:
    header = {"Authorization": f"Bearer {await world.token(caller)}"}
    method = probe.route.split(" ")[0]
    body = probe.body if probe.write is None else probe.write(world, caller)
    request = {} if body is None else {"json": body}
    answer = await world.api.call(method, path, who=None, headers=header, **request)
    if probe.ends_login:
        world.forget_token(caller)
    return answer
