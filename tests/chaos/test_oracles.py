"""Each oracle must be seen to fail: a peaceful run's evidence, broken in one place at a time."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.evidence import Asked, Evidence, Hook, PlatformJob, Weight
from chaos.oracles import FILES_SLACK, RSS_SLACK, judge
from chaos.watch import Seen

MIB = 1024**2


def job(number: int, **changes: Any) -> dict[str, Any]:
    whole = {
        "id": f"ftjob-{number}",
        "project": "north",
        "number": str(number),
        "state": "succeeded",
        "sequence": 7,
        "events": 7,
        "last_event": 7,
        "error_code": None,
        "platform_job_id": f"ft-{number}",
        "ran": True,
        "cancelled": False,
    }
    return whole | changes


def event(number: int, **changes: Any) -> dict[str, Any]:
    type_ = "fine_tuning.job.succeeded"
    return {"id": f"evt-{number}", "object_id": f"ftjob-{number}", "type": type_, "sequence": 1} | changes


def delivery(number: int, **changes: Any) -> dict[str, Any]:
    whole = {
        "id": f"msg-{number}",
        "event_id": f"evt-{number}",
        "object_id": f"ftjob-{number}",
        "state": "delivered",
        "body": b"{}",
        "project": "north",
        "tries": 1,
    }
    return whole | changes


def hook(number: int, **changes: Any) -> Hook:
    return replace(Hook("/run/north", f"msg-{number}", b"{}", verified=True, status=204), **changes)


def asked(number: int, **changes: Any) -> Asked:
    ids = frozenset({f"ftjob-{number}"})
    return replace(
        Asked(str(number), "north", f"key-{number}", ids, None, frozenset({"succeeded"})), **changes
    )


COURSE = (Seen("received", 1, ran=False), Seen("tracking", 4, ran=True), Seen("succeeded", 7, ran=True))
PEACE = Evidence(
    paths={"north": "/run/north", "south": "/run/south"},
    asked=[asked(1), asked(2)],
    jobs=[job(1), job(2)],
    platform_jobs=[PlatformJob("ft-1", "ftjob-1", live=True), PlatformJob("ft-2", "ftjob-2", live=True)],
    events=[event(1), event(2)],
    deliveries=[delivery(1), delivery(2)],
    hooks=[hook(1), hook(2), hook(2)],
    courses={"ftjob-1": COURSE},
    crossings=[("north asks /files/file-south", 404)],
    files=[("file-north", 200)],
    weights={"api": (Weight(100 * MIB, 40), Weight(120 * MIB, 60))},
)
TWICE_LIVE = [*PEACE.platform_jobs, PlatformJob("ft-9", "ftjob-2", live=True)]

CANCELLED = {
    "jobs": [job(1), job(2, state="cancelled", platform_job_id=None)],
    "asked": [asked(1), asked(2, ends=frozenset({"succeeded", "cancelled"}))],
    "events": [event(1), event(2, type="fine_tuning.job.cancelled")],
}

BREACHES = {
    "cancelled and billed": ("G2", "duplicated", CANCELLED),
    "delivered although it was refused": ("G3", "silent", {"hooks": [hook(1), hook(2, status=500)]}),
    "exhausted before the schedule was": (
        "G3",
        "silent",
        {"deliveries": [delivery(1), delivery(2, state="exhausted", tries=3)], "tries": 7},
    ),
    "delivered twice under two ids": (
        "G3",
        "duplicated",
        {
            "deliveries": [delivery(1), delivery(2), delivery(2, id="msg-3")],
            "hooks": [hook(1), hook(2), hook(3)],
        },
    ),
    "accepted and not there": ("G1", "lost", {"jobs": [job(1)]}),
    "refused for good": ("G1", "lost", {"asked": [asked(1), asked(2, refused="500 oh no")]}),
    "failed by no fault of its own": (
        "G1", "lost", {
            "jobs": [job(1), job(2, state="failed", error_code="worker_crash_loop")],
            "events": [event(1), event(2, type="fine_tuning.job.failed")],
        },
    ),
    "still living": ("G1", "lost", {"open": [("submitting", 1)]}),
    "its file is gone": ("G1", "lost", {"files": [("file-north", 404)]}),
    "the fault saw it broken": ("G1", "broken", {"seen_broken": ["not at rest without Redis"]}),
    "two jobs of one request": ("G1", "duplicated", {"jobs": [job(1), job(2), job(2, id="ftjob-3")]}),
    "one key answered with two ids": (
        "G1", "duplicated", {"asked": [asked(1, job_ids=frozenset({"ftjob-1", "ftjob-2"})), asked(2)]},
    ),
    "a job nobody asked for": ("G1", "duplicated", {"asked": [asked(1)]}),
    "billed twice": ("G2", "duplicated", {"platform_jobs": TWICE_LIVE}),
    "a platform job of nobody": (
        "G2", "duplicated", {"platform_jobs": [*PEACE.platform_jobs, PlatformJob("ft-9", None, live=True)]},
    ),
    "succeeded without a live platform job": ("G2", "lost", {"platform_jobs": PEACE.platform_jobs[:1]}),
    "ended without an event": (
        "G3", "silent", {"events": [event(1)], "deliveries": [delivery(1)], "hooks": [hook(1)]},
    ),
    "ended with the event of another end": (
        "G3", "silent", {"events": [event(1), event(2, type="fine_tuning.job.failed")]},
    ),
    "an event without a delivery": ("G3", "silent", {"deliveries": [delivery(1)], "hooks": [hook(1)]}),
    "recorded as delivered and never came": ("G3", "silent", {"hooks": [hook(1)]}),
    "exhausted without a try": (
        "G3", "silent", {"deliveries": [delivery(1), delivery(2, state="exhausted", tries=0)]},
    ),
    "a change without a line of history": ("G3", "silent", {"jobs": [job(1), job(2, events=6)]}),
    "one id with two bodies": ("G3", "duplicated", {"hooks": [hook(1), hook(2), hook(2, body=b"{ }")]}),
    "a webhook that is no delivery": ("G3", "duplicated", {"hooks": [hook(1), hook(2), hook(3)]}),
    "a signature that does not verify": ("G3", "broken", {"hooks": [hook(1), hook(2, verified=False)]}),
    "an end that was left again": (
        "G4", "broken", {"courses": {"ftjob-1": [*COURSE, Seen("tracking", 8, ran=True)]}},
    ),
    "back to an earlier state": (
        "G4", "broken",
        {"courses": {"ftjob-1": [Seen("tracking", 4, ran=True), Seen("uploading", 5, ran=True)]}},
    ),
    "a sequence that fell": (
        "G4", "broken",
        {"courses": {"ftjob-1": [Seen("tracking", 4, ran=True), Seen("collecting", 3, ran=True)]}},
    ),
    "shown as running and then as queued": (
        "G4", "broken",
        {"courses": {"ftjob-1": [Seen("tracking", 4, ran=True), Seen("tracking", 5, ran=False)]}},
    ),
    "a claim that outlived lease and sweep": ("G5", "broken", {"stale": ["job ftjob-1"]}),
    "a webhook at another project's path": ("G6", "broken", {"hooks": [hook(1), hook(2, path="/run/south")]}),
    "another project's job was answered": ("G6", "broken", {"jobs": [job(1), job(2, project="south")]}),
    "another project's file was shown": ("G6", "broken", {"crossings": [("north asks /files/x", 200)]}),
    "a secret in a log": ("G7", "broken", {"leaks": [("api.log", "north's key")]}),
    "memory that does not come back": (
        "G8", "broken",
        {"weights": {"api": (Weight(100 * MIB, 40), Weight(100 * MIB + RSS_SLACK + 1, 40))}},
    ),
    "files that stay open": (
        "G8", "broken", {"weights": {"api": (Weight(MIB, 40), Weight(MIB, 41 + FILES_SLACK))}},
    ),
}  # fmt: skip


def test_a_peaceful_run_has_no_breach() -> None:
    assert judge(PEACE) == []


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_seen(name: str) -> None:
    oracle, kind, changes = BREACHES[name]
    assert (oracle, kind) in {(breach.oracle, breach.kind) for breach in judge(replace(PEACE, **changes))}


def test_every_oracle_is_seen_to_fail() -> None:
    assert {oracle for oracle, _, _ in BREACHES.values()} == {f"G{number}" for number in range(1, 9)}


def test_a_second_platform_job_that_was_cancelled_costs_nothing() -> None:
    cancelled = [*PEACE.platform_jobs, PlatformJob("ft-9", "ftjob-2", live=False)]
    assert judge(replace(PEACE, platform_jobs=cancelled)) == []


def test_a_state_that_no_look_caught_is_no_breach() -> None:
    course = [Seen("received", 1, ran=False), Seen("succeeded", 7, ran=True)]
    assert judge(replace(PEACE, courses={"ftjob-1": course})) == []
