"""Blobs in a real folder: whole or not at all, whatever ends the writing."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from domain.errors import NotFound, Unavailable
from storage.blobs import MIB, BlobStore, open_store

KEY = "files/file-01k8000000000000000000000a"


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return open_store(f"file://{tmp_path}/blobs")


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def put(store: BlobStore, key: str, *chunks: bytes) -> None:
    async with store.writer(key) as blob:
        for chunk in chunks:
            await blob.write(chunk)


async def put_and_fail(store: BlobStore, content: bytes) -> None:
    async with store.writer(KEY) as blob:
        await blob.write(content)
        raise ZeroDivisionError


async def get(store: BlobStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(key)])


@pytest.mark.parametrize("size", [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 12 * MIB])
async def test_a_blob_comes_back_byte_for_byte(store: BlobStore, size: int) -> None:
    content = os.urandom(size)
    await put(store, KEY, content[: size // 3], content[size // 3 :])
    assert await get(store, KEY) == content
    assert await store.size(KEY) == size


async def test_it_cannot_be_seen_before_the_writer_ends(store: BlobStore) -> None:
    async with store.writer(KEY) as blob:
        await blob.write(b"x" * 7 * MIB)
        with pytest.raises(NotFound):
            await store.size(KEY)
        assert [found async for found in store.keys("files")] == []
    assert await store.size(KEY) == 7 * MIB


@pytest.mark.parametrize("size", [10, 7 * MIB])
async def test_an_exception_leaves_nothing(store: BlobStore, tmp_path: Path, size: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await put_and_fail(store, b"x" * size)
    assert files_below(tmp_path) == []


async def test_a_cancelled_writer_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def write_for_ever() -> None:
        async with store.writer(KEY) as blob:
            while True:
                await blob.write(b"x" * MIB)
                if files_below(tmp_path):
                    begun.set()
                    await asyncio.Event().wait()

    task = asyncio.create_task(write_for_ever())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_below(tmp_path) == []


async def test_an_exception_keeps_the_blob_that_was_there(store: BlobStore) -> None:
    await put(store, KEY, b"old")
    with pytest.raises(ZeroDivisionError):
        await put_and_fail(store, b"new" * 3 * MIB)
    assert await get(store, KEY) == b"old"


FULL_DISK = """
import asyncio, sys
from domain.errors import Unavailable
from storage.blobs import open_store

async def main():
    try:
        async with open_store(sys.argv[1]).writer("files/a") as blob:
            for _ in range(int(sys.argv[2])):
                await blob.write(b"x" * 1024 * 1024)
    except Unavailable as error:
        print(error.error_code, error.message)

asyncio.run(main())
"""


@pytest.mark.parametrize("mebibytes", [3, 30])
def test_a_full_disk_is_one_clear_error_and_leaves_no_temporary_file(tmp_path: Path, mebibytes: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, f"file://{tmp_path}/blobs", str(mebibytes)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout == "storage_full The storage has no room left; the file was not kept.\n"
    assert files_below(tmp_path) == []


async def test_reading_or_measuring_what_is_not_there(store: BlobStore) -> None:
    with pytest.raises(NotFound):
        await get(store, KEY)
    with pytest.raises(NotFound):
        await store.size(KEY)


async def test_delete_removes_and_does_not_mind_a_second_time(store: BlobStore, tmp_path: Path) -> None:
    await put(store, KEY, b"x")
    await store.delete(KEY)
    await store.delete(KEY)
    assert files_below(tmp_path) == []


async def test_keys_lists_whole_segments_with_size_and_time(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    await put(store, "files/a", b"12")
    await put(store, "files/b", b"345")
    await put(store, "files-of-another-kind/c", b"x")
    found = {blob.key: blob async for blob in store.keys("files")}
    assert {key: blob.size for key, blob in found.items()} == {"files/a": 2, "files/b": 3}
    assert all(
        before < blob.modified_at < datetime.now(UTC) + timedelta(seconds=2) for blob in found.values()
    )


async def test_only_old_leftovers_of_killed_processes_are_removed(store: BlobStore, tmp_path: Path) -> None:
    await put(store, KEY, b"whole")
    for name, age in (("files/dead#1", 7200), ("files/alive#1", 10)):
        leftover = tmp_path / "blobs" / name
        leftover.write_bytes(b"half")
        os.utime(leftover, (time.time() - age,) * 2)
    assert await store.delete_unfinished(timedelta(hours=1)) == 1
    assert files_below(tmp_path / "blobs") == ["files/alive#1", KEY]


@pytest.mark.parametrize("key", ["../outside", "files/../../outside", "files//a"])
async def test_a_key_cannot_leave_the_folder(store: BlobStore, tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="Could not parse path"):
        await put(store, key, b"x")
    assert files_below(tmp_path) == []


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/with%20space/blobs")
    assert stat.S_IMODE((tmp_path / "with space" / "blobs").stat().st_mode) == 0o700


async def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await put(open_store("file:state/blobs"), KEY, b"x")
    assert files_below(tmp_path) == [f"state/blobs/{KEY}"]


@pytest.mark.parametrize(
    "url", ["", "blobs", "file:", "file://host/path", "s3://", "https://bucket/x", "memory:///"]
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not a storage URL"):
        open_store(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be made"):
        open_store(f"file://{tmp_path}/file/blobs")


async def test_ready_while_the_folder_is_there(store: BlobStore, tmp_path: Path) -> None:
    await store.ready()
    (tmp_path / "blobs").rmdir()
    with pytest.raises(Unavailable):
        await store.ready()


async def test_a_bucket_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{unused_tcp_port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = open_store("s3://bucket/prefix")
    with pytest.raises(Unavailable) as raised:
        await bucket.ready()
    assert "127.0.0.1" not in raised.value.message
    assert raised.value.retry_after is not None


async def test_memory_stays_flat_and_the_loop_stays_free(store: BlobStore) -> None:
    process, chunk = psutil.Process(), b"x" * 256 * 1024
    await put(store, KEY, *[chunk] * 40)
    before, longest = process.memory_info().rss, 0.0

    async def watch_the_loop() -> None:
        nonlocal longest
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - begun)
            await asyncio.sleep(0.001)

    watch = asyncio.create_task(watch_the_loop())
    async with store.writer(KEY) as blob:
        for _ in range(800):
            await blob.write(chunk)
    read = 0
    async for piece in store.read(KEY):
        read += len(piece)
    watch.cancel()
    assert read == 800 * len(chunk)
    assert process.memory_info().rss - before < 48 * MIB
    assert longest < 0.2
