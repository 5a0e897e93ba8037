"""Reading the bearer key out of a request, and remembering whom keys speak for."""

from starlette.requests import Request

from domain.errors import Unauthenticated
from services.api_keys import Caller, key_hash

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


class KnownKeys:
    """Whom the keys of recent requests spoke for. A key in here may have been revoked since.

    So it saves the look-up only where the statement that follows asks for the key itself.
    """

    MOST = 10_000

    def __init__(self) -> None:
        self._callers: dict[bytes, Caller] = {}

    def get(self, api_key: str) -> Caller | None:
        """Return whom this key spoke for when it was last looked up."""
        return self._callers.get(key_hash(api_key))

    def remember(self, api_key: str, caller: Caller) -> None:
        """Keep whom a key speaks for; the oldest is forgotten when there are too many."""
        if len(self._callers) >= self.MOST:
            del self._callers[next(iter(self._callers))]
        self._callers[key_hash(api_key)] = caller
