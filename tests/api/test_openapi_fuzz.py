"""Requests made from our own OpenAPI document, against the real app: what it promises is what happens.

A few per operation in the suite; `make fuzz` takes many (`FUZZ_EXAMPLES`), from another seed (`FUZZ_SEED`).
Every check of schemathesis is on. What a valid request needs and no schema can say (a file that is there, a
name that could be resolved) is put in by a hook; what counts as invalid and is allowed is named in another.
"""

import asyncio
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData

from .conftest import Log
from .hooks import made, told
from .parts import CONTENT, announce, part
from .served import Project, Service, examples

Ids = dict[str, list[str]]
DEEP = "FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CONFIGURATION: dict[str, Any] = {
    "generation": {
        "max-examples": EXAMPLES,
        "no-shrink": not DEEP,
        "database": "none",
        "allow-x00": False,  # refused everywhere, which no schema says; tests/hostile has it in every field
    },
    "continue-on-failure": True,
}
# The suite leaves to `make fuzz` what takes half of the time: one operation's four hundred edge cases, and
# all methods that a path does not have but one.
QUICK: dict[str, Any] = {
    "phases": {"coverage": {"unexpected-methods": ["PATCH"]}},
    "operations": [
        {
            "include-name": "POST /v1/fine_tuning/jobs",
            "phases": {"coverage": {"enabled": False}},
            "generation": {"max-examples": 20},
        }
    ],
}


@dataclass
class Report:
    """What a run came to."""

    requests: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, event: Any) -> None:
        if isinstance(event, FatalError):
            self.failures["fatal"] = repr(event.exception)
        if isinstance(event, NonFatalError):
            self.failures[event.label] = repr(event.value)
        if not isinstance(event, ScenarioFinished):
            return
        recorder = event.recorder
        self.requests += len(recorder.interactions)
        self.operations |= {node.value.operation.label for node in recorder.cases.values()}
        for interaction in recorder.interactions.values():
            status = interaction.response.status_code if interaction.response else 0
            self.statuses[status] = self.statuses.get(status, 0) + 1
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    said = check.failure_info
                    self.failures.setdefault(
                        f"{check.name}: {recorder.label}",
                        f"{said.failure.message}\n{said.code_sample[:1500]}\n{answered(recorder, case_id)}",
                    )


# What a field of a valid body has to be, beyond its form.
REAL: dict[str, Callable[[Ids], Any]] = {
    "training_file": lambda ids: ids["kept"][0],  # one that is there, and is not deleted on the way
    "validation_file": lambda ids: ids["kept"][1],
    "model": lambda _: "qwen3-32b",
    "webhook_url": lambda _: "https://example.com/hook",  # a name with labels that DNS allows
    "file": lambda _: examples(2).decode(),  # JSON Lines
    "bytes": lambda _: len(CONTENT),  # no more than the settings allow
    "url": lambda _: "https://example.com/hook",
    "messages": lambda _: [{"role": "user", "content": "Hello"}],  # the platform's to judge
}


def answered(recorder: Any, case_id: str) -> str:
    response = recorder.find_response(case_id=case_id)
    return f"{response.status_code} {response.content[:300]!r}" if response else "no answer"


def make_real(case: Any, ids: Ids, chosen: random.Random) -> None:
    linked = case.meta.phase.name is TestPhase.STATEFUL
    for name in case.path_parameters if not linked else ():
        if name in ids and chosen.random() < 0.5:
            case.path_parameters[name] = chosen.choice(ids[name])
    if "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = str(chosen.random())  # one that was used would hide the rest
    if not isinstance(case.body, dict):
        return
    if "part_ids" in case.body and not linked:
        complete = chosen.randrange(len(ids["part_id"]))
        case.path_parameters["upload_id"] = ids["upload_id"][complete]
        case.body |= {"part_ids": [ids["part_id"][complete]], "md5": None}
    case.body |= {
        name: REAL[name](ids) for name, sent in case.body.items() if sent is not None and name in REAL
    }


@contextmanager
def hooks(ids: Ids) -> Iterator[None]:
    """Let valid requests be about what is there, every second one where the path names it."""
    chosen = random.Random(SEED)

    def before_call(_: Any, case: Any, __: dict[str, Any]) -> None:
        if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
            make_real(case, ids, chosen)

    def filter_failure(_: Any, failure: Any, case: Any, response: Any) -> bool:
        """Keep a failure, unless the contract allows what the schema does not."""
        allowed = ignored_method(failure, case) or passed_on(failure, case) or is_a_name(failure, case)
        unsayable = is_stream(failure, response) or told_in_words(failure, response)
        return not (allowed or unsayable or is_text_all_the_same(failure, case))

    for hook in (before_call, filter_failure):
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in (before_call, filter_failure):
            schemathesis.hooks.unregister(hook)


