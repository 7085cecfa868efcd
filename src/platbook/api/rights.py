"""Who may do what, route by route: the one table. A route that is not in it is refused to everybody."""

from collections.abc import Mapping
from types import MappingProxyType

from platbook.base.actor import Role

BASE = "/api/v1"

ANYBODY: frozenset[Role] = frozenset()
"""No login is asked for."""

_ADMIN = frozenset({Role.ADMIN})
_READS_STATUS = frozenset({Role.ADMIN, Role.AUDITOR, Role.MANAGER})
_READS_SYNC = frozenset({Role.ADMIN, Role.AUDITOR})
_WRITES_LISTINGS = frozenset({Role.ADMIN, Role.MANAGER, Role.AGENT, Role.ASSISTANT})
_EVERY_USER = frozenset(Role)

RIGHTS: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "POST /auth/register": ANYBODY,
        "POST /auth/login": ANYBODY,
        "POST /auth/refresh": ANYBODY,
        "GET /auth/me": _EVERY_USER,
        "GET /properties": _EVERY_USER,
        "POST /properties": _WRITES_LISTINGS,
        "GET /properties/search": _EVERY_USER,
        "POST /properties/search": _EVERY_USER,
        "GET /properties/stats": _EVERY_USER,
        "GET /properties/featured": _EVERY_USER,
        "GET /properties/suggest": _EVERY_USER,
        "GET /properties/by-key": _EVERY_USER,
        "GET /properties/{property_id}": _EVERY_USER,
        "PUT /properties/{property_id}": _WRITES_LISTINGS,
        "DELETE /properties/{property_id}": _WRITES_LISTINGS,
        "GET /properties/{property_id}/media": _EVERY_USER,
        "POST /properties/{property_id}/media": _WRITES_LISTINGS,
        "PUT /properties/{property_id}/media": _WRITES_LISTINGS,
        "DELETE /properties/{property_id}/media": _WRITES_LISTINGS,
        "DELETE /properties/{property_id}/media/{media_key}": _WRITES_LISTINGS,
        "GET /properties/{property_id}/timeline": _EVERY_USER,
        "POST /admin/mls/sync": _ADMIN,
        "POST /admin/mls/sync/{provider_id}/cancel": _ADMIN,
        "GET /admin/mls/status": _READS_STATUS,
        "GET /admin/mls/status/{provider_id}": _READS_STATUS,
        "GET /admin/mls/history": _READS_SYNC,
        "GET /admin/mls/history/{provider_id}": _READS_SYNC,
        "GET /admin/mls/errors/{provider_id}": _READS_SYNC,
        "GET /admin/mls/errors/{error_id}/raw": _ADMIN,
        "POST /admin/mls/errors/{error_id}/retry": _ADMIN,
        "POST /admin/mls/errors/{provider_id}/retry-all": _ADMIN,
        "GET /admin/mls/statistics": _READS_SYNC,
        "PUT /admin/mls/provider/{provider_id}/toggle": _ADMIN,
        "PUT /admin/mls/provider/{provider_id}/interval": _ADMIN,
        "GET /admin/mls/providers": _READS_SYNC,
        "POST /admin/mls/providers": _ADMIN,
        "GET /admin/mls/providers/{provider_id}": _READS_SYNC,
        "PUT /admin/mls/providers/{provider_id}": _ADMIN,
        "DELETE /admin/mls/providers/{provider_id}": _ADMIN,
        "POST /admin/mls/providers/{provider_id}/test": _ADMIN,
        "GET /admin/mls/media/{provider_id}": _READS_SYNC,
        "POST /admin/mls/media/{provider_id}/retry": _ADMIN,
        "POST /admin/mls/media/{provider_id}/reprocess": _ADMIN,
        "POST /admin/mls/media/gc": _ADMIN,
        "GET /admin/mls/sweeps": _READS_SYNC,
        "POST /admin/mls/sweeps/{sweep_id}/accept": _ADMIN,
    }
)
