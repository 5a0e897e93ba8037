"""HTTP itself: heads, framing, targets, methods, time."""

from collections.abc import Iterator

from tests.hostile.case import CLOSED, Case, case, json_post, request

FILES = "GET /v1/files"
LIST = b"GET /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer @KEY@\r\n"
CREATE = b"POST /v1/fine_tuning/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer @KEY@\r\n"
JSON = b"Content-Type: application/json\r\n"
BODY = b'{"model": "qwen3-32b", "training_file": "@FILE@"}'
UNSAFE = ("TRACE", "PROPFIND", "PATCH", "PUT", "OPTIONS", "LINK", "PURGE", "SEARCH", "M-SEARCH", "REPORT")


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    yield from heads()
    yield from targets()
    yield from methods()
    yield from framing()
    yield from pipelines()
    yield from slow_clients()
    yield from upgrades()


def heads() -> Iterator[Case]:
    yield case("http: nothing but line ends", b"\r\n" * 40_000, 431, "headers_too_large")
    yield case("http: a word", b"hello\r\n\r\n", 400, "invalid_http")
    yield case("http: NUL bytes", b"\0" * 100 + b"\r\n\r\n", 400, "invalid_http")
    yield case("http: a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500, 400)
    yield case("http: an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "invalid_http")
    yield case("http: an SSH banner", b"SSH-2.0-OpenSSH_9.6\r\n", 400, "invalid_http")
    yield case("http: HTTP/0.9", b"GET /v1/files\r\n\r\n", 400, "invalid_http")
    yield case("http: HTTP/3.7", b"GET /v1/files HTTP/3.7\r\nHost: x\r\n\r\n", 400, "invalid_http")
    yield case("http: HTTP/1.0", LIST.replace(b"1.1", b"1.0") + b"\r\n", 200)
    without_host = b"GET /v1/files HTTP/1.%d\r\nAuthorization: Bearer @KEY@\r\n\r\n"
    yield case("http: HTTP/1.0 without Host", without_host % 0, 200)
    yield case("http: no Host", without_host % 1, 400, "invalid_http")
    yield case("http: two Hosts", LIST + b"Host: y\r\n\r\n", 400, "invalid_http")
    for host in ("[", "a b", "x:y:z", "[::1", "http://x/", "\\", "%00", "x" * 5000, ""):
        sent = b"GET /nowhere HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n"
        yield case(f"http: the Host {host[:10]!r}", sent, {400, 404})
    yield case("http: a space in a header's name", LIST + b"X Y: z\r\n\r\n", 400, "invalid_http")
    yield case("http: a space behind a header's name", LIST + b"X-Y : z\r\n\r\n", 400, "invalid_http")
    yield case("http: a header without a name", LIST + b": z\r\n\r\n", 400, "invalid_http")
    yield case("http: a header without a colon", LIST + b"nonsense\r\n\r\n", 400, "invalid_http")
    yield case("http: NUL in a header", LIST + b"X-Y: a\0b\r\n\r\n", 400, "invalid_http")
    yield case("http: a lone CR in a header", LIST + b"X-Y: a\rb\r\n\r\n", 400, "invalid_http")
    yield case("http: bare line feeds", LIST.replace(b"\r\n", b"\n") + b"\n", 400, "invalid_http")
    yield case("http: a folded header", LIST + b"X-Y: a\r\n b\r\nConnection: close\r\n\r\n", {200, 400})
    yield case("http: high bytes in a header", LIST + b"X-Y: \xff\xfe\r\nConnection: close\r\n\r\n", 200)
    yield case("http: an endless request line", (b"GET /", b"x" * 20_000), 414, "url_too_long", endless=True)
    yield case("http: an endless method", (b"G" * 1000, b"G" * 20_000), 400, endless=True)
    many = b"".join(b"X-%d: y\r\n" % number for number in range(101))
    yield case("http: 101 headers", LIST + many + b"\r\n", 431, "headers_too_large")
    yield case("http: headers without end", (LIST, b"X-Y: " + b"z" * 1000 + b"\r\n"), 431, endless=True)
    yield case("http: a header without end", (LIST + b"X-Y: ", b"z" * 20_000), 431, endless=True)
    yield case("http: a header's name without end", (LIST, b"z" * 20_000), 431, endless=True)
    yield case("http: 40 kB of headers at once", LIST + b"X-Y: " + b"z" * 40_000 + b"\r\n\r\n", 431)
    almost = request(FILES, "X-Y: " + "z" * 31_000)
    yield case("http: headers just under the limit", almost, 200)


TARGETS = {
    "//v1/files": 404, "/v1//files": 404, "/v1/files/": 404, "/v1/../v1/files": 404, "/./v1/files": 404,
    "/v1/files/..%2f..%2fetc%2fpasswd": 404, "/v1/files/%2e%2e": 404, "/v1/files/%00": 404,
    "/v1/files/a%00b": 404, "/v1/files/%ff%fe": 404, "/v1/files/%": 404, "/v1/files/%zz": 404,
    "/v1/files/%u0041": 404, "/v1/files/%e2%80%ae": 404, "/v1/files/%ed%a0%80": 404,
    "/v1%2ffiles": 200, "/v1/files%2f": 404, "/v1/files%00": 404, "/v1/files?": 200, "/v1/files?&&&": 200,
    "/v1/files#fragment": 200, "/v1/files;jsessionid=1": 404, "/v1/v1/files": 200, "/v1/v1/v1/files": 404,
    "/files": 200, "/v1": 404, "/v1/": 404, "/%76%31/files": 200, "/V1/FILES": 404,
    "/v1/files/" + "x" * 20_000: 404, "/v1/files/" + "%00" * 5_000: 404, "/" + "a/" * 10_000: 404,
    "/v1/models/..%2f..%2f..": 404, "/v1/models/" + "/" * 1000: 404, "/v1/models/%00": 404,
    "/.git/config": 404, "/wp-login.php": 404, "/v1/files/${jndi:ldap://x}": 404, "/static/../../etc": 404,
    "http://localhost/v1/files": 200, "http://evil.example/v1/files": 200, "https://x:y@z/v1/files": 200,
    "http://localhost": 400, "ftp://x/v1/files": 200, "*": 404, "v1/files": 400, "/\\..\\": 404,
    "/v1/files/{file_id}": 404, "/v1/files/<script>": 404, "/v1/files/'--": 404, "/v1/files/%25": 404,
}  # fmt: skip


def targets() -> Iterator[Case]:
    for target, status in TARGETS.items():
        name = target if len(target) < 40 else f"{target[:30]}… ({len(target)} characters)"
        yield case(f"target: {name}", request(f"GET {target}"), {status, 400})
    for raw in (b"/v1/files/\xff", b"/v1/files/\xe4\xbd\xa0", b"/v1/files/\x01", b"/v1/files/ x", b"/v1/\t"):
        yield case(f"target: raw bytes {raw!r}", request(b"GET " + raw), {400, 404})
    yield case("target: none", b"GET HTTP/1.1\r\nHost: x\r\n\r\n", 400, "invalid_http")


def methods() -> Iterator[Case]:
    for method in UNSAFE:
        yield case(f"method: {method}", request(f"{method} /v1/files"), {400, 405})
        yield case(f"method: {method} of a job", request(f"{method} /v1/fine_tuning/jobs/@JOB@"), {400, 405})
    yield case("method: HEAD", request("HEAD /v1/files"), {200, 405})
    for method in ("CONNECT localhost:80", "CONNECT /v1/files", "OPTIONS *", "NONSENSE /v1/files", "get /v1"):
        yield case(f"method: {method}", request(method), {400, 404, 405})
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        sent = request("GET /v1/files/@FILE@", f"{header}: DELETE")
        yield case(f"method: GET with {header}: DELETE", sent, 200)
        sent = request(f"GET /v1/files/@FILE@?{header}=DELETE")
        yield case(f"method: GET with ?{header}=DELETE", sent, 200)
    yield case("method: the file is still there", request("GET /v1/files/@FILE@"), 200)


def framing() -> Iterator[Case]:
    for value in ("-1", "+5", "0x10", "5 5", "5,5", "", "ten", "1e3", "9" * 30, "\u0665"):
        sent = CREATE + JSON + f"Content-Length: {value}\r\n\r\n".encode() + BODY
        yield case(f"framing: Content-Length {value[:10]!r}", sent, {400, 413})
    chunked = b"Transfer-Encoding: chunked\r\n"
    both = CREATE + JSON + chunked + b"Content-Length: 5\r\n\r\n0\r\n\r\n"
    yield case("framing: length and chunked", both, 400, "invalid_http")
    both = CREATE + JSON + b"Content-Length: 5\r\n" + chunked + b"\r\n0\r\n\r\n"
    yield case("framing: chunked and length", both, 400, "invalid_http")
    twice = CREATE + JSON + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345"
    yield case("framing: two lengths", twice, 400, "invalid_http")
    for coding in (
        "gzip",
        "chunked, gzip",
        "xchunked",
        "chunked, chunked",
        "identity",
        "chunk\ted",
        "\x0bchunked",
    ):
        sent = CREATE + JSON + f"Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n".encode()
        yield case(f"framing: Transfer-Encoding {coding!r}", sent, 400)
    for size in (b"-1", b"0x5", b"", b"g", b"5 ;", b"ffffffffffffffffff", b"5\n"):
        sent = CREATE + JSON + chunked + b"\r\n" + size + b"\r\nhello\r\n0\r\n\r\n"
        yield case(f"framing: a chunk of size {size!r}", sent, 400)
    long = CREATE + JSON + chunked + b"\r\n"
    yield case("framing: a chunk longer than said", long + b"2\r\nhello\r\n0\r\n\r\n", 400)
    yield case("framing: a chunk extension without end", (long + b"1;x=", b"y" * 20_000), 431, endless=True)
    yield case(
        "framing: trailers without end", (long + b"1\r\n{\r\n0\r\n", b"X: y\r\n" * 50), 431, endless=True
    )
    signed_by_trailer = (
        b"POST /v1/fine_tuning/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + JSON + chunked + b"\r\n"
        b"%x\r\n" % 2 + b"{}\r\n0\r\nAuthorization: Bearer @KEY@\r\n\r\n"
    )
    yield case("framing: the key as a trailer", signed_by_trailer, {400, 401})
    over = CREATE + JSON + b"Content-Length: 5000000\r\nConnection: close\r\n\r\n"
    yield case("framing: a length over the limit", over, 413, "request_too_large")
    yield case("framing: the same, 100-continue", over[:-2] + b"Expect: 100-continue\r\n\r\n", 413)
    poured = (long, b"%x\r\n" % 30_000 + b" " * 30_000 + b"\r\n")
    yield case("framing: chunks over the limit", poured, 413, "request_too_large", endless=True)
    yield case("framing: Expect: nonsense", json_post("/v1/fine_tuning/jobs", BODY, "Expect: x"), {200, 417})
    expecting = json_post("/v1/fine_tuning/jobs", BODY, "Expect: 100-continue")
    yield case("framing: Expect: 100-continue", expecting, 200)
    yield case("framing: GET with a body", request("GET /v1/files", body=b"x" * 1000), 200)
    yield case("framing: DELETE with a body", request("DELETE /v1/files/x", body=b"x" * 1000), 404)
    for coding in ("gzip", "br", "deflate", "zstd", "gzip, gzip", "nonsense"):
        sent = json_post("/v1/fine_tuning/jobs", b"\x1f\x8b\x08\0bomb", f"Content-Encoding: {coding}")
        yield case(f"framing: Content-Encoding {coding}", sent, 415, "unsupported_content_encoding")
    plain = json_post("/v1/fine_tuning/jobs", BODY, "Content-Encoding: identity")
    yield case("framing: Content-Encoding identity", plain, 200)


def pipelines() -> Iterator[Case]:
    first = LIST + b"\r\n"
    theirs = first.replace(b"@KEY@", b"@OTHER_KEY@")
    last = LIST + b"Connection: close\r\n\r\n"
    yield case("pipeline: two requests", first + last, 200, then=[200])
    yield case("pipeline: fifty requests", first * 50 + last, 200, then=[200] * 50)
    yield case("pipeline: a request, then garbage", first + b"garbage\r\n\r\n", 200, then=[400])
    slow = request("GET /v1/files/@FILE@/content", connection="keep-alive")
    yield case("pipeline: a file, then garbage", slow + b"\0\0\0", 200, then=[400])
    unfinished = CREATE + JSON + b"Content-Length: 500\r\n\r\n{"
    yield case("pipeline: a request, then half a body", first + unfinished, 200, then=[408])
    broken = CREATE + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield case("pipeline: two requests, then a broken body", first * 2 + broken, 200, then=[200, 400])
    unsigned = b"GET /v1/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    yield case("pipeline: a key is not inherited", first + unsigned, 200, then=[401])
    smuggled = request("GET /v1/files", body=theirs, connection="keep-alive")
    yield case("pipeline: a request inside a body is none", (smuggled, last), 200, then=[200, CLOSED])
    yield case("pipeline: closed means closed", last + theirs, 200, then=[CLOSED])


def slow_clients() -> Iterator[Case]:
    yield case("slow: no byte at all", b"", CLOSED)
    yield case("slow: half a head", LIST, 408, "request_timeout")
    drip = tuple(LIST[at : at + 1] for at in range(len(LIST)))
    yield case("slow: a head in drips", drip, 408, "request_timeout", pause=0.4)
    yield case("slow: line ends in drips", (b"\r\n",) * 20, CLOSED, pause=0.4)
    half = CREATE + JSON + b"Content-Length: 500\r\n\r\n{"
    yield case("slow: half a body", half, 408, "request_timeout")
    dripping = (half, *[b" "] * 30)
    yield case("slow: a body in drips", dripping, 408, "request_timeout", pause=0.4)
    chunks = (CREATE + JSON + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 30)
    yield case("slow: chunks in drips", chunks, 408, "request_timeout", pause=0.4)
    idle = LIST + b"\r\n"
    yield case("slow: an idle connection is closed", idle, 200, then=[CLOSED])
    after = (LIST + b"\r\n", *[b"\r\n"] * 20)
    yield case("slow: line ends behind a request", after, 200, then=[CLOSED], pause=0.4)
    half_after = (LIST + b"\r\n", LIST)
    yield case("slow: half a second head", half_after, 200, then=[408], pause=0.2)


def upgrades() -> Iterator[Case]:
    socket = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: eA==",
    )
    sent = request("GET /v1/files", *socket, connection="upgrade")
    yield case("upgrade: websocket is not offered", sent, 200, then=[CLOSED])
    sent = request("GET /v1/files", *socket, connection="upgrade", key=None)
    yield case("upgrade: websocket without a key", sent, 401, then=[CLOSED])
    h2c = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    yield case("upgrade: h2c", request("GET /v1/files", *h2c, connection="upgrade"), 200, then=[CLOSED])
    post = request(
        "POST /v1/fine_tuning/jobs", *h2c, "Content-Type: application/json", body=BODY, connection="u"
    )
    yield case("upgrade: h2c with a body", post, 200, then=[CLOSED])
    behind = request("GET /v1/files", *h2c, connection="upgrade") + request("GET /v1/models")
    yield case("upgrade: what follows the offer is a request", behind, 200, then=[200])
