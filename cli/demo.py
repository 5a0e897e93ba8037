"""`tuneward demo`: one fine-tune from end to end on real servers, through the public API only."""

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

    from cli.demo_receiver import Receiver
    from embedded.stack import Stack

_TRAINING_FILE = Path(__file__).with_name("demo_training.jsonl")
_BASE_MODEL = "qwen3-32b"
_QUESTION = "How long does delivery take?"
_TRAINING_SECONDS = 8
_JOB_PATIENCE = 60.0
_WEBHOOK_PATIENCE = 15.0
_ANSWER_PATIENCE = 15.0


class _DemoFailed(Exception):  # noqa: N818 - reads as what happened
    """The service did not do what the demo shows."""


@dataclass
class _Timings:
    """Seconds that each part of the demo took, in the order they were measured."""

    parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.parts[part] = time.monotonic() - start

    def __str__(self) -> str:
        return " · ".join(f"{part} {seconds:.1f} s" for part, seconds in self.parts.items())


def demo() -> None:
    """Fine-tune on real servers: upload, train, verify the webhook, ask the tuned model; then stop all."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="tuneward-demo-"))
    try:
        _run(folder)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        raise typer.Exit(130) from None
    except Exception as error:
        print(f"\nThe demo failed: {error}\nLogs are kept in {folder / 'logs'}", file=sys.stderr)
        raise typer.Exit(1) from error
    shutil.rmtree(folder)


def _run(folder: Path) -> None:
    from cli.demo_receiver import Receiver
    from embedded.stack import Stack

    timings = _Timings()
    _say("Starting Postgres, Valkey, the stand-in platform, the api and a worker …")
    stack = Stack(folder, durable=False, simulator_args=("--job-seconds", str(_TRAINING_SECONDS)))
    with timings.measure("total"):
        with timings.measure("start"):
            stack.start()
        try:
            with Receiver() as receiver:
                _fine_tune(stack, receiver, timings)
        finally:
            with timings.measure("stop"):
                stack.stop()
    _say(f"Done. {timings}")


def _fine_tune(stack: "Stack", receiver: "Receiver", timings: _Timings) -> None:
    client = _client(stack)
    with timings.measure("upload and create"):
        job = _create_job(client, receiver.url)
    with timings.measure("fine-tune"):
        job = _follow(client, job, stack.check)
    with timings.measure("webhook"):
        _verify_webhook(client, receiver, job)
    with timings.measure("two answers"):
        _ask_both(client, job)


def _client(stack: "Stack") -> "OpenAI":
    from openai import OpenAI

    made = json.loads(stack.command("keys", "create", "--project", "demo", "--json"))
    return OpenAI(
        base_url=f"{stack.api_url}/v1",
        api_key=made["api_key"],
        webhook_secret=made["webhook_secret"],
        timeout=_ANSWER_PATIENCE,
    )


def _create_job(client: "OpenAI", webhook_url: str) -> "FineTuningJob":
    with _TRAINING_FILE.open("rb") as training:
        uploaded = client.files.create(file=training, purpose="fine-tune")
    _say(f"Uploaded {_TRAINING_FILE.name}: {uploaded.id}, {uploaded.bytes} bytes, {uploaded.status}")
    job = client.fine_tuning.jobs.create(
        model=_BASE_MODEL,
        training_file=uploaded.id,
        suffix="demo",
        extra_body={"webhook_url": webhook_url},
    )
    _say(f"Created {job.id}; its end will be told to {webhook_url}")
    return job


def _follow(client: "OpenAI", job: "FineTuningJob", check: Callable[[], None]) -> "FineTuningJob":
    from cli.demo_progress import follow

    job = follow(client, job.id, check=check, timeout=_JOB_PATIENCE)
    if job.status != "succeeded" or job.fine_tuned_model is None:
        raise _DemoFailed(f"the job {job.status}: {job.error}")
    _say(f"Tuned model: {job.fine_tuned_model} ({job.trained_tokens} tokens trained)")
    return job


def _verify_webhook(client: "OpenAI", receiver: "Receiver", job: "FineTuningJob") -> None:
    """Check the delivery as customers do, with both libraries; either raises on a wrong signature."""
    from standardwebhooks import Webhook

    delivery = receiver.next(_WEBHOOK_PATIENCE)
    Webhook(client.webhook_secret or "").verify(delivery.body, delivery.headers)
    event = client.webhooks.unwrap(delivery.body, delivery.headers)
    told = (event.type, getattr(event.data, "id", None))
    if told != ("fine_tuning.job.succeeded", job.id):
        raise _DemoFailed(f"the webhook says {told}, expected the success of {job.id}")
    _say(f"Webhook {event.id} received: {event.type}, signature verified by standardwebhooks and openai")


def _ask_both(client: "OpenAI", job: "FineTuningJob") -> None:
    _say(f"Both models are asked: {_QUESTION}")
    for model in (_BASE_MODEL, str(job.fine_tuned_model)):
        answer = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": _QUESTION}], max_tokens=200
        )
        print(f"  {model}:\n    {answer.choices[0].message.content}", flush=True)


def _say(text: str) -> None:
    print(text, flush=True)
