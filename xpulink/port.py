"""What can be asked of the platform. `client.py` and `chat.py` do it over HTTP."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from domain.outcomes import Outcome
from domain.platform import (
    JobRequest,
    Page,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformFile,
    PlatformJob,
)

Content: TypeAlias = Callable[[], AsyncIterator[bytes]]
"""Opens a file's bytes anew; called once per upload."""

InTime: TypeAlias = Callable[[], bool]
"""Tells whether a request that waited, or whose process stood still, may leave now."""


class ContentFailed(Exception):  # noqa: N818 - the names are the field's words
    """Our own storage broke off, or held other than the `size` bytes announced; the cause says which."""


class Platform(Protocol):
    """Files and jobs on the platform. No call raises for what the platform did: it returns an outcome.

    A page that is too large is `Rejected` with code `too_large`: a smaller `limit` may bring a smaller one.

    `upload_file` and `create_job` may be `Ambiguous`: sent once more, they would cost once more. For every
    other call what is uncertain is `Retryable`, since asking again does no harm.
    """

    async def upload_file(self, *, filename: str, size: int, content: Content) -> Outcome[PlatformFile]:
        """Upload `size` bytes for fine-tuning, in constant memory.

        Raises:
            ContentFailed: The fault is on our side.
        """

    async def create_job(
        self, request: JobRequest, *, with_metadata: bool = True, in_time: InTime | None = None
    ) -> Outcome[PlatformJob]:
        """Create a job, which is paid for. Metadata is the marker alone, or nothing.

        Once `in_time` says no, nothing more leaves: `Retryable` if nothing had, else `Ambiguous`.

        A platform that refuses the field answers `Rejected` with `metadata` in `param`, `code` or `message`;
        the caller decides whether to ask again without.
        """

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        """Look at one job."""

    async def jobs(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformJob]]:
        """List jobs, newest first. Absence from a page with `skipped` items proves nothing."""

    async def cancel_job(self, id_: str) -> Outcome[PlatformJob]:
        """Ask for a job's end; the job as it is now comes back."""

    async def events(self, id_: str, *, after: str | None, limit: int) -> Outcome[Page[PlatformEvent]]:
        """List a job's events, newest first."""

    async def checkpoints(
        self, id_: str, *, after: str | None, limit: int
    ) -> Outcome[Page[PlatformCheckpoint]]:
        """List a job's checkpoints, newest first."""

    async def files(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformFile]]:
        """List files, newest first. Absence from a page with `skipped` items proves nothing."""

    async def file_content(self, id_: str, *, limit_bytes: int) -> Outcome[bytes]:
        """Read a file; `Rejected` is one over the limit (`too_large`), or a web page (`not_a_file`)."""

    async def delete_file(self, id_: str) -> Outcome[None]:
        """Delete a file."""

    async def delete_model(self, name: str) -> Outcome[None]:
        """Delete a tuned model."""


class TunedModels(Protocol):
    """What the api itself asks of the platform about tuned models; `Platform` can do it too."""

    async def delete_model(self, name: str) -> Outcome[None]:
        """Delete a tuned model; what is uncertain is `Retryable`."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The platform's answer to a chat request, not yet read.

    Attributes:
        status: HTTP status, 2xx and errors alike.
        headers: Of the platform's headers `content-type`, `retry-after` and `x-request-id`, in lower case.
        chunks: Opens the body, once: bytes as they arrive, so that server-sent events stay intact. Raises
            `PlatformFailed` if it breaks off.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Callable[[], AsyncIterator[bytes]]


class ChatPlatform(Protocol):
    """Chat completions on the platform, passed through."""

    def chat(self, body: bytes, *, accept: str) -> AbstractAsyncContextManager[ChatAnswer]:
        """Send a JSON body and wait for the head of the answer.

        Raises:
            Unavailable: Nothing was sent.
            PlatformFailed: It was sent and no answer began, or it is a redirect.
        """
