"""What the platform received: the last requests one by one, all of them by count."""

from collections import Counter, deque
from dataclasses import dataclass

REQUESTS_KEPT = 10_000


@dataclass(slots=True)
class Received:
    """One request.

    Attributes:
        at: Arrival, in Unix seconds.
        route: One of the names in `calls.ROUTES`.
        status: What was answered; `None` while nothing is, and for ever if the connection was cut.
        seconds: From arrival to the last byte of the answer.
        fault: The scripted fault that took part.
    """

    at: float
    method: str
    path: str
    route: str
    request_id: str
    status: int | None = None
    seconds: float | None = None
    fault: str | None = None


class Ledger:
    """The requests of this run; files and jobs are in the store."""

    def __init__(self) -> None:
        self.requests: deque[Received] = deque(maxlen=REQUESTS_KEPT)
        self.counts: Counter[str] = Counter()

    def receive(self, request: Received) -> None:
        """Keep one request."""
        self.requests.append(request)
        self.counts[request.route] += 1
