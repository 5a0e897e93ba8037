"""Puts the OpenAPI document together, once, when it is first asked for."""

import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from api.description import links, parameters, refusals, schemas, webhooks
from api.description.operation import Operation
from api.description.operations import OPERATIONS
from domain.errors import (
    EncodedBody,
    InvalidRequest,
    NotFound,
    TooLarge,
    TooSlow,
    TunewardError,
    Unauthenticated,
    Unavailable,
)

Json = dict[str, Any]

PATH: Final = "/openapi.json"
INTRODUCTION: Final = (Path(__file__).parent / "introduction.md").read_text()
LICENCE: Final = {"name": "MIT", "identifier": "MIT"}
SERVERS: Final = [{"url": "/", "description": "Where this document comes from."}]
TAGS: Final = {
    "Files": "Training data in, results out. A training file is checked line by line while it arrives.",
    "Training data": "What is wrong with it and how to mend it, and what is done about personal data in it.",
    "Uploads": "Big files in parts of up to 64 MB, sent in parallel, put together at the end.",
    "Fine-tuning": "Jobs: create, follow, cancel. A job that was accepted reaches exactly one end.",
    "Models": "What this project can use: the base models and their aliases, and what it has tuned.",
    "Chat": "Talk to a base or tuned model; requests are passed through to the platform.",
    "Webhooks": "Who is told when a job ends. What they are sent stands at the end.",
    "Health": "For monitoring: no key is needed.",
}
SECURITY_SCHEME: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "tw_…",
    "description": "An API key of a project, as `tuneward keys create --project NAME` prints it.",
}
_SECURED: Final = "/v1/"


def install(app: FastAPI) -> None:
    """Serve the document. It is kept as bytes: FastAPI would encode it for each who asks."""
    document = cache(partial(assemble, app))
    encoded = cache(lambda: orjson.dumps(document()))

    async def openapi(_: Request) -> Response:
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        return Response(encoded(), media_type="application/json", headers=headers)

    app.openapi = document  # type: ignore[method-assign]  # how FastAPI wants it to be extended
    app.add_route(PATH, openapi, include_in_schema=False)


def assemble(app: FastAPI) -> Json:
    """Return the document: what FastAPI reads off the routes, completed and tidied."""
    document: Json = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=INTRODUCTION,
        routes=app.routes,
        servers=[dict(server) for server in SERVERS],
        license_info=dict(LICENCE),
    )
    raw: Json = schemas.described(document["components"]["schemas"])
    for method, path, operation in operations(document):
        _complete(operation, method, path, raw)
    links.connect(document["paths"])
    document["components"] = {
        "schemas": raw | refusals.ERROR_SCHEMAS | webhooks.WEBHOOK_SCHEMAS,
        "headers": refusals.HEADERS,
        "securitySchemes": {"bearer": SECURITY_SCHEME},
    }
    document["webhooks"] = webhooks.WEBHOOKS
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": TAGS[name]} for name in TAGS if name in used]
    return schemas.tidied(document)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield method, path and operation of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _complete(operation: Json, method: str, path: str, raw: Json) -> None:
    known = OPERATIONS.get(f"{method} {re.sub(r'{[^}]*}', '{}', path)}")
    own = known or Operation(id=_camel_case(operation["operationId"], path))
    secured = path.startswith(_SECURED)
    operation["operationId"] = own.id
    operation["security"] = [{"bearer": []}] if secured else []
    parameters.complete(operation, own.parameters)
    _complete_request(operation, own)
    _complete_success(operation, own, raw)
    errors = [*own.errors, *_usual_errors(operation, own, secured=secured, raw=raw)]
    operation["responses"].pop("422", None)  # FastAPI's own: we answer 400
    operation["responses"] |= refusals.errors_of(*errors) | own.others


def _camel_case(operation_id: str, path: str) -> str:
    """Return a name for an operation without an entry: its function's, as clients write it."""
    function = operation_id.removesuffix(re.sub(r"\W", "_", path) + "_" + operation_id.rpartition("_")[2])
    first, *others = function.split("_")
    return first + "".join(word.capitalize() for word in others)


def _complete_request(operation: Json, own: Operation) -> None:
    if own.body is not None:
        operation["requestBody"] = dict(own.body)
    body = operation.get("requestBody")
    if body is None:
        return
    body.setdefault("description", "The request, as JSON.")
    if own.asked:
        body["content"]["application/json"]["examples"] = _named(own.asked)


def _complete_success(operation: Json, own: Operation, raw: Json) -> None:
    answer = operation["responses"]["200"]
    if own.content is not None:
        answer["content"] = dict(own.content)
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    described = raw.get(schema.get("$ref", "").rpartition("/")[2], {}).get("description")
    answer["description"] = own.description or described or answer["description"]
    answer["headers"] = refusals.headers_named([*refusals.ALWAYS, *own.headers])
    if own.links:
        answer["links"] = own.links
    if own.answered:
        answer["content"]["application/json"]["examples"] = _named(own.answered)


def _named(examples: Any) -> Json:
    return {name: {"summary": name.replace("_", " "), "value": value} for name, value in examples.items()}


def _usual_errors(operation: Json, own: Operation, *, secured: bool, raw: Json) -> list[TunewardError]:
    """Return what every operation of its kind can answer."""
    named = {parameter["in"]: parameter["name"] for parameter in operation.get("parameters", [])}
    errors: list[TunewardError] = [Unauthenticated(), Unavailable()] if secured else []
    if "path" in named and not any(isinstance(error, NotFound) for error in own.errors):
        errors.append(NotFound(param=named["path"]))
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, body in content.items():
        errors += [_missing(body["schema"], raw), EncodedBody(), TooSlow()]
        if media_type == "application/json":
            errors.append(TooLarge())
    if "query" in named or "header" in named:
        errors.append(_invalid(operation["parameters"]))
    return errors


def _missing(schema: Json, raw: Json) -> InvalidRequest:
    target = raw.get(schema.get("$ref", "").rpartition("/")[2], schema)
    name = next(iter(target.get("required", [])), None)
    if name is None:
        message = "The body is not valid JSON at character 12: Expecting value."
        return InvalidRequest(message, code="invalid_json")
    return InvalidRequest(
        f"Missing required parameter: {name}", param=name, code="missing_required_parameter"
    )


def _invalid(listed: list[Json]) -> InvalidRequest:
    for parameter in listed:
        largest = parameter["schema"].get("maximum")
        if largest is not None:
            message = f"Invalid limit: Input should be less than or equal to {largest} (got '{largest + 1}')"
            return InvalidRequest(message, param=parameter["name"])
    return InvalidRequest(param=next(each["name"] for each in listed if each["in"] != "path"))
