"""The samples of the README, in both languages, run as they stand there: a reader puts in ids and secrets."""

import asyncio
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from .customer import Customer
from .environments import ROOT, variables

READMES = ["README.md", "README.zh-CN.md"]
THE_READER_S_HOOK = "https://example.com/hooks/tuneward"
LATER = "job = client.fine_tuning.jobs.retrieve(job.id)\n"
UNTIL_THEN = """\
import time
while client.fine_tuning.jobs.retrieve(job.id).finished_at is None:
    time.sleep(0.1)
"""
DELIVERED = """
import base64, json, urllib.request
got = json.load(urllib.request.urlopen("{customer}/delivered/reader/" + job.id))
request_headers, request_body = got["headers"], base64.b64decode(got["body"])
"""


def blocks(readme: str, language: str) -> list[str]:
    text = (ROOT / readme).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(readme: str) -> list[str]:
    """Each paragraph of the blocks that speak to the service: what a reader copies in one go."""
    chosen = [block for block in blocks(readme, "sh") if "curl" in block]
    return [paragraph for block in chosen for paragraph in block.strip().split("\n\n")]


def filled_in(command: str, known: list[str]) -> str:
    """Put the newest id of its kind where a sample shows only how ids of that kind begin."""

    def newest(match: re.Match[str]) -> str:
        found = [id_ for id_ in known if id_.startswith(match[1])]
        assert found, f"the reader has seen nothing that begins with {match[1]}"
        return found[-1]

    return re.sub(r"\b([a-z]+[-_])…", newest, command)


def ids_in(answer: str) -> list[str]:
    return re.findall(r'"([a-z]+[-_][0-9A-Za-z_+/=-]{10,})"', answer)


class Reader:
    """Somebody at a shell, with the two variables set that `make dev` prints."""

    def __init__(self, order: dict[str, Any], folder: Path) -> None:
        self.folder = folder
        self.environment = variables(folder) | {
            "OPENAI_BASE_URL": order["base_url"],
            "OPENAI_API_KEY": order["api_key"],
        }
        self.known = [order["api_key"], order["webhook_secret"]]

    async def run(self, program: str, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
            cwd=self.folder,
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, complained.decode()
        return said.decode()

    async def types(self, command: str) -> str:
        said = await self.run("bash", "-euo", "pipefail", "-c", filled_in(command, self.known))
        self.known += ids_in(said)
        return said


@pytest.fixture
def reader(order: dict[str, Any], customer: Customer, tmp_path: Path) -> Reader:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    customer.begin.set()
    return Reader(order, tmp_path)


@pytest.mark.parametrize("readme", READMES)
async def test_its_curl_samples_work_one_after_another(readme: str, reader: Reader) -> None:
    asked = 0
    for command in commands(readme):
        said = await reader.types(command)
        if "curl" in command:
            assert said, command
            assert not re.match(r'\s*{\s*"error": *{', said), f"{command}\n{said}"
            asked += 1
    assert asked >= 3


def python_of(readme: str, customer: str) -> str:
    """Both samples, between them what a reader does: wait for the job's end, and receive its webhook."""
    tune, take = blocks(readme, "python")
    assert THE_READER_S_HOOK in tune
    assert LATER in tune
    tune = tune.replace(THE_READER_S_HOOK, f"{customer}/hook/reader").replace(LATER, UNTIL_THEN + LATER)
    return tune + DELIVERED.format(customer=customer) + take + "print(job.id, job.fine_tuned_model)\n"


async def test_its_python_samples_work_one_after_another(order: dict[str, Any], reader: Reader) -> None:
    (reader.folder / "train.jsonl").write_text(order["training"])
    # In one process, for importing the package costs more than all else.
    program = "".join(python_of(readme, order["customer"]) for readme in READMES)
    printed = await reader.run(sys.executable, "-c", filled_in(program, reader.known))
    lines = printed.splitlines()
    assert lines[0::2] == lines[1::2]
    assert len(set(lines)) == len(READMES)
    assert all(line.startswith("ftjob-") and " ft:qwen3-32b:" in line for line in lines)
