"""One try of a webhook: a signed POST to a vetted address, and what came of it."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from domain.addresses import Network
from domain.outcomes import Attempted
from domain.retry import parse_retry_after
from webhooks.failures import NO_ANSWER, describe
from webhooks.resolver import Lookup, SystemLookup, VettingResolver
from webhooks.signing import headers

ANSWER_READ: Final = 16 * 1024
ANSWER_KEPT: Final = 4 * 1024
IDLE_SECONDS: Final = 4.0
"""Under the 5 s after which common servers close an idle connection: we rarely write into a closed one."""
_EXACT: Final = 3600.0
"""aiohttp rounds longer time-outs than this up to a whole second; by default those over 5 s."""


class WebhookSender:
    """Sends webhooks and never raises for what a receiver does.

    Make it inside a running event loop, one per process, and close it: `async with WebhookSender(…)`.
    """

    def __init__(
        self,
        allowed_networks: Sequence[Network],
        *,
        timeout: timedelta = timedelta(seconds=15),
        connect: timedelta = timedelta(seconds=5),
        connections: int = 256,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Set the policy of every attempt.

        Args:
            allowed_networks: private networks that may be reached, the only ones by `http://`.
            timeout: for the whole attempt, from the name to the end of the answer.
            connect: for the lookup of the name, and again for connection and TLS together.
            connections: attempts at once, whose waits for a turn are in no time-out, and as many idle ones.
            lookup: names to addresses; the system's resolver by default.
            tls: which certificates are trusted; the system's store by default.
        """
        self._timeout = timeout
        self._connect = connect
        self._turns = asyncio.Semaphore(connections)
        lookup = lookup or SystemLookup()
        tls = tls or ssl.create_default_context()
        self._sessions = {
            scheme: self._session(
                VettingResolver(scheme, allowed_networks, lookup=lookup, timeout=connect),
                tls,
                idle=connections,
            )
            for scheme in ("https", "http")
        }

    async def attempt(
        self,
        *,
        url: str,
        body: bytes,
        delivery_id: str,
        secrets: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> Attempted:
        """Send `body` once, signed with each of `secrets`; redirects are not followed.

        `clock` says in Unix seconds when it leaves; receivers refuse what is signed five minutes off.

        Returns:
            What came of it. Once a status was received it counts, even if the answer's body then breaks off.

        Raises:
            ValueError: if the secrets are not ours: see `webhooks.signing.sign`.
        """
        async with self._turns:
            started = time.monotonic()
            signed = headers(secrets=secrets, delivery_id=delivery_id, at=int(clock()), body=body)
            try:
                status, answer, retry_after = await self._post(url, body, signed)
            except NO_ANSWER as error:
                words = describe(error, connect=self._connect, total=self._timeout)
                return Attempted(status=None, duration=_since(started), error=words)
            return Attempted(status, _since(started), answer, retry_after=retry_after)

    async def aclose(self) -> None:
        """Close every connection; attempts under way fail."""
        for session in self._sessions.values():
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _session(self, resolver: VettingResolver, tls: ssl.SSLContext, *, idle: int) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Pool(
                idle,
                resolver=resolver,
                socket_factory=resolver.open_socket,
                use_dns_cache=False,  # the pool saves the lookups that matter
                keepalive_timeout=IDLE_SECONDS,
                limit=0,  # `_turns` limits: a wait inside aiohttp would count as the receiver's slowness
                ssl=tls,
                timeout_ceil_threshold=_EXACT,
            ),
            timeout=aiohttp.ClientTimeout(
                total=self._timeout.total_seconds(),
                sock_connect=self._connect.total_seconds(),
                ceil_threshold=_EXACT,
            ),
            headers={"accept": "*/*", "accept-encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a proxy would connect where we could not vet
            auto_decompress=False,
            read_bufsize=ANSWER_READ,
        )

    async def _post(self, url: str, body: bytes, signed: dict[str, str]) -> tuple[int, str, timedelta | None]:
        target = _target(url)
        session = self._sessions[target.scheme]
        async with session.post(target, data=body, headers=signed, allow_redirects=False) as response:
            return response.status, await _read_answer(response), _asked_wait(response.headers)


class _Pool(aiohttp.TCPConnector):
    """aiohttp's pool with a limit on idle connections: else many receivers would use up our open files."""

    def __init__(self, idle: int, **policy: Any) -> None:
        super().__init__(**policy)
        self._idle = idle

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        idle = sum(len(connections) for connections in self._conns.values())
        super()._release(key, protocol, should_close=should_close or idle >= self._idle)


async def _read_answer(response: aiohttp.ClientResponse) -> str:
    """Return the first 4 kB as text that Postgres can keep; give up, and the connection, after 16 kB."""
    kept, read = bytearray(), 0
    try:
        async for chunk in response.content.iter_any():
            kept += chunk[: ANSWER_KEPT - len(kept)]
            read += len(chunk)
            if read >= ANSWER_READ:
                response.close()
                break
    except NO_ANSWER:
        response.close()  # the status stands: the receiver has decided
    return kept.decode(errors="replace").replace("\0", "")


def _asked_wait(headers: Mapping[str, str]) -> timedelta | None:
    """Read `Retry-After`; a date in it counts from the answer's own `Date`, so that our clock may be off."""
    asked = headers.get("retry-after")
    if asked is None:
        return None
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        now = datetime.now(UTC)
    return parse_retry_after(asked, now=now if now.tzinfo else now.replace(tzinfo=UTC))


@lru_cache(maxsize=1024)
def _target(url: str) -> URL:
    """Return the URL as it goes out: ASCII as it was given, the rest in IDNA and percent-encoding."""
    target = URL(url.partition("#")[0], encoded=url.isascii())
    if target.scheme not in {"https", "http"}:
        raise ValueError(f"{target.scheme} is not a scheme for webhooks")
    return target


def _since(started: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - started)
