"""How long a job waits for us on an idle service: to the platform, and from its end to the customer."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from benchmarks.figure import Figure, Target, percentile
from benchmarks.processes import running_stack
from benchmarks.receiver import Receiver, receiving
from benchmarks.training_files import upload_small_file
from embedded.stack import Stack

METHOD: Final = """\
Real processes (api, one worker, Postgres, Valkey, stand-in platform), jobs one after another at random
phases of the worker's timer. "Created" is the arrival of the create in the platform's ledger, after the
training file was uploaded to it; "end seen" is when the platform had answered the GET that told the end,
taken from the ledger as well: it is earlier than our own record of it, and everything we do from there on
counts, the fetching of events, checkpoints and result files included. All clocks are this machine's.
The reference of both is one request to `/healthz` by the same client; then the same with Redis never
started, where a worker finds due work by its timer of one second."""

_PATIENCE = 30.0
_LONGEST_PAUSE = 0.5
_TARGET = Target("figure", "<", 100)
_ENVIRONMENT = {"TUNEWARD_POLL_INTERVAL": "600ms"}
_SIMULATOR = ("--job-seconds", "0.2")


@dataclass(slots=True)
class _Times:
    """Milliseconds, one value for each job; requests to the platform in all."""

    round_trip: list[float] = field(default_factory=list)
    to_create: list[float] = field(default_factory=list)
    to_webhook: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure with the bell, then without."""
    rung = _measure(8 if quick else 40, with_valkey=True)
    timed = _measure(4 if quick else 20, with_valkey=False)
    return [
        *_compared("Request sent → create call received", rung.to_create, timed.to_create, rung.round_trip),
        *_compared("End seen → webhook received", rung.to_webhook, timed.to_webhook, rung.round_trip),
        Figure(
            name="Requests to the platform for one job's life", unit="requests", values=tuple(rung.requests)
        ),
    ]


def _compared(
    name: str, rung: Sequence[float], timed: Sequence[float], round_trip: Sequence[float]
) -> list[Figure]:
    nearest = "one round trip to /healthz"
    late = (percentile(tuple(rung), 0.95),)
    late_trip = (percentile(tuple(round_trip), 0.95),)
    return [
        Figure(
            name=name, unit="ms", values=tuple(rung),
            reference=nearest, reference_values=tuple(round_trip), target=_TARGET,
        ),
        Figure(
            name=f"{name}, 95th percentile", unit="ms", values=late,
            reference=f"{nearest}, 95th percentile", reference_values=late_trip,
        ),
        Figure(
            name=name, unit="ms", values=tuple(rung),
            reference="without Redis", reference_values=tuple(timed),
        ),
    ]  # fmt: skip


def _measure(jobs: int, *, with_valkey: bool) -> _Times:
    options: dict[str, Any] = {"simulator_args": _SIMULATOR, "extra_env": _ENVIRONMENT}
    with (
        running_stack(with_valkey=with_valkey, **options) as stack,
        receiving(stack.data_dir / "logs") as receiver,
        httpx.Client(base_url=stack.api_url, headers={"authorization": f"Bearer {stack.api_key}"}) as client,
    ):
        times, training_file = _Times(), upload_small_file(stack)
        rng = random.Random(0)
        _one_job(client, receiver, stack, training_file)
        for _ in range(jobs):
            time.sleep(rng.uniform(0, _LONGEST_PAUSE))  # not in step with the worker's timer
            times.round_trip.append(_round_trip(client))
            _note(times, *_one_job(client, receiver, stack, training_file))
    return times


def _round_trip(client: httpx.Client) -> float:
    started = time.perf_counter()
    client.get("/healthz").raise_for_status()
    return (time.perf_counter() - started) * 1000


def _one_job(
    client: httpx.Client, receiver: Receiver, stack: Stack, training_file: str
) -> tuple[float, float, list[Mapping[str, Any]]]:
    """Return when the job was sent, when its webhook came, and the platform's ledger in between."""
    body = {"model": "qwen3-32b", "training_file": training_file, "webhook_url": receiver.url}
    sent = time.time()
    client.post("/v1/fine_tuning/jobs", json=body).raise_for_status()
    told = receiver.wait_for(1, patience=_PATIENCE)
    assert len(told) == 1, told
    ledger = httpx.get(f"{stack.platform_url.removesuffix('/v1')}/simulator/ledger?parts=requests")
    requests = ledger.raise_for_status().json()["requests"]
    return sent, told[0], [request for request in requests if sent <= request["at"] <= told[0]]


def _note(times: _Times, sent: float, told: float, requests: Sequence[Mapping[str, Any]]) -> None:
    created = [request["at"] for request in requests if request["route"] == "create"]
    assert len(created) == 1, requests
    looks = [request for request in requests if request["route"] in {"retrieve", "list"}]
    end_seen = looks[-1]["at"] + looks[-1]["seconds"]
    times.to_create.append((created[0] - sent) * 1000)
    times.to_webhook.append((told - end_seen) * 1000)
    times.requests.append(len(requests))
