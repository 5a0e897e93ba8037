"""G1 to G8: what must be true after every run. Pure: evidence in, breaches out.

A breach is `lost` (accepted, and not kept), `duplicated` (done, billed or told twice in different words),
`silent` (happened, and nobody is told) or `broken` (everything else that was promised).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from chaos.evidence import Asked, Evidence, Row
from domain.job_state import EDGES, TERMINAL, JobState, ShownStatus, shown_status

Kind = Literal["lost", "duplicated", "silent", "broken"]
KINDS: Final[tuple[Kind, ...]] = ("lost", "duplicated", "silent", "broken")
GONE: Final = 410
GOOD: Final = 2
"""The class of what counts as taken."""
RSS_SLACK: Final = 96 * 1024**2
FILES_SLACK: Final = 48
"""Above the baseline: a full pool of connections to Postgres, and idle ones to platform and receivers."""
_RANK: Final = {ShownStatus.QUEUED: 0, ShownStatus.RUNNING: 1}


@dataclass(frozen=True)
class Breach:
    """A promise that was not kept."""

    oracle: str
    kind: Kind
    words: str


def judge(evidence: Evidence) -> list[Breach]:
    """Return every breach, by all oracles."""
    return [breach for oracle in ORACLES for breach in oracle(evidence)]


def g1_ends_once(evidence: Evidence) -> Iterator[Breach]:
    """Each accepted request is one job with one end, the one it may have; no job is there unasked."""
    by_request: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for job in evidence.jobs:
        by_request[job["project"], job["number"]].append(job)
    for asked in evidence.asked:
        yield from _of_request(asked.number, asked, by_request.pop((asked.project, asked.number), []))
    for (project, number), jobs in by_request.items():
        yield Breach("G1", "duplicated", f"nobody in {project} asked for number {number}: {_ids(jobs)}")
    for file_id, status in evidence.files:
        if status != 200:
            yield Breach("G1", "lost", f"{file_id} was accepted, and its bytes get {status}")
    for words in evidence.seen_broken:
        yield Breach("G1", "broken", words)
    for what, count in evidence.open:
        yield Breach("G1", "lost", f"not at rest in time: {count} {what}")


def _of_request(number: str, asked: Asked, jobs: list[Row]) -> Iterator[Breach]:
    if asked.refused is not None:
        yield Breach("G1", "lost", f"number {number} was refused for good: {asked.refused}")
    if len(asked.job_ids) > 1:
        yield Breach("G1", "duplicated", f"number {number} was answered {sorted(asked.job_ids)}")
    if len(jobs) > 1:
        yield Breach("G1", "duplicated", f"number {number} is {len(jobs)} jobs: {_ids(jobs)}")
    for missing in asked.job_ids - {job["id"] for job in jobs}:
        yield Breach("G1", "lost", f"number {number} was accepted as {missing}, which is not there")
    for job in jobs:
        if job["state"] in TERMINAL and job["state"] not in asked.ends:
            yield Breach(
                "G1", "lost", f"{job['id']} {job['state']} as {job['error_code']} by no fault of its own"
            )


def g2_paid_once(evidence: Evidence) -> Iterator[Breach]:
    """A success has its one live platform job; what ended otherwise has none, and nobody has one."""
    live = [job for job in evidence.platform_jobs if job.live]
    for job_id, count in Counter(job.job_id for job in live).items():
        if job_id is None:
            ids = [job.id for job in live if job.job_id is None]
            yield Breach("G2", "duplicated", f"nobody's platform jobs: {ids}")
        elif count > 1:
            ids = [job.id for job in live if job.job_id == job_id]
            yield Breach("G2", "duplicated", f"{job_id} is billed {count} times: {ids}")
    standing = {job.id for job in live}
    paid_for = {job.job_id for job in live}
    for row in evidence.jobs:
        if row["state"] in TERMINAL - {JobState.SUCCEEDED} and row["id"] in paid_for:
            yield Breach("G2", "duplicated", f"{row['id']} {row['state']}, and is billed all the same")
        if row["state"] == JobState.SUCCEEDED and row["platform_job_id"] not in standing:
            yield Breach(
                "G2", "lost", f"{row['id']} succeeded as {row['platform_job_id']}, which is not live"
            )


def g3_told(evidence: Evidence) -> Iterator[Breach]:
    """Each end has one event and its delivery, which came or stands exhausted; ids keep their bytes."""
    events: defaultdict[str, list[Row]] = defaultdict(list)
    for event in evidence.events:
        events[event["object_id"]].append(event)
    for job in evidence.jobs:
        if job["state"] in TERMINAL:
            types = [event["type"] for event in events[job["id"]]]
            if types != [f"fine_tuning.job.{job['state']}"]:
                yield Breach("G3", "silent", f"{job['id']} {job['state']} has the events {types}")
        if job["events"] != job["last_event"] or job["sequence"] < job["last_event"]:
            words = f"{job['id']}: {job['events']} lines of history, the last is {job['last_event']}"
            yield Breach("G3", "silent", words)
    yield from _deliveries(evidence)


def _deliveries(evidence: Evidence) -> Iterator[Breach]:
    # What asked never to be called again is told nothing any more: it need not be tried.
    gone = {hook.path for hook in evidence.hooks if hook.status == GONE}
    yield from _each_told(evidence, gone)
    yield from _logged(evidence, gone)
    yield from _came(evidence)


def _each_told(evidence: Evidence, gone: set[str]) -> Iterator[Breach]:
    projects = {job["id"]: job["project"] for job in evidence.jobs}
    delivered_to = Counter((delivery["event_id"], delivery["project"]) for delivery in evidence.deliveries)
    for event in evidence.events:
        project = projects.get(event["object_id"], "")
        if not delivered_to[event["id"], project] and evidence.paths.get(project) not in gone:
            yield Breach("G3", "silent", f"{event['id']} about {event['object_id']} has no delivery")
    for (event_id, project), count in delivered_to.items():
        if count > 1:
            yield Breach("G3", "duplicated", f"{event_id} has {count} deliveries to {project}")


def _logged(evidence: Evidence, gone: set[str]) -> Iterator[Breach]:
    """What the log says of a delivery is so."""
    taken = {hook.id for hook in evidence.hooks if hook.status // 100 == GOOD}
    for delivery in evidence.deliveries:
        if delivery["state"] == "delivered" and delivery["id"] not in taken:
            yield Breach("G3", "silent", f"{delivery['id']} is recorded as delivered and was never taken")
        given_up = delivery["state"] == "exhausted" and delivery["tries"] < evidence.tries
        if given_up and evidence.paths.get(delivery["project"]) not in gone:
            yield Breach("G3", "silent", f"{delivery['id']} is exhausted after {delivery['tries']} tries")


def _came(evidence: Evidence) -> Iterator[Breach]:
    written = {delivery["id"]: bytes(delivery["body"]) for delivery in evidence.deliveries}
    for hook in evidence.hooks:
        if hook.id not in written:
            yield Breach("G3", "duplicated", f"{hook.id} came to {hook.path} and is no delivery of ours")
        elif hook.body != written[hook.id]:
            yield Breach("G3", "duplicated", f"{hook.id} came with another body than was written")
        if not hook.verified:
            yield Breach(
                "G3", "broken", f"{hook.id} came to {hook.path} with a signature that does not verify"
            )


def g4_forward(evidence: Evidence) -> Iterator[Breach]:
    """States move along edges only, ends last for ever, and what is shown never goes back."""
    for job_id, course in evidence.courses.items():
        for before, after in pairwise(course):
            old, new = JobState(before.state), JobState(after.state)
            steps = f"{job_id} went from {old} ({before.sequence}) to {new} ({after.sequence})"
            if old is not new and not _reachable(old, new):
                yield Breach("G4", "broken", steps)
            elif after.sequence < before.sequence or (before.ran and not after.ran):
                yield Breach("G4", "broken", f"{steps}: backwards")
            elif _shown(old, ran=before.ran) > _shown(new, ran=after.ran):
                yield Breach("G4", "broken", f"{steps}: shown backwards")


def _reachable(source: JobState, target: JobState) -> bool:
    """Tell whether a way leads there: a look may miss states on it."""
    found, ahead = {source}, [source]
    while ahead:
        fresh = EDGES[ahead.pop()] - found
        found |= fresh
        ahead += fresh
    return target in found


def _shown(state: JobState, *, ran: bool) -> int:
    return _RANK.get(shown_status(state, platform_running=ran), 2)


def g5_claims(evidence: Evidence) -> Iterator[Breach]:
    """No claim outlives lease and sweep."""
    for what in evidence.stale:
        yield Breach("G5", "broken", f"the claim on {what} outlived lease and sweep")


def g6_apart(evidence: Evidence) -> Iterator[Breach]:
    """Projects never meet: deliveries come to their own project's path, asking for the other's gives 404."""
    owner = {delivery["id"]: delivery["project"] for delivery in evidence.deliveries}
    for hook in evidence.hooks:
        if hook.id in owner and hook.path != evidence.paths[owner[hook.id]]:
            yield Breach("G6", "broken", f"{hook.id} of {owner[hook.id]} came to {hook.path}")
    projects = {job["id"]: job["project"] for job in evidence.jobs}
    for asked in evidence.asked:
        for job_id in asked.job_ids & projects.keys():
            if projects[job_id] != asked.project:
                yield Breach("G6", "broken", f"{asked.project} was answered {job_id} of {projects[job_id]}")
    for what, status in evidence.crossings:
        if status != 404:
            yield Breach("G6", "broken", f"{what} and gets {status}")


def g7_secrets(evidence: Evidence) -> Iterator[Breach]:
    """No secret stands in any log."""
    for log, secret in evidence.leaks:
        yield Breach("G7", "broken", f"{secret} stands in {log}")


def g8_weight(evidence: Evidence) -> Iterator[Breach]:
    """Memory and open files return to their baseline, within the slack stated above."""
    for name, (before, after) in evidence.weights.items():
        if after.rss > before.rss + RSS_SLACK:
            yield Breach("G8", "broken", f"{name} grew from {before.rss >> 20} to {after.rss >> 20} MiB")
        if after.files > before.files + FILES_SLACK:
            yield Breach("G8", "broken", f"{name} went from {before.files} to {after.files} open files")


def _ids(jobs: list[Row]) -> list[str]:
    return [job["id"] for job in jobs]


Oracle = Callable[[Evidence], Iterator[Breach]]
ORACLES: Final[tuple[Oracle, ...]] = (
    g1_ends_once,
    g2_paid_once,
    g3_told,
    g4_forward,
    g5_claims,
    g6_apart,
    g7_secrets,
    g8_weight,
)
