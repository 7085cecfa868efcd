"""Whether a request may be sent, and by which HTTP client: a provider's hosts, and their addresses.

What a source names on its own host is guarded as well: the host of a source on the public internet must not lead to
internal addresses later (DNS rebinding). The source of an operator's own network, which the settings name, is connected
to wherever it is; its first reply shows which of the two it is.
"""

from collections.abc import Callable, Mapping

import httpx2

from platbook.base.errors import SourceBrokeProtocol
from platbook.transport.limited_client import LimitedClient
from platbook.transport.public_addresses import is_public
from platbook.transport.source_hosts import SourceHosts
from platbook.transport.urls import RequestUrl


class RequestRoute:
    """The way requests of one provider or service go. `hosts` None: to any host, which the operator named.

    `public_only` is the client that connects to public addresses only; None: addresses are not judged, as through a
    proxy, which resolves names itself.
    """

    def __init__(
        self,
        client: LimitedClient,
        hosts: SourceHosts | None = None,
        public_only: LimitedClient | None = None,
        judge: Callable[[str], bool] = is_public,
    ) -> None:
        self.client = client
        self._hosts, self._public_only, self._judge = hosts, public_only, judge

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

    async def send(
        self, method: str, url: RequestUrl, headers: Mapping[str, str], content: bytes | None
    ) -> httpx2.Response:
        """Send one request. httpx2.TransportError; AddressBlocked."""
        response = await self.client.send(method, url, headers, content)
        if self._public_only is not None and self._is_from_public(response):
            self.client, self._public_only = self._public_only, None
        return response

    def _is_from_public(self, response: httpx2.Response) -> bool:
        stream = response.extensions.get("network_stream")
        peer = None if stream is None else stream.get_extra_info("server_addr")
        return peer is not None and self._judge(str(peer[0]))
