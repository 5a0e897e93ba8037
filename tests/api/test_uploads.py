"""Uploads on the served api: what is kept, what is not, and how much memory it takes."""

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import psutil
import pytest

from .conftest import Log, Serve
from .served import Project, Service, examples, refused

MIB = 1024 * 1024
LONGEST_LINE, LARGEST_FILE = 100_000, 70 * MIB


@pytest.fixture(scope="module")
async def limited(serve: Serve, api_database_url: str) -> AsyncIterator[Service]:
    """An api with limits that a test can reach, and a storage of its own."""
    limits = {"max_line_bytes": LONGEST_LINE, "max_file_bytes": LARGEST_FILE}
    async with serve(database_url=api_database_url, **limits) as running:
        yield running


@pytest.fixture
async def uploader(limited: Service) -> Project:
    return await limited.project()


async def nothing_kept(project: Project, blobs: list[str]) -> bool:
    return (await project.get("/files")).json()["data"] == [] and project.service.blobs() == blobs


UNUSABLE: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"\xff\xfe\x00", "UTF-16"),
    (examples(3) + b'{"x": "\xff"}\n', "Line 4 is not UTF-8"),
    (examples(2) + b"a" * (LONGEST_LINE + 1), "Line 3 is longer than the 100000 bytes"),
    (b"PK\x03\x04" + b"\0" * 100, "zip"),
    (b"no json\nat all\n", "JSON"),
    (b"\n\n  \n", "JSON"),
]


@pytest.mark.parametrize(("content", "named"), UNUSABLE, ids=lambda part: str(part)[:20])
async def test_what_is_no_training_file_is_refused_and_not_kept(
    uploader: Project, content: bytes, named: str
) -> None:
    before = uploader.service.blobs()
    answer = await uploader.upload(content)
    assert named in refused(answer, 400, "invalid_file", "file")
    assert await nothing_kept(uploader, before)


async def test_faults_are_kept_and_named_by_line(uploader: Project) -> None:
    bad = examples(3) + b"{\n" + examples(1) + b'{"messages": [{"role": "user", "content": "x"}]}\n'
    file = (await uploader.upload(bad)).json()
    assert file["status"] == "error"
    assert "2 lines of 6 cannot be used" in file["status_details"]
    assert "Line 4" in file["status_details"]
    assert "Line 6" in file["status_details"]
    assert (await uploader.get(f"/files/{file['id']}/content")).content == bad


async def test_other_purposes_are_not_looked_into(uploader: Project) -> None:
    for purpose in ("user_data", "batch", "vision", "assistants", "evals"):
        file = (await uploader.upload(b"\xff\xfe", purpose=purpose)).json()
        shown = "user_data" if purpose == "evals" else purpose  # OpenAI's File knows no `evals`
        assert (file["status"], file["purpose"]) == ("processed", shown)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "purpose"),
        ({"purpose": "fine-tune-results"}, "purpose"),
        ({"purpose": "fine-tune\0"}, "purpose"),
        ({"purpose": "fine-tune", "expires_after[anchor]": "now"}, "expires_after.anchor"),
        ({"purpose": "fine-tune", "expires_after[anchor]": "created_at"}, "expires_after.seconds"),
        (
            {"purpose": "user_data", "expires_after[anchor]": "created_at", "expires_after[seconds]": "3599"},
            "expires_after.seconds",
        ),
    ],
)
async def test_fields_of_the_form_are_checked(uploader: Project, fields: dict[str, str], param: str) -> None:
    before = uploader.service.blobs()
    answer = await uploader.post("/files", data=fields, files={"file": ("t.jsonl", examples())})
    missing = f"{param.replace('.', '[')}]" not in fields if "." in param else param not in fields
    refused(answer, 400, "missing_required_parameter" if missing else "invalid_value", param)
    assert await nothing_kept(uploader, before)


async def test_an_upload_that_is_no_form_is_refused(uploader: Project) -> None:
    answer = await uploader.post("/files", json={"file": "x", "purpose": "fine-tune"})
    refused(answer, 400, "invalid_content_type")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x\\train.jsonl", "名\u202e前.jsonl", "n" * 9000, "\0"]
)
async def test_a_filename_is_never_a_path(uploader: Project, name: str) -> None:
    file = (await uploader.upload(filename=name)).json()
    assert not set(file["filename"]) & set("/\\\0\u202e")
    assert 0 < len(file["filename"].encode()) <= 255


