"""Deleting tuned models: on the platform first, and here only if that is certain."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import asyncpg
import httpx
import openai
import pytest
from openai import AsyncOpenAI

from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable, Trouble

from .served import Project, Service, end_well, refused

MODEL = "ft:qwen3-32b:org/x:shop:9a"


class Platform:
    """A stand-in that answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.outcome: Outcome[None] = Answered(None)
        self.asked: list[str] = []

    async def delete_model(self, name: str) -> Outcome[None]:
        self.asked.append(name)
        return self.outcome


@pytest.fixture
def platform(service: Service) -> Iterator[Platform]:
    told, held = Platform(), service.resources
    service.app.state.resources = dataclasses.replace(held, tuned_models=told)
    yield told
    service.app.state.resources = held


@pytest.fixture
async def model(project: Project, sql: asyncpg.Connection) -> str:
    name = f"{MODEL}-{project.id}"
    await end_well(sql, await project.job(), name)
    return name


GONE: list[Outcome[None]] = [Answered(None), NotFound("no such model"), NotOffered("no route")]


@pytest.mark.parametrize("outcome", GONE, ids=lambda outcome: type(outcome).__name__)
async def test_what_the_platform_deleted_or_does_not_have_is_gone(
    platform: Platform, project: Project, sdk: AsyncOpenAI, model: str, outcome: Outcome[None]
) -> None:
    platform.outcome = outcome
    deleted = await sdk.models.delete(model)
    assert (deleted.id, deleted.object, deleted.deleted) == (model, "model", True)
    for method in ("GET", "DELETE"):
        message = refused(await project.request(method, f"/models/{model}"), 404, "model_not_found", "model")
        assert f"The model '{model}' does not exist" in message
    assert platform.asked == [model]
    assert model not in (await project.get("/models")).text


KEPT: list[tuple[Outcome[None], int, str]] = [
    (Retryable("away"), 503, "service_unavailable"),
    (Retryable("429", Trouble.THROTTLED, timedelta(seconds=7)), 503, "service_unavailable"),
    (Ambiguous("cut"), 503, "service_unavailable"),
    (Retryable("401", Trouble.UNAUTHORIZED), 502, "platform_error"),
    (Rejected(409, "It is in use."), 502, "platform_error"),
]


@pytest.mark.parametrize(("outcome", "status", "code"), KEPT, ids=lambda part: str(part)[:30])
async def test_what_the_platform_did_not_surely_delete_is_kept(
    platform: Platform, project: Project, model: str, outcome: Outcome[None], status: int, code: str
) -> None:
    platform.outcome = outcome
    answer = await project.request("DELETE", f"/models/{model}")
    refused(answer, status, code, "model")
    if isinstance(outcome, Retryable) and outcome.retry_after:
        assert answer.headers["retry-after"] == "7"
    assert (await project.get(f"/models/{model}")).status_code == 200
    platform.outcome = Answered(None)
    assert (await project.request("DELETE", f"/models/{model}")).status_code == 200


async def test_only_a_model_that_this_project_tuned_can_be_deleted(
    platform: Platform, sdk: AsyncOpenAI, project: Project, other: Project, model: str
) -> None:
    for name in ("qwen3-32b", "gpt-4o-mini"):
        with pytest.raises(openai.PermissionDeniedError) as raised:
            await sdk.models.delete(name)
        assert (raised.value.code, raised.value.param) == ("forbidden", "model")
    refused(await other.request("DELETE", f"/models/{model}"), 404, "model_not_found", "model")
    for name in ("ft:never", "%00", "gpt-5"):
        refused(await project.request("DELETE", f"/models/{name}"), 404, "model_not_found", "model")
    assert platform.asked == []


async def test_a_name_is_decoded_once(
    service: Service, platform: Platform, project: Project, model: str, sql: asyncpg.Connection
) -> None:
    percent = f"ft:a%2Fb:{project.id}"
    await end_well(sql, await project.job(), percent)
    # What SDKs send, and a name that has a percent sign of its own.
    for sent, meant in [(model.replace("/", "%2F"), model), (percent.replace("%", "%25"), percent)]:
        url = httpx.URL(service.url + "/models/").copy_with(raw_path=b"/v1/models/" + sent.encode())
        looked_at = await service.http.get(url, headers=project.bearer)
        assert looked_at.json()["id"] == meant
        assert (await service.http.delete(url, headers=project.bearer)).json()["id"] == meant
    assert platform.asked == [model, percent]


async def test_the_real_client_asks_the_stand_in_platform(sdk: AsyncOpenAI, model: str) -> None:
    # The platform has never heard of this name, which is as good as a deletion.
    assert (await sdk.models.delete(model)).deleted
