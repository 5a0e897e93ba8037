"""The page at `/`: what the stand-in received, for people."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator import life, training
from simulator.rows import JobRow
from simulator.stand_in import StandIn

SHOWN = 40
SPARK_WIDTH, SPARK_HEIGHT = 120, 26
SPARK_TOP = 2.6  # a loss that fills the whole height

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
_templates.filters["clock"] = lambda at: datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def render(here: StandIn) -> str:
    """Write the page as it stands now."""
    now, store = here.clock(), here.store
    return _templates.get_template("page.html").render(
        now=now,
        route_counts=sorted(here.ledger.counts.items()),
        faults=here.script.pending,
        quirks=here.quirks.active,
        jobs=[_job(job, now) for job in islice(store.jobs_from(), SHOWN)],
        job_count=len(store.jobs),
        files=list(islice(_uploads(here, now), SHOWN)),
        requests=list(islice(reversed(here.ledger.requests), SHOWN)),
    )


def _uploads(here: StandIn, now: float) -> Iterator[Any]:
    return (row for row in here.store.files_from("", now) if row.job is None)


def _job(job: JobRow, now: float) -> dict[str, Any]:
    done = life.steps_done(job, now)
    steps = training.logged_steps(job, done)
    losses = [(step, training.metrics(job, step)["train_loss"]) for step in steps]
    return {
        "row": job,
        "status": life.status(job, now),
        "done": done,
        "total": life.total_steps(job),
        "loss": losses[-1][1] if losses else None,
        "line": _line(losses, life.total_steps(job)),
    }


def _line(losses: list[tuple[int, float]], total: int) -> str:
    """The points of an SVG polyline; x is the share of the job, so that a running one grows to the right."""
    places = ((SPARK_WIDTH * step / total, SPARK_HEIGHT * (1 - loss / SPARK_TOP)) for step, loss in losses)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
