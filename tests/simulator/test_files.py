import asyncio
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI

from .conftest import KEY, Platform

BOUNDARY = "xyz"
AS_MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def cookbook_body(content: bytes) -> bytes:
    """The cookbook sends the file first, as application/json, and the purpose after it."""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="t.jsonl"\r\n'
        "Content-Type: application/json\r\n\r\n"
    ).encode() + (
        content
        + f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n'
        f"fine-tune\r\n--{BOUNDARY}--\r\n".encode()
    )


async def test_the_sdk_uploads_reads_lists_and_deletes_a_file(platform: Platform) -> None:
    made = await platform.openai.files.create(file=("a.jsonl", b'{"messages":[]}\n'), purpose="fine-tune")
    assert (made.filename, made.bytes, made.status) == ("a.jsonl", 16, "processed")
    assert await platform.openai.files.retrieve(made.id) == made
    assert (await platform.openai.files.content(made.id)).read() == b'{"messages":[]}\n'
    assert [file.id async for file in platform.openai.files.list(limit=1)] == [made.id]
    assert (await platform.openai.files.delete(made.id)).deleted
    assert [file async for file in platform.openai.files.list()] == []
    assert (await platform.http.get(f"/files/{made.id}")).json()["error"]["code"] == "not_found"


async def test_the_file_may_come_before_the_purpose(platform: Platform) -> None:
    content = b'{"messages": [{"role": "user"}]}\r\n\r\n--xy not a boundary'
    answer = await platform.http.post("/files", content=cookbook_body(content), headers=AS_MULTIPART)
    assert answer.status_code == 200
    kept = await platform.http.get(f"/files/{answer.json()['id']}/content")
    assert kept.content == content


@pytest.mark.parametrize("prefix", ["/v1", "/v1/v1", ""])
async def test_every_prefix_leads_to_the_same_platform(platform: Platform, prefix: str) -> None:
    id_ = await platform.upload()
    bare = platform.url.removesuffix("/v1")
    assert (await platform.http.get(f"{bare}{prefix}/files/{id_}")).json()["id"] == id_


@pytest.mark.parametrize(
    ("body", "headers", "param"),
    [
        (b"", {"content-type": "application/json"}, None),
        (cookbook_body(b""), AS_MULTIPART, "file"),
        (cookbook_body(b"{}").replace(b"fine-tune", b"mischief"), AS_MULTIPART, "purpose"),
        (cookbook_body(b"{}").replace(b'"file"', b'"other"'), AS_MULTIPART, "file"),
        (cookbook_body(b"{}").removesuffix(b"--xyz--\r\n"), AS_MULTIPART, None),
        (b"no boundary at all", AS_MULTIPART, None),
        (cookbook_body(b"{}")[:-9] + b"\r\n" + cookbook_body(b"{}"), AS_MULTIPART, "file"),
    ],
    ids=["not multipart", "empty", "purpose", "no file", "cut off", "garbage", "two files"],
)
async def test_an_upload_that_cannot_be_taken_leaves_nothing(
    platform: Platform, body: bytes, headers: dict[str, str], param: str | None
) -> None:
    answer = await platform.http.post("/files", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert (await platform.get("/files"))["data"] == []


async def test_files_are_paged_in_both_orders_and_by_purpose(platform: Platform) -> None:
    ids = [await platform.upload() for _ in range(3)]
    batch = await platform.upload(purpose="batch")
    first = await platform.get("/files", limit=2)
    assert ([file["id"] for file in first["data"]], first["has_more"]) == ([batch, ids[2]], True)
    rest = await platform.get("/files", limit=2, after=first["last_id"])
    assert ([file["id"] for file in rest["data"]], rest["has_more"]) == ([ids[1], ids[0]], False)
    upwards = await platform.get("/files", order="asc", after=ids[0], purpose="fine-tune")
    assert [file["id"] for file in upwards["data"]] == ids[1:]
    assert (await platform.get("/files", limit=0, after="after", purpose="purpose"))["data"] == []


async def test_an_upload_that_breaks_off_leaves_nothing(
    platform: Platform, server: tuple[FastAPI, Platform]
) -> None:
    address = httpx.URL(platform.url)
    _, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: 9999\r\n"
    boundary = f"content-type: {AS_MULTIPART['content-type']}\r\n\r\n"
    writer.write(head.encode() + boundary.encode() + cookbook_body(b"x" * 5000)[:4000])
    await writer.drain()
    while not (await platform.ledger())["requests"]:
        pass  # each look is a round trip, so this does not spin
    writer.close()
    await writer.wait_closed()
    while (await platform.ledger())["requests"][0]["status"] is None:
        pass
    assert (await platform.ledger())["requests"][0]["status"] == 499
    assert list(server[0].state.stand_in.store.blobs.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process as Linux counts it")
async def test_a_large_upload_takes_no_memory(simulator_process: tuple[str, int], tmp_path: Path) -> None:
    url, pid = simulator_process
    line = b'{"messages": [{"role": "user", "content": "' + b"x" * 900 + b'"}]}\n'
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}, timeout=60) as http:
        (await http.get("/models")).raise_for_status()
        before = psutil.Process(pid).memory_info().rss
        large = tmp_path / "large.jsonl"
        await asyncio.to_thread(large.write_bytes, line * (64 * 2**20 // len(line)))
        with large.open("rb") as content:
            answer = await http.post("/files", data={"purpose": "fine-tune"}, files={"file": content})
    assert answer.json()["bytes"] == len(line) * (64 * 2**20 // len(line))
    assert psutil.Process(pid).memory_info().rss - before < 16 * 2**20
