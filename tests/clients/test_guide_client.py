"""The client in docs/, which has the shape of XPULink's guide, run as a user runs it and by its class."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from runpy import run_path
from types import MappingProxyType
from typing import Any

import pytest
from fastapi import FastAPI

from simulator.script import parsed

from .customer import Customer
from .environments import ROOT, variables

PROGRAM = ROOT / "docs" / "guide_client.py"


@pytest.fixture
def training(order: dict[str, Any], customer: Customer, tmp_path: Path) -> Path:
    """A training file, and workers that wait for its job."""
    customer.begin.set()
    file = tmp_path / "train.jsonl"
    file.write_text(order["training"])
    return file


def guide_client(base_url: str, api_key: str, paths: Mapping[str, str] = MappingProxyType({})) -> Any:
    """The file's class, with some other paths."""
    kind = run_path(str(PROGRAM))["GuideClient"]
    kind.paths = {**kind.paths, **paths}
    return kind(base_url, api_key)


async def run(base_url: str, api_key: str, training: Path) -> tuple[int | None, list[str]]:
    """Run the file itself, and return its exit code and what it printed, without what differs each time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        training,
        "--interval",
        "0.1",
        stdout=asyncio.subprocess.PIPE,
        env=variables(training.parent) | {"OPENAI_BASE_URL": base_url, "XPULINK_API_KEY": api_key},
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode().splitlines()


async def test_it_goes_the_whole_way(order: dict[str, Any], training: Path) -> None:
    code, lines = await run(order["base_url"], order["api_key"], training)
    assert code == 0, lines
    told = dict(line.split(": ", 1) for line in lines)
    assert told["Status 状态"] == "succeeded"  # the last one
    assert told["Created 任务已创建"] == told["Newest jobs 最近的任务"]
    assert told["Tuned model 微调模型"].startswith("ft:qwen3-32b:")
    assert told["Answer 回答"]


# The guide writes `/v1` before some paths, even where its base URL ends in it.
V1_OF_THEIR_OWN = {"upload": "/v1/files", "retrieve": "/v1/fine_tuning/jobs/{job_id}"}


@pytest.mark.parametrize(
    ("prefix", "paths"), [("", {}), ("/v1/v1/", {}), ("", V1_OF_THEIR_OWN), ("/v1", V1_OF_THEIR_OWN)]
)
async def test_its_class_goes_the_whole_way_under_every_base_url_with_every_path_of_the_guide(
    prefix: str, paths: dict[str, str], order: dict[str, Any], training: Path
) -> None:
    client = guide_client(order["base_url"].removesuffix("/v1") + prefix, order["api_key"], paths)

    def converse() -> None:
        job = client.create(client.upload(training)["id"], model="qwen3-32b", suffix="boats")
        ended = client.wait(job["id"], interval=0.1)
        assert ended["status"] == "succeeded"
        assert [one["id"] for one in client.jobs(limit=1)] == [job["id"]]
        assert client.chat(ended["fine_tuned_model"], "What is a boat?")

    await asyncio.to_thread(converse)


async def test_it_shows_why_a_job_failed(
    order: dict[str, Any], training: Path, platform: tuple[FastAPI, str]
) -> None:
    platform[0].state.stand_in.script.add(parsed("training_fails"))
    code, lines = await run(order["base_url"], order["api_key"], training)
    assert code == 1
    assert lines[-1].startswith('The job failed 任务未成功: {"code": ')
    assert "the loss is no longer a number" in lines[-1]


async def test_it_says_what_the_service_says_where_it_is_refused(
    order: dict[str, Any], training: Path
) -> None:
    client = guide_client(order["base_url"], "tw_nobody")
    with pytest.raises(Exception, match=r"^401: .*API key"):
        await asyncio.to_thread(client.upload, training)


async def test_a_file_that_is_not_there_is_named_in_a_sentence(order: dict[str, Any], tmp_path: Path) -> None:
    code, lines = await run(order["base_url"], order["api_key"], tmp_path / "nope")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith(f"The file cannot be read 无法读取文件: {tmp_path / 'nope'} (")
