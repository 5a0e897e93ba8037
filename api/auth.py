"""Reading the bearer key out of a request."""

from starlette.requests import Request

from domain.errors import Unauthenticated

SCHEME = "bearer "
LONGEST_KEY = 512


def bearer_key(request: Request) -> str:
    """Return everything behind `Bearer `: keys may contain spaces.

    Raises:
        Unauthenticated: there is no such header, or no key in it.
    """
    header = request.headers.get("authorization", "")
    key = header[len(SCHEME) :].strip()
    if header[: len(SCHEME)].lower() != SCHEME or not key or len(key) > LONGEST_KEY:
        raise Unauthenticated
    return key
