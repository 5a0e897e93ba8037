"""One running stand-in: its options, clock, memory, ledger, script and mood, as the routes get them."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from simulator.ids import Mint
from simulator.ledger import Ledger
from simulator.options import Options
from simulator.quirks.state import Quirks
from simulator.script import Script
from simulator.store import Store

Clock = Callable[[], float]


class StandIn:
    """Everything a route may need; made when the app starts, closed when it stops."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.script = Script(options.faults)
        self.quirks = Quirks(options.quirks)
        self.ledger = Ledger()
        self.store = Store(options.data_dir, Mint(clock, options.seed))

    def close(self) -> None:
        """Let go of the data folder."""
        self.store.close()


async def _stand_in(request: Request) -> StandIn:
    running = request.app.state.stand_in
    assert isinstance(running, StandIn)  # noqa: S101 - set by the app's own lifespan
    return running


Here = Annotated[StandIn, Depends(_stand_in)]
