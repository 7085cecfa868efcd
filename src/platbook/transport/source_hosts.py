"""Which hosts a provider's credentials may be sent to: the one rule for logins, links, redirects and photo headers.

Whatever a source sends (a login reply, a redirect, a next link, a record) may name any address. Passwords, tokens,
cookies and secret headers go to the hosts of the provider's own settings alone, and never from https to http.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Self

from platbook.base.errors import InvalidInput
from platbook.transport.urls import parse_origin


@dataclass(frozen=True, slots=True)
class SourceHosts:
    """The hosts of the URLs in a provider's settings, and its trusted hosts. The port makes no difference."""

    names: frozenset[str] = frozenset()
    needs_https: bool = False

    @classmethod
    def of(cls, base_urls: Iterable[str], trusted: Collection[str] = ()) -> Self:
        """The hosts of `base_urls` and `trusted` ones. Where a base URL has https, http is allowed nowhere.

        InvalidInput for a base URL that is none.
        """
        origins = [parse_origin(url) for url in base_urls]
        names = {origin.host.lower() for origin in origins} | {name.lower() for name in trusted}
        return cls(frozenset(names), any(origin.scheme == "https" for origin in origins))

    def only(self, names: Collection[str]) -> Self:
        """The same rule for other hosts."""
        return replace(self, names=frozenset(name.lower() for name in names))

    def find_objection(self, url: str) -> str | None:
        """Why credentials may not be sent to a URL, naming its host; None if they may."""
        try:
            origin = parse_origin(url)
        except InvalidInput:
            return "at a URL that is not valid"
        host = origin.host.lower()
        if host not in self.names:
            return f"at {host}, which is neither a host of the provider's own URLs nor in settings.trustedHosts"
        if self.needs_https and origin.scheme == "http":
            return f"at http://{host}, although the provider's own URL uses https"
        return None


NO_HOSTS = SourceHosts()


def host_of(url: str) -> str:
    """The host of a URL in lower case, without its port; empty where it has none."""
    try:
        return parse_origin(url).host.lower()
    except InvalidInput:
        return ""
