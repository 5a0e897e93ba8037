"""The platform's JSON, read tolerantly into domain values.

Written by hand, not as models: the platform's shape is not proven, so each field is read in whatever form it
comes and is missing rather than wrong. Only an id that cannot be used makes an object unreadable. Every
reader takes any JSON value and raises nothing but `Unreadable`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from domain.platform import (
    JobError,
    Page,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformFile,
    PlatformJob,
    PlatformStatus,
)
from xpulink import scalars
from xpulink.status_map import fold

T = TypeVar("T")

UPSTREAM_ERROR: Final = "upstream_error"
_BARE_REASONS: Final = {"not found", "method not allowed", "not implemented"}
_LEVELS: Final = {"warning": "warn", "warn": "warn", "error": "error", "critical": "error", "fatal": "error"}


class Unreadable(ValueError):  # noqa: N818 - the names are the field's words
    """The platform's answer is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The platform's error envelope."""

    message: str
    code: str | None = None
    param: str | None = None


def decode(body: bytes) -> Any:
    """Parse a JSON body.

    Raises:
        Unreadable: It is not JSON (truncated, HTML, empty, nested beyond reason).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("the answer is not JSON") from error


def read_file(value: Any) -> PlatformFile:
    """Read a File; see `Unreadable`."""
    fields, id_ = _object(value)
    return PlatformFile(
        id=id_, bytes=scalars.count(fields.get("bytes")), status=scalars.name(fields.get("status"))
    )


def read_job(value: Any) -> PlatformJob:
    """Read a Job; see `Unreadable`."""
    fields, id_ = _object(value)
    word = scalars.name(fields.get("status")) or ""
    status = fold(word)
    return PlatformJob(
        id=id_,
        status=status or PlatformStatus.RUNNING,
        raw_status=word,
        known_status=status is not None,
        created_at=scalars.moment(fields.get("created_at")),
        training_file=_reference(fields.get("training_file")),
        fine_tuned_model=scalars.name(fields.get("fine_tuned_model")),
        trained_tokens=scalars.count(fields.get("trained_tokens")),
        estimated_finish=scalars.moment(fields.get("estimated_finish")),
        result_files=_references(fields.get("result_files")),
        error=read_error(fields.get("error")),
        metadata=_metadata(fields.get("metadata")),
        hyperparameters=scalars.mapping(fields.get("hyperparameters")),
    )


def read_event(value: Any) -> PlatformEvent:
    """Read an Event; see `Unreadable`."""
    fields, id_ = _object(value)
    level = (scalars.name(fields.get("level")) or "").lower()
    return PlatformEvent(
        id=id_,
        created_at=scalars.moment(fields.get("created_at")),
        level=_LEVELS.get(level, "info"),
        message=scalars.text(fields.get("message")),
        kind="metrics" if fields.get("type") == "metrics" else "message",
        data=scalars.mapping(fields.get("data")),
    )


def read_checkpoint(value: Any) -> PlatformCheckpoint:
    """Read a Checkpoint; one without a model's name or a step is `Unreadable` too."""
    fields, id_ = _object(value)
    metrics = scalars.mapping(fields.get("metrics"))
    model = scalars.name(fields.get("fine_tuned_model_checkpoint"))
    step = scalars.count(fields.get("step_number", metrics.get("step")))
    if model is None or step is None:
        raise Unreadable("the checkpoint has no model or no step")
    numbers = {key: scalars.number(metric) for key, metric in metrics.items()}
    return PlatformCheckpoint(
        id=id_,
        created_at=scalars.moment(fields.get("created_at")),
        model=model,
        step_number=step,
        metrics={key: metric for key, metric in numbers.items() if metric is not None},
    )


def read_page(value: Any, read: Callable[[Any], T]) -> Page[T]:
    """Read a list, in its envelope or bare; items that cannot be read are counted in `skipped`.

    Raises:
        Unreadable: There is no list. `"data": null` is an empty one, a missing `data` is not.
    """
    envelope = {"data": value} if isinstance(value, list) else value
    if not isinstance(envelope, dict) or "data" not in envelope:
        raise Unreadable("the answer is not a list")
    rows = [] if envelope["data"] is None else envelope["data"]
    if not isinstance(rows, list):
        raise Unreadable("the answer's data is not a list")
    items = tuple(item for item in (_attempt(read, row) for row in rows) if item is not None)
    return Page(items, scalars.flag(envelope.get("has_more")), skipped=len(rows) - len(items))


def read_deletion(value: Any) -> None:
    """Accept the answer to a DELETE unless it says that nothing was deleted."""
    if not isinstance(value, dict) or scalars.flag(value.get("deleted")) is False or "error" in value:
        raise Unreadable("the answer does not confirm the deletion")


def read_error(value: Any) -> JobError | None:
    """Read a job's `error`: an object, text, or one of the ways to say that there is none."""
    if isinstance(value, str):
        value = {"message": value}
    if not isinstance(value, dict):
        return None
    message, code = scalars.text(value.get("message")).strip(), scalars.name(value.get("code"))
    if not message and code is None:
        return None
    return JobError(code or UPSTREAM_ERROR, message or str(code), scalars.name(value.get("param")))


def read_refusal(body: bytes) -> Refusal | None:
    """Read the platform's error envelope, or FastAPI's; None if a router without such a route wrote this."""
    try:
        value = decode(body)
    except Unreadable:
        return None
    said = (value.get("error") or value.get("detail")) if isinstance(value, dict) else None
    error = read_error(said)
    if error is None or error.message.lower().rstrip(".") in _BARE_REASONS:
        return None
    fields = said if isinstance(said, dict) else {}
    return Refusal(error.message, scalars.name(fields.get("code")), error.param)


def _object(value: Any) -> tuple[dict[str, Any], str]:
    if not isinstance(value, dict):
        raise Unreadable("the answer is not an object")
    id_ = scalars.identifier(value.get("id"))
    if id_ is None:
        raise Unreadable("the answer has no usable id")
    return value, id_


def _attempt(read: Callable[[Any], T], row: Any) -> T | None:
    try:
        return read(row)
    except Unreadable:
        return None


def _reference(value: Any) -> str | None:
    return scalars.identifier(value.get("id") if isinstance(value, dict) else value)


def _references(value: Any) -> tuple[str, ...]:
    rows = value if isinstance(value, list) else [value]
    return tuple(id_ for id_ in map(_reference, rows) if id_ is not None)


def _metadata(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {scalars.text(key): scalars.text(said) for key, said in value.items() if isinstance(said, str)}
