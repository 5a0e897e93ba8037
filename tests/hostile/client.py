"""A client without manners: raw bytes over a socket, and whatever comes back."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from .case import CLOSED, Case, World

PATIENCE = 20.0
"""Seconds after which an answer that has not come is a hang."""
LONGEST_MESSAGE = 2000


@dataclass(frozen=True)
class Answer:
    """One answer, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def attack(case: Case, world: World) -> tuple[list[Answer], list[str]]:
    """Send a case and return the answers, and what is wrong with them."""
    reader, writer = await asyncio.open_connection(world.host, world.port)
    sending = asyncio.create_task(_send(case, world, writer))
    answers: list[Answer] = []
    try:
        async with asyncio.timeout(PATIENCE):
            for expected in case.status:
                answer = await read_answer(reader, head_request=case.head_request)
                if answer is None:
                    if expected != {CLOSED}:
                        return answers, [f"closed without an answer, expected {sorted(expected)}"]
                    break
                answers.append(answer)
    except TimeoutError:
        return answers, [f"hangs: no answer within {PATIENCE:g} s"]
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await sending
        writer.transport.abort()
    return answers, _wrong(case, world, answers)


async def _send(case: Case, world: World, writer: asyncio.StreamWriter) -> None:
    piece = b""
    with contextlib.suppress(OSError):
        for piece in case.rendered(world):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(case.pause)
        while case.endless:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(case.pause)


async def read_answer(reader: asyncio.StreamReader, *, head_request: bool = False) -> Answer | None:
    """Read one answer; None if the connection ends before it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:-2])}
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return await read_answer(reader, head_request=head_request)
        length = 0 if head_request else int(headers.get("content-length", "0"))
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, await _chunks(reader))
        return Answer(status, headers, await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _wrong(case: Case, world: World, answers: list[Answer]) -> list[str]:
    wrong = []
    for expected, answer in zip(case.status, answers, strict=False):
        if answer.status not in expected:
            wrong.append(f"{answer.status}, expected {sorted(expected)}: {answer.body[:300]!r}")
        if world.secret in answer.body:
            wrong.append("carries what is another project's")
        wrong += _not_as_promised(answer, head_request=case.head_request)
    if answers and case.code is not None and not wrong and answers[0].status >= 400:
        said = answers[0].json["error"]["code"]
        wrong += [] if said == case.code else [f"code {said!r}, expected {case.code!r}"]
    return wrong


def _not_as_promised(answer: Answer, *, head_request: bool) -> list[str]:
    """Hold an answer against what every answer has."""
    wrong = [] if answer.headers.get("x-request-id") else [f"{answer.status} without x-request-id"]
    if answer.status < 400 or head_request:
        return wrong
    if answer.status >= 500:
        wrong.append(f"a server error: {answer.status} {answer.body[:300]!r}")
    try:
        error = answer.json["error"]
        named = set(answer.json) == {"error"} and set(error) == {"message", "type", "param", "code"}
        if not named or not error["message"] or not error["code"] or len(error["message"]) > LONGEST_MESSAGE:
            wrong.append(f"not the envelope: {answer.body[:300]!r}")
    except (ValueError, KeyError, TypeError):
        wrong.append(f"{answer.status} not in the envelope: {answer.body[:300]!r}")
    return wrong