def ignored_method(failure: Any, case: Any) -> bool:
    """SDKs send all three sub-objects of `method`: the two that `type` does not name are not looked at."""
    found = re.search(r"method -> (\w+)", str(failure))
    if found is None or not isinstance(case.body, dict):
        return False
    method = case.body.get("method")
    return isinstance(method, dict) and method.get("type", "supervised") != found[1]


def passed_on(failure: Any, case: Any) -> bool:
    """Of a chat only the model is ours to judge; the platform may take a `stream` that OpenAI would not."""
    chat = case.operation.label == "POST /v1/chat/completions"
    return (
        chat
        and isinstance(failure, AcceptedNegativeData)
        and isinstance(case.body, dict)
        and "model" in case.body
    )


def is_a_name(failure: Any, case: Any) -> bool:
    """What ends in /limits may be a model's name, too: that model can be deleted."""
    limits = case.operation.label == "GET /v1/models/{model}/limits"
    return limits and "methods advertised: DELETE" in str(failure)


def is_stream(failure: Any, response: Any) -> bool:
    """OpenAPI 3.1 describes a stream as one string; the schema is held against each event, as in 3.2."""
    return isinstance(failure, JsonSchemaError) and "text/event-stream" in str(response.headers)


def told_in_words(failure: Any, response: Any) -> bool:
    """Rules between fields, which descriptions tell and schemas do not.

    Which parts an upload has; that both places for hyperparameters agree; that reinforcement has a grader.
    """
    told = (b'"param":"part_ids"', b"Send one of the two.", b'"param":"method.reinforcement.grader"')
    return isinstance(failure, RejectedPositiveData) and any(each in response.content for each in told)


def is_text_all_the_same(failure: Any, case: Any) -> bool:
    """In a form and in a query all values are strings, the names of a boolean and of null as well."""
    form = case.media_type == "multipart/form-data" and "was string, became" in str(failure)
    query = "parameter `metadata` in query - violates `additionalProperties`" in str(failure)
    return isinstance(failure, AcceptedNegativeData) and (form or query)


@pytest.fixture
async def ids(project: Project) -> Ids:
    """By the name of the parameter: some that are there, and live."""
    files = [await project.file() for _ in range(3)]
    jobs = [await project.job(training_file=files[0], validation_file=files[1]) for _ in range(3)]
    uploads = [await announce(project) for _ in range(3)]
    parts = [await part(project, upload, CONTENT) for upload in uploads]
    endpoints = [(await made(project, url="http://127.0.0.1:9/hook"))["id"] for _ in range(2)]
    return {
        "file_id": files[2:],
        "kept": files[:2],
        "job_id": jobs,
        "model": ["qwen3-32b"],
        "upload_id": uploads,
        "part_id": parts,
        "endpoint_id": endpoints,
        "delivery_id": (await told(project))[1],
    }


def fuzz(url: str, api_key: str, ids: Ids) -> Report:
    report = Report()
    config = schemathesis.Config.from_dict(
        CONFIGURATION
        | ({} if DEEP else QUICK)
        | {"seed": SEED, "headers": {"Authorization": f"Bearer {api_key}"}}
    )
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
    with hooks(ids):
        for event in from_schema(schema).execute():
            report.add(event)
    return report


async def test_what_the_document_promises_is_what_happens(
    service: Service,
    project: Project,
    ids: Ids,
    log: Log,
    record_property: Callable[[str, object], None],
) -> None:
    report = await asyncio.to_thread(fuzz, service.root, project.api_key, ids)
    record_property(
        "summary",
        f"schemathesis: {len(report.operations)} operations, {report.requests} requests, seed {SEED},"
        f" {len(report.failures)} failures ({json.dumps(report.statuses, sort_keys=True)})",
    )
    assert not report.failures, "\n\n".join(f"{name}\n{why}" for name, why in report.failures.items())
    described = {
        f"{method.upper()} {path}"
        for path, methods in service.app.openapi()["paths"].items()
        for method in methods
    }
    assert report.operations == described
