"""The document that describes the API, held to what a reader and a generated client need of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from api.description import document, refusals, schemas
from api.description.operations import OPERATIONS
from api.main import create_app
from config.settings import Settings
from domain.errors import Conflict, Forbidden, NotFound, TunewardError, Unavailable
from domain.events import job_ended_body
from domain.job_state import JobState
from domain.jobs import Job
from domain.platform import JobError

from .served import Project, Service

Json = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}
OPEN = {"/healthz", "/readyz", "/metrics"}

# What generated clients are made of: a name that changes here breaks somebody's build.
NAMES = {
    "addUploadPart",
    "cancelFineTuningJob",
    "cancelUpload",
    "checkAlive",
    "checkReady",
    "checkTrainingData",
    "completeUpload",
    "createChatCompletion",
    "createFineTuningJob",
    "createUpload",
    "createWebhookEndpoint",
    "deleteFile",
    "deleteModel",
    "deleteWebhookEndpoint",
    "downloadFile",
    "listFileTokens",
    "listFiles",
    "listFineTuningJobCheckpoints",
    "listFineTuningJobEvents",
    "listFineTuningJobs",
    "listModels",
    "listUploadParts",
    "listWebhookDeliveries",
    "listWebhookEndpointDeliveries",
    "listWebhookEndpoints",
    "listWebhookEventTypes",
    "pauseFineTuningJob",
    "planFineTuningJob",
    "readMetrics",
    "replayWebhookDelivery",
    "resumeFineTuningJob",
    "retrieveFile",
    "retrieveFileReport",
    "retrieveFineTuningJob",
    "retrieveModel",
    "retrieveModelLimits",
    "retrieveTrainingDataPolicy",
    "retrieveUpload",
    "retrieveWebhookDelivery",
    "retrieveWebhookEndpoint",
    "rotateWebhookEndpointSecret",
    "testWebhookEndpoint",
    "updateTrainingDataPolicy",
    "updateWebhookEndpoint",
    "uploadFile",
}


@pytest.fixture(scope="module")
def described() -> Json:
    """The document as it is served, without a server."""
    app = create_app(Settings(_env_file=None, database_url="postgresql://nowhere/nothing"))
    found: Json = json.loads(json.dumps(app.openapi()))
    return found


def operations(described: Json) -> Iterator[tuple[str, Json]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield f"{method} {path}", operation


def resolved(described: Json, node: Json) -> Json:
    while "$ref" in node:
        where: Any = described
        for step in node["$ref"].removeprefix("#/").split("/"):
            where = where[step]
        node = where
    return node


def undescribed(described: Json, schema: Json, where: str, *, named: bool = False) -> Iterator[str]:
    """Where a property has no description, in this schema and those inside it."""
    if named and not (schema.get("description") or resolved(described, schema).get("description")):
        yield where
    for name, inner in schema.get("properties", {}).items():
        yield from undescribed(described, inner, f"{where}.{name}", named=True)
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(key, []):
            yield from undescribed(described, inner, where)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from undescribed(described, schema[key], f"{where}[]")


def test_it_is_valid_openapi(described: Json) -> None:
    assert described["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(described).validate()


def test_every_reference_leads_somewhere(described: Json) -> None:
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(described))
    assert references
    assert all(resolved(described, {"$ref": reference}) for reference in references)


def test_every_schema_and_property_is_described(described: Json) -> None:
    missing = [
        place
        for name, schema in described["components"]["schemas"].items()
        for place in undescribed(described, schema, name, named=True)
    ]
    for name, operation in operations(described):
        for body in operation.get("requestBody", {}).get("content", {}).values():
            missing += undescribed(described, body["schema"], name)
    assert not missing


def test_every_operation_parameter_response_and_tag_is_described(described: Json) -> None:
    missing = []
    for name, operation in operations(described):
        parts = {
            name: operation,
            **{f"{name} {each['name']}": each for each in operation.get("parameters", [])},
            **{f"{name} {status}": each for status, each in operation["responses"].items()},
            **({f"{name} body": operation["requestBody"]} if "requestBody" in operation else {}),
        }
        missing += [place for place, part in parts.items() if not part.get("description")]
        assert operation["summary"]
        assert "Successful Response" not in json.dumps(operation)
    assert not missing
    tags = {tag["name"]: tag["description"] for tag in described["tags"]}
    used = [operation["tags"] for _, operation in operations(described)]
    assert all(len(each) == 1 for each in used)
    assert {each[0] for each in used} <= set(tags)
    assert all(tags.values())


def test_names_of_operations_stay(described: Json) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert set(names) <= NAMES, "a new operation: name it in api/description/operations.py and here"
    assert {operation.id for operation in OPERATIONS.values()} == NAMES


def test_every_operation_says_how_it_refuses(described: Json) -> None:
    for name, operation in operations(described):
        if name.partition(" ")[2] in OPEN:
            assert operation["security"] == []
            continue
        assert operation["security"] == [{"bearer": []}]
        statuses = set(operation["responses"])
        assert {"401", "503"} <= statuses, name
        assert "422" not in statuses, name
        kinds = {each["in"] for each in operation.get("parameters", [])}
        if "path" in kinds:
            assert "404" in statuses, name
        if kinds & {"query", "header"} or "requestBody" in operation:
            assert "400" in statuses, name
    assert "ValidationError" not in json.dumps(described)


def test_every_operation_has_an_example_of_what_it_takes_and_gives(described: Json) -> None:
    for name, operation in operations(described):
        taken = operation.get("requestBody", {}).get("content", {})
        for media_type, content in [*operation["responses"]["200"]["content"].items(), *taken.items()]:
            assert content.get("example") or content.get("examples"), f"{name} {media_type}"


def bodies(described: Json) -> Iterator[tuple[str, Json, Any]]:
    """Every example: where it stands, its schema, itself."""
    webhooks = [(name, item["post"]) for name, item in described["webhooks"].items()]
    for name, operation in [*operations(described), *webhooks]:
        for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for content in part.get("content", {}).values():
                examples = {key: each["value"] for key, each in content.get("examples", {}).items()}
                examples |= {"example": content["example"]} if "example" in content else {}
                for key, value in examples.items():
                    yield f"{name} {key}", content["schema"], value


def test_every_example_fits_its_schema(described: Json) -> None:
    faults = []
    for name, schema, value in bodies(described):
        validator = jsonschema_rs.Draft202012Validator(schema | {"components": described["components"]})
        faults += [f"{name}: {error.instance_path} {error.message}" for error in validator.iter_errors(value)]
    assert not faults


def test_errors_are_shown_as_they_are_sent(described: Json) -> None:
    conflict = refusals.errors_of(Conflict(param="x"), NotFound())["409"]
    example = conflict["content"]["application/json"]["examples"]["conflict"]["value"]
    assert example == {
        "error": {
            "message": "The object is in a state that does not allow this.",
            "type": "invalid_request_error",
            "param": "x",
            "code": "conflict",
        }
    }
    assert set(conflict["headers"]) == {"x-request-id", "x-should-retry"}
    assert "retry-after" in refusals.errors_of(Unavailable())["503"]["headers"]
    assert set(refusals.errors_of(TunewardError(), Forbidden(), Forbidden(code="y"))) == {"403", "500"}
    both = refusals.errors_of(Forbidden(), Forbidden(code="y"))["403"]
    assert set(both["content"]["application/json"]["examples"]) == {"forbidden", "y"}


def test_a_webhook_is_what_its_schema_says(described: Json) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    unset = dict.fromkeys(each.name for each in fields(Job))
    job = Job(
        **unset
        | {
            "id": "ftjob-1",
            "state": JobState.FAILED,
            "model": "m",
            "training_file_id": "file-1",
            "metadata": {"k": "v"},
            "error_code": "c",
            "error_message": "m",
            "sequence": 4,
        }
    )
    assert job.error == JobError("c", "m", None)
    body = json.loads(job_ended_body(job, event_id="evt_1", event_type="fine_tuning.job.failed", now=now))
    whole = {"$ref": "#/components/schemas/JobEndedWebhook", "components": described["components"]}
    assert jsonschema_rs.Draft202012Validator(whole).is_valid(body)
    told = described["components"]["schemas"]
    assert set(body) == set(told["JobEndedWebhook"]["properties"])
    assert set(body["data"]) == set(told["EndedJob"]["required"])


def test_what_an_answer_always_has_is_required_and_no_default(described: Json) -> None:
    job = described["components"]["schemas"]["FineTuningJob"]
    assert set(job["properties"]) - set(job["required"]) == {"method", "paused", "cancelling"}
    assert "default" not in job["properties"]["object"]
    create = described["components"]["schemas"]["CreateFineTuningJob"]
    assert create["required"] == ["model", "training_file"]


@pytest.mark.parametrize(
    ("raw", "public"),
    [
        ("ListOf_JobOut_", "FineTuningJobList"),
        ("ListWithIds_FileOut_", "FileList"),
        ("UploadOut", "Upload"),
        ("FileDeleted", "FileDeleted"),
    ],
)
def test_schemas_have_names_for_people(raw: str, public: str) -> None:
    assert schemas.name_of(raw) == public


def test_a_route_without_an_entry_is_described_by_itself() -> None:
    app = create_app(Settings(_env_file=None, database_url="postgresql://nowhere/nothing"))

    async def list_new_things(thing_id: str, limit: int = 3) -> dict[str, str]:
        """List them."""
        return {thing_id: str(limit)}

    app.add_api_route("/v1/new_things/{thing_id}", list_new_things, tags=["Files"])
    found = document.assemble(app)["paths"]["/v1/new_things/{thing_id}"]["get"]
    assert found["operationId"] == "listNewThings"
    assert set(found["responses"]) == {"200", "400", "401", "404", "503"}


async def test_it_is_served_once_made(service: Service, project: Project) -> None:
    answer = await service.http.get(f"{service.root}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == service.app.openapi()
    assert service.app.openapi() is service.app.openapi()
    again = await service.http.get(f"{service.root}/openapi.json")
    assert again.content == answer.content


async def test_the_page_needs_nothing_from_elsewhere(service: Service) -> None:
    root = await service.http.get(service.root + "/", follow_redirects=True)
    assert root.url.path == "/docs"
    linked = re.findall(r'(?:src|href)="([^"]+)"', root.text)
    assert len(linked) >= 6
    for path in ("docs", *linked):
        answer = await service.http.get(f"{service.root}/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"
    policy = root.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert root.headers["content-type"] == "text/html; charset=utf-8"
