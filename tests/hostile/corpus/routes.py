"""Every route of the api, whatever it is: made from its own OpenAPI document, so that a new one is fired at too."""

import re
from collections.abc import Iterator, Sequence

from tests.hostile.case import Case, case, request

REFUSED = range(400, 500)
ANSWERED = range(200, 500)
IDS = ("x", "%00", "%ff", "@OTHER_FILE@", "@OTHER_JOB@", "..%2f..", "%25%27--", "x" * 5_000)
DEEP = b"[" * 100_000 + b"]" * 100_000
QUERY = "?limit=-1&after=%00&object_id=%00&metadata[x]=%00&order=%ff"
BODIES = {
    "nothing": ("application/json", b""), "depth": ("application/json", DEEP), "an array": ("application/json", b"[]"),
    "null": ("application/json", b"null"), "bytes": ("application/json", bytes(range(256))),
    "UTF-16": ("application/json", '{"model": "x"}'.encode("utf-16")), "a huge number": ("application/json", b"9" * 9_000),
    "NUL": ("application/json", b'{"name": "\\u0000", "model": "\\u0000", "filename": "\\u0000"}'),
    "a lone surrogate": ("application/json", b'{"name": "\\ud800", "model": "\\ud800", "filename": "\\ud800"}'),
    "wrong types": ("application/json", b'{"name": 1, "bytes": "x", "part_ids": {}, "url": [], "model": {}}'),
    "a form": ("application/x-www-form-urlencoded", b"a=b&" * 5_000),
    "half a form": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\nx'),
    "no form": ("multipart/form-data; boundary=b", b"x" * 5_000), "text": ("text/plain", b"hello"),
}  # fmt: skip


def cases(operations: Sequence[str]) -> Iterator[Case]:
    """Every case of this theme; operations are written `GET /v1/files/{file_id}`."""
    for operation in operations:
        line = re.sub(r"{\w+}", "x", operation)
        closed = "/v1/" in operation
        yield case(f"route: {operation}, no key", request(line, key=None), {400, 401} if closed else ANSWERED)
        yield case(
            f"route: {operation}, revoked key",
            request(line, key="REVOKED_KEY"),
            {400, 401} if closed else ANSWERED,
        )
        yield case(f"route: {operation}, a hostile query", request(line + QUERY), ANSWERED)
        yield case(f"route: {operation}, no end of the path", request(line + "/x" * 5_000), 404)
        yield case(f"route: {operation}, TRACE", request("TRACE " + line.split(" ")[1]), 405)
        for text in IDS if "{" in operation else ():
            sent = request(re.sub(r"{\w+}", text, operation))
            yield case(f"route: {operation}, id {text[:12]} ({len(text)})", sent, REFUSED)
        for name, (kind, body) in BODIES.items():
            sent = request(line, f"Content-Type: {kind}", body=body)
            yield case(f"route: {operation}, {name} as its body", sent, ANSWERED)
        packed = request(line, "Content-Encoding: gzip", body=b"\x1f\x8b")
        yield case(f"route: {operation}, a packed body", packed, 415, "unsupported_content_encoding")
        if "/v1/" in operation and not operation.startswith("GET"):
            long = request(line, "Content-Type: application/json", body=b" " * 1_100_000)
            yield case(f"route: {operation}, 1.1 MB", long, REFUSED)
