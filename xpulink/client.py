"""The platform over HTTP, in the order of a job's life.

    files        upload_file   files   file_content   delete_file
    jobs         create_job    job   jobs     cancel_job
    a job's      events        checkpoints
    models       delete_model
    all of them  _read (asking again does no harm)   _once (asking again costs)

How a call is sent is in `exchange.py`, what its answer means in `classify.py`, how it is read in `wire.py`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import httpx

from crash_points import CrashPoint
from domain.outcomes import Outcome
from domain.platform import (
    MARKER_KEY,
    JobRequest,
    Page,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformFile,
    PlatformJob,
)
from xpulink import wire
from xpulink.classify import settle, too_large, web_page
from xpulink.exchange import Answer, Departure, Silence, exchange, open_client
from xpulink.port import Content, InTime
from xpulink.upload import Multipart

T = TypeVar("T")

MAX_JSON_BYTES: Final = 4 * 1024**2
_REFUSAL: Final = 400


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the platform keeps its routes, below the base URL."""

    files: str = "/files"
    jobs: str = "/fine_tuning/jobs"
    models: str = "/models"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each kind of call may take in all, from the first packet to the last byte of the answer.

    An upload gets `upload` and the time its size takes at `upload_bytes_per_second`.
    """

    connect: timedelta = timedelta(seconds=5)
    create: timedelta = timedelta(seconds=30)
    read: timedelta = timedelta(seconds=15)
    content: timedelta = timedelta(seconds=60)
    upload: timedelta = timedelta(seconds=60)
    upload_bytes_per_second: int = 256 * 1024

    @classmethod
    def of_create(cls, create: timedelta) -> Self:
        """Return what fits a platform that may take so long to answer a create."""
        return cls(create=create, read=create / 2, content=create * 2, upload=create * 2)

    def upload_of(self, size: int) -> timedelta:
        """Return how long an upload of `size` bytes may take."""
        return self.upload + timedelta(seconds=size / self.upload_bytes_per_second)


class XPULinkClient:
    """`Platform` over HTTP."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        paths: Paths = Paths(),
        deadlines: Deadlines = Deadlines(),
        max_connections: int = 100,
    ) -> None:
        self._base, self._paths, self._deadlines = base_url.rstrip("/"), paths, deadlines
        self._key = api_key.encode()
        connect = partial(
            open_client, base_url, api_key, connections=max_connections, connect=deadlines.connect
        )
        self._reads = connect(keep_alive=True)
        # A create never travels on a used connection: one that the platform closes for idleness in that very
        # moment would make an ambiguous create out of nothing, and an ambiguous create waits for minutes.
        self._writes = connect(keep_alive=False)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._reads.aclose()
        await self._writes.aclose()

    async def upload_file(self, *, filename: str, size: int, content: Content) -> Outcome[PlatformFile]:
        """See `Platform.upload_file`."""
        body = Multipart(filename=filename, size=size, content=content)
        deadline = self._deadlines.upload_of(size)
        return await self._once(self._paths.files, body, body.headers, wire.read_file, deadline)

    async def files(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformFile]]:
        """See `Platform.files`."""
        return await self._list(self._paths.files, wire.read_file, after, limit)

    async def file_content(self, id_: str, *, limit_bytes: int) -> Outcome[bytes]:
        """See `Platform.file_content`."""
        request = self._request("GET", f"{self._paths.files}/{_segment(id_)}/content")
        came = await self._send(self._reads, request, self._deadlines.content, limit_bytes)
        return too_large(came, limit_bytes) or web_page(came) or settle(came, bytes, once=False)

    async def delete_file(self, id_: str) -> Outcome[None]:
        """See `Platform.delete_file`."""
        return await self._delete(f"{self._paths.files}/{_segment(id_)}")

    async def create_job(
        self, request: JobRequest, *, with_metadata: bool = True, in_time: InTime | None = None
    ) -> Outcome[PlatformJob]:
        """See `Platform.create_job`."""
        body = json.dumps(_creation(request, with_metadata=with_metadata)).encode()
        headers = {"content-type": "application/json"}
        departure = Departure(in_time, CrashPoint.SUBMIT_SENT)
        return await self._once(
            self._paths.jobs, body, headers, wire.read_job, self._deadlines.create, departure
        )

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        """See `Platform.job`."""
        return await self._read("GET", f"{self._paths.jobs}/{_segment(id_)}", partial(_same_job, id_))

    async def jobs(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformJob]]:
        """See `Platform.jobs`."""
        return await self._list(self._paths.jobs, wire.read_job, after, limit)

    async def cancel_job(self, id_: str) -> Outcome[PlatformJob]:
        """See `Platform.cancel_job`."""
        return await self._read("POST", f"{self._paths.jobs}/{_segment(id_)}/cancel", partial(_same_job, id_))

    async def events(self, id_: str, *, after: str | None, limit: int) -> Outcome[Page[PlatformEvent]]:
        """See `Platform.events`."""
        return await self._list(f"{self._paths.jobs}/{_segment(id_)}/events", wire.read_event, after, limit)

    async def checkpoints(
        self, id_: str, *, after: str | None, limit: int
    ) -> Outcome[Page[PlatformCheckpoint]]:
        """See `Platform.checkpoints`."""
        path = f"{self._paths.jobs}/{_segment(id_)}/checkpoints"
        return await self._list(path, wire.read_checkpoint, after, limit)

    async def delete_model(self, name: str) -> Outcome[None]:
        """See `Platform.delete_model`."""
        return await self._delete(f"{self._paths.models}/{_segment(name)}")

    async def _list(
        self, path: str, read: Callable[[Any], T], after: str | None, limit: int
    ) -> Outcome[Page[T]]:
        params = {"limit": str(limit)} | ({"after": after} if after is not None else {})
        came = await self._send(
            self._reads, self._request("GET", path, params=params), self._deadlines.read, MAX_JSON_BYTES
        )
        page = settle(came, lambda body: wire.read_page(wire.decode(body), read), once=False)
        return too_large(came, MAX_JSON_BYTES) or page

    async def _delete(self, path: str) -> Outcome[None]:
        came = await self._send(
            self._reads, self._request("DELETE", path), self._deadlines.read, MAX_JSON_BYTES
        )
        return settle(came, _deletion, once=False)

    async def _read(self, method: str, path: str, read: Callable[[Any], T]) -> Outcome[T]:
        request = self._request(method, path)
        came = await self._send(self._reads, request, self._deadlines.read, MAX_JSON_BYTES)
        return settle(came, lambda body: read(wire.decode(body)), once=False)

    async def _once(
        self,
        path: str,
        body: bytes | Multipart,
        headers: dict[str, str],
        read: Callable[[Any], T],
        deadline: timedelta,
        departure: Departure | None = None,
    ) -> Outcome[T]:
        request = self._request("POST", path, content=body, headers=headers)
        came = await self._send(self._writes, request, deadline, MAX_JSON_BYTES, departure)
        return settle(came, lambda body: read(wire.decode(body)), once=True)

    def _request(self, method: str, path: str, **parts: Any) -> httpx.Request:
        return self._reads.build_request(method, self._base + path, **parts)

    async def _send(
        self,
        client: httpx.AsyncClient,
        request: httpx.Request,
        deadline: timedelta,
        limit: int,
        departure: Departure | None = None,
    ) -> Answer | Silence:
        came = await exchange(client, request, deadline=deadline, limit=limit, departure=departure)
        if isinstance(came, Answer) and came.status >= _REFUSAL:  # some quote the key, and we their words
            return replace(came, body=came.body.replace(self._key, b"[key]"))
        return came


