"""What a job has to tell by now: its events, its checkpoints and its results file."""

import base64

from simulator import life, training
from simulator.rows import JobRow

Json = dict[str, object]


def events(job: JobRow, now: float) -> list[Json]:
    """Every event up to now, newest first, as OpenAI writes them."""
    told = sorted(_told(job, now), key=lambda event: event[0])
    written = [_event(job, number, *event) for number, event in enumerate(told) if event[0] <= now]
    return written[::-1]


Told = tuple[float, str, str, Json | None]


def _told(job: JobRow, now: float) -> list[Told]:
    end = life.ended(job, now)
    until = now if end is None else end
    opening: list[Told] = [
        (job.created, "info", f"Created fine-tuning job: {job.id}", None),
        (job.created, "info", f"Validating training file: {job.training_file}", None),
    ]
    if job.doom is None or job.doom.at > life.VALIDATED:
        validated = "Files validated, moving job to queued state"
        opening.append((life.moment(job, life.VALIDATED), "info", validated, None))
        opening.append((life.moment(job, life.STARTED), "info", "Fine-tuning job started", None))
    reached = [event for event in opening if event[0] <= until]
    return reached + _progress(job, now) + ([] if end is None else _ending(job, end))


def _progress(job: JobRow, now: float) -> list[Told]:
    total, epoch, done = life.total_steps(job), life.steps_per_epoch(job), life.steps_done(job, now)
    told: list[Told] = []
    for step in training.logged_steps(job, done):
        shown = training.metrics(job, step)
        line = f"Step {step}/{total}: training loss={shown['train_loss']:.2f}"
        measured: Json = {"step": step, "total_steps": total, **shown}
        told.append((life.step_time(job, step), "info", line, measured))
        if step % epoch == 0:
            told.append((life.step_time(job, step), "info", f"Checkpoint created at step {step}", None))
    return told


def _ending(job: JobRow, end: float) -> list[Told]:
    if job.cancelled is not None:
        return [(end, "info", "Fine-tuning job cancelled", None)]
    if job.doom is not None:
        return [
            (end, "error", job.doom.message, {"error_code": job.doom.code, "error_param": job.doom.param})
        ]
    return [
        (end, "info", f"New fine-tuned model created: {job.fine_tuned_model}", None),
        (end, "info", "The job has successfully completed", None),
    ]


def _event(job: JobRow, number: int, *event: object) -> Json:
    at, level, message, shown = event
    assert isinstance(at, float)  # noqa: S101 - the first of every Told
    return {
        "id": f"ftevent-{job.id.removeprefix('ftjob-')}-{number:05d}",
        "object": "fine_tuning.job.event",
        "created_at": int(at),
        "level": level,
        "message": message,
        "type": "metrics" if level == "info" and shown else "message",
        "data": shown or {},
    }


def checkpoints(job: JobRow, now: float) -> list[Json]:
    """One checkpoint per finished epoch, newest first, as OpenAI writes them."""
    epoch = life.steps_per_epoch(job)
    finished = range(epoch, life.steps_done(job, now) + 1, epoch)
    return [_checkpoint(job, step) for step in reversed(finished)]


def _checkpoint(job: JobRow, step: int) -> Json:
    shown = training.metrics(job, step)
    del shown["learning_rate"]
    if "valid_loss" in shown:
        shown["full_valid_loss"] = shown["valid_loss"]
        shown["full_valid_mean_token_accuracy"] = shown["valid_mean_token_accuracy"]
    return {
        "id": f"ftckpt_{job.id.removeprefix('ftjob-')}{step:08d}",
        "object": "fine_tuning.job.checkpoint",
        "created_at": int(life.step_time(job, step)),
        "fine_tuned_model_checkpoint": f"{job.fine_tuned_model}:ckpt-step-{step}",
        "fine_tuning_job_id": job.id,
        "step_number": step,
        "metrics": {"step": step, **shown},
    }


def results(job: JobRow) -> bytes:
    """The results file of a job that succeeded: CSV in base64, as OpenAI serves it."""
    lines = ["step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"]
    for step in training.logged_steps(job, life.total_steps(job)):
        shown = training.metrics(job, step)
        columns = ("train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy")
        lines.append(",".join([str(step), *(str(shown.get(column, "")) for column in columns)]))
    return base64.b64encode("\n".join([*lines, ""]).encode())
