"""Makes FastAPI's schemas worth reading: names for people, no titles that repeat names, short nulls.

And true: what an answer always has is required in it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]

_NAMES: Final = {
    "CreateJob": "CreateFineTuningJob",
    "JobOut": "FineTuningJob",
    "JobErrorOut": "FineTuningJobError",
    "EventOut": "FineTuningJobEvent",
    "CheckpointOut": "FineTuningJobCheckpoint",
    "PartOut": "UploadPart",
    "EndpointOut": "WebhookEndpoint",
    "EndpointWithSecretOut": "WebhookEndpointWithSecret",
    "EndpointDeleted": "WebhookEndpointDeleted",
    "CreateEndpoint": "CreateWebhookEndpoint",
    "UpdateEndpoint": "UpdateWebhookEndpoint",
    "RotateSecret": "RotateWebhookEndpointSecret",
    "TestEvent": "TestWebhookEndpoint",
    "TestOut": "WebhookEndpointTest",
    "EventTypeList": "WebhookEventTypeList",
    "DeliveryOut": "WebhookDelivery",
    "DeliveryWithAttemptsOut": "WebhookDeliveryWithAttempts",
    "AttemptOut": "WebhookAttempt",
    "CheckpointList": "FineTuningJobCheckpointList",
    "Report": "TrainingDataReport",
    "ReportedError": "TrainingDataError",
    "ReportedWarning": "TrainingDataWarning",
    "TokenList": "ExampleTokensList",
    "Policy": "PersonalDataPolicy",
    "TrainingDataPolicy": "UpdateTrainingDataPolicy",
    "TrainingDataPolicyOut": "TrainingDataPolicy",
    "PlanOut": "FineTuningPlan",
    "LimitsOut": "ModelLimits",
}
_LIST: Final = re.compile(r"List[A-Za-z]*_(\w+)_")
_VALUES: Final = frozenset({"example", "examples", "default", "const", "enum", "value"})
"""Keys below which there is no schema, but a value."""
_REF: Final = "#/components/schemas/"
_NULL: Final = {"type": "null"}
_UNUSED: Final = ("HTTPValidationError", "ValidationError")


def tidied(document: Json) -> Json:
    """Return the document with its schemas tidied and renamed."""
    document["components"]["schemas"] = _required_if_always_there(document)
    schemas = {
        name: schema for name, schema in document["components"]["schemas"].items() if name not in _UNUSED
    }
    names = {name: name_of(name) for name in schemas}
    assert len(set(names.values())) == len(names), names  # noqa: S101 - two schemas of one name
    document["components"]["schemas"] = {names[name]: schemas[name] for name in sorted(names, key=name_of)}
    for part in ("paths", "components"):
        document[part] = _tidy(document[part], names)
    return document


def described(schemas: Json) -> Json:
    """Describe what needs no words of its own: a page of a list, and what says which kind an object is."""
    for name, schema in schemas.items():
        if _LIST.fullmatch(name):
            schema.setdefault("description", "A page of a list.")
        kind = schema.get("properties", {}).get("object", {})
        if "const" in kind:
            kind.setdefault("description", f"Always `{kind['const']}`.")
    return schemas


def name_of(schema: str) -> str:
    """Return the public name of a schema: `ListOf_JobOut_` is a `FineTuningJobList`."""
    listed = _LIST.fullmatch(schema)
    if listed is not None:
        return f"{name_of(listed[1])}List"
    return _NAMES.get(schema, schema.removesuffix("Out"))


def _required_if_always_there(document: Json) -> Json:
    """Make a property with a default required in what only goes out: the answer always has it."""
    schemas: Json = document["components"]["schemas"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    asked = _reached([operation.get("requestBody") for operation in operations], schemas)
    answered = _reached([operation["responses"] for operation in operations], schemas) - asked
    return {name: _always_there(schema) if name in answered else schema for name, schema in schemas.items()}


def _always_there(schema: Json) -> Json:
    properties: Json = schema.get("properties", {})
    always = [name for name, each in properties.items() if each.get("default") is not None]
    required = [name for name in properties if name in {*always, *schema.get("required", [])}]
    without = {
        name: {key: value for key, value in each.items() if key != "default"}
        for name, each in properties.items()
    }
    return schema | ({"properties": without, "required": required} if properties else {})


def _reached(node: Any, schemas: Json) -> set[str]:
    """Return the names of the schemas that are reached from here."""
    found: set[str] = set()
    ahead = list(_references(node))
    while ahead:
        name = ahead.pop()
        if name not in found and name in schemas:
            found.add(name)
            ahead += _references(schemas[name])
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.removeprefix(_REF)
            else:
                yield from _references(value)


def _tidy(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_tidy(item, names) for item in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    tidy: Json = {}
    for key, value in node.items():
        if key == "properties":
            tidy[key] = {name: _tidy(schema, names) for name, schema in value.items()}
        elif key == "$ref":
            tidy[key] = _renamed(value, names)
        elif not (key == "title" and isinstance(value, str)):
            tidy[key] = value if key in _VALUES else _tidy(value, names)
    return _short_null(tidy)


def _renamed(reference: str, names: dict[str, str]) -> str:
    name = reference.removeprefix(_REF)
    return _REF + names[name] if name in names else reference


def _short_null(schema: Json) -> Json:
    """Write `anyOf: [{type: T}, {type: null}]` as `type: [T, null]`, which readers show on one line."""
    kinds: list[Json] = schema.get("anyOf", [])
    real = [kind for kind in kinds if kind != _NULL]
    if len(kinds) != len(real) + 1 or len(real) != 1 or not isinstance(real[0].get("type"), str):
        return schema
    around = {key: value for key, value in schema.items() if key != "anyOf"}
    short = real[0] | around | {"type": [real[0]["type"], "null"]}
    return short | ({"enum": [*short["enum"], None]} if "enum" in short else {})
