"""What went wrong in a blob store, said in the domain's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from obstore.exceptions import BaseError

from domain.errors import NotFound, Unavailable

RETRY_AFTER: Final = timedelta(seconds=30)

# obstore passes the system's errors on as text: no room (28), over quota (122), file too large (27).
_NO_ROOM: Final = ("os error 28)", "os error 122)", "os error 27)")


@contextmanager
def as_domain_errors(*, of_a_blob: bool = False) -> Iterator[None]:
    """Turn what obstore and the file system raise into errors a client can be told about.

    `of_a_blob` says that the call asks for a blob, so that "not found" is about that blob; otherwise
    it is about the folder or the bucket. The cause stays chained for the log; the message names neither.

    Raises:
        NotFound: There is no such blob.
        Unavailable: Anything else; its code is `storage_full` where there is no room.
    """
    try:
        yield
    except (BaseError, OSError, TimeoutError) as error:
        if of_a_blob and isinstance(error, FileNotFoundError):
            raise NotFound("The bytes of this file are no longer stored.") from error
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    text = str(error)
    if any(sign in text for sign in _NO_ROOM):
        return Unavailable(
            "The storage has no room left; the file was not kept.",
            code="storage_full",
            retry_after=RETRY_AFTER,
        )
    return Unavailable("The storage cannot be reached; nothing was changed.", retry_after=RETRY_AFTER)
