"""One client's connection: uvicorn's, under limits.

httptools has none of its own: a head may drip in for ever, and is kept whole. Here each part of a request
has a size and a time, and what the parser refuses is answered in the envelope like the rest.
"""

import asyncio
from datetime import timedelta
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from api.serving.crowd import longest_idle
from api.serving.ending import GentleEnd
from api.serving.limits import ConnectionLimits
from api.serving.refusal import refusal
from api.serving.size import RequestSize
from api.serving.watch import Watch
from domain.errors import InvalidHttp, TooManyConnections, TooSlow, TunewardError, Unavailable

LINGER = 2.0
"""Seconds a refused client gets to stop sending: a socket closed at once would take our answer back."""
UNREAD_BODY = 30.0
"""Seconds a client may go on sending a body that was answered before its end."""
COME_AGAIN = timedelta(seconds=1)
"""What a client is told that found no room."""
RESTARTING = "The service restarts, and could not finish this request in time. Send it again."
SPARE_CONNECTIONS = 100
"""Those over the limit that still get an answer before they are closed; the ones above do not."""
WRITE_BUFFER = 64 * 1024
"""Bytes of an answer that wait for the client before we do; asyncio's and uvloop's own number."""
WATCHED = frozenset({b"/healthz", b"/readyz"})
"""Answered even where connections are short, or the process would be restarted for being busy."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection under limits.

    One timer at a time watches what the client owes us: a head, a body, or its leaving. A second one
    watches it take an answer. While the app works, or reads slower than the client sends, neither runs.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._size = RequestSize(limits)
        self._watch, self._write_watch = Watch(self.loop), Watch(self.loop)
        self._running: RequestResponseCycle | None = None
        self._fault: TunewardError | None = None
        self._crowded = self._deaf = self._hung_up = self._was_paused = False
        self._received = self._received_at_look = 0

    # What asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Take the connection, at the cost of the one that was idle longest where there are too many."""
        super().connection_made(transport)
        self._gentle = GentleEnd(transport, self._end)
        self._crowded = len(self.connections) > self._limits.max_connections and not self._make_room()
        if len(self.connections) > self._limits.max_connections + SPARE_CONNECTIONS:
            transport.abort()
            return
        self._watch_what_is_owed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._watch.stop()
        self._write_watch.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; refuse what is no HTTP, and what goes over a limit on the way."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._received += len(data)
        self._size.receive(len(data))
        try:
            self.parser.feed_data(data)
            self._stop_for(self._size.check())
        except httptools.HttpParserUpgrade as upgrade:
            self._read_as_plain(data[upgrade.args[0] :])
        except (httptools.HttpParserError, _Refused) as error:
            reason = f"The request is not valid HTTP: {str(error) or 'its target is no path'}."
            self._refuse(self._fault or InvalidHttp(reason))
        else:
            self._watch_what_is_owed()

    def pause_writing(self) -> None:
        """Wait for the client to take what it was sent, yet not for ever."""
        super().pause_writing()
        seconds = self._limits.body_patience.total_seconds() + WRITE_BUFFER / self._limits.min_rate
        self._write_watch.wait_for("taking", seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._write_watch.stop()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, whether or not its client still reads."""
        self._hang_up()

    # What the parser calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._size.begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        super().on_url(url)
        self._stop_for(self._size.add_target(len(url)))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one behind a body, a trailer, is only counted: uvicorn would put it in the head."""
        if self._size.in_head:
            super().on_header(name, value)
        self._stop_for(self._size.add_header(len(name) + len(value) + 4))

    def on_headers_complete(self) -> None:
        """Start the request, unless it cannot be told whom it is for or there is no room."""
        if self.parser.should_upgrade():
            return
        self._stop_for(self._misaddressed())
        if self._crowded and self.url not in WATCHED:
            self._stop_for(TooManyConnections(retry_after=COME_AGAIN))
        super().on_headers_complete()
        self.cycle.transport = self._gentle
        if self._crowded:
            self.cycle.keep_alive = False
        self._size.end_head()

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on."""
        super().on_body(body)
        self._size.add_body(len(body))

    def on_message_complete(self) -> None:
        """End a request."""
        if not self.parser.should_upgrade():
            super().on_message_complete()
            self._size.end()

    def _misaddressed(self) -> TunewardError | None:
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            return InvalidHttp(f"This is HTTP/{version}; send HTTP/1.1.")
        if version == "1.1" and sum(name == b"host" for name, _ in self.headers) != 1:
            return InvalidHttp("An HTTP/1.1 request has exactly one Host header.")
        return None

    def _stop_for(self, fault: TunewardError | None) -> None:
        """Leave the parser if there is a fault: httptools passes no exception on, so it is kept beside it."""
        if fault is not None:
            self._fault = fault
            raise _Refused

    def _read_as_plain(self, rest: bytes) -> None:
        """Read a request that offers an upgrade as what it is without: Java's clients send all theirs so.

        httptools drops the body of such a request; so the head is parsed again, the offer left out.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(InvalidHttp("CONNECT is not offered: this is no proxy."))
            return
        head = [method, b" ", self.url, b" HTTP/", self.parser.get_http_version().encode()]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [b"\r\n", name, b": ", value]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"".join([*head, b"\r\n\r\n", rest]))

    # Waiting for the client

    def _watch_what_is_owed(self) -> None:
        patience = self._limits.body_patience.total_seconds()
        if self._size.in_body and self.cycle.response_complete:
            self._watch.wait_for("leaving", UNREAD_BODY, self._hang_up)
        elif self._size.in_body:
            if self._watch.wait_for("body", patience, self._look_at_rate):
                self._received_at_look = self._received
        elif self._size.in_head or not self._busy:
            self._watch.wait_for("head", self._limits.head_timeout.total_seconds(), self._head_is_late)
        else:
            self._watch.stop()

    def _head_is_late(self) -> None:
        seconds = self._limits.head_timeout.total_seconds()
        if self._size.in_head:
            self._refuse(TooSlow(f"The request's headers took longer than {seconds:g} s."))
        else:
            self._hang_up()

    def _look_at_rate(self) -> None:
        """Judge a window in which the app was reading at both ends: in others it may be us who were slow."""
        window = self._limits.body_patience.total_seconds()
        enough = self._received - self._received_at_look >= self._limits.min_rate * window
        paused, self._was_paused = self._was_paused or self.flow.read_paused, self.flow.read_paused
        if paused or enough:
            self._watch.stop()
            self._watch_what_is_owed()
            return
        slow = f"The body came slower than {self._limits.min_rate} bytes a second for {window:g} s."
        self._refuse(TooSlow(f"{slow} Send it again over a faster connection."))

    def _make_room(self) -> bool:
        idle = longest_idle(self.connections)
        if idle is not None:
            idle.transport.abort()
        return idle is not None

    # Answering, and ending

    @property
    def _busy(self) -> bool:
        running = self._running
        answering = running is not None and not (running.response_complete or running.disconnected)
        return answering or bool(self.pipeline)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request, or with the refusal of it."""
        if self._hung_up:
            return
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._fault is not None and not self._busy:
            self._answer(self._fault)
        elif self._size.in_body:
            self._watch_what_is_owed()

    def _refuse(self, fault: TunewardError) -> None:
        """Read nothing more, and answer as soon as the requests before this one are answered."""
        self._fault, self._deaf = fault, True
        self._watch.stop()
        if self._size.in_body and not self._give_up_request():
            self._hang_up()
        elif not self._busy:
            self._answer(fault)

    def _give_up_request(self) -> bool:
        """Tell the app that this body never ends; return False if it has begun to answer."""
        if self.cycle is not self._running:
            self.pipeline.popleft()  # its turn had not come
            return True
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return not self.cycle.response_started

    def _answer(self, fault: TunewardError) -> None:
        self.transport.write(refusal(fault))
        self._hang_up()

    def give_up(self) -> None:
        """Answer a request that the process cannot wait for any longer, tell the app so, and hang up."""
        running = self._running
        self.pipeline.clear()
        if running is None or not self._busy:
            self.transport.abort()
            return
        if not running.response_started:
            self.transport.write(refusal(Unavailable(RESTARTING, retry_after=COME_AGAIN)))
        running.disconnected = True
        running.message_event.set()
        self._hang_up()

    def _end(self) -> None:
        """Close behind the last answer; gently where the client still sends."""
        if self._size.in_body or self.pipeline:
            self._hang_up(UNREAD_BODY)
        else:
            self.transport.close()

    def _hang_up(self, seconds: float = LINGER) -> None:
        """Send what is left to send, give the client some time to leave, and close."""
        self._deaf = self._hung_up = True
        self._unset_keepalive_if_required()
        self._watch.stop()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._watch.wait_for("leaving", seconds, self.transport.abort)


class _Refused(Exception):  # noqa: N818 - reads as what happened
    """A limit was passed; the connection keeps which."""


def limited(limits: ConnectionLimits) -> type[Connection]:
    """Return connections under these limits, as uvicorn's `http` takes them."""

    class Limited(Connection):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, limits=limits, **named)

    return Limited
