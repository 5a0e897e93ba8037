"""How large a request has become, while it arrives."""

from api.serving.limits import ConnectionLimits
from domain.errors import HeadersTooLarge, TunewardError, UrlTooLong

FRAMING = 16
"""Bytes of chunk headers that a byte of body may cost: a chunk of one byte takes six."""


class RequestSize:
    """Counts one request after another on a connection, fed with what the parser says of them.

    What the parser has taken and said nothing of yet is counted as well: a header without an end is kept
    by it whole, and a chunk's extension may go on for ever.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._received_in_body = 0
        self.begin(in_head=False)

    def begin(self, *, in_head: bool = True) -> None:
        """Count from nothing."""
        self.in_head, self.in_body = in_head, False
        self._head_bytes = self._headers = self._unsaid = self._body_bytes = 0

    def receive(self, count: int) -> None:
        """Count bytes that came in, before the parser says what they are."""
        self._unsaid += count
        self._received_in_body += count

    def add_target(self, count: int) -> TunewardError | None:
        """Count a piece of the request's target, and say what is wrong with its length."""
        self._head_bytes += count
        self._unsaid = 0
        return self._fault() if self._head_bytes > self._limits.max_head_bytes else None

    def add_header(self, count: int) -> TunewardError | None:
        """Count a header or a trailer, and say if they are too many or too long."""
        self._head_bytes += count
        self._headers += 1
        self._unsaid = 0
        over = self._head_bytes > self._limits.max_head_bytes or self._headers > self._limits.max_headers
        return self._fault() if over else None

    def end_head(self) -> None:
        """Go on to the body."""
        self.in_head, self.in_body, self._unsaid, self._received_in_body = False, True, 0, 0

    def add_body(self, count: int) -> None:
        """Count a piece of the body; how long that may be is the app's to say."""
        self._body_bytes += count

    def end(self) -> None:
        """Owe nothing more."""
        self.in_body, self._unsaid = False, 0

    def check(self) -> TunewardError | None:
        """Say what is wrong with what grows and becomes neither a header nor a byte of the body."""
        allowed, grown = self._limits.max_head_bytes, self._head_bytes + self._unsaid
        if self.in_body:
            allowed += FRAMING * self._body_bytes
            grown = self._received_in_body - self._body_bytes
        return self._fault() if grown > allowed else None

    def _fault(self) -> TunewardError:
        most = self._limits.max_head_bytes
        if self.in_head and not self._headers:
            return UrlTooLong(f"The request line is longer than {most} bytes. Send long values in the body.")
        return HeadersTooLarge(
            f"A request may have {self._limits.max_headers} headers and {most} bytes of request line and"
            " headers together; this one has more."
        )
