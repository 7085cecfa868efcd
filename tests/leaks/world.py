"""The callers, what belongs to whom, and how a route is tried."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from uuid import UUID

from platbook.accounts import NewUser, add_user
from platbook.accounts.api_keys import NewApiKey, add_key
from platbook.accounts.login_audit import LoginMethod
from platbook.accounts.users import attach_agents
from platbook.base.actor import COMMAND_LINE, Actor, ApiKeyScope, Role, Surface
from platbook.base.rights import ROLES, Ownership, Right
from tests.api.conftest import Api

OFFICES = ("North", "South", None)
TEAMS = ("A", "B", None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls: a user in a login, or by a key."""

    name: str
    user_id: UUID
    role: Role
    office: str | None
    team: str | None
    agents: frozenset[UUID] = frozenset()
    surface: Surface = Surface.INTERNAL
    scopes: frozenset[ApiKeyScope] | None = None
    key: str | None = None

    @property
    def belonging(self) -> Ownership:
        """Whose the caller's things are."""
        return Ownership(self.user_id, self.office, self.team)


@dataclass(frozen=True, slots=True)
class Marker:
    """A text that only some may ever be shown, by whatever route."""

    text: str
    may_see: Callable[[Caller], bool]


@dataclass(frozen=True, slots=True)
class Target:
    """A record a route is tried on: its place in the address, and whose it is."""

    path: Mapping[str, str]
    belonging: Ownership
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Probe:
    """How a route is tried.

    `write` makes a body for each call. Without `make` the answer depends on the role alone. With it, a record of each
    of some users is made and tried: unseen by the right `seen_by`, it answers 404; seen, and not within the route's own
    right, 403. Within it, it succeeds, or says that something else is wrong (`may_say`).
    """

    route: str
    body: object = None
    write: Callable[["World", Caller], object] | None = None
    query: str = ""
    make: "Make | None" = None
    seen_by: Right | None = None
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    ends_login: bool = False
    may_say_401: bool = False
    may_say: frozenset[int] = frozenset()

    def address(self, path: Mapping[str, str]) -> str:
        """The route's address with a record's place in it."""
        names = {"user_id": _NOBODY, "error_id": _NOBODY, "sweep_id": _NOBODY, "provider_id": "board"}
        filled = {**names, **self.path, **path}
        return "/api/v1" + re.sub(r"\{(\w+)\}", lambda match: filled.get(match[1], _NOBODY), self.route.split(" ")[1])


Make = Callable[["World", Caller], Awaitable[Target]]
"""Makes a record of somebody's."""

_NOBODY = "01a20cc2-c827-7ea6-9dab-49ecc5a105db"


@dataclass
class World:
    """Everybody, and what must not leak."""

    api: Api
    callers: list[Caller]
    markers: list[Marker] = field(default_factory=list[Marker])
    _tokens: dict[str, str] = field(default_factory=dict[str, str])

    def of(self, role: Role, office: str | None, team: str | None) -> Caller:
        """The one of a role, office and team."""
        wanted = (role, office, team, None)
        return next(one for one in self.callers if (one.role, one.office, one.team, one.key) == wanted)

    def owners(self, caller: Caller) -> Sequence[Caller]:
        """Whose records a caller is tried on: their own, and those of agents near and far."""
        places = (("North", "A"), ("North", "B"), ("South", "A"))
        agents = [self.of(Role.AGENT, office, team) for office, team in places]
        own = next(one for one in self.callers if one.user_id == caller.user_id and one.key is None)
        return list(dict.fromkeys([own, *agents]))

    async def token(self, caller: Caller) -> str:
        """What a caller shows to be let in."""
        if caller.key is not None:
            return caller.key
        if caller.name not in self._tokens:
            services = self.api.services
            async with services.database.transaction() as connection:
                user = await services.sessions.complete_login(connection, caller.user_id, LoginMethod.PASSWORD)
            self._tokens[caller.name] = user.access_token
        return self._tokens[caller.name]

    def forget_token(self, caller: Caller) -> None:
        """The caller's login has ended."""
        self._tokens.pop(caller.name, None)


async def make_world(api: Api) -> World:
    """A user of every role in every office and team, and keys of every scope."""
    users = [await _add_user(api, role, office, team) for role, office, team in product(Role, OFFICES, TEAMS)]
    users = [await _attach(api, users, one) if one.role is Role.ASSISTANT else one for one in users]
    owners = [one for one in users if (one.office, one.team) == ("North", "A")]
    keys = [
        await _add_key(api, one, frozenset({scope}))
        for one in owners
        if one.role is Role.ADMIN
        for scope in ApiKeyScope
    ]
    keys += [await _add_key(api, owner, frozenset(_scopes_of(owner))) for owner in owners]
    keys += [await _add_key(api, owner, frozenset({ApiKeyScope.READ_LISTINGS}), Surface.PUBLIC) for owner in owners]
    return World(api, [*users, *keys])


async def _add_user(api: Api, role: Role, office: str | None, team: str | None) -> Caller:
    name = f"{role}-{office}-{team}".lower()
    new = NewUser(f"{name}@example.com", None, "Test", name, role, office, team)
    async with api.services.database.transaction() as connection:
        user = await add_user(connection, new, COMMAND_LINE, api.clock.now())
    return Caller(name, user.id, role, office, team)


async def _attach(api: Api, users: Sequence[Caller], assistant: Caller) -> Caller:
    """An assistant works for the agent of their own office and team."""
    place = (Role.AGENT, assistant.office, assistant.team)
    (agent,) = [one.user_id for one in users if (one.role, one.office, one.team) == place]
    async with api.services.database.transaction() as connection:
        await attach_agents(connection, assistant.user_id, [agent], COMMAND_LINE, api.clock.now())
    return replace(assistant, agents=frozenset({agent}))


def _scopes_of(owner: Caller) -> list[ApiKeyScope]:
    return [scope for scope in ApiKeyScope if Right[scope.name] in ROLES[owner.role]]


async def _add_key(
    api: Api, owner: Caller, scopes: frozenset[ApiKeyScope], surface: Surface = Surface.INTERNAL
) -> Caller:
    actor = Actor(owner.name, owner.user_id, owner.role, owner.office, owner.team)
    new = NewApiKey("a key", sorted(scopes), surface)
    async with api.services.database.transaction() as connection:
        _, key = await add_key(connection, new, actor, api.clock.now())
    name = f"{owner.name} by a {surface} key for {', '.join(sorted(scopes))}"
    return replace(owner, name=name, surface=surface, scopes=scopes, key=key)
