"""A fast keep-alive webhook receiver, in a process of its own: answers 204 and notes when it was called."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
import uvloop

from benchmarks.processes import running
from embedded.environment import of_programs, python_module
from embedded.ports import LOOPBACK
from embedded.process import SupervisedProcess

_LOOK_AGAIN = 0.01


class Receiver:
    """The receiver as a benchmark sees it; POSTs go to `url` with any path behind it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client()

    def wait_for(self, count: int, *, patience: float) -> list[float]:
        """Return the arrivals (Unix seconds) since the last call once there are `count` of them.

        Raises:
            TimeoutError: There were fewer after `patience` seconds.
        """
        give_up = time.monotonic() + patience
        arrivals: list[float] = []
        while len(arrivals) < count:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{len(arrivals)} of {count} webhooks came within {patience:g} s")
            time.sleep(_LOOK_AGAIN)
            arrivals += self._client.get(self.url).raise_for_status().json()
        return arrivals


@contextmanager
def receiving(logs: Path) -> Iterator[Receiver]:
    """Run a receiver; its log goes to the folder `logs`."""
    process = SupervisedProcess(
        "receiver",
        python_module("benchmarks.receiver"),
        log=logs / "receiver.log",
        environment=of_programs(inherit=False),
        folder=logs,
        ready=lambda process: process.event("ready") is not None,
    )
    with running(process):
        said = process.event("ready") or {}
        yield Receiver(str(said["url"]))


class _Connection(asyncio.Protocol):
    """One sender's connection. A GET hands the arrivals out and begins anew."""

    arrivals: list[float] = []  # noqa: RUF012 - shared by all connections of the process

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower() + b"\r\n"
            whole = end + 4 + _body_length(head)
            if len(self._received) < whole:
                return
            del self._received[:whole]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        if head.startswith(b"post"):
            self.arrivals.append(time.time())
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            return
        body = json.dumps(self.arrivals).encode()
        self.arrivals.clear()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


def _body_length(head: bytes) -> int:
    begin = head.find(b"content-length: ")
    return int(head[begin + 16 : head.index(b"\r\n", begin)]) if begin >= 0 else 0


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, LOOPBACK, 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"event": "ready", "url": f"http://{LOOPBACK}:{port}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
