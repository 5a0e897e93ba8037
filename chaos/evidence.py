"""What a run left behind, gathered at rest: plain values, so that a test can make a breach up."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from standardwebhooks import Webhook

from chaos import truth
from chaos.load import Ask, Load
from chaos.receiver import Told
from chaos.watch import Seen, Watch
from chaos.world import World

Row = Mapping[str, Any]
TOLERANCE: Final = 300.0
"""Seconds by which a webhook's time may be off, by Standard Webhooks."""


@dataclass(frozen=True)
class Asked:
    """A create as its client knows it; see `chaos.load.Ask`."""

    number: str
    project: str
    key: str | None
    job_ids: frozenset[str]
    refused: str | None
    ends: frozenset[str]


@dataclass(frozen=True)
class PlatformJob:
    """A job in the platform's ledger; `job_id` is ours behind it, None if there is none."""

    id: str
    job_id: str | None
    live: bool


@dataclass(frozen=True)
class Hook:
    """A webhook in the receiver's ledger; `verified` by the secret of the project whose path it came to."""

    path: str
    id: str
    body: bytes
    verified: bool
    status: int


@dataclass(frozen=True)
class Weight:
    """What a process weighs: resident bytes and open files."""

    rss: int
    files: int


@dataclass(frozen=True)
class Evidence:
    """Everything the oracles look at. Rows are as `chaos.truth` selects them.

    Attributes:
        paths: The receiver's path of each project.
        tries: How many tries the schedule has.
        asked: What clients asked for and know.
        open: What was not at rest when patience ended: what and how many.
        courses: Every state a job was seen in, in order.
        stale: Claims that outlived lease and sweep.
        crossings: What one project asked for of the other's: what and the status it got.
        leaks: Secrets in logs: which log and which secret.
        files: What the owners of accepted files got when they asked for the bytes: which and the status.
        seen_broken: What the fault saw broken while it lasted.
        weights: Of each process that has lived since the baseline: then and now.
    """

    paths: Mapping[str, str]
    asked: Sequence[Asked]
    tries: int = 1
    open: Sequence[tuple[str, int]] = ()
    jobs: Sequence[Row] = ()
    platform_jobs: Sequence[PlatformJob] = ()
    events: Sequence[Row] = ()
    deliveries: Sequence[Row] = ()
    hooks: Sequence[Hook] = ()
    courses: Mapping[str, Sequence[Seen]] = field(default_factory=dict)
    stale: Sequence[str] = ()
    crossings: Sequence[tuple[str, int]] = ()
    leaks: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, int]] = ()
    seen_broken: Sequence[str] = ()
    weights: Mapping[str, tuple[Weight, Weight]] = field(default_factory=dict)


def gather(world: World, load: Load, watch: Watch, baseline: "Baseline") -> Evidence:
    """Ask everybody."""
    rows = {
        name: world.truth.rows(statement, truth.of_run(load.run))
        for name, statement in {
            "jobs": truth.JOBS,
            "events": truth.EVENTS,
            "deliveries": truth.DELIVERIES,
            "submissions": truth.SUBMISSIONS,
            "open": truth.OPEN,
        }.items()
    }
    return Evidence(
        paths={tenant.name: load.path(tenant) for tenant in world.tenants},
        asked=[_asked(ask) for ask in load.asks],
        tries=world.pace.tries,
        open=[(row["what"], row["count"]) for row in rows["open"]],
        jobs=rows["jobs"],
        platform_jobs=_platform_jobs(world, rows["submissions"], baseline.platform_jobs),
        events=rows["events"],
        deliveries=rows["deliveries"],
        hooks=_hooks(world, load),
        courses=dict(watch.courses),
        stale=sorted(watch.stale),
        crossings=_crossings(world, load),
        files=[(id_, load.get(owner, f"/files/{id_}/content").status_code) for owner, id_ in load.kept],
        seen_broken=list(load.seen_broken),
        leaks=baseline.logs.leaks(world.secrets),
        weights=baseline.weights(world),
    )


