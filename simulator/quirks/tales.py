"""What a job has to tell: events and checkpoints with too little, too much, or something else in them."""

import math

from simulator.quirks.table import Json, Kind, Look, quirk

MEGABYTE = 1_000_000


@quirk(Kind.EVENT)
def events_null_data(event: Json, _look: Look) -> None:
    """An event's data is null."""
    event["data"] = None


@quirk(Kind.EVENT)
def events_null_message(event: Json, _look: Look) -> None:
    """An event's message is null."""
    event["message"] = None


@quirk(Kind.EVENT)
def events_warning(event: Json, _look: Look) -> None:
    """An event's level is `warning`."""
    event["level"] = "warning"


@quirk(Kind.EVENT)
def events_odd(event: Json, _look: Look) -> None:
    """An event's level, type and time are words that nobody knows."""
    event.update(level="LOUD", type=17, created_at="yesterday", object=None)


@quirk(Kind.EVENT)
def events_dirty(event: Json, _look: Look) -> None:
    """An event holds NUL, terminal codes and half a character, in its keys as well."""
    event.update(message=f"\x00\x1b[31m{event['message']}\ud800", data={"a\x00": "b\x00", "n": 10**30})


@quirk(Kind.EVENT)
def events_huge(event: Json, _look: Look) -> None:
    """An event's message is a megabyte long."""
    event["message"] = "x" * MEGABYTE


@quirk(Kind.EVENT)
def events_nan(event: Json, _look: Look) -> None:
    """Metrics hold NaN and Infinity, which no JSON has."""
    if event.get("type") == "metrics":
        event["data"] = {**event["data"], "train_loss": math.nan, "valid_loss": math.inf}


@quirk(Kind.EVENT)
def events_no_id(event: Json, _look: Look) -> None:
    """An event has no id."""
    event.pop("id", None)


@quirk(Kind.EVENT)
def events_step_string(event: Json, _look: Look) -> None:
    """The numbers of a metrics event are text."""
    if event.get("type") == "metrics":
        event["data"] = {key: str(value) for key, value in event["data"].items()}


@quirk(Kind.EVENT)
def events_deep(event: Json, _look: Look) -> None:
    """An event's data is nested fifty deep, and broad."""
    inner: object = list(range(5_000))
    for _ in range(50):
        inner = {"in": inner, "beside": "b" * 100}
    event["data"] = inner


@quirk(Kind.CHECKPOINT)
def checkpoints_strings(checkpoint: Json, _look: Look) -> None:
    """A checkpoint's numbers are text."""
    checkpoint["metrics"] = {key: str(value) for key, value in checkpoint["metrics"].items()}
    checkpoint["step_number"] = str(checkpoint["step_number"])


@quirk(Kind.CHECKPOINT)
def checkpoints_null(checkpoint: Json, _look: Look) -> None:
    """A checkpoint's metrics are null, and its time is missing."""
    checkpoint["metrics"] = None
    checkpoint.pop("created_at", None)


@quirk(Kind.CHECKPOINT)
def checkpoints_nameless(checkpoint: Json, _look: Look) -> None:
    """A checkpoint does not name its model."""
    checkpoint.pop("fine_tuned_model_checkpoint", None)
