"""Addresses vetted at connect: the one place where a webhook's host becomes sockets.

A URL that was fine when it was registered can point elsewhere by now. So every address of a name is
judged when the name resolves, and only those addresses are connected to; nothing resolves it a second
time. aiohttp does not send literal addresses through a resolver, so each socket is judged once more when
it is made, whatever led to it.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Thread
from typing import Final, TypeAlias

import structlog
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from domain.addresses import Network, parse_ip, refusal

Lookup: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""From an ASCII host name to its addresses; raises OSError if it has none."""

_THREADS: Final = 64
_log = structlog.get_logger(__name__)


class RefusedAddress(OSError):  # noqa: N818 - the name is what happened
    """A webhook may not go to this address."""


class LookupTimedOut(OSError):  # noqa: N818 - same
    """The name's servers did not answer in time."""


class SystemLookup:
    """The system's resolver (`getaddrinfo`), in threads of its own.

    A lookup cannot be interrupted: a name whose servers are silent holds its thread for as long as
    `resolv.conf` says. So each name is looked up once at a time, these threads serve nothing else, and
    they are daemons, lest they keep the process from exiting.
    """

    def __init__(self, query: Callable[[str], Sequence[str]] | None = None) -> None:
        """Ask `query`, which may block its thread; `getaddrinfo` by default."""
        self._query = query or _query
        self._free = asyncio.Semaphore(_THREADS)
        self._running: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def __call__(self, name: str) -> Sequence[str]:
        """Return the addresses of `name`, those of both families that this machine can use."""
        running = self._running.get(name)
        if running is None:
            running = self._running[name] = asyncio.create_task(self._in_thread(name))
            running.add_done_callback(partial(self._forget, name))
        return await asyncio.shield(running)

    def _forget(self, name: str, ended: "asyncio.Task[Sequence[str]]") -> None:
        del self._running[name]
        if not ended.cancelled():
            ended.exception()  # all who asked may have given up; asyncio would complain in the log

    async def _in_thread(self, name: str) -> Sequence[str]:
        async with self._free:
            found: asyncio.Future[Sequence[str] | OSError] = asyncio.get_running_loop().create_future()
            Thread(target=self._answer, args=(name, found), daemon=True, name="webhook-dns").start()
            answer = await found
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _answer(self, name: str, found: "asyncio.Future[Sequence[str] | OSError]") -> None:
        try:
            answer: Sequence[str] | OSError = self._query(name)
        except OSError as error:
            answer = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            found.get_loop().call_soon_threadsafe(_settle, found, answer)


def _query(name: str) -> list[str]:
    rows = socket.getaddrinfo(name.encode(), None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(row[4][0]) for row in rows]


def _settle(found: "asyncio.Future[Sequence[str] | OSError]", answer: Sequence[str] | OSError) -> None:
    if not found.done():
        found.set_result(answer)


class VettingResolver(AbstractResolver):
    """Lets through what webhooks may reach by one scheme: aiohttp's resolver and socket factory in one."""

    def __init__(
        self, scheme: str, allowed_networks: Sequence[Network], *, lookup: Lookup, timeout: timedelta
    ) -> None:
        """Vet for `scheme` (`http` goes to `allowed_networks` only); a lookup may take `timeout`."""
        self._scheme = scheme
        self._allowed_networks = tuple(allowed_networks)
        self._lookup = lookup
        self._timeout = timeout

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's; every address is judged
    ) -> list[ResolveResult]:
        """Return all addresses of `host`, as numbers.

        Raises:
            RefusedAddress: if any one of them is refused: a name that mixes public and private addresses
                is an attack or a mistake, and trying the others would hide it.
            LookupTimedOut: after the resolver's time-out.
            OSError: if the name has no address.
        """
        addresses = await self._addresses(host)
        for address in addresses:
            self._vet_of_name(address, host)
        return [_result(host, port, address) for address in addresses]

    def open_socket(self, addr_info: AddrInfoType) -> socket.socket:
        """Make the socket for one connection, if its peer is allowed.

        Raises:
            RefusedAddress: if it is not.
        """
        family, kind, protocol, _, peer = addr_info
        reason = self._refusal(peer[0])
        if reason is not None:
            raise RefusedAddress(f"refused address {peer[0]}: {reason}")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Nothing is held."""

    async def _addresses(self, host: str) -> Sequence[str]:
        try:
            addresses = await asyncio.wait_for(self._lookup(host), self._timeout.total_seconds())
        except TimeoutError as error:
            raise LookupTimedOut(f"no answer for {host}") from error
        if not addresses:
            raise OSError(f"{host} has no address")
        return addresses

    def _vet_of_name(self, address: str, host: str) -> None:
        """Customers name the hosts and read the error: it must not tell them what our own DNS knows."""
        reason = self._refusal(address, called=f"an address of {host}")
        if reason is not None:
            _log.info("webhook to a refused address", host=host, address=address)
            raise RefusedAddress(f"refused address: {reason}")

    def _refusal(self, address: str, *, called: str | None = None) -> str | None:
        return refusal(
            parse_ip(address), scheme=self._scheme, allowed_networks=self._allowed_networks, called=called
        )


def _result(host: str, port: int, address: str) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
