"""What a connection may take of us."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How much, and for how long."""

    max_connections: int
    max_head_bytes: int
    """Of request line and headers together, and of a body's chunk headers and trailers."""
    max_headers: int
    head_timeout: timedelta
    """From the first byte of a head, or from the connection's start, to the head's end."""
    body_patience: timedelta
    """The window over which the rate of a body, or of an answer being taken, is measured."""
    min_rate: int
    """Bytes a second, in either direction, while it is the client that we wait for."""
