"""What a fault waits for: a condition, the rest of its run; and what it insists on."""

import json
import time
from collections.abc import Callable

from chaos import truth
from chaos.load import Ask, Load
from chaos.proxy import wait_for
from chaos.stand_in import HarnessError
from chaos.world import World

LOOK_AGAIN = 0.1
_ON_THE_PLATFORM = "SELECT 1 FROM jobs WHERE metadata @> $1::jsonb AND platform_job_id IS NOT NULL"


def rest(world: World, run: str, patience: float) -> float | None:
    """Wait until nothing of the run moves any more; return when that was, None if patience ended first."""
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        try:
            if not world.truth.rows(truth.OPEN, truth.of_run(run)):
                return time.monotonic()
        except truth.AWAY:
            pass
        time.sleep(LOOK_AGAIN)
    return None


def until_rest(world: World, load: Load) -> None:
    """Let every job of the load come to its end while the fault lasts; that it does not is found later."""
    rest(world, load.run, world.pace.patience)


def until(what: Callable[[], bool], complaint: str, seconds: float = 30.0) -> None:
    """Wait until it is so.

    Raises:
        HarnessError: it did not become so, with this complaint.
    """
    if not wait_for(what, seconds):
        raise HarnessError(f"{complaint} within {seconds:g} s")


def submitted(world: World, load: Load, ask: Ask) -> bool:
    """Tell whether a job is known to be on the platform; before that, a cancel ends it at once."""
    of_ask = json.dumps({"run": load.run, "n": str(ask.number)})
    return bool(world.truth.rows(_ON_THE_PLATFORM, of_ask))


def demand(so: bool, complaint: str) -> None:  # noqa: FBT001 - it is what is demanded
    """Insist on it.

    Raises:
        HarnessError: it is not so: the run is not what it was meant to be.
    """
    if not so:
        raise HarnessError(complaint)
