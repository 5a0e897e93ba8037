"""The parameters of an operation: those of a path are described here, once for all routes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.description import examples

Json = dict[str, Any]

DESCRIBED: Final[Mapping[str, tuple[str, str | None]]] = {
    "file_id": ("Id of the file.", examples.TRAINING_FILE),
    "upload_id": ("Id of the upload.", examples.UPLOAD),
    "job_id": ("Id of the job.", examples.JOB),
    "fine_tuning_job_id": ("Id of the job.", examples.JOB),
    "model": ("Name of the model; it may contain slashes and colons.", "qwen3-32b"),
    "endpoint_id": ("Id of the webhook endpoint.", examples.ENDPOINT),
    "webhook_endpoint_id": ("Id of the webhook endpoint.", examples.ENDPOINT),
    "delivery_id": ("Id of the delivery: the `webhook-id` of what was sent.", examples.DELIVERY),
    "order": ("By the time of creation: `desc` gives the newest first, `asc` the oldest.", None),
}
"""By name: a description, and an example."""


def complete(operation: Json, read_by_hand: Sequence[Mapping[str, Any]]) -> None:
    """Add the parameters that the route reads itself, and what is missing on the others."""
    listed = [*operation.get("parameters", []), *(dict(each) for each in read_by_hand)]
    for parameter in listed:
        text, example = DESCRIBED.get(parameter["name"], (None, None))
        if text is not None:
            parameter.setdefault("description", text)
        if example is not None:
            parameter.setdefault("example", example)
        parameter["schema"] = _never_null(parameter["schema"])
    if listed:
        operation["parameters"] = listed


def _never_null(schema: Json) -> Json:
    """Take away the null of a parameter that may be left out: a URL cannot carry one."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "description"}}
    return rest | kinds[0] if len(kinds) == 1 else rest | ({"anyOf": kinds} if kinds else {})
