"""The faults that can be scripted, one function each: add a function with `@scripted` and it can be ordered.

A fault gets the call and its order, and does with the call what it likes: answer it, refuse it, cut it, or
answer it through a `send` of its own that changes, delays or drops what the platform says.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.types import Message

from simulator import life
from simulator.calls import Call
from simulator.errors import Refusal
from simulator.rows import Doom


@dataclass(slots=True)
class Order:
    """A fault somebody asked for.

    Attributes:
        times: How often it still happens; 0 is until it is taken back.
        route: Where: a name in `calls.ROUTES`, or `any`.
        retry_after: What `Retry-After` says, in seconds.
        seconds: How long a delay is.
    """

    fault: str
    times: int
    route: str
    retry_after: float = 1.0
    seconds: float = 1.0

    def json(self) -> dict[str, Any]:
        """Write the order."""
        return asdict(self)


Act = Callable[[Call, Order], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, and on which route if the order names none."""

    act: Act
    route: str


FAULTS: dict[str, Fault] = {}


def scripted(*, route: str) -> Callable[[Act], Act]:
    """Put a fault into the table under its function's name."""

    def enter(act: Act) -> Act:
        FAULTS[act.__name__] = Fault(act, route)
        return act

    return enter


@scripted(route="upload")
async def file_refused(call: Call, _order: Order) -> None:
    """The platform does not want this file."""
    await call.refuse(Refusal(400, "The file cannot be used.", code="invalid_file", param="file"))


@scripted(route="create")
async def training_fails(call: Call, _order: Order) -> None:
    """The job is taken, and fails in the middle of its training."""
    message = "Training stopped: the loss is no longer a number."
    call.scope["simulator.doom"] = Doom(life.FAILED_IN_TRAINING, "training_failed", message)
    await call.answer()


@scripted(route="create")
async def rate_limited(call: Call, order: Order) -> None:
    """Too many requests, with a time to come back."""
    refusal = Refusal(429, "Rate limit reached.", code="rate_limit_exceeded")
    await call.refuse(refusal, {"retry-after": f"{order.retry_after:g}"})


@scripted(route="create")
async def server_error(call: Call, _order: Order) -> None:
    """The platform breaks before it does anything."""
    await call.refuse(
        Refusal(500, "The server had an error while processing your request.", code="internal_error")
    )


@scripted(route="create")
async def cut_after_accept(call: Call, _order: Order) -> None:
    """The request is carried out, and the connection is cut before one byte of the answer."""

    async def drop(_message: Message) -> None:
        pass

    await call.answer(drop)
    await call.cut()


@scripted(route="create")
async def delay(call: Call, order: Order) -> None:
    """The request is carried out at once, and its answer comes late."""

    async def send_late(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(order.seconds)
        await call.send(message)

    await call.answer(send_late)
