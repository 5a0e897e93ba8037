"""What may happen in a story, and how often: steps of the owner, of workers, of everybody else."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from hypothesis import strategies as st

from .gates import PLACES, UNHURT, Blow, Fate
from .promises import Model
from .world import WORKERS

MOST_JOBS = 5
LEASE = 30
EXCUSES = {"training_fails": "training_failed", "file_refused": "platform_refused_file"}


class Step(Protocol):
    """Something that happens."""

    async def happen(self, model: Model) -> None: ...


@dataclass(frozen=True)
class Create:
    key: str | None
    hook: bool
    file: int

    async def happen(self, model: Model) -> None:
        if len(model.promises) < MOST_JOBS or self.key in model.keys:
            await model.create(key=self.key, hook=self.hook, file=self.file)


@dataclass(frozen=True)
class Cancel:
    job: int

    async def happen(self, model: Model) -> None:
        await model.cancel(model.job(self.job))


@dataclass(frozen=True)
class Pause:
    job: int

    async def happen(self, model: Model) -> None:
        await model.pause(model.job(self.job))


@dataclass(frozen=True)
class Resume:
    job: int

    async def happen(self, model: Model) -> None:
        await model.resume(model.job(self.job))


@dataclass(frozen=True)
class DeleteFile:
    file: int

    async def happen(self, model: Model) -> None:
        await model.delete_file(self.file)


@dataclass(frozen=True)
class Work:
    """A worker that is free takes a few rows, or works until it is struck; a dead one is replaced."""

    worker: int
    rows: int
    fate: Fate = UNHURT

    async def happen(self, model: Model) -> None:
        world = model.world
        one = world.workers[self.worker]
        if not one.standing:
            one = world.restart(self.worker) if one.dead else one
            await one.work(self.rows, self.fate)
            model.crashes += self.fate.blow is not Blow.NONE


@dataclass(frozen=True)
class GoOn:
    """A worker that stands goes on."""

    worker: int

    async def happen(self, model: Model) -> None:
        one = model.world.workers[self.worker]
        if one.standing:
            await one.wake(model.world.sql)


@dataclass(frozen=True)
class Kill:
    """A worker that stands ends: by SIGTERM, politely, or by SIGKILL."""

    worker: int
    politely: bool

    async def happen(self, model: Model) -> None:
        one = model.world.workers[self.worker]
        if one.standing:
            await (one.stop() if self.politely else one.kill())


@dataclass(frozen=True)
class Sweep:
    async def happen(self, model: Model) -> None:
        await model.world.newcomer().sweep()


@dataclass(frozen=True)
class Misbehave:
    """The platform does so with the next request on a route."""

    fault: str

    async def happen(self, model: Model) -> None:
        model.world.order(self.fault)
        model.excuses[EXCUSES.get(self.fault, "")] += 1


@dataclass(frozen=True)
class Answer:
    """From now on the receiver answers so."""

    path: str
    status: int

    async def happen(self, model: Model) -> None:
        model.world.receiver.status[self.path] = self.status


@dataclass(frozen=True)
class TimePasses:
    """Workers that stand are slow, or, if their hearts do not beat, frozen."""

    seconds: int
    hearts_beat: bool

    async def happen(self, model: Model) -> None:
        await model.world.time_passes(self.seconds)
        if self.hearts_beat:
            await model.world.beat()
            return
        for one in model.world.workers:
            one.frozen = one.standing
            model.crashes += one.standing


@dataclass(frozen=True)
class Doze:
    """A worker stands still, or dies, in the middle of what came due; another goes on after the lease."""

    worker: int
    blow: Blow
    place: str
    rows: int

    async def happen(self, model: Model) -> None:
        await _in_turn(
            model,
            TimePasses(100, hearts_beat=True),
            Work(self.worker, 8, Fate(self.blow, self.place)),
            TimePasses(LEASE + 5, hearts_beat=False),
            Work((self.worker + 1) % WORKERS, self.rows),
            GoOn(self.worker),
        )


@dataclass(frozen=True)
class Meanwhile:
    """The owner wishes for something while a worker is in the middle of its work; often for a new job."""

    worker: int
    place: str
    wish: Cancel | Pause | Resume
    new: bool

    async def happen(self, model: Model) -> None:
        halted = Work(self.worker, 8, Fate(Blow.HALT, self.place))
        if self.new:
            newest = replace(self.wish, job=-1)
            await _in_turn(model, Create(key=None, hook=False, file=0), halted, newest, GoOn(self.worker))
        else:
            await _in_turn(model, halted, self.wish, GoOn(self.worker))


async def _in_turn(model: Model, *steps: Step) -> None:
    for step in steps:
        await step.happen(model)
        await model.hold()


@dataclass(frozen=True)
class LoseAnswer:
    """A job is created, the platform's answer to its submission is lost, and a worker looks for it."""

    worker: int
    fault: str

    async def happen(self, model: Model) -> None:
        await _in_turn(
            model,
            Create(key=None, hook=False, file=0),
            Misbehave(f"{self.fault};route=create"),
            Work(self.worker, 8),
            TimePasses(5, hearts_beat=True),
            Work(self.worker, 8),
        )


