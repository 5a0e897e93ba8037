"""Firing the corpus at an api, many clients at once, and looking at what is left of it."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from .case import Case, World
from .client import attack
from .world import Api

CLIENTS = 24


@dataclass
class Outcome:
    """What came of it."""

    fired: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)


@dataclass(kw_only=True)
class Siege:
    """Rounds of the corpus, and what the process is like afterwards, against what it was like before."""

    NOISE: ClassVar[float] = 32.0
    """MiB that the allocator keeps of what was used at once, the more so the shorter the warm-up: `make
    hostile`, which warms up with four rounds of everything, shows what is left to within a few."""

    cases: int
    outcome: Outcome
    memory: tuple[float, float]
    open_files: tuple[int, int]
    files_left: int
    """Blobs that no answered upload accounts for."""
    seconds: float

    @property
    def memory_left(self) -> float:
        return self.memory[1] - self.memory[0]

    @property
    def open_files_left(self) -> int:
        return max(0, self.open_files[1] - self.open_files[0])

    @property
    def summary(self) -> str:
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.outcome.statuses.items()))
        return (
            f"hostile input: {self.cases} cases, {self.outcome.fired} times fired in {self.seconds:.0f} s:"
            f" {self.outcome.server_errors} server errors, {len(self.outcome.wrong)} wrong answers"
            f" ({statuses});"
            f" memory {self.memory[0]:.1f} → {self.memory[1]:.1f} MiB, open files"
            f" {self.open_files[0]} → {self.open_files[1]}, {self.files_left} blobs left over"
        )


async def besiege(
    api: Api, world: World, cases: Sequence[Case], *, rounds: int, warm_up: Sequence[Case] | None = None
) -> Siege:
    """Fire the warm-up, or all there is, measure, fire everything `rounds` times, and measure again."""
    start, outcome = time.monotonic(), Outcome()
    await fire(cases if warm_up is None else warm_up, world, outcome)
    before = await _at_rest(api)
    for _ in range(rounds):
        await fire(cases, world, outcome)
    after = await _at_rest(api)
    return Siege(
        cases=len(cases),
        outcome=outcome,
        memory=(before[0], after[0]),
        open_files=(before[1], after[1]),
        files_left=len(api.blobs() - world.files),
        seconds=time.monotonic() - start,
    )


async def _at_rest(api: Api) -> tuple[float, int]:
    await asyncio.to_thread(api.rest, connections=0)
    return api.footprint()


async def fire(cases: Collection[Case], world: World, outcome: Outcome) -> None:
    """Play every case once, the slow ones beside all others."""
    turns = asyncio.Semaphore(CLIENTS)

    async def one(case: Case) -> None:
        if case.slow:
            await _play(case, world, outcome)
            return
        async with turns:
            await _play(case, world, outcome)

    await asyncio.gather(*(one(case) for case in cases))


async def _play(case: Case, world: World, outcome: Outcome) -> None:
    answers, wrong = await attack(case, world)
    outcome.fired += 1
    outcome.statuses.update(answer.status for answer in answers)
    outcome.wrong += [f"{case.name}: {fault}" for fault in wrong]
    for answer in answers:
        world.files |= _made(answer.body)


def _made(body: bytes) -> set[str]:
    """The id of a file that an upload has just made."""
    try:
        answer = json.loads(body)
    except ValueError:
        return set()
    return {answer["id"]} if isinstance(answer, dict) and answer.get("object") == "file" else set()
