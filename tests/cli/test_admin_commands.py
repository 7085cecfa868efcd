"""Every route of administration has a command that does the same."""

from collections.abc import Mapping

from platbook.api.route_rights import RIGHTS
from tests.cli.command_tree import COMMANDS

ROUTES: Mapping[str, str] = {
    "POST /admin/mls/sync": "sync",
    "POST /admin/mls/sync/{provider_id}/cancel": "sync --cancel",
    "GET /admin/mls/status": "status",
    "GET /admin/mls/status/{provider_id}": "status",
    "GET /admin/mls/history": "history",
    "GET /admin/mls/history/{provider_id}": "history",
    "GET /admin/mls/errors/{provider_id}": "errors",
    "GET /admin/mls/errors/{error_id}/raw": "errors --raw",
    "POST /admin/mls/errors/{error_id}/retry": "errors --retry",
    "POST /admin/mls/errors/{provider_id}/retry-all": "errors --retry",
    "GET /admin/mls/findings/{provider_id}": "findings",
    "GET /admin/mls/statistics": "statistics",
    "PUT /admin/mls/provider/{provider_id}/toggle": "provider enable",
    "PUT /admin/mls/provider/{provider_id}/interval": "provider interval",
    "GET /admin/mls/providers": "provider list",
    "POST /admin/mls/providers": "provider add",
    "GET /admin/mls/providers/{provider_id}": "provider show",
    "PUT /admin/mls/providers/{provider_id}": "provider change",
    "DELETE /admin/mls/providers/{provider_id}": "provider remove",
    "GET /admin/mls/providers/{provider_id}/display-rules": "provider rules",
    "PUT /admin/mls/providers/{provider_id}/display-rules": "provider rules --set --preview",
    "POST /admin/mls/providers/{provider_id}/test": "provider test",
    "POST /admin/mls/providers/{provider_id}/discover": "provider discover",
    "POST /admin/mls/providers/{provider_id}/discover/accept": "provider discover --accept",
    "GET /admin/mls/media/{provider_id}": "media status",
    "POST /admin/mls/media/{provider_id}/retry": "media retry",
    "POST /admin/mls/media/{provider_id}/reprocess": "media reprocess",
    "POST /admin/mls/media/gc": "media gc",
    "GET /admin/mls/sweeps": "sweeps",
    "POST /admin/mls/sweeps/{sweep_id}/accept": "sync --accept-sweep",
    "GET /audit": "audit",
    "GET /users": "user list",
    "POST /users": "user add",
    "PUT /users/{user_id}": "user change",
    "GET /users/invitations": "user invitations",
    "POST /users/invitations": "user invite",
    "DELETE /users/invitations/{invitation_id}": "user withdraw",
    "POST /users/{user_id}/disable": "user disable",
    "POST /users/{user_id}/enable": "user enable",
    "POST /users/{user_id}/unlock": "user unlock",
    "POST /users/{user_id}/reset": "user reset-link",
    "DELETE /users/{user_id}/totp": "user remove-second-factor",
    "PUT /users/{user_id}/agents": "user agents",
    "POST /users/{user_id}/members": "user link",
    "GET /leads/events": "lead events",
    "POST /leads/events/{event_id}/replay": "lead replay",
    "GET /leads/rules": "lead rules",
    "POST /leads/rules": "lead add-rule",
    "DELETE /leads/rules/{rule_id}": "lead remove-rule",
    "POST /leads/stages": "lead add-stage",
    "PUT /leads/stages": "lead order-stages",
    "PUT /leads/stages/{stage_key}": "lead change-stage",
    "GET /leads/{lead_id}/export": "lead export",
    "POST /leads/{lead_id}/erase": "lead erase",
    "GET /suppressions": "suppressions list",
    "POST /suppressions": "suppressions add",
    "GET /suppressions/export": "suppressions export",
    "POST /suppressions/{suppression_id}/end": "suppressions end",
}


def test_every_admin_route_has_a_command() -> None:
    admin = {route for route in RIGHTS if route.partition(" ")[2].startswith("/admin/")}
    assert admin <= ROUTES.keys() <= RIGHTS.keys()


def test_each_of_these_commands_exists() -> None:
    for said in set(ROUTES.values()):
        words = said.split()
        path = tuple(word for word in words if not word.startswith("--"))
        assert set(words) - set(path) <= COMMANDS[path], said
