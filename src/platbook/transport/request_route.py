"""Whether a request may be sent, and by which HTTP client: the hosts of a provider."""

from platbook.base.errors import SourceBrokeProtocol
from platbook.transport.limited_client import LimitedClient
from platbook.transport.source_hosts import SourceHosts


class RequestRoute:
    """The way requests of one provider or service go. `hosts` None: to any host, which the operator named."""

    def __init__(self, client: LimitedClient, hosts: SourceHosts | None = None) -> None:
        self.client = client
        self._hosts = hosts

    def check(self, url: str) -> None:
        """Refuse a URL of a host that is not the provider's own: SourceBrokeProtocol.

        Where its settings name no URL, the first request names its host.
        """
        if self._hosts is None:
            return
        if not self._hosts.names:
            self._hosts = SourceHosts.of([url])
        objection = self._hosts.find_objection(url)
        if objection is not None:
            raise SourceBrokeProtocol(f"the source names an address {objection}")
