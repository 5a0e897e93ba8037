"""One HTTP request and everything that is known of its answer, however it broke off.

Total deadline, capped body, no redirects. What matters to "paid once" is noted as it happens: whether a byte
of the request may have left (`sent`), seen in httpcore's own trace rather than guessed from exception types.
The same trace is the last place at which a request can be kept from leaving.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any, Final

import httpx

from crash_points import CrashPoint, reach

TOO_LARGE: Final = "the answer is larger than allowed"
_REFUSAL_BYTES: Final = 256 * 1024
_PIECE: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 47  # wbits: 32 detects the header, 15 is the largest window


@dataclass(frozen=True, slots=True)
class Answer:
    """A status came. `fault` says why the body is not whole, if it is not."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No status came. `sent` tells whether any byte of the request may have left.

    `ours` tells that it broke off on our side: held up for too long, or no connection free for it.
    """

    reason: str
    sent: bool
    ours: bool = False


class _BodyFault(Exception):  # noqa: N818 - it is one
    """The body cannot be taken as it comes."""


class _TooLate(Exception):  # noqa: N818 - it is
    """Whoever wanted the request sent may not want it any more."""


class Departure:
    """Watches a request leave: `sent` is false as long as the platform cannot have seen a byte of it.

    `in_time` is asked right before the head is written and right before the body is: a process that stood
    still in between must not send what another has taken over. A head without its body creates nothing, but
    that is the platform's word against ours, so such a request counts as sent.
    """

    def __init__(self, in_time: Callable[[], bool] | None = None, point: CrashPoint | None = None) -> None:
        self.sent = False
        self._in_time = in_time
        self._point = point

    async def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take httpcore's trace event. A CONNECT goes to a proxy; the platform has seen nothing then.

        Raises:
            _TooLate: Nothing more of the request may leave.
        """
        if event.endswith("send_request_headers.started") and facts["request"].method != b"CONNECT":
            self._demand_time()
            self.sent = True
        elif self.sent and event.endswith("send_request_body.started"):
            self._demand_time()
        elif self.sent and event.endswith("send_request_body.complete") and self._point is not None:
            reach(self._point)

    def _demand_time(self) -> None:
        if self._in_time is not None and not self._in_time():
            raise _TooLate("the request was held up until it was no longer ours to send")


def open_client(
    base_url: str, api_key: str, *, connections: int, connect: timedelta, keep_alive: bool
) -> httpx.AsyncClient:
    """Make the connections to one platform.

    Proxies and certificate authorities are taken from the environment, for companies have them; except for a
    platform on this machine, which no proxy can reach.

    Raises:
        ValueError: The URL is not http(s) or the key cannot stand in a header.
    """
    if not (api_key.isascii() and api_key.isprintable() and api_key.strip()):
        raise ValueError("The platform's key is empty or has characters that cannot stand in a header.")
    url = httpx.URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"The platform's base URL {base_url!r} is not an http or https URL.")
    seconds = connect.total_seconds()
    trust_env = not _is_loopback(url.host)
    return httpx.AsyncClient(
        headers={"authorization": f"Bearer {api_key}", "user-agent": "tuneward", "accept-encoding": "gzip"},
        timeout=httpx.Timeout(None, connect=seconds, pool=seconds),  # the total deadline is `exchange`'s
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=None if keep_alive else 0),
        follow_redirects=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),  # nothing is carried for anybody
        trust_env=trust_env,
        verify=_certificates(trust_env=trust_env),
    )


@cache
def _certificates(*, trust_env: bool) -> ssl.SSLContext:
    """Return whom to trust: read once, for it takes longer than many a request."""
    return httpx.create_ssl_context(trust_env=trust_env)


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    deadline: timedelta,
    limit: int,
    departure: Departure | None = None,
) -> Answer | Silence:
    """Send a request and read a 2xx of at most `limit` decoded bytes, all within `deadline`.

    Whatever the other side does is in the result; only what the request's own body raises comes through.
    """
    departure = departure or Departure()
    request.extensions["trace"] = departure
    head: httpx.Response | None = None
    body = bytearray()
    fault, ours = None, False
    try:
        async with asyncio.timeout(deadline.total_seconds()) as clock:
            head = await client.send(request, stream=True)
            async with aclosing(head):
                async for chunk in _decoded(head, limit if head.is_success else _REFUSAL_BYTES):
                    body += chunk
    except (httpx.HTTPError, OSError, zlib.error, _BodyFault, _TooLate) as error:
        fault = (
            f"no whole answer within {deadline.total_seconds():g} s" if clock.expired() else explain(error)
        )
        ours = isinstance(error, _TooLate | httpx.PoolTimeout)
    if head is None:
        return Silence(fault or "no answer", departure.sent, ours)
    if fault is not None and head.is_success:
        body.clear()  # a part of what was asked for is of no use, and sixteen such parts are a lot of memory
    return Answer(head.status_code, head.headers, bytes(body), fault)


def explain(error: Exception) -> str:
    """Say in a line what broke: `ReadError: connection reset`."""
    if isinstance(error, _BodyFault | _TooLate):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")


async def _decoded(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield at most `limit` bytes, unpacked here: httpx would unpack all of a chunk, or layers of them.

    Raises:
        _BodyFault: There is more, the encoding is not gzip or deflate, or the packed stream is cut.
    """
    unpack = _decompressor(response.headers.get("content-encoding", ""))
    left = limit
    async for raw in response.aiter_raw():
        for chunk in _unpacked(unpack, raw) if unpack else (raw,):
            if len(chunk) > left:
                yield chunk[:left]
                raise _BodyFault(TOO_LARGE)
            yield chunk
            left -= len(chunk)
    if unpack and not unpack.eof:
        raise _BodyFault("the compressed answer is cut off")


def _unpacked(unpack: Any, raw: bytes) -> Iterator[bytes]:
    """Yield what a packed chunk holds, in small pieces: a bomb is never there whole."""
    while raw:
        yield unpack.decompress(raw, _PIECE)
        raw = unpack.unconsumed_tail


def _decompressor(encoding: str) -> Any:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(_GZIP_OR_ZLIB)
        case _:
            raise _BodyFault("the answer is packed in a way that was not asked for")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
