"""What a fleet of jobs on a real stack trains on, and the receiver of its webhooks."""

import threading
from dataclasses import dataclass, field

QUESTION = '{"messages": [{"role": "user", "content": "Question %d?"}, '
ANSWER = '{"role": "assistant", "content": "Answer %d."}]}'
TRAINING_FILE = "\n".join((QUESTION + ANSWER) % (number, number) for number in range(24)).encode()


@dataclass
class Receiver:
    """A webhook endpoint that answers 200, as soon as `open` is set, and remembers what it got."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def bodies_by_id(self) -> dict[str, set[bytes]]:
        found: dict[str, set[bytes]] = {}
        for headers, body in self.got:
            found.setdefault(headers["webhook-id"], set()).add(body)
        return found
