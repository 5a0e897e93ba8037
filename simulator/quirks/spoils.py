"""Answers that are ruined on their way, and requests that are turned away before they are carried out.

Those that ruin or turn away take turns: with two of them every third answer on each path is a good one.
"""

import gzip
from functools import lru_cache

from starlette.responses import Response

from simulator.errors import Refusal
from simulator.quirks.reply import Reply
from simulator.quirks.table import Kind, quirk

SLOW_SECONDS = 2.0
DRIP_SECONDS = 0.05


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b'{"id": "' + b"0" * 50_000_000, compresslevel=9)


@quirk(Kind.SPOIL)
def html_200(reply: Reply) -> None:
    """The answer is a web page, with 200; the request was carried out."""
    reply.page(200)


@quirk(Kind.SPOIL)
def html_502(reply: Reply) -> None:
    """The answer is a gateway's page with 502; the request was carried out."""
    reply.page(502)


@quirk(Kind.SPOIL)
def truncated(reply: Reply) -> None:
    """The answer's JSON stops in the middle."""
    reply.body = reply.body[: len(reply.body) // 2]


@quirk(Kind.SPOIL)
def endless(reply: Reply) -> None:
    """The answer's body never ends."""
    reply.endless = True


@quirk(Kind.SPOIL)
def drip(reply: Reply) -> None:
    """The answer's body comes byte by byte, twenty in a second."""
    reply.drip = DRIP_SECONDS


@quirk(Kind.SPOIL)
def slow_head(reply: Reply) -> None:
    """The answer comes two seconds late."""
    reply.head_late = SLOW_SECONDS


@quirk(Kind.SPOIL)
def gzip_bomb(reply: Reply) -> None:
    """The answer is 50 kB that unpack to 50 MB."""
    reply.body = _bomb()
    reply.headers["content-encoding"] = "gzip"


@quirk(Kind.SPOIL)
def length_wrong(reply: Reply) -> None:
    """The answer promises more bytes than come before the connection ends."""
    reply.raw = _head(reply, str(len(reply.body) + 100)) + reply.body


@quirk(Kind.SPOIL)
def length_twice(reply: Reply) -> None:
    """The answer has two lengths that contradict each other."""
    length = len(reply.body)
    reply.raw = _head(reply, f"{length}\r\ncontent-length: {length + 1}") + reply.body


@quirk(Kind.SPOIL)
def no_http(reply: Reply) -> None:
    """The answer is no HTTP at all."""
    reply.raw = b"ERR unknown command\r\n"


@quirk(Kind.SPOIL)
def redirects(reply: Reply) -> None:
    """The answer sends one elsewhere; the request was carried out."""
    reply.status, reply.body = 307, b""
    reply.headers = {"location": "http://127.0.0.1:9/v1/elsewhere"}


def _head(reply: Reply, length: str) -> bytes:
    lines = (f"HTTP/1.1 {reply.status} OK", "content-type: application/json", f"content-length: {length}")
    return "\r\n".join((*lines, "", "")).encode()


@quirk(Kind.REFUSAL)
def server_errors() -> Response:
    """A request is answered 500 and not carried out."""
    return Refusal(500, "The server had an error while processing your request.").response()


@quirk(Kind.REFUSAL)
def unauthorized() -> Response:
    """A request is answered 401 in the middle of everything."""
    return Refusal(401, "Incorrect API key provided.", code="invalid_api_key").response()


@quirk(Kind.REFUSAL)
def throttled_absurdly() -> Response:
    """A request is answered 429, to be tried again in three million years."""
    return Refusal(429, "Rate limit reached.").response({"retry-after": "99999999999999"})


@quirk(Kind.MANNER)
def wrong_content_type(reply: Reply) -> None:
    """Every answer says that it is a picture."""
    reply.headers["content-type"] = "image/png"


@quirk(Kind.MANNER)
def byte_order_mark(reply: Reply) -> None:
    """Every JSON answer begins with a byte order mark."""
    if reply.headers.get("content-type", "").startswith("application/json"):
        reply.body = b"\xef\xbb\xbf" + reply.body


# Nothing to do at the answer: the layer leaves out the good turn.
@quirk(Kind.MANNER)
def relentless(_reply: Reply) -> None:
    """What ruins answers or turns requests away does so every time: there are no good ones in between."""
