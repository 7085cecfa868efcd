"""Which URLs credentials may be sent to: those of the login's own host and of trusted hosts."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """The host of the login URL, and the others that the settings name. The port makes no difference."""

    login_url: str
    others: Collection[str] = ()

    def find_objection(self, url: str) -> str | None:
        """Why credentials and cookies may not be sent to a URL, naming its host; None if they may."""
        login = urlsplit(self.login_url)
        try:
            scheme, host = urlsplit(url).scheme, host_of(url)
        except ValueError:  # brackets without a valid IPv6 address
            return "at a URL that is not valid"
        if scheme not in ("http", "https") or not host:
            return "at a URL that is neither http nor https"
        if host != login.hostname and host not in {other.lower() for other in self.others}:
            return f"at {host}, which is neither the login's host nor in settings.trustedHosts"
        if scheme == "http" and login.scheme == "https":
            return f"at http://{host}, although the login uses https"
        return None


def host_of(url: str) -> str:
    """The host of a URL in lower case, without its port."""
    return urlsplit(url).hostname or ""
