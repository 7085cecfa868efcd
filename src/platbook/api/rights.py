"""Which right each route asks for: the table of roles itself is `platbook.base.rights`.

A route that is not here is refused to everybody.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from platbook.base.rights import Right

BASE = "/api/v1"


class Anybody(Enum):
    """No login is asked for."""

    ANYBODY = "anybody"


ANYBODY = Anybody.ANYBODY

RIGHTS: Mapping[str, Right | Anybody] = MappingProxyType(
    {
        "POST /auth/register": ANYBODY,
        "POST /auth/login": ANYBODY,
        "POST /auth/refresh": ANYBODY,
        "POST /auth/logout": Right.OWN_PROFILE,
        "POST /auth/password/reset-request": ANYBODY,
        "POST /auth/password/reset": ANYBODY,
        "GET /auth/oidc/start": ANYBODY,
        "GET /auth/oidc/callback": ANYBODY,
        "GET /auth/me": Right.OWN_PROFILE,
        "PUT /auth/me": Right.OWN_PROFILE,
        "POST /auth/password": Right.OWN_PROFILE,
        "POST /auth/totp": Right.OWN_PROFILE,
        "POST /auth/totp/confirm": Right.OWN_PROFILE,
        "POST /auth/totp/recovery-codes": Right.OWN_PROFILE,
        "POST /auth/totp/remove": Right.OWN_PROFILE,
        "GET /auth/keys": Right.OWN_PROFILE,
        "POST /auth/keys": Right.OWN_PROFILE,
        "DELETE /auth/keys/{key_id}": Right.OWN_PROFILE,
        "GET /auth/members": Right.OWN_PROFILE,
        "GET /users": Right.READ_USERS,
        "POST /users": Right.MANAGE_USERS,
        "GET /users/invitations": Right.MANAGE_USERS,
        "POST /users/invitations": Right.MANAGE_USERS,
        "DELETE /users/invitations/{invitation_id}": Right.MANAGE_USERS,
        "GET /users/proposals": Right.MANAGE_USERS,
        "POST /users/proposals": Right.MANAGE_USERS,
        "GET /users/{user_id}": Right.READ_USERS,
        "PUT /users/{user_id}": Right.MANAGE_USERS,
        "POST /users/{user_id}/disable": Right.MANAGE_USERS,
        "POST /users/{user_id}/enable": Right.MANAGE_USERS,
        "POST /users/{user_id}/reset": Right.MANAGE_USERS,
        "DELETE /users/{user_id}/totp": Right.MANAGE_USERS,
        "GET /users/{user_id}/agents": Right.READ_USERS,
        "PUT /users/{user_id}/agents": Right.MANAGE_USERS,
        "GET /users/{user_id}/keys": Right.READ_USERS,
        "DELETE /users/{user_id}/keys/{key_id}": Right.MANAGE_USERS,
        "GET /users/{user_id}/members": Right.READ_USERS,
        "POST /users/{user_id}/members": Right.MANAGE_USERS,
        "POST /users/{user_id}/members/{link_id}/confirm": Right.MANAGE_USERS,
        "DELETE /users/{user_id}/members/{link_id}": Right.MANAGE_USERS,
        "GET /audit": Right.READ_AUDIT,
        "GET /properties": Right.READ_LISTINGS,
        "POST /properties": Right.WRITE_LISTINGS,
        "GET /properties/search": Right.READ_LISTINGS,
        "POST /properties/search": Right.READ_LISTINGS,
        "GET /properties/stats": Right.READ_LISTINGS,
        "GET /properties/featured": Right.READ_LISTINGS,
        "GET /properties/suggest": Right.READ_LISTINGS,
        "GET /properties/by-key": Right.READ_LISTINGS,
        "GET /properties/{property_id}": Right.READ_LISTINGS,
        "PUT /properties/{property_id}": Right.WRITE_LISTINGS,
        "DELETE /properties/{property_id}": Right.WRITE_LISTINGS,
        "GET /properties/{property_id}/media": Right.READ_LISTINGS,
        "GET /properties/{property_id}/timeline": Right.READ_LISTINGS,
        "POST /admin/mls/sync": Right.RUN_SYNCS,
        "POST /admin/mls/sync/{provider_id}/cancel": Right.RUN_SYNCS,
        "GET /admin/mls/status": Right.READ_STATUS,
        "GET /admin/mls/status/{provider_id}": Right.READ_STATUS,
        "GET /admin/mls/history": Right.READ_SYNCS,
        "GET /admin/mls/history/{provider_id}": Right.READ_SYNCS,
        "GET /admin/mls/errors/{provider_id}": Right.READ_SYNCS,
        "GET /admin/mls/errors/{error_id}/raw": Right.READ_RAW,
        "POST /admin/mls/errors/{error_id}/retry": Right.RUN_SYNCS,
        "POST /admin/mls/errors/{provider_id}/retry-all": Right.RUN_SYNCS,
        "GET /admin/mls/statistics": Right.READ_SYNCS,
        "PUT /admin/mls/provider/{provider_id}/toggle": Right.RUN_SYNCS,
        "PUT /admin/mls/provider/{provider_id}/interval": Right.RUN_SYNCS,
        "GET /admin/mls/providers": Right.READ_SYNCS,
        "POST /admin/mls/providers": Right.RUN_SYNCS,
        "GET /admin/mls/providers/{provider_id}": Right.READ_SYNCS,
        "PUT /admin/mls/providers/{provider_id}": Right.RUN_SYNCS,
        "DELETE /admin/mls/providers/{provider_id}": Right.RUN_SYNCS,
        "POST /admin/mls/providers/{provider_id}/test": Right.RUN_SYNCS,
        "GET /admin/mls/sweeps": Right.READ_SYNCS,
        "POST /admin/mls/sweeps/{sweep_id}/accept": Right.RUN_SYNCS,
        "GET /leads": Right.READ_CRM,
        "POST /leads": Right.WRITE_CRM,
        "GET /leads/stats": Right.READ_CRM,
        "GET /leads/check-duplicate": Right.READ_CRM,
        "POST /leads/events": Right.SEND_EVENTS,
        "GET /leads/events": Right.IMPORT_CRM,
        "POST /leads/events/{event_id}/replay": Right.IMPORT_CRM,
        "GET /leads/rules": Right.READ_USERS,
        "POST /leads/rules": Right.MANAGE_USERS,
        "GET /leads/rules/{rule_id}": Right.READ_USERS,
        "PUT /leads/rules/{rule_id}": Right.MANAGE_USERS,
        "DELETE /leads/rules/{rule_id}": Right.MANAGE_USERS,
        "GET /leads/{lead_id}": Right.READ_CRM,
        "PUT /leads/{lead_id}": Right.WRITE_CRM,
        "DELETE /leads/{lead_id}": Right.DELETE_CRM,
        "POST /leads/{lead_id}/assign": Right.ASSIGN_LEADS,
        "POST /leads/{lead_id}/claim": Right.CLAIM_LEADS,
        "POST /leads/{lead_id}/merge": Right.DELETE_CRM,
        "GET /tasks": Right.READ_CRM,
        "POST /tasks": Right.WRITE_CRM,
        "GET /tasks/stats": Right.READ_CRM,
        "GET /tasks/{task_id}": Right.READ_CRM,
        "PUT /tasks/{task_id}": Right.WRITE_CRM,
        "DELETE /tasks/{task_id}": Right.DELETE_CRM,
        "POST /tasks/{task_id}/complete": Right.WRITE_CRM,
        "POST /tasks/{task_id}/incomplete": Right.WRITE_CRM,
        "GET /interactions": Right.READ_CRM,
        "POST /interactions": Right.WRITE_CRM,
        "GET /interactions/stats": Right.READ_CRM,
        "GET /interactions/leads/{lead_id}/timeline": Right.READ_CRM,
        "GET /interactions/{interaction_id}": Right.READ_CRM,
        "DELETE /interactions/{interaction_id}": Right.DELETE_CRM,
    }
)