def _segment(text: str) -> str:
    """Encode one path segment; dots too where they are all of it, for `..` is another route."""
    if set(text) <= {"."}:
        return text.replace(".", "%2E")
    return quote(text, safe="!$&'()*+,;=:@", errors="replace")


def _same_job(id_: str, value: Any) -> PlatformJob:
    """Read a job; the answer about another job than the one asked for is no answer."""
    job = wire.read_job(value)
    if job.id != id_:
        raise wire.Unreadable("the answer is about another job")
    return job


def _deletion(body: bytes) -> None:
    if body:  # 204 has none
        wire.read_deletion(wire.decode(body))


def _creation(request: JobRequest, *, with_metadata: bool) -> dict[str, Any]:
    """Write the create body: what the caller adds first, so that it cannot replace a field of ours."""
    optional = {
        "validation_file": request.validation_file,
        "suffix": request.suffix,
        "seed": request.seed,
        "hyperparameters": dict(request.hyperparameters) or None,
        "method": request.method and dict(request.method),
        "integrations": request.integrations and [dict(one) for one in request.integrations],
        "metadata": {MARKER_KEY: request.marker} if with_metadata else None,
    }
    extra = {key: value for key, value in request.extra.items() if key != "metadata"}
    required = {"model": request.model, "training_file": request.training_file}
    return extra | required | {key: value for key, value in optional.items() if value is not None}