def _asked(ask: Ask) -> Asked:
    return Asked(
        str(ask.number), ask.tenant.name, ask.key, frozenset(ask.job_ids), ask.refused, frozenset(ask.ends)
    )


def _platform_jobs(world: World, submissions: truth.Rows, known: set[str]) -> list[PlatformJob]:
    """Return the platform's jobs that are this run's: by marker, by own file, or because nobody's else."""
    by_marker = {row["marker"]: row["job_id"] for row in submissions}
    by_file = {row["platform_training_file"]: row["job_id"] for row in submissions if row["own_file"]}
    found = []
    for job in world.platform.jobs():
        marker = (job.get("metadata") or {}).get("tuneward")
        job_id = by_marker.get(marker) or by_file.get(job["training_file"])
        if job_id is not None or job["id"] not in known:
            found.append(PlatformJob(job["id"], job_id, job["live"]))
    return found


def _hooks(world: World, load: Load) -> list[Hook]:
    secrets = {load.path(tenant): tenant.secret for tenant in world.tenants}
    told = world.receiver.told(f"/{load.run}/")
    return [
        Hook(one.path, one.id, one.body, verified(one, secrets.get(one.path)), one.status) for one in told
    ]


def verified(told: Told, secret: str | None) -> bool:
    """Tell whether a receiver with this secret would have taken it, by the clock at its arrival."""
    sent = told.headers.get("webhook-timestamp", "")
    if secret is None or not sent.isdigit() or abs(int(sent) - told.at) > TOLERANCE:
        return False
    at = datetime.fromtimestamp(int(sent), UTC)
    right = Webhook(secret).sign(msg_id=told.id, timestamp=at, data=told.body.decode(errors="replace"))
    signatures = told.headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(right, signature) for signature in signatures)


def _crossings(world: World, load: Load) -> list[tuple[str, int]]:
    """Ask with each project's key for what is the other's."""
    found = []
    one, other = world.tenants
    for mine, theirs in ((one, other), (other, one)):
        paths = [f"/files/{load.files[theirs.name]}"]
        theirs_asked = next((ask for ask in load.asks if ask.tenant is theirs and ask.accepted), None)
        if theirs_asked is not None:
            job_id = min(theirs_asked.job_ids)
            paths += [f"/fine_tuning/jobs/{job_id}", f"/fine_tuning/jobs/{job_id}/events"]
        found += [(f"{mine.name} asks {path}", load.get(mine, path).status_code) for path in paths]
    return found


class Logs:
    """Reads each line once, as it is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._found: set[tuple[str, str]] = set()

    def leaks(self, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return which log holds which secret, since the world began."""
        for log in sorted(self._folder.glob("*.log*")):
            with log.open("rb") as lines:
                lines.seek(self._read.get(log, 0))
                fresh = lines.read()
                self._read[log] = lines.tell()
            self._found |= {(log.name, name) for name, secret in secrets.items() if secret.encode() in fresh}
        return sorted(self._found)


class Baseline:
    """What was there before a run, to tell what it added."""

    def __init__(self, world: World) -> None:
        self.logs = Logs(world.stack.data_dir / "logs")
        self.platform_jobs: set[str] = set()
        self._weights: dict[int, Weight] = {}

    def weigh(self, world: World) -> None:
        """Take the weight of processes that are not known yet, after they have done some work."""
        for service in world.services:
            if service.running and service.pid not in self._weights:
                self._weights[service.pid] = _weight(service.pid)

    def remember_platform(self, world: World) -> None:
        """Take the platform's jobs that are there for known."""
        self.platform_jobs = {job["id"] for job in world.platform.jobs()}

    def weights(self, world: World) -> dict[str, tuple[Weight, Weight]]:
        """Return what processes that were weighed before weigh now, by name."""
        return {
            service.name: (self._weights[service.pid], _weight(service.pid))
            for service in world.services
            if service.running and service.pid in self._weights
        }


def _weight(pid: int) -> Weight:
    process = psutil.Process(pid)
    return Weight(process.memory_info().rss, process.num_fds())
