"""Which IP addresses are of the public internet, by the IANA special-purpose registries as they stand here. Pure.

The tables are ours: the standard library's differ between versions of Python, and pass addresses that are not public.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# https://www.iana.org/assignments/iana-ipv4-special-registry, every block of it
_NOT_PUBLIC_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared address space of carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link local, the metadata service of most clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments, the metadata service of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, limited broadcast
        # Addresses that clouds answer on themselves, outside of the registry
        "168.63.129.16/32",  # Azure
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, every block of it within 2000::/3
_NOT_PUBLIC_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments, among them Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_MAPPED, _NAT64 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
_TEREDO, _SIX_TO_FOUR = IPv6Network("2001::/32"), IPv6Network("2002::/16")
_IPV4_BITS = 0xFFFFFFFF


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet; one with IPv4 addresses in it is judged by those."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return _is_public_ipv4(ip)
    embedded = _find_embedded(ip)
    if embedded:
        return all(map(_is_public_ipv4, embedded))
    return ip in _GLOBAL_UNICAST and not any(ip in block for block in _NOT_PUBLIC_IPV6)


def _is_public_ipv4(ip: IPv4Address) -> bool:
    return not any(ip in block for block in _NOT_PUBLIC_IPV4)


def _find_embedded(ip: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that packets to an IPv6 address of a transition mechanism are sent to."""
    bits = int(ip)
    if ip in _MAPPED or ip in _NAT64:
        return (IPv4Address(bits & _IPV4_BITS),)
    if ip in _SIX_TO_FOUR:
        return (IPv4Address(bits >> 80 & _IPV4_BITS),)
    if ip in _TEREDO:  # RFC 4380: the server's, and the client's with its bits inverted
        return IPv4Address(bits >> 64 & _IPV4_BITS), IPv4Address(~bits & _IPV4_BITS)
    return ()
