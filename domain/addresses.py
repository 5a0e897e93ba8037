"""Which URLs a webhook may have and which addresses it may reach.

Customers name the URLs, so each is a way to make this service knock on doors inside its own network.
`check_url` judges what can be known when a URL is registered; what a name stands for is only known on
connect, where `webhooks/resolver.py` asks `refusal` about every address. Special-purpose networks are
those of the IANA registries, listed here because `ipaddress.is_global` differs between Pythons.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from domain.errors import InvalidRequest

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_URL_LENGTH: Final = 2048
MAX_PORT: Final = 65535

_LOOPBACK: Final = IPv4Address("127.0.0.1")
_LOOPBACK_V6: Final = IPv6Address("::1")
_COMPATIBLE: Final = IPv6Network("::/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_UNICAST_V6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and one cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # one cloud's host agent, on a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, benchmarking
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)((?:[/?][^#]*)?)((?:#.*)?)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAME: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_MAX_NAME_LENGTH: Final = 253
_NEVER_IN_URLS: Final = frozenset('\\<>"^`{|} ')
_SHOWN_LENGTH: Final = 200


def check_url(url: str, *, allowed_networks: Sequence[Network], param: str = "webhook_url") -> None:
    """Refuse a URL that no webhook may be sent to; a host name's addresses are judged on connect.

    Args:
        url: an absolute `https://` URL, or `http://` where `allowed_networks` are given.
        allowed_networks: private networks that webhooks may reach.
        param: the request's field, for the error.

    Raises:
        InvalidRequest: naming the URL, what is wrong with it and what to do.
    """
    fault = _url_fault(url, allowed_networks)
    if fault is not None:
        raise InvalidRequest(f"{param} {url[:_SHOWN_LENGTH]!r} cannot be used: {fault}.", param=param)


def is_allowed_ip(ip: Address, *, allowed_networks: Iterable[Network]) -> bool:
    """Tell whether a webhook may reach `ip` at all: a public unicast address, or in an allowed network."""
    return _is_inside(ip, allowed_networks) or _is_public(ip)


def refusal(
    ip: Address, *, scheme: str, allowed_networks: Sequence[Network], called: str | None = None
) -> str | None:
    """Return why no webhook may go to `ip` by `scheme` (`http` or `https`), or None if it may.

    The words show `called` in the place of `ip`, if it is given.
    """
    shown = called or str(ip)
    if not is_allowed_ip(ip, allowed_networks=allowed_networks):
        return f"{shown} is neither a public address nor in TUNEWARD_WEBHOOK_ALLOWED_NETWORKS"
    if scheme != "https" and not _is_inside(ip, allowed_networks):
        return f"http:// is taken for TUNEWARD_WEBHOOK_ALLOWED_NETWORKS only and {shown} is not in them; use https://"
    return None


def _destination(ip: Address) -> Address:
    """Return the IPv4 address that packets to an IPv6 form of it end up at, else `ip` itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip == _LOOPBACK_V6:  # `localhost` is both, and must not be half allowed
        return _LOOPBACK
    if ip in _NAT64 or ip in _COMPATIBLE:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.teredo is not None:
        return ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_inside(ip: Address, networks: Iterable[Network]) -> bool:
    destination = _destination(ip)
    return any(ip in network or destination in network for network in networks)


def _is_public(ip: Address) -> bool:
    destination = _destination(ip)
    if isinstance(destination, IPv6Address) and destination not in _UNICAST_V6:
        return False
    return not any(destination in network for network in _NOT_PUBLIC)


def _url_fault(url: str, allowed_networks: Sequence[Network]) -> str | None:
    if len(url) > MAX_URL_LENGTH:
        return f"it has {len(url)} characters, and {MAX_URL_LENGTH} are the limit"
    strange = next((char for char in url if not char.isprintable() or char in _NEVER_IN_URLS), None)
    if strange is not None:
        return f"the character {strange!r} has no place in a URL; percent-encode it"
    parts = _URL.fullmatch(url)
    if parts is None:
        return "it is not an absolute URL; write it like https://example.com/hooks"
    scheme, authority, _, fragment = parts.groups()
    if fragment:
        return "a fragment is never sent; leave out the part from '#' on"
    return _scheme_fault(scheme.lower(), allowed_networks) or _authority_fault(
        authority, scheme.lower(), allowed_networks
    )


def _scheme_fault(scheme: str, allowed_networks: Sequence[Network]) -> str | None:
    if scheme not in {"http", "https"}:
        return f"webhooks are sent by https, not by {scheme}"
    if scheme == "http" and not allowed_networks:
        return "http:// is taken for TUNEWARD_WEBHOOK_ALLOWED_NETWORKS only, and none are set; use https://"
    return None


def _authority_fault(authority: str, scheme: str, allowed_networks: Sequence[Network]) -> str | None:
    if "@" in authority:
        return "it must not hold a user name or password; the signature proves who sends"
    if "%" in authority:
        return "a host takes neither percent-encoding nor an IPv6 zone id"
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        return "it needs a host, and a port only as ':' and a number"
    host, port = parts.groups()
    if port is not None and not 1 <= int(port) <= MAX_PORT:
        return f"the port {port} is not between 1 and {MAX_PORT}"
    return _host_fault(host, scheme, allowed_networks)


def _host_fault(host: str, scheme: str, allowed_networks: Sequence[Network]) -> str | None:
    try:
        name = host.lower() if host.startswith("[") else host.encode("idna").decode().lower()
        ip = _literal(name)
    except ValueError:  # UnicodeError is one
        return (
            f"{host!r} is not a host name or a plain IP address (four decimal numbers, or IPv6 in brackets)"
        )
    if ip is not None:
        return refusal(ip, scheme=scheme, allowed_networks=allowed_networks)
    name = name.removesuffix(".")
    if len(name) > _MAX_NAME_LENGTH or _NAME.fullmatch(name) is None:
        return f"{host!r} is not a host name"
    return None


def _literal(name: str) -> Address | None:
    """Return the address that a host in lower-case ASCII spells out, None for any other name.

    Raises:
        ValueError: for the spellings of IPv4 that programs read differently (octal, hexadecimal, one
            number, short forms): the address judged must be the address reached.
    """
    if name.startswith("["):
        return IPv6Address(name.strip("[]"))
    bare = name.removesuffix(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return _LOOPBACK
    if _NUMERIC_LABEL.fullmatch(bare.rpartition(".")[2]):
        return IPv4Address(name)
    return None


def parse_ip(text: str) -> Address:
    """Read an address as a name lookup or a socket gives it; an IPv6 zone is dropped."""
    return ip_address(text.partition("%")[0])
