"""Blobs in a local folder or an S3 bucket, streamed both ways in constant memory."""

import asyncio
import atexit
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, S3Store

from domain.errors import NotFound, TunewardError, Unavailable
from storage.failures import as_domain_errors

if TYPE_CHECKING:
    from obstore import AsyncWritableFile, ObjectMeta
    from obstore.store import RetryConfig

MIB: Final = 1024 * 1024
# The smallest part S3 takes, and two of them on their way: about 15 MiB for a writer, whatever the blob.
PART_BYTES: Final = 5 * MIB
PARTS_AT_ONCE: Final = 2
PAGE: Final = 1000
EXIT_PAUSE: Final = timedelta(milliseconds=50)
READY_WITHIN: Final = timedelta(seconds=5)
# obstore's own patience is ten tries in three minutes: longer than any client of ours waits.
RETRIES: "Final[RetryConfig]" = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One entry of a listing; `size` in bytes."""

    key: str
    size: int
    modified_at: datetime


class BlobWriter:
    """Takes the bytes of one blob; `BlobStore.writer` opens and ends it."""

    def __init__(self, file: "AsyncWritableFile") -> None:
        self._file = file

    async def write(self, chunk: bytes) -> None:
        """Append `chunk`; waits while too many parts are on their way.

        Raises:
            Unavailable: The storage cannot take it; code `storage_full` where there is no room.
        """
        with as_domain_errors():
            await self._file.write(chunk)


class BlobStore:
    """Blobs by key. Keys are paths without `..`, such as `files/file-01k…`."""

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @asynccontextmanager
    async def writer(self, key: str) -> AsyncIterator[BlobWriter]:
        """Open a blob for writing. It can be seen only after a clean exit, and is then on the disk.

        An exception in the block, a cancellation or a full disk leaves nothing behind: obstore aborts
        the multipart upload, or removes the temporary file `key#1`. Only a killed process leaves one,
        for `delete_unfinished` or the bucket's lifecycle rule.

        Raises:
            Unavailable: The storage cannot take it; code `storage_full` where there is no room.
        """
        file = obstore.open_writer_async(
            self._store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )
        try:
            yield BlobWriter(file)
        except BaseException as error:
            with suppress(TunewardError), as_domain_errors():
                await file.__aexit__(type(error), error, error.__traceback__)
            raise
        await self._publish(key, file)

    async def _publish(self, key: str, file: "AsyncWritableFile") -> None:
        try:
            with as_domain_errors():
                await file.__aexit__(None, None, None)
                if self._folder is not None:
                    await asyncio.to_thread(_flush_to_disk, self._folder, key)
        except BaseException:
            with suppress(TunewardError):
                await self.delete(key)
            raise

    async def read(self, key: str, *, chunk_size: int = MIB) -> AsyncIterator[bytes]:
        """Yield the blob in chunks of about `chunk_size` bytes.

        Raises:
            NotFound: There is no such blob; raised before the first chunk.
            Unavailable: The storage failed.
        """
        with as_domain_errors(of_a_blob=True):
            found = await obstore.get_async(self._store, key)
            stream = aiter(found.stream(min_chunk_size=chunk_size))
        while True:
            with as_domain_errors():
                chunk = await anext(stream, None)
            if chunk is None:
                return
            yield bytes(chunk)

    async def size(self, key: str) -> int:
        """Return the blob's length in bytes.

        Raises:
            NotFound: There is no such blob.
            Unavailable: The storage failed.
        """
        with as_domain_errors(of_a_blob=True):
            found = await obstore.head_async(self._store, key)
        return found["size"]

    async def delete(self, key: str) -> None:
        """Remove a blob; that it is gone already is fine.

        Raises:
            Unavailable: The storage failed.
        """
        with suppress(NotFound), as_domain_errors(of_a_blob=True):
            await obstore.delete_async(self._store, key)

    async def ready(self) -> None:
        """Return if the storage answers a listing within five seconds.

        Raises:
            Unavailable: It does not, or there is no such bucket or folder.
        """
        with as_domain_errors():
            if self._folder is not None and not os.access(self._folder, os.W_OK):
                raise Unavailable("The storage folder is missing or cannot be written.")
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                await anext(aiter(obstore.list(self._store, "ready")), None)

    async def keys(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """Yield every finished blob below `prefix` (whole path segments: `files`), a page at a time.

        Raises:
            Unavailable: The storage failed.
        """
        pages = aiter(obstore.list(self._store, prefix, chunk_size=PAGE))
        while True:
            with as_domain_errors():
                page = await anext(pages, None)
            if page is None:
                return
            for meta in page:
                yield _stored(meta)

    async def delete_unfinished(self, older_than: timedelta) -> int:
        """Remove what killed processes left half-written and untouched for `older_than`; return how many.

        In a bucket this is the work of a lifecycle rule (AbortIncompleteMultipartUpload): returns 0.

        Raises:
            Unavailable: The storage failed.
        """
        if self._folder is None:
            return 0
        with as_domain_errors():
            return await asyncio.to_thread(_remove_unfinished, self._folder, older_than.total_seconds())


def open_store(url: str) -> BlobStore:
    """Open the store that `url` names.

    `file:///abs/path` or `file:relative/path` is a folder, made with mode 0700 if it is not there.
    `s3://bucket/prefix` is a bucket; credentials, region and endpoint come from the usual variables
    `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION` and `AWS_ENDPOINT_URL` (any S3-compatible
    service, by http as well).

    Raises:
        ValueError: The URL is neither, or the folder cannot be made.
    """
    atexit.unregister(_let_threads_come_to_rest)
    atexit.register(_let_threads_come_to_rest)
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return BlobStore(S3Store.from_url(url, client_options={"allow_http": True}, retry_config=RETRIES))
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return _open_folder(Path(unquote(parts.path)).absolute())
    raise ValueError(f"{url!r} is not a storage URL; write file:///path, file:path or s3://bucket/prefix")


def _open_folder(folder: Path) -> BlobStore:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"The storage folder {folder} cannot be made: {error}") from error
    return BlobStore(LocalStore(folder), folder)


def _let_threads_come_to_rest() -> None:
    """Keep the interpreter for the moment in which obstore's threads let go of what they held.

    One that still wants the interpreter when it is gone aborts the process (exit code 134 instead of 0,
    one exit in ten right after a call on a busy machine): PyO3/pyo3-async-runtimes issue 40.
    """
    time.sleep(EXIT_PAUSE.total_seconds())


def _stored(meta: "ObjectMeta") -> StoredBlob:
    return StoredBlob(meta["path"], meta["size"], meta["last_modified"])


def _flush_to_disk(folder: Path, key: str) -> None:
    """Have the file and the names that lead to it survive a power cut: obstore renames, but never syncs."""
    path = folder / key
    for place in (path, *(parent for parent in path.parents if parent.is_relative_to(folder))):
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _remove_unfinished(folder: Path, older_than: float) -> int:
    """Remove obstore's temporary files, `key#1` and so on, last written more than so many seconds ago."""
    removed, before = 0, _now_of(folder) - older_than
    for path in folder.rglob("*#[0-9]*"):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _now_of(folder: Path) -> float:
    """Return what the clock says that dates the files in a folder: it may be another machine's than ours."""
    mark = folder / f"clock#{secrets.randbits(48)}"  # a name that obstore does not list
    mark.touch(exist_ok=False)
    try:
        return mark.stat().st_mtime
    finally:
        mark.unlink(missing_ok=True)
