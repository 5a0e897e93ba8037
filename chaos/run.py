"""One run: load, harm, mending, rest, judgement."""

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final, Self

from chaos import truth
from chaos.evidence import Baseline, Evidence, gather
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.oracles import judge
from chaos.patience import rest
from chaos.results import FOLDER, Result, breach_rows
from chaos.stand_in import HarnessError
from chaos.table import Variant
from chaos.watch import Watch
from chaos.world import World
from embedded.errors import EmbeddedError

RUNS_PER_WORLD: Final = 40
MOST_WORDS: Final = 600
WARM_UP: Final = Plan(jobs=8, spread=0.5)


class Worlds:
    """The world that runs share, made anew for another flavour, after trouble and after many runs."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._world: World | None = None
        self._baseline: Baseline | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def of(self, flavour: Flavour) -> tuple[World, Baseline]:
        """Return a healthy world of this flavour and what it weighed when it was warm."""
        world = self._world
        if world is None or world.flavour != flavour or world.runs >= RUNS_PER_WORLD or not world.healthy():
            self.leave()
            return self._make(flavour)
        assert self._baseline is not None
        return world, self._baseline

    def leave(self, keep_logs: Path | None = None) -> None:
        """Stop the world there is; its logs may be wanted."""
        if self._world is not None and keep_logs is not None:
            shutil.copytree(self._world.stack.data_dir / "logs", keep_logs, dirs_exist_ok=True)
        self._closing.close()
        self._closing = ExitStack()
        self._world = None

    def _make(self, flavour: Flavour) -> tuple[World, Baseline]:
        folder = self._closing.enter_context(
            tempfile.TemporaryDirectory(prefix="tuneward-chaos-", ignore_cleanup_errors=True)
        )
        self._world = self._closing.enter_context(World(Path(folder), flavour))
        self._baseline = _warm(self._world)
        return self._world, self._baseline


def _warm(world: World) -> Baseline:
    """Let a fresh world do some work in peace, and weigh it then.

    Raises:
        HarnessError: it cannot do that.
    """
    baseline = Baseline(world)
    with closing(Load(world, Random(0), "warm-up", WARM_UP)) as load:
        load.begin()
        load.finish()
        if rest(world, load.run, world.pace.patience) is None:
            raise HarnessError("a fresh world does not come to rest")
    baseline.weigh(world)
    return baseline


def run(worlds: Worlds, variant: Variant, result: Result) -> Result:
    """Do a run in a fitting world and return what it came to; `result` says which run it is."""
    started = time.monotonic()
    try:
        world, baseline = worlds.of(variant.flavour)
        done = _in_world(world, baseline, variant, result)
    except (HarnessError, EmbeddedError, *truth.AWAY) as error:
        done = replace(result, error=_both_ends(f"{type(error).__name__}: {error}"))
    if not done.good:
        worlds.leave(keep_logs=FOLDER / "failures" / f"{variant.name}-{result.seed}")
    return replace(done, seconds=round(time.monotonic() - started, 1))


def _both_ends(words: str) -> str:
    """Shorten what may end in a long log, of which the first and the last lines say most."""
    half = MOST_WORDS // 2
    return words if len(words) <= MOST_WORDS else f"{words[:half]} … {words[-half:]}"


def _in_world(world: World, baseline: Baseline, variant: Variant, result: Result) -> Result:
    world.begin_run()
    rng = Random(f"{variant.name}:{result.seed}")
    baseline.remember_platform(world)
    name = f"{variant.name}-{result.seed}-{world.runs}"
    with closing(Load(world, rng, name, variant.plan)) as load, Watch(world, load.run) as watch:
        load.begin()
        try:
            variant.act(world, rng, load)
        finally:
            world.heal()
        watch.calm_at = time.monotonic()
        calm = world.struck_at or watch.calm_at
        load.finish()
        rested = rest(world, load.run, variant.rest_within or world.patience)
        evidence = _settled(world, lambda: gather(world, load, watch, baseline))
    baseline.weigh(world)
    return replace(
        result,
        jobs=len(evidence.jobs),
        deliveries=len(evidence.deliveries),
        recovery=round(max(0.0, (rested or time.monotonic()) - max(calm, load.last_moment)), 2),
        first_move=watch.first_move_after(calm),
        breaches=breach_rows(judge(evidence)),
    )


def _settled(world: World, look: Callable[[], Evidence]) -> Evidence:
    """Return the evidence; what is billed twice gets the time in which the service looks for duplicates."""
    evidence = look()
    give_up = time.monotonic() + world.pace.last_duplicate_check + world.pace.lease
    while any(breach.oracle == "G2" for breach in judge(evidence)) and time.monotonic() < give_up:
        time.sleep(1)
        evidence = look()
    return evidence
