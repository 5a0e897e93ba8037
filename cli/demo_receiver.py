"""The demo's webhook receiver: a real HTTP server on the loopback that keeps what it gets, unread."""

import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Received:
    """One delivery as it came over the wire."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """Listens on a free port while used as a context manager; `url` is what a job's `webhook_url` takes."""

    def __init__(self) -> None:
        self._deliveries: queue.Queue[Received] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _keeping_in(self._deliveries))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where deliveries are received."""
        return f"http://127.0.0.1:{self._server.server_port}/webhooks"

    def next(self, timeout: float) -> Received:
        """Return the oldest delivery not yet taken, waiting for it up to `timeout` seconds.

        Raises:
            TimeoutError: None came.
        """
        try:
            return self._deliveries.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no webhook was received within {timeout:g} s") from None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _keeping_in(deliveries: "queue.Queue[Received]") -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            deliveries.put(Received(dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the demo prints what matters."""

    return Endpoint
