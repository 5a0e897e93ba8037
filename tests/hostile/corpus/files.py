"""Files: what is no training file, and forms that are none. Limits of the form: tests/api/test_multipart.py."""

import io
import zipfile
from collections.abc import Iterator

from tests.hostile.case import Case, case, request

LINE = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
GOOD = (LINE + b"\n") * 20
B = "xXxBOUNDARYxXx"
FORM = f"Content-Type: multipart/form-data; boundary={B}"
NAMES = (
    "../../etc/passwd", "..\\..\\windows\\system32", "C:\\x.jsonl", "C:x.jsonl", "\\\\server\\share\\x.jsonl",
    "/etc/shadow", ".", "..", "", " ", ".jsonl", "CON", "nul.jsonl", "x" * 10_000 + ".jsonl", "a\0b.jsonl",
    "x.jsonl\0.png", "\u202elnosj.exe", "名\u200b前.jsonl", "%2e%2e%2fx", "a;b.jsonl", "-rf", "$(x).jsonl",
    "`x`.jsonl", "x.jsonl/", "~/.ssh/id", "😀.jsonl", "\x1b]0;x\x07.jsonl", "a" * 255 + "é",
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    for name, (content, allowed) in CONTENTS.items():
        yield case(f"file: {name}", upload(content), allowed)
        yield case(f"file: {name}, user_data", upload(content, purpose="user_data"), {200, 400})
    for name in NAMES:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        yield case(f"file: called {name[:20]!r} ({len(name)})", upload(GOOD, filename=quoted), 200)
        yield case(
            f"file: called {name[:20]!r} ({len(name)}), unquoted", upload(GOOD, filename=name), {200, 400}
        )
    yield from forms()
    yield from fields()


def contents() -> Iterator[tuple[str, bytes, set[int]]]:
    yield "empty", b"", {400}
    yield "one byte", b"x", {400}
    yield "one line end", b"\n", {400}
    yield "one brace", b"{", {200, 400}
    yield "line ends only", b"\r\n" * 10_000, {400}
    yield "a good one", GOOD, {200}
    yield "CR LF", GOOD.replace(b"\n", b"\r\n"), {200}
    yield "CR alone", GOOD.replace(b"\n", b"\r"), {200, 400}
    yield "no last line end", GOOD[:-1], {200}
    yield "a BOM", b"\xef\xbb\xbf" + GOOD, {200, 400}
    yield "UTF-16", GOOD.decode().encode("utf-16"), {400}
    yield "UTF-32", GOOD.decode().encode("utf-32"), {400}
    yield "Latin-1", GOOD.replace(b'"a"', b'"\xe9"'), {400}
    yield "NUL bytes", b"\0" * 1000, {400}
    yield "NUL in a line", GOOD + LINE.replace(b'"a"', b'"\\u0000"') + b"\n", {200}
    yield "a raw NUL in a line", GOOD + LINE.replace(b'"a"', b'"\0"') + b"\n", {200, 400}
    yield "lone surrogates", GOOD + LINE.replace(b'"a"', b'"\\ud800"') + b"\n", {200}
    yield "a line over the limit", GOOD + b'"' + b"x" * 100_001 + b'"\n', {400}
    yield "one line without end", b"x" * 900_000, {400}
    yield "100,000 brackets", b"[" * 99_000 + b"\n" + GOOD, {200, 400}
    yield "a deep line", b'{"a":' * 15_000 + b"1" + b"}" * 15_000 + b"\n" + GOOD, {200, 400}
    yield "huge numbers", GOOD + b'{"x": ' + b"9" * 90_000 + b"}\n", {200, 400}
    yield "NaN", GOOD + b'{"x": NaN}\n', {200, 400}
    yield "an array", b"[" + LINE + b"]", {200, 400}
    yield "a JSON file", b"[\n" + (LINE + b",\n") * 5 + LINE + b"\n]", {200, 400}
    yield "numbers only", b"1\n2\n3\n", {200, 400}
    yield "900 kB of empty objects", b"{}\n" * 300_000, {200, 400}
    yield "a zip", _zip(), {400}
    yield "a zip bomb's beginning", _zip(b"\0" * 5_000_000), {400}
    yield "gzip", b"\x1f\x8b\x08\0" + bytes(range(256)) * 4, {400}
    yield "parquet", b"PAR1" + bytes(range(256)) * 4 + b"PAR1", {400}
    yield "a PDF", b"%PDF-1.7\n\xe2\xe3\xcf\xd3", {400}
    yield "a program", b"\x7fELF" + bytes(range(256)), {400}
    yield "an image", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), {400}
    yield "CSV", b"prompt,completion\na,b\n", {400}
    yield "over the size", b"x" * 1_048_577, {400}
    yield "a boundary inside", GOOD + f"\n--{B}x\n".encode(), {200, 400}


def _zip(content: bytes = GOOD) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.jsonl", content)
    return packed.getvalue()


CONTENTS = {name: (content, allowed) for name, content, allowed in contents()}


def part(name: str, content: bytes, more: str = "", headers: str = "") -> bytes:
    head = f'--{B}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'
    return head.encode() + content + b"\r\n"


def upload(content: bytes, *, purpose: str = "fine-tune", filename: str = "t.jsonl") -> bytes:
    return form(part("purpose", purpose.encode()), part("file", content, f'; filename="{filename}"'))


def form(*parts: bytes, end: bytes = f"--{B}--\r\n".encode(), kind: str = FORM) -> bytes:
    return request("POST /v1/files", kind, body=b"".join(parts) + end)