LATE = ("behind job", "behind events", "behind attempt")
EARLY = ("before upload_file", "behind upload_file", "before create_job")
FAULTS = (
    *["cut_after_accept;route=create"] * 2,
    "cut_after_accept;route=upload",
    "cut_after_accept;route=cancel",
    *["server_error;route=create"] * 2,
    "server_error;route=upload",
    "server_error;route=cancel",
    "server_error;route=list",
    "server_error;route=retrieve",
    "rate_limited;route=create",
    "rate_limited;route=upload",
    "training_fails",
    "file_refused",
)
WAITS = (5, LEASE + 5, LEASE + 5, 100, 100, 400)
"""A retry's wait, a lease, a settle time, and long enough for a job's life on the platform."""
_job = st.integers(0, MOST_JOBS - 1)
_worker = st.integers(0, WORKERS - 1)
_place = st.integers(1, 20) | st.sampled_from(PLACES) | st.sampled_from(LATE)
_blow = st.sampled_from([Blow.HALT, Blow.HALT, Blow.HALT, Blow.DIE, Blow.DIE, Blow.LOSE])
_create = st.builds(
    Create,
    key=st.sampled_from([None, "a", "a", "b"]),
    hook=st.booleans(),
    file=st.sampled_from([0, 0, 0, 1]),
)
_wish = st.builds(Cancel, _job) | st.builds(Pause, _job) | st.builds(Resume, _job)
_doze = st.builds(
    Doze,
    worker=_worker,
    blow=st.sampled_from([Blow.HALT, Blow.DIE]),
    place=st.sampled_from(PLACES) | st.sampled_from(LATE),
    rows=st.integers(1, 8),
)
_meanwhile = st.builds(
    Meanwhile,
    worker=_worker,
    place=st.sampled_from(EARLY) | st.sampled_from(PLACES),
    wish=_wish,
    new=st.booleans(),
)
_KINDS: tuple[tuple[int, st.SearchStrategy[Any]], ...] = (
    (3, st.none()),  # the first is the simplest: what a failure does not take shrinks to it
    (4, _create),
    (2, st.builds(Cancel, _job)),
    (2, st.builds(Pause, _job)),
    (2, st.builds(Resume, _job)),
    (1, st.builds(DeleteFile, st.integers(0, 1))),
    (6, st.builds(Work, _worker, st.integers(1, 8))),
    (8, st.builds(Work, _worker, st.just(8), st.builds(Fate, _blow, _place))),
    (5, _doze),
    (6, _meanwhile),
    (4, st.builds(LoseAnswer, _worker, st.sampled_from(["cut_after_accept", "server_error"]))),
    (3, st.builds(GoOn, _worker)),
    (1, st.builds(Kill, worker=_worker, politely=st.booleans())),
    (1, st.builds(Sweep)),
    (4, st.builds(Misbehave, st.sampled_from(FAULTS))),
    (2, st.builds(Answer, st.sampled_from(["/all", "/own"]), st.sampled_from([200, 500]))),
    (
        8,
        st.builds(
            TimePasses, seconds=st.sampled_from(WAITS), hearts_beat=st.sampled_from([False, False, True])
        ),
    ),
)
_WEIGHTED = [number for number, (weight, _) in enumerate(_KINDS) for _ in range(weight)]


@st.composite
def _step(draw: st.DrawFn) -> Step | None:
    chosen: Step | None = draw(_KINDS[draw(st.sampled_from(_WEIGHTED))][1])
    return chosen


def stories(length: int) -> st.SearchStrategy[list[Step]]:
    """Return stories of at most so many steps; a failing one shrinks to the steps that it takes."""
    return st.tuples(*[_step()] * length).map(lambda steps: [step for step in steps if step is not None])