def form(boundary: str = "b") -> tuple[bytes, bytes]:
    """What stands before and behind a file's bytes."""
    before = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="t.jsonl"\r\n\r\n'
    )
    return before.encode(), f"\r\n--{boundary}--\r\n".encode()


async def body(mebibytes: int) -> AsyncIterator[bytes]:
    """A good training file of this size, made while it is sent."""
    before, after = form()
    line = examples(1, answer="x" * 900)
    mebibyte = line * (MIB // len(line) + 1)
    yield before
    for _ in range(mebibytes):
        yield mebibyte
    yield after


FORM = {"content-type": "multipart/form-data; boundary=b"}


@contextmanager
def growth() -> Iterator[list[float]]:
    """Yield a list that gets how many MiB this process grew by at most."""
    process, stop, grown = psutil.Process(os.getpid()), threading.Event(), [0.0]
    gc.collect()
    start = process.memory_info().rss

    def watch() -> None:
        while not stop.wait(0.01):
            grown[0] = max(grown[0], (process.memory_info().rss - start) / MIB)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        stop.set()
        watcher.join()


async def test_60_mib_stream_through_in_flat_memory(uploader: Project) -> None:
    await uploader.post("/files", content=body(8), headers=FORM)  # the buffers that any upload needs
    with growth() as grown:
        answer = await uploader.post("/files", content=body(60), headers=FORM)
    file = answer.json()
    assert (file["status"], file["bytes"] > 60 * MIB) == ("processed", True)
    assert grown[0] < 35
    with growth() as grown:
        async with uploader.service.http.stream(
            "GET", f"{uploader.service.url}/files/{file['id']}/content", headers=uploader.bearer
        ) as download:
            received = 0
            async for chunk in download.aiter_raw():
                received += len(chunk)
    assert received == file["bytes"] == int(download.headers["content-length"])
    assert grown[0] < 35


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_over_the_limit_leaves_nothing(uploader: Project, *, announced: bool) -> None:
    before = uploader.service.blobs()
    host, _, port = uploader.service.root.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    framing = f"content-length: {200 * MIB}" if announced else "transfer-encoding: chunked"
    head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\n{framing}\r\ncontent-type: {FORM['content-type']}\r\n"
    writer.write(f"{head}authorization: {uploader.bearer['authorization']}\r\n\r\n".encode())
    answer = asyncio.create_task(reader.readuntil(b"}}"))
    await _pour(writer, answer, chunked=not announced)
    assert (await asyncio.wait_for(answer, 20)).startswith(b"HTTP/1.1 400 ")
    assert b"larger than the 73400320 bytes" in answer.result()
    assert b'"param":"file"' in answer.result()
    writer.close()
    assert await nothing_kept(uploader, before)


async def _pour(writer: asyncio.StreamWriter, until: "asyncio.Task[bytes]", *, chunked: bool) -> None:
    async for chunk in body(80):
        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
        await writer.drain()
        if until.done():
            return


async def test_a_client_that_leaves_half_way_leaves_nothing(uploader: Project, log: Log) -> None:
    before = uploader.service.blobs()
    host, _, port = uploader.service.root.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: {50 * MIB}\r\n"
    head += (
        f"content-type: {FORM['content-type']}\r\nauthorization: {uploader.bearer['authorization']}\r\n\r\n"
    )
    writer.write(head.encode() + form()[0] + examples(1) * 200_000)
    await writer.drain()
    await until(lambda: uploader.service.blobs() != before)
    writer.transport.abort()
    assert (await log.line(event="request", path="/v1/files", method="POST"))["status"] is None
    assert await nothing_kept(uploader, before)


async def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_bytes_that_are_gone_are_404_not_a_broken_200(
    uploader: Project, sql: asyncpg.Connection
) -> None:
    file = await uploader.file()
    (uploader.service.storage / "files" / file).unlink()
    answer = await uploader.get(f"/files/{file}/content")
    assert "no longer stored" in refused(answer, 404, "not_found")
