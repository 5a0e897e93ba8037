"""Which faults are pending, and how one is ordered in text."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from simulator.bodies import FaultOrder
from simulator.calls import ANY_ROUTE, ROUTES
from simulator.faults import FAULTS, Order


class Script:
    """The faults to come, oldest order first; each is used up by the first requests on its route."""

    def __init__(self, orders: Iterable[str]) -> None:
        self.pending: list[Order] = [parsed(text) for text in orders]

    def add(self, order: Order) -> None:
        """Put an order behind the others."""
        self.pending.append(order)

    def take(self, route: str) -> Order | None:
        """Use up the first order for a route."""
        order = next((order for order in self.pending if order.route in {route, ANY_ROUTE}), None)
        if order is not None:
            self._use_up(order)
        return order

    def order_now(self, text: str) -> Order:
        """Take an order that came with a request: it happens to that one; what is left of it, to the next."""
        order = parsed(text)
        self.pending.append(order)
        self._use_up(order)
        return order

    def clear(self) -> int:
        """Take all orders back, and say how many there were."""
        count = len(self.pending)
        self.pending.clear()
        return count

    def _use_up(self, order: Order) -> None:
        if order.times == 1:
            self.pending = [other for other in self.pending if other is not order]
        elif order.times:
            order.times -= 1


def parsed(text: str) -> Order:
    """Read `NAME[:times][;times=N][;route=…][;retry_after=…][;seconds=…]`.

    Raises:
        ValueError: There is no such fault or route, or a value is not what it should be.
    """
    head, *pairs = (part.strip() for part in text.split(";"))
    name, _, times = head.partition(":")
    values: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(values) != len(pairs):
        raise ValueError(f"A fault reads NAME[:times][;key=value], not {text!r}.")
    try:
        return ordered(FaultOrder(fault=name, **({"times": times} if times else {}) | values))
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{text!r}: {first['loc'][0]}: {first['msg']}") from error


def ordered(body: FaultOrder) -> Order:
    """Check an order against the table of faults.

    Raises:
        ValueError: There is no such fault or route.
    """
    fault = FAULTS.get(body.fault)
    if fault is None:
        raise ValueError(f"There is no fault {body.fault!r}; there are {', '.join(sorted(FAULTS))}.")
    route = body.route or fault.route
    if route not in {*ROUTES, ANY_ROUTE}:
        raise ValueError(f"There is no route {route!r}; there are {', '.join(ROUTES)}, {ANY_ROUTE}.")
    return Order(body.fault, body.times, route, body.retry_after, body.seconds)
