"""The errors of an operation as the document shows them, made from the errors themselves.

So status, code, message and headers are those of `domain.errors` and `api.errors`, and cannot drift.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from api.errors import envelope
from domain.errors import TunewardError

Json = dict[str, Any]

ENVELOPE: Final = "ErrorEnvelope"
ERROR_SCHEMAS: Final[Json] = {
    ENVELOPE: {
        "type": "object",
        "description": "Every answer that is not a 2xx, in OpenAI's form.",
        "required": ["error"],
        "additionalProperties": False,
        "properties": {"error": {"$ref": "#/components/schemas/Error"}},
    },
    "Error": {
        "type": "object",
        "description": "What went wrong, and what to do about it.",
        "required": ["message", "type", "param", "code"],
        "additionalProperties": False,
        "properties": {
            "message": {
                "type": "string",
                "description": "For people: names the value that was refused and what is allowed.",
            },
            "type": {
                "type": "string",
                "description": "`invalid_request_error`: change the request. `server_error`: it was not you.",
            },
            "param": {
                "type": ["string", "null"],
                "description": "The parameter at fault, as it was written: `hyperparameters.n_epochs`.",
            },
            "code": {"type": ["string", "null"], "description": "For programs: stays the same."},
        },
    },
}

HEADERS: Final[Json] = {
    "x-request-id": {
        "description": "Id of this request, in our log as well; one that you send is taken over.",
        "required": True,
        "schema": {"type": "string", "examples": ["req_01m88yzn70qq167mq4j22yyd1g"]},
    },
    "openai-processing-ms": {
        "description": "Milliseconds until the answer began.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "openai-version": {
        "description": "Version of the wire format.",
        "required": True,
        "schema": {"type": "string", "examples": ["2020-10-01"]},
    },
    "retry-after": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "x-should-retry": {
        "description": "Whether a retry can help; the SDKs obey it.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "www-authenticate": {
        "description": "How to send a key.",
        "schema": {"type": "string", "const": "Bearer"},
    },
    "tuneward-merged": {
        "description": "`true` if this was a retry, and the job that it asked for existed already.",
        "schema": {"type": "string", "const": "true"},
    },
}
ALWAYS: Final = ("x-request-id", "openai-processing-ms", "openai-version")
"""What `api.middleware` puts on every answer."""


def errors_of(*errors: TunewardError) -> dict[str, Json]:
    """Return the responses for these errors by status, with an example for each code."""
    by_status: dict[str, list[TunewardError]] = {}
    for error in sorted(errors, key=lambda error: error.status):
        by_status.setdefault(str(error.status), []).append(error)
    return {status: _response(status, alike) for status, alike in by_status.items()}


def headers_named(names: Iterable[str]) -> Json:
    """Return references to the headers of these names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names if name in HEADERS}


def _response(status: str, errors: Iterable[TunewardError]) -> Json:
    codes: dict[str, Json] = {}
    sent: list[str] = []
    for error in errors:
        answer = envelope(error)
        sent += answer.headers
        value = msgspec.json.decode(bytes(answer.body))
        codes.setdefault(str(error.error_code), {"summary": _first_sentence(error), "value": value})
    listed = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{HTTPStatus(int(status)).phrase}: {listed}.",
        "headers": headers_named(dict.fromkeys(["x-request-id", *sent])),
        "content": {"application/json": {"schema": reference(ENVELOPE), "examples": codes}},
    }


def _first_sentence(error: TunewardError) -> str:
    text = " ".join((type(error).__doc__ or "").split())
    return text.partition(". ")[0].removesuffix(".")


def reference(schema: str) -> Mapping[str, str]:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{schema}"}
