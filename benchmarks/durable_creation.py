"""Creating jobs durably: our api beside a bare route, 32 clients, one process each, one Postgres."""

import json
from contextlib import ExitStack
from typing import Final

from benchmarks.figure import Figure, Target
from benchmarks.http_load import Load, rate
from benchmarks.processes import running_stack, serving_reference
from benchmarks.training_files import upload_small_file
from config.settings import Settings

METHOD: Final = """\
32 keep-alive clients in a process of their own send the same body to one api process, then to each bare
route (`benchmarks/bare_core_route.py`, `bare_asyncpg_route.py`), in turns: same Postgres with fsync on,
same pool size, same uvicorn. Ours checks the key and the file, writes the event and answers with the
whole job; no worker runs. The second line sends an `Idempotency-Key` of its own with each request, the
third what the SDKs send with a first try, so that a row is kept for the retries that may come."""

_PATH = "/v1/fine_tuning/jobs"
_AS_AN_SDK: Final = {"x-stainless-retry-count": "0"}
_POOL_SIZE = int(Settings.model_fields["database_pool_size"].default)
_TARGET = Target("ratio", "≥", 0.7)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure in alternating rounds."""
    rounds, seconds = (2, 1.0) if quick else (5, 2.5)
    with running_stack(worker_count=0) as stack, ExitStack() as references:
        environment = {"DATABASE_URL": stack.database_url, "POOL_SIZE": str(_POOL_SIZE)}
        logs = stack.data_dir / "logs"
        core, horizon = (
            references.enter_context(serving_reference(app, logs, environment=environment))[1]
            for app in ("bare_core_route:app", "bare_asyncpg_route:app")
        )
        body = _body(upload_small_file(stack))
        key = {"authorization": f"Bearer {stack.api_key}"}
        loads = {
            "ours": Load(url=stack.api_url + _PATH, body=body, headers=key, seconds=seconds),
            "core": Load(url=core + _PATH, body=body, seconds=seconds),
            "keyed": Load(
                url=stack.api_url + _PATH, body=body, headers=key, seconds=seconds, idempotent=True
            ),
            "counted": Load(url=stack.api_url + _PATH, body=body, headers=key | _AS_AN_SDK, seconds=seconds),
            "horizon": Load(url=horizon + _PATH, body=body, seconds=seconds),
        }
        measured = [{name: rate(load) for name, load in loads.items()} for _ in range(rounds)]
    return _figures({name: tuple(one[name] for one in measured) for name in loads})


def _figures(rates: dict[str, tuple[float, ...]]) -> list[Figure]:
    lines = [
        ("Jobs created", "ours", "bare SQLAlchemy Core route", "core", _TARGET),
        (
            "Jobs created, each with an Idempotency-Key",
            "keyed",
            "bare SQLAlchemy Core route",
            "core",
            _TARGET,
        ),
        (
            "Jobs created, the tries counted as an SDK does",
            "counted",
            "bare SQLAlchemy Core route",
            "core",
            _TARGET,
        ),
        ("Jobs created", "ours", "bare asyncpg route, the horizon", "horizon", None),
    ]
    return [
        Figure(
            name=name,
            unit="per s",
            values=rates[ours],
            reference=reference,
            reference_values=rates[theirs],
            target=target,
        )
        for name, ours, reference, theirs, target in lines
    ]


def _body(training_file: str) -> str:
    """Return what the platform's own client sends, and two pairs of metadata."""
    return json.dumps(
        {
            "model": "qwen3-32b",
            "training_file": training_file,
            "suffix": "support",
            "seed": 7,
            "hyperparameters": {
                "n_epochs": 3,
                "batch_size": 4,
                "learning_rate": 5e-5,
                "lora_r": 8,
                "lora_alpha": 16,
                "lora_dropout": 0.05,
            },
            "metadata": {"team": "search", "run": "2"},
        }
    )
