"""The `openai` package, the newest and the major before it: one conversation, upload to deletion."""

import time
from typing import Any

import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from simulator.script import parsed

from .conftest import Converse

SUCCEEDED = ["fine_tuning.job.succeeded", True, "evt"]
NO_MODEL = ["NotFoundError", "model_not_found", "model", 0]
SEEN = {
    "models": ["qwen3-32b", "gpt-4o-mini"],
    "model": "qwen3-32b",
    "no_model": NO_MODEL,
    "file": ["processed", True, 3600],
    "file_deleted": True,
    "no_file": ["NotFoundError", "not_found", "file_id", 0],
    "uploads": ["completed", "processed", "pending", "cancelled"],
    "created": ["queued", "gpt-4o-mini", 7, {"team": "a"}],
    "cancelled": "cancelled",
    "cancelled_twice": ["ConflictError", "job_already_ended", None, 0],
    "used_file": ["ConflictError", "file_in_use", "file_id", 0],
    "too_many_epochs": ["BadRequestError", "invalid_value", "hyperparameters.n_epochs", 0],
    "pause": [["queued", True], ["queued", False]],
    "ended": ["succeeded", True, None, 1],
    "results": ["fine-tune-results", "step"],
    "events": [True, True],
    "checkpoints": [True, True],
    "webhook": SUCCEEDED,
    "chat": [True, True, True],
    "model_deleted": True,
    "deleted_model": NO_MODEL,
}
SEEN_SINCE_MAJOR_3 = {
    "endpoints": {
        "name": "all jobs",
        "rotated": True,
        "tried": [True, 200, "fine_tuning.job.succeeded"],
        "types": ["fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"],
        "gone": [True, True],
    },
    "endpoint_webhook": SUCCEEDED,
}


@pytest.mark.parametrize(
    ("client", "major", "expected"), [("openai", 3, SEEN | SEEN_SINCE_MAJOR_3), ("openai2", 2, SEEN)]
)
async def test_its_strict_clients_can_say_all_that_they_know(
    client: str, major: int, expected: dict[str, Any], converse: Converse
) -> None:
    seen = await converse(client, "openai_conversation.py")
    assert int(seen.pop("version").split(".")[0]) == major
    assert set(seen) == {"sync", "async"}
    for kind, conversation in seen.items():
        assert conversation == expected, kind


async def test_it_waits_as_long_as_it_is_told_and_asks_again(
    order: dict[str, Any], platform: tuple[FastAPI, str]
) -> None:
    """What the platform says of its limits reaches the package; what not to retry is in the conversation."""
    platform[0].state.stand_in.script.add(parsed("rate_limited;route=chat;retry_after=0.2"))
    asked = {"model": "qwen3-32b", "messages": [{"role": "user", "content": "Hi"}]}
    began = time.monotonic()
    async with AsyncOpenAI(base_url=order["base_url"], api_key=order["api_key"]) as client:
        answer = await client.chat.completions.with_raw_response.create(**asked)
    assert answer.retries_taken == 1
    assert time.monotonic() - began >= 0.2
