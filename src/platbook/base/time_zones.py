"""Time zones by their names in the time zone database (IANA)."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from platbook.base.errors import InvalidInput

MAX_NAME_LENGTH = 60


def parse_time_zone(name: str, field: str = "timeZone") -> ZoneInfo:
    """The time zone of a name. InvalidInput names the field."""
    if name not in _names():
        raise InvalidInput.of(field, "must be a name of the time zone database, such as America/Chicago")
    return ZoneInfo(name)


@cache
def _names() -> frozenset[str]:
    """All names, but for that of whatever zone a machine is set to, which means another one elsewhere."""
    return frozenset(available_timezones() - {"localtime"})
