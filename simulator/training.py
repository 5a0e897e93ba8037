"""How the loss falls: exponentially, with seeded noise; equal seeds and hyperparameters, equal curves."""

import math

from simulator import life
from simulator.ids import share
from simulator.rows import JobRow

MOST_LOGGED_STEPS = 200
USUAL_LEARNING_RATE = 5e-5


def logged_steps(job: JobRow, done: int) -> list[int]:
    """The steps up to `done` that have metrics: evenly spaced, each epoch's last one among them."""
    total, epoch = life.total_steps(job), life.steps_per_epoch(job)
    every = max(1, math.ceil(total / MOST_LOGGED_STEPS))
    return sorted({*range(every, done + 1, every), *range(epoch, done + 1, epoch)})


def metrics(job: JobRow, step: int) -> dict[str, float]:
    """What one step shows: losses, mean token accuracies (0..1) and the learning rate."""
    progress = step / life.total_steps(job)
    remaining = math.exp(-_speed(job) * progress)
    floor, start = 0.35 + 0.3 * share(job.seed, "floor"), 2.0 + 0.8 * share(job.seed, "start")
    shown = {
        "train_loss": round(floor + (start - floor) * remaining + _noise(job, step, "loss", remaining), 4),
        "train_mean_token_accuracy": round(0.94 - 0.5 * remaining + _noise(job, step, "hit", remaining), 4),
        "learning_rate": _learning_rate(job) * (1 - progress),
    }
    if job.validation_file is not None:
        loss = floor + 0.06 + 0.08 * progress + (start - floor) * remaining
        shown["valid_loss"] = round(loss + _noise(job, step, "valid loss", remaining), 4)
        accuracy = 0.91 - 0.48 * remaining + _noise(job, step, "valid hit", remaining)
        shown["valid_mean_token_accuracy"] = round(accuracy, 4)
    return shown


def _noise(job: JobRow, step: int, what: str, remaining: float) -> float:
    """Noise that calms down as the loss does."""
    return (share(job.seed, step, what) - 0.5) * (0.02 + 0.1 * remaining)


def _learning_rate(job: JobRow) -> float:
    given = job.hyperparameters.get("learning_rate")
    multiplier = job.hyperparameters.get("learning_rate_multiplier", 1.0)
    return float(given if given is not None else USUAL_LEARNING_RATE * multiplier)


def _speed(job: JobRow) -> float:
    """A larger learning rate learns faster, within reason."""
    return 4.0 + max(-2.0, min(2.0, math.log10(_learning_rate(job) / USUAL_LEARNING_RATE)))
