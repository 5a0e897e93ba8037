"""Whether a run is at rest: every job has ended, every delivery has come or is given up."""

import time
from typing import Final

from chaos import truth
from chaos.world import World

LOOK_AGAIN: Final = 0.1


def at_rest(world: World, run: str, patience: float) -> float | None:
    """Wait until nothing of a run is to be done; return when that was, None if patience ended first."""
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        try:
            if not world.truth.rows(truth.OPEN, truth.of_run(run)):
                return time.monotonic()
        except truth.AWAY:
            pass
        time.sleep(LOOK_AGAIN)
    return None