PURPOSE, FILE = part("purpose", b"fine-tune"), part("file", GOOD, '; filename="t.jsonl"')


def forms() -> Iterator[Case]:
    yield case("form: two files", form(PURPOSE, FILE, FILE), 400, "invalid_file")
    yield case(
        "form: two files, the second empty", form(FILE, part("file", b""), PURPOSE), 400, "invalid_file"
    )
    yield case("form: 99 more parts", form(PURPOSE, *[part("x", b"y")] * 98, FILE), {200, 400})
    yield case("form: 5,000 parts", form(PURPOSE, *[part("x", b"y")] * 5_000, FILE), 400, "invalid_multipart")
    yield case("form: no part", form(), 400, "missing_required_parameter")
    yield case("form: nothing", form(end=b""), 400, "invalid_multipart")
    yield case("form: no end", form(PURPOSE, FILE, end=b""), 400, "invalid_multipart")
    yield case("form: junk before it", form(b"junk\r\n" * 1000, PURPOSE, FILE), {200, 400})
    yield case(
        "form: junk behind it", form(PURPOSE, FILE, end=f"--{B}--\r\n".encode() + b"junk" * 1000), {200, 400}
    )
    yield case("form: another boundary", form(PURPOSE, FILE, kind=FORM + "y"), 400)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=" + B,
        "multipart/form-data; boundary=" + "x" * 5_000, 'multipart/form-data; boundary="', "application/json",
        "multipart/form-data; boundary=\xff", "multipart/form-data; boundary=a; boundary=b"):  # fmt: skip
        raw = f"Content-Type: {kind}".encode("latin-1")
        sent = request("POST /v1/files", raw, body=PURPOSE + FILE)
        yield case(f"form: {kind[:50]!r}", sent, 400)
    endless = request("POST /v1/files", FORM, "Transfer-Encoding: chunked")
    headers = f'--{B}\r\nContent-Disposition: form-data; name="x"\r\n'.encode()
    more = b"X-Header: y\r\n" * 100
    chunks = (endless, _chunk(headers), _chunk(more))
    yield case("form: a part's headers without end", chunks, 400, "invalid_multipart", endless=True)
    chunks = (endless, _chunk(headers + b"X: "), _chunk(b"y" * 5_000))
    yield case("form: a part's header without end", chunks, 400, "invalid_multipart", endless=True)
    chunks = (endless, _chunk(part("purpose", b"fine-tune")), _chunk(part("x", b"y" * 60_000)))
    yield case("form: parts without end", chunks, 400, endless=True)
    chunks = (endless, _chunk(part("x", b"")[:-2]), _chunk(b"y" * 5_000))
    yield case("form: a field without end", chunks, 400, endless=True)
    chunks = (endless, _chunk(PURPOSE + FILE[:-2]), _chunk(LINE + b"\n"))
    yield case("form: a file without end", chunks, 400, "invalid_file", endless=True)
    chunks = (endless, _chunk(b"\r\n" * 2_000))
    yield case("form: a preamble without end", chunks, 400, endless=True)
    for broken in (b"Content-Disposition: form-data\r\n\r\n", b"\r\n", b"Content-Disposition: x\r\n\r\n",
        b"Content Disposition: form-data\r\n\r\n", b": x\r\n\r\n", b"\0\0\r\n\r\n",
        b"Content-Disposition: form-data; name=\r\n\r\n", b'Content-Disposition: form-data; name="\r\n\r\n'):  # fmt: skip
        sent = form(PURPOSE, f"--{B}\r\n".encode() + broken + b"x\r\n", FILE)
        yield case(f"form: a part with {broken[:45]!r}", sent, {200, 400})
    encoded = part(
        "file",
        GOOD,
        '; filename="t.jsonl"',
        "Content-Encoding: gzip\r\nContent-Transfer-Encoding: base64\r\n",
    )
    yield case("form: a part that says gzip and base64", form(PURPOSE, encoded), 200)


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n" % len(content) + content + b"\r\n"


def fields() -> Iterator[Case]:
    for purpose in ("", "fine-tune\0", "FINE-TUNE", "fine_tune", "fine-tune-results", "assistants_output", "x" * 70_000,
        "fine-tune,batch", "'--", "\u202efine-tune", "null"):  # fmt: skip
        yield case(f"form: purpose {purpose[:12]!r} ({len(purpose)})", upload(GOOD, purpose=purpose), 400)
    yield case("form: purpose twice", form(PURPOSE, PURPOSE, FILE), 400)
    yield case(
        "form: purpose as a file", form(part("purpose", b"fine-tune", '; filename="x"'), FILE), {200, 400}
    )
    yield case("form: purpose in UTF-16", form(part("purpose", "fine-tune".encode("utf-16")), FILE), 400)
    for seconds in (
        "",
        "-1",
        "0",
        "3599",
        "2592001",
        "9" * 5000,
        "1e5",
        "NaN",
        "3600.5",
        "\u0663\u0666\u0660\u0660",
        "0x1000",
    ):
        expiry = part("expires_after[anchor]", b"created_at") + part(
            "expires_after[seconds]", seconds.encode()
        )
        yield case(f"form: expires after {seconds[:8]!r} ({len(seconds)})", form(PURPOSE, expiry, FILE), 400)
    for anchor in ("", "now", "created_at\0", "CREATED_AT"):
        expiry = part("expires_after[anchor]", anchor.encode()) + part("expires_after[seconds]", b"3600")
        yield case(f"form: expires from {anchor!r}", form(PURPOSE, expiry, FILE), 400)
