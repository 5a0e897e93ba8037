"""The faults that can be scripted, one function each: add a function with `@scripted` and it can be ordered.

A fault gets the call and its order, and does with the call what it likes: answer it, refuse it, cut it, or
answer it through a `send` of its own that changes, delays or drops what the platform says.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.types import Message

from simulator import life
from simulator.calls import Call
from simulator.errors import Refusal
from simulator.quirks import spoils
from simulator.quirks.reply import Reply
from simulator.rows import Doom


@dataclass(slots=True)
class Order:
    """A fault somebody asked for.

    Attributes:
        times: How often it still happens; 0 is until it is taken back.
        route: Where: a name in `calls.ROUTES`, or `any`.
        retry_after: What `Retry-After` says, in seconds.
        seconds: How long a delay is, or the time between two bytes of a drip.
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


@scripted(route="create")
async def rate_limited_silently(call: Call, _order: Order) -> None:
    """Too many requests, and not a word about when to come back."""
    await call.refuse(Refusal(429, "Rate limit reached.", code="rate_limit_exceeded"))


@scripted(route="create")
async def rate_limited_absurdly(call: Call, _order: Order) -> None:
    """Too many requests, to be tried again in three million years."""
    refusal = Refusal(429, "Rate limit reached.", code="rate_limit_exceeded")
    await call.refuse(refusal, {"retry-after": "99999999999999"})


@scripted(route="any")
async def unauthorized(call: Call, _order: Order) -> None:
    """The key is refused, though it is the right one."""
    await call.refuse(Refusal(401, "Incorrect API key provided.", code="invalid_api_key"))


@scripted(route="any")
async def payment_required(call: Call, _order: Order) -> None:
    """The account has no money left."""
    await call.refuse(Refusal(402, "Your balance is used up.", code="insufficient_quota"))


@scripted(route="create")
async def listed_late(call: Call, order: Order) -> None:
    """The job is taken and can be asked for, but the list shows it only `seconds` after its create."""
    call.scope["simulator.listed_after"] = order.seconds
    await call.answer()


@scripted(route="create")
async def cut_and_listed_late(call: Call, order: Order) -> None:
    """The job is taken, the answer is lost, and the list shows the job only `seconds` after its create."""
    call.scope["simulator.listed_after"] = order.seconds
    await cut_after_accept(call, order)


@scripted(route="create")
async def slow_head(call: Call, order: Order) -> None:
    """The request is carried out; the answer's head comes byte by byte for `seconds`, before the rest."""
    reply = await _answered(call)
    reply.head_dripped_for = order.seconds
    await call.leave(reply)


@scripted(route="create")
async def drip(call: Call, order: Order) -> None:
    """The request is carried out; the answer's body comes byte by byte, `seconds` apart."""
    reply = await _answered(call)
    reply.drip = order.seconds
    await call.leave(reply)


@scripted(route="create")
async def endless(call: Call, _order: Order) -> None:
    """The request is carried out; the answer's body does not end."""
    await _spoiled(call, spoils.endless)


@scripted(route="create")
async def bomb(call: Call, _order: Order) -> None:
    """The request is carried out; the answer is 50 kB that unpack to 50 MB."""
    await _spoiled(call, spoils.gzip_bomb)


@scripted(route="create")
async def html(call: Call, _order: Order) -> None:
    """The request is carried out; the answer is a web page with 200."""
    await _spoiled(call, spoils.html_200)


@scripted(route="create")
async def truncated(call: Call, _order: Order) -> None:
    """The request is carried out; the answer's JSON stops in the middle."""
    await _spoiled(call, spoils.truncated)


@scripted(route="create")
async def no_id(call: Call, _order: Order) -> None:
    """The request is carried out; what is answered has no id."""
    await _spoiled(call, lambda reply: _rewrite(reply, without_id=True))


@scripted(route="create")
async def wrong_types(call: Call, _order: Order) -> None:
    """The request is carried out; every field of the answer is a list with an object in it."""
    await _spoiled(call, lambda reply: _rewrite(reply, without_id=False))


async def _answered(call: Call) -> Reply:
    """Carry the request out, and hold what would be answered."""
    reply = Reply()
    await call.answer(reply.take)
    return reply


async def _spoiled(call: Call, spoil: Callable[[Reply], None]) -> None:
    reply = await _answered(call)
    spoil(reply)
    await call.leave(reply)


def _rewrite(reply: Reply, *, without_id: bool) -> None:
    said = json.loads(reply.body)
    if without_id:
        said.pop("id", None)
    else:
        said = {name: [{"value": value}] for name, value in said.items()}
    reply.body = json.dumps(said).encode()
