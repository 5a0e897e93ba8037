"""A job's life in every order: what hypothesis makes up is held against a small model of what must be true.

`MODEL_EXAMPLES=500 MODEL_SEED=7` make up more stories, and others.
"""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .gates import PLACES, Blow, Fate
from .promises import Model
from .world import World, opened_world

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "30"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
STEPS = 16
MOST_JOBS = 4
LEASE = 30
FAULTS = (
    "cut_after_accept;route=create",
    "cut_after_accept;route=upload",
    "cut_after_accept;route=cancel",
    "server_error;route=create",
    "server_error;route=upload",
    "server_error;route=cancel",
    "server_error;route=list",
    "server_error;route=retrieve",
    "rate_limited;route=create",
    "rate_limited;route=upload",
    "training_fails",
    "file_refused",
)
EXCUSES = {"training_fails": "training_failed", "file_refused": "platform_refused_file"}
WAITS = (5, LEASE + 5, 100, 700)
"""A retry's wait, a lease, a settle time and a job's life on the platform, the window for late looks."""
FATES = st.builds(
    Fate, st.sampled_from([Blow.HALT, Blow.DIE, Blow.LOSE]), st.integers(1, 16) | st.sampled_from(PLACES)
)
a_worker = st.integers(0, 2)


class Story(RuleBasedStateMachine):
    """One story: what an owner, three workers, a platform, a receiver and time may do to each other."""

    jobs = Bundle("jobs")

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        super().__init__()
        self.runner, self.world, self.model = runner, world, Model(world)
        self.failed = False
        self.do(world.begin_anew())

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.runner.run(what)
        except BaseException:
            self.failed = True
            raise

    # The owner

    @initialize(target=jobs, hook=st.booleans())
    def create_the_first(self, *, hook: bool) -> Any:
        return self.do(self.model.create(key=None, hook=hook, file=0))

    @precondition(lambda self: len(self.model.promises) < MOST_JOBS)
    @rule(
        target=jobs,
        key=st.sampled_from([None, "a", "b"]),
        hook=st.booleans(),
        file=st.sampled_from([0, 0, 1]),
    )
    def create(self, *, key: str | None, hook: bool, file: int) -> Any:
        made = self.do(self.model.create(key=key, hook=hook, file=file))
        return multiple() if made is None else made

    @rule(job=jobs)
    def cancel(self, job: str) -> None:
        self.do(self.model.cancel(job))

    @rule(job=jobs)
    def pause(self, job: str) -> None:
        self.do(self.model.pause(job))

    @rule(job=jobs)
    def resume(self, job: str) -> None:
        self.do(self.model.resume(job))

    @rule(file=st.integers(0, 1))
    def delete_file(self, file: int) -> None:
        self.do(self.model.delete_file(file))

    # The workers

    @rule(worker=a_worker, steps=st.integers(1, 8))
    def work(self, worker: int, steps: int) -> None:
        """Let a worker that is free work; in the place of a dead one there is another."""
        self._work(worker, steps, Fate())

    @rule(worker=a_worker, fate=FATES)
    def work_until(self, worker: int, fate: Fate) -> None:
        """Let a worker work, until it is struck."""
        self._work(worker, 8, fate)
        self.model.deaths += 1

    def _work(self, worker: int, steps: int, fate: Fate) -> None:
        one = self.world.workers[worker]
        if not one.standing:
            one = self.world.restart(worker) if one.dead else one
            self.do(one.work(steps, fate))

    @precondition(lambda self: any(one.standing for one in self.world.workers))
    @rule(worker=a_worker)
    def go_on(self, worker: int) -> None:
        if self.world.workers[worker].standing:
            self.do(self.world.workers[worker].wake(self.world.sql))

    @precondition(lambda self: any(one.standing for one in self.world.workers))
    @rule(worker=a_worker, politely=st.booleans())
    def kill(self, *, worker: int, politely: bool) -> None:
        one = self.world.workers[worker]
        if one.standing:
            self.do(one.stop() if politely else one.kill())

    @rule()
    def sweep(self) -> None:
        one = self.world.workers[0]
        self.do((self.world.restart(0) if one.dead else one).sweep())

    # Everybody else

    @rule(fault=st.sampled_from(FAULTS))
    def platform_misbehaves(self, fault: str) -> None:
        self.world.order(fault)
        self.model.excuses[EXCUSES.get(fault, "")] += 1

    @rule(path=st.sampled_from(["/all", "/own"]), status=st.sampled_from([200, 500]))
    def receiver_answers(self, path: str, status: int) -> None:
        self.world.receiver.status[path] = status

    @rule(seconds=st.sampled_from(WAITS), hearts_beat=st.booleans())
    def time_passes(self, *, seconds: int, hearts_beat: bool) -> None:
        """Let time pass; workers that stand still are slow, or, if no heart beats, frozen."""
        self.do(self.world.time_passes(seconds))
        if hearts_beat:
            self.do(self.world.beat())
            return
        for one in self.world.workers:
            one.frozen = one.standing
            self.model.deaths += one.standing

    @invariant()
    def promises_hold(self) -> None:
        if self.model.promises:
            self.do(self.model.hold())

    def teardown(self) -> None:
        """Come to rest: all the trouble is over, and what was promised has to come true."""
        if not self.failed:
            self.do(self.world.come_to_rest())
            self.do(self.model.hold_at_rest())
        self.do(self.world.end())


@pytest.mark.timeout(
    600 + 10 * EXAMPLES
)  # a failure is told as the shortest story that has it: that takes time
def test_a_jobs_life_keeps_its_promises_in_every_order(database_url: str, tmp_path: Path) -> None:
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    with asyncio.Runner() as runner:
        opening = opened_world(database_url, tmp_path)
        world = runner.run(opening.__aenter__())

        def story() -> Story:
            return Story(runner, world)

        try:
            run_state_machine_as_test(seed(SEED)(story), settings=chosen)
        finally:
            runner.run(opening.__aexit__(None, None, None))
