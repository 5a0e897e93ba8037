"""The platform's JSON, read tolerantly into domain values.

Written by hand, not as models: the platform's shape is not proven, so each field is read in whatever form it
comes and is missing rather than wrong. Only an id that cannot be used makes an object unreadable. Every
reader takes any JSON value and raises nothing but `Unreadable`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from domain.platform import (
    DERIVED_ID,
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

    What careless writers put into it is taken: NaN and Infinity as null, a byte order mark, half a character,
    bytes of another encoding as replacement characters.

    Raises:
        Unreadable: It is not JSON (truncated, HTML, empty, nested beyond reason).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _decode_careless(body)


def _decode_careless(body: bytes) -> Any:
    if is_web_page(body):
        raise Unreadable("the answer is a web page, not JSON")
    try:
        return json.loads(body.decode("utf-8-sig", errors="replace"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the answer is not JSON") from error


def is_web_page(body: bytes) -> bool:
    """Tell whether a body is HTML, whatever its content type says."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html"))


def read_file(value: Any) -> PlatformFile:
    """Read a File; see `Unreadable`."""
    fields, id_ = _object(value)
    return PlatformFile(
        id=id_,
        bytes=scalars.count(fields.get("bytes")),
        status=scalars.name(fields.get("status")),
        filename=scalars.name(fields.get("filename")),
        created_at=scalars.moment(fields.get("created_at")),
    )


def read_job(value: Any) -> PlatformJob:
    """Read a Job; see `Unreadable`."""
    fields, id_ = _object(value)
    word = scalars.name(fields.get("status")) or ""
    status = fold(word)
    model = _named(fields.get("fine_tuned_model"))
    return PlatformJob(
        id=id_,
        status=status or PlatformStatus.RUNNING,
        raw_status=word,
        known_status=status is not None,
        created_at=scalars.moment(fields.get("created_at")),
        training_file=_reference(fields.get("training_file")),
        fine_tuned_model=scalars.verbatim(model),
        trained_tokens=scalars.count(fields.get("trained_tokens")),
        estimated_finish=scalars.moment(fields.get("estimated_finish")),
        result_files=_references(fields.get("result_files")),
        error=read_error(fields.get("error")),
        metadata=_metadata(fields.get("metadata")),
        hyperparameters=scalars.mapping(fields.get("hyperparameters")),
        unusable_model=None if scalars.verbatim(model) else scalars.escaped(model),
    )


def read_event(value: Any) -> PlatformEvent:
    """Read an Event; one without an id gets one that follows from what it says. See `Unreadable`."""
    fields = _fields(value)
    level = (scalars.name(fields.get("level")) or "").lower()
    kind, data = fields.get("type"), scalars.mapping(fields.get("data"))
    if "id" not in fields and "message" not in fields and not data:
        raise Unreadable("the answer is not an event")
    return PlatformEvent(
        id=scalars.identifier(fields.get("id")) or _derived_id(fields),
        created_at=scalars.moment(fields.get("created_at")),
        level=_LEVELS.get(level, "info"),
        message=scalars.text(fields.get("message")),
        kind="metrics" if kind == "metrics" else "message",
        data=_measured(data) if kind == "metrics" else data,
    )


def read_checkpoint(value: Any) -> PlatformCheckpoint:
    """Read a Checkpoint; one without a usable name of a model, or without a step, is `Unreadable`."""
    fields = _fields(value)
    metrics = scalars.mapping(fields.get("metrics"))
    model = scalars.verbatim(_named(fields.get("fine_tuned_model_checkpoint")))
    steps = map(scalars.count, (fields.get("step_number"), metrics.get("step")))
    step = next((step for step in steps if step is not None), None)
    if model is None or step is None:
        raise Unreadable("the checkpoint has no model or no step")
    numbers = {key: scalars.number(metric) for key, metric in metrics.items()}
    return PlatformCheckpoint(
        id=scalars.identifier(fields.get("id")) or f"{DERIVED_ID}{step}",
        created_at=scalars.moment(fields.get("created_at")),
        model=model,
        step_number=step,
        metrics={key: metric for key, metric in numbers.items() if metric is not None},
    )


def read_page(value: Any, read: Callable[[Any], T]) -> Page[T]:
    """Read a list, in its envelope or bare; items that cannot be read are counted in `skipped`.

    Raises:
        Unreadable: There is no list. A missing `data` is none; `"data": null` is an empty one that says
            nothing of what there is.
    """
    envelope = {"data": value} if isinstance(value, list) else value
    if not isinstance(envelope, dict) or "data" not in envelope:
        raise Unreadable("the answer is not a list")
    rows = [] if envelope["data"] is None else envelope["data"]
    if not isinstance(rows, list):
        raise Unreadable("the answer's data is not a list")
    items = tuple(item for item in (_attempt(read, row) for row in rows) if item is not None)
    has_more = None if envelope["data"] is None else scalars.flag(envelope.get("has_more"))
    return Page(items, has_more, skipped=len(rows) - len(items))


def read_deletion(value: Any) -> None:
    """Accept the answer to a DELETE unless it says that nothing was deleted."""
    if not isinstance(value, dict) or scalars.flag(value.get("deleted")) is False or "error" in value:
        raise Unreadable("the answer does not confirm the deletion")


def read_error(value: Any) -> JobError | None:
    """Read a job's `error`: an object, text, a list of these, or one of the ways to say that it is none."""
    if isinstance(value, list):
        return next((error for error in map(read_error, value[:1]) if error is not None), None)
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
    if isinstance(said, list):
        return _first_fault(said)
    error = read_error(said)
    if error is None or error.message.lower().rstrip(".") in _BARE_REASONS:
        return None
    fields = said if isinstance(said, dict) else {}
    return Refusal(error.message, scalars.name(fields.get("code")), error.param)


def _first_fault(faults: list[Any]) -> Refusal | None:
    """Read what FastAPI says of a body that does not validate: `[{"loc": […, field], "msg": …}]`."""
    fault = faults[0] if faults and isinstance(faults[0], dict) else {}
    message, places = scalars.text(fault.get("msg")).strip(), fault.get("loc")
    param = scalars.name(places[-1]) if isinstance(places, list) and places else None
    return Refusal(f"{param}: {message}" if param else message, param=param) if message else None


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("the answer is not an object")
    return value


def _object(value: Any) -> tuple[dict[str, Any], str]:
    fields = _fields(value)
    id_ = scalars.identifier(fields.get("id"))
    if id_ is None:
        raise Unreadable("the answer has no usable id")
    return fields, id_


def _named(value: Any) -> Any:
    """Return the name of a model that is given as text, or as an object with an id."""
    return value.get("id") if isinstance(value, dict) else value


def _derived_id(fields: Mapping[str, Any]) -> str:
    """Make an id of everything that an object says, so that it is the same at the next look."""
    said = json.dumps(fields, sort_keys=True).encode()
    return DERIVED_ID + hashlib.sha256(said).hexdigest()[:32]


def _measured(data: dict[str, Any]) -> dict[str, Any]:
    """Return metrics whose numbers are numbers, the step a whole one."""
    numbers = {key: scalars.number(value) for key, value in data.items() if isinstance(value, str)}
    read = data | {key: value for key, value in numbers.items() if value is not None}
    step = scalars.count(read.get("step"))
    return read if step is None else read | {"step": step}


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
