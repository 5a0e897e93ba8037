"""A job's life, a pure function of its row and the time: no task runs, so idle jobs cost nothing."""

import math

from simulator.rows import JobRow

VALIDATED = 0.05
STARTED = 0.15
FAILED_IN_TRAINING = 0.6


def moment(job: JobRow, share: float) -> float:
    """When a share (0..1) of the job's life is over, in Unix seconds."""
    return job.created + job.seconds * share


def planned_end(job: JobRow) -> float:
    """When the job ends if nobody cancels it."""
    return moment(job, job.doom.at if job.doom else 1.0)


def ended(job: JobRow, now: float) -> float | None:
    """When the job ended, or `None` if it has not."""
    end = planned_end(job) if job.cancelled is None else job.cancelled
    return end if now >= end else None


def status(job: JobRow, now: float) -> str:
    """One of OpenAI's six statuses."""
    if ended(job, now) is not None:
        if job.cancelled is not None:
            return "cancelled"
        return "failed" if job.doom else "succeeded"
    if now < moment(job, VALIDATED):
        return "validating_files"
    return "queued" if now < moment(job, STARTED) else "running"


def is_live(job: JobRow, now: float) -> bool:
    """Whether the job costs money: it runs or will, or ran to its end."""
    return status(job, now) not in {"failed", "cancelled"}


def steps_per_epoch(job: JobRow) -> int:
    """Optimiser steps in one pass over the training file."""
    return max(1, math.ceil(job.examples / int(job.hyperparameters["batch_size"])))


def total_steps(job: JobRow) -> int:
    """Optimiser steps in the whole job."""
    return steps_per_epoch(job) * int(job.hyperparameters["n_epochs"])


def step_time(job: JobRow, step: int) -> float:
    """When a step is done, in Unix seconds."""
    return moment(job, STARTED + (1 - STARTED) * step / total_steps(job))


def steps_done(job: JobRow, now: float) -> int:
    """How many steps are done by now; a job that ended stays where it was."""
    end = ended(job, now)
    until = now if end is None else end
    if job.seconds <= 0:
        return total_steps(job) if job.doom is None and job.cancelled is None else 0
    done = ((until - job.created) / job.seconds - STARTED) / (1 - STARTED)
    # the sum of two floats may fall short of the end by the last bit
    return max(0, min(total_steps(job), math.floor(done * total_steps(job) + 1e-6)))
