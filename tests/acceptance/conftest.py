"""Stacks and receivers for the acceptance tests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from embedded.stack import Stack
from tests.acceptance.fleet import Receiver

# Durations scaled down fifteenfold: a lease of 2 s for one of 30 s, and what belongs to it.
SCALED = {
    "TUNEWARD_CLAIM_LEASE": "2s",
    "TUNEWARD_SETTLE_TIME": "4s",
    "TUNEWARD_SWEEP_INTERVAL": "1s",
    "TUNEWARD_POLL_INTERVAL": "500ms",
    "TUNEWARD_WEBHOOK_SCHEDULE": "0s,1s,1s,2s,5s,10s,30s",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    ledger = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            ledger.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            ledger.open.wait()
            self.send_response(200)
            self.send_header("content-length", "0")
            with suppress(ConnectionError):  # whoever sent it was stopped meanwhile
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ledger.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield ledger
        ledger.open.set()
        server.shutdown()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Start stacks that are stopped with the test."""
    started: list[Stack] = []

    def make(**options: Any) -> Stack:
        env = {**SCALED, **options.pop("extra_env", {})}
        stack = Stack(tmp_path / f"stack-{len(started)}", durable=False, extra_env=env, **options)
        stack.start()
        started.append(stack)
        return stack

    yield make
    for stack in started:
        stack.stop()
