"""What the tests of uploads do: announce a file, send its parts, complete it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

from .served import Project, examples

CONTENT = examples(40)
UPLOAD = {"filename": "train.jsonl", "purpose": "fine-tune", "mime_type": "application/jsonl"}
FORM = {"content-type": "multipart/form-data; boundary=b"}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


async def announce(project: Project, size: int = len(CONTENT), **fields: Any) -> str:
    answer = await project.post("/uploads", json=UPLOAD | {"bytes": size} | fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def send(project: Project, upload: str, part: bytes) -> httpx.Response:
    return await project.post(f"/uploads/{upload}/parts", files={"data": part})


async def part(project: Project, upload: str, content: bytes) -> str:
    answer = await send(project, upload, content)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def complete(project: Project, upload: str, *parts: str, **fields: Any) -> httpx.Response:
    return await project.post(f"/uploads/{upload}/complete", json={"part_ids": parts} | fields)


async def status(project: Project, upload: str) -> str:
    return str((await project.get(f"/uploads/{upload}")).json()["status"])


async def content(project: Project, file: str) -> bytes:
    return (await project.get(f"/files/{file}/content")).content


def pieces(whole: bytes, count: int) -> list[bytes]:
    step = -(-len(whole) // count)
    return [whole[start : start + step] for start in range(0, len(whole), step)]


async def parts_kept(project: Project, upload: str) -> int:
    return len((await project.get(f"/uploads/{upload}/parts")).json()["data"])


class Slow:
    """A part whose first byte is sent at once, and its end when `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="data"; filename="x"\r\n\r\nx'
        await self.go_on.wait()
        yield b"\r\n--b--\r\n"


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError
