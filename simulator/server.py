"""The server around the app: on a socket of its own, as a process or inside one."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from simulator.app import create_app
from simulator.options import Options
from simulator.stand_in import Clock

SHUTDOWN_SECONDS = 2


class Server(uvicorn.Server):
    """uvicorn that says when it can be used, and leaves the process's signals to whoever starts it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal: uvicorn would raise it once more at the end, and the process would die of it."""
        yield


@asynccontextmanager
async def serving(options: Options, *, clock: Clock = time.time) -> AsyncIterator[str]:
    """Run a stand-in inside this event loop, and yield its base URL (ending in /v1)."""
    async with serving_app(create_app(options, clock=clock), options) as url:
        yield url


@asynccontextmanager
async def serving_app(app: FastAPI, options: Options) -> AsyncIterator[str]:
    """Run an app that the caller made and holds, on the host and port of the options."""
    listener = _listen(options)
    server = _server(app)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _until_ready(server, running)
        yield _url(listener)
    finally:
        server.should_exit = True
        await running


async def run(options: Options) -> None:
    """Run a stand-in until SIGTERM or SIGINT; one JSON line on stdout says when it can be used."""
    listener = _listen(options)
    server = _server(create_app(options))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await _until_ready(server, running)
    sys.stdout.write(json.dumps({"event": "ready", "url": _url(listener)}) + "\n")
    sys.stdout.flush()
    await running


async def _until_ready(server: Server, running: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        await running


def _server(app: FastAPI) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
            lifespan="on",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named: 40 ms an answer otherwise
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
