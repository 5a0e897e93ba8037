"""A closed loop of keep-alive HTTP clients, in a process of its own: order on stdin, result on stdout.

Bare asyncio protocols, because a client library would use up more of the processor than what it measures.
"""

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

from embedded.environment import python_module

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class LoadFailed(Exception):  # noqa: N818 - it says what happened
    """A request was answered by something else than 200, or not at all: the rate would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent, and how.

    `clients` connections send the same POST over and over, each as soon as its last one was answered;
    after `warm_up` seconds the answers of `seconds` are counted. With `idempotent` every request has an
    `Idempotency-Key` of its own.
    """

    url: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    clients: int = 32
    warm_up: float = 0.5
    seconds: float = 3.0
    idempotent: bool = False


def rate(load: Load) -> float:
    """Run the load in another process and return how many requests per second were answered by 200.

    Raises:
        LoadFailed: not all of them were.
    """
    done = subprocess.run(
        python_module("benchmarks.http_load"),
        input=json.dumps(asdict(load)),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=load.warm_up + load.seconds + 30,
    )
    result = json.loads(done.stdout)
    if set(result["statuses"]) != {"200"}:
        raise LoadFailed(f"{load.url} answered {result}")
    return float(result["statuses"]["200"] / load.seconds)


class _Clients:
    """What the connections share."""

    def __init__(self, load: Load) -> None:
        self.load = load
        target = urlsplit(load.url)
        self.address = (target.hostname or "", target.port or 80)
        self._head = "".join(
            f"{line}\r\n"
            for line in (
                f"POST {target.path} HTTP/1.1",
                f"host: {target.netloc}",
                "content-type: application/json",
                f"content-length: {len(load.body.encode())}",
                *(f"{name}: {value}" for name, value in load.headers.items()),
            )
        ).encode()
        self._body = load.body.encode()
        self._begin = time.perf_counter() + load.warm_up
        self._end = self._begin + load.seconds
        self.statuses: Counter[str] = Counter()
        self.last_body = b""

    def request(self) -> bytes:
        """Return the next request's bytes."""
        own = f"idempotency-key: {uuid.uuid4()}\r\n".encode() if self.load.idempotent else b""
        return b"".join((self._head, own, b"\r\n", self._body))

    def answered(self, status: str, body: bytes) -> bool:
        """Count an answer; tell whether to go on. A wrong status counts at any time."""
        now = time.perf_counter()
        if status != "200":
            self.last_body = body
        if status != "200" or self._begin <= now < self._end:
            self.statuses[status] += 1
        return now < self._end


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, clients: _Clients) -> None:
        self._clients = clients
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._done = False
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._clients.request())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(_HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._received[:head_end]).lower() + b"\r\n"
        begin = head.index(_LENGTH) + len(_LENGTH)
        whole = head_end + len(_HEAD_END) + int(head[begin : head.index(b"\r\n", begin)])
        if len(self._received) >= whole:
            self._answered(head, bytes(self._received[head_end + len(_HEAD_END) : whole]))

    def _answered(self, head: bytes, body: bytes) -> None:
        self._received.clear()
        assert self._transport is not None
        if self._clients.answered(head[9:12].decode(), body):
            self._transport.write(self._clients.request())
        else:
            self._done = True
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done:
            self._clients.statuses[f"cut: {exc}"] += 1
        if not self.closed.done():
            self.closed.set_result(None)


async def _run(load: Load) -> _Clients:
    clients, loop = _Clients(load), asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: _Connection(clients), *clients.address))[1]
        for _ in range(load.clients)
    ]
    await asyncio.gather(*(connection.closed for connection in connections))
    return clients


if __name__ == "__main__":
    ended = uvloop.run(_run(Load(**json.load(sys.stdin))))
    print(json.dumps({"statuses": ended.statuses, "last_body": ended.last_body.decode(errors="replace")}))
