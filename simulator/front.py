"""The front door: every platform request is named, noted, let in by its key, met by its fault and quirks."""

import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.calls import PLATFORM_PATH, Call, route_of
from simulator.errors import Refusal
from simulator.faults import FAULTS, Order
from simulator.options import ANY_KEY
from simulator.quirks.layer import Odd, real_path
from simulator.stand_in import StandIn

FAULT_HEADER = "x-simulator-fault"


class Front:
    """ASGI middleware around the routes; the ledger, the script and the page pass it untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = PLATFORM_PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if path is None:
            await self._app(scope, receive, send)
            return
        stand_in: StandIn = scope["app"].state.stand_in
        app, inner_path = self._app, path[2]
        if stand_in.quirks.in_force:
            inner_path = real_path(scope, stand_in.quirks).removeprefix(path[1])
            route = route_of(scope["method"], inner_path)
            app = Odd(app, stand_in.quirks, route=route, prefix=path[1])
        call = Call(app, scope, receive, send, path=inner_path)
        stand_in.ledger.receive(call.received)
        await _serve(call, stand_in)


async def _serve(call: Call, stand_in: StandIn) -> None:
    if not _let_in(call.headers.get("authorization", ""), stand_in.options.api_key):
        await call.refuse(Refusal(401, "Incorrect API key provided.", code="invalid_api_key"))
        return
    try:
        order = _order(call, stand_in)
    except ValueError as error:
        await call.refuse(Refusal(400, str(error), code="invalid_fault", param=FAULT_HEADER))
        return
    if order is None:
        await call.answer()
        return
    call.received.fault = order.fault
    await FAULTS[order.fault].act(call, order)


def _let_in(authorization: str, key: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        return False
    return key == ANY_KEY or secrets.compare_digest(given.encode(), key.encode())


def _order(call: Call, stand_in: StandIn) -> Order | None:
    text = call.headers.get(FAULT_HEADER)
    return stand_in.script.order_now(text) if text else stand_in.script.take(call.received.route)
