"""Chat with a platform in a bad mood: strict clients get a completion, or an error that says what it is."""

from collections import Counter

import openai
import pytest
from openai import AsyncOpenAI

from simulator.options import Options
from simulator.server import serving

from .conftest import PLATFORM_KEY, Serve

ASKED = [{"role": "user", "content": "What is a boat?"}]
ROUNDS = 8
SPOILED = ("html_200", "truncated", "length_wrong", "html_502", "server_errors", "only_v1_v1")


@pytest.mark.parametrize("quirk", ["worst", *SPOILED])
async def test_strict_clients_get_a_completion_or_an_error_with_a_code(
    serve: Serve, api_database_url: str, quirk: str
) -> None:
    seen: Counter[str] = Counter()
    async with (
        serving(Options(api_key=PLATFORM_KEY, quirks=(quirk,))) as platform,
        serve(database_url=api_database_url, xpulink_base_url=platform) as service,
        AsyncOpenAI(
            api_key=(await service.project()).api_key,
            base_url=service.url,
            max_retries=0,
            _strict_response_validation=True,
        ) as sdk,
    ):
        for _ in range(ROUNDS):
            seen[await outcome(sdk, streams=False)] += 1
            seen[await outcome(sdk, streams=True)] += 1
    known = {"completed", "platform_error", "service_unavailable", "rate_limit_exceeded", "internal_error"}
    assert seen.keys() <= known
    assert (seen["completed"] > 0) is (quirk != "only_v1_v1"), seen


async def outcome(sdk: AsyncOpenAI, *, streams: bool) -> str:
    """Return `completed`, or the code of the error; anything else that the SDK raises comes through."""
    try:
        if not streams:
            whole = await sdk.chat.completions.create(model="qwen3-32b", messages=ASKED)
            return "completed" if whole.choices[0].message.content else "empty"
        stream = await sdk.chat.completions.create(model="qwen3-32b", messages=ASKED, stream=True)
        pieces = [chunk async for chunk in stream]
    except openai.APIError as error:
        return str(error.code)
    return "completed" if pieces[-1].choices[0].finish_reason == "stop" else "cut"
