"""A multipart body read as it arrives: every order, every split, every limit."""

import itertools
import tracemalloc
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from api.multipart import CHUNK_BYTES, Upload, UploadLimits, safe_filename
from domain.errors import InvalidFile, InvalidRequest

LIMITS = UploadLimits(max_file_bytes=1024 * 1024)
BOUNDARY = "boundary-of-7-words"
MULTIPART = f'multipart/form-data; boundary="{BOUNDARY}"'


def part(name: str, content: bytes, *, extra: str = "", headers: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n{headers}\r\n'
    return head.encode() + content + b"\r\n"


def file_part(content: bytes, filename: str = "train.jsonl") -> bytes:
    return part(
        "file", content, extra=f'; filename="{filename}"', headers="Content-Type: application/json\r\n"
    )


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


PURPOSE = part("purpose", b"fine-tune")


def request_of(
    chunks: Iterable[bytes], *, content_type: str | None = MULTIPART, length: str | None = None
) -> Request:
    """A request whose body arrives in these chunks; the client leaves at the chunk `<gone>`."""
    remaining = itertools.chain(chunks, [None])

    async def receive() -> dict[str, object]:
        chunk = next(remaining)
        if chunk is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        if chunk == b"<gone>":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": True}

    headers = {"content-type": content_type, "content-length": length}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    return Request({"type": "http", "method": "POST", "path": "/files", "headers": encoded}, receive)


async def read(chunks: Iterable[bytes], limits: UploadLimits = LIMITS) -> tuple[Upload, bytes]:
    upload = Upload(request_of(chunks), limits=limits)
    content = b"".join([chunk async for chunk in upload])
    return upload, content


def split(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize(
    "parts",
    list(itertools.permutations([file_part(b"line\n"), PURPOSE, part("expires_after[seconds]", b"3600")])),
)
async def test_parts_may_come_in_any_order(parts: tuple[bytes, ...]) -> None:
    upload, content = await read([form(*parts)])
    assert content == b"line\n"
    assert upload.fields == {"purpose": "fine-tune", "expires_after[seconds]": "3600"}
    assert (upload.filename, upload.content_type, upload.size) == ("train.jsonl", "application/json", 5)


async def test_a_purpose_that_came_first_is_known_with_the_first_chunk() -> None:
    upload = Upload(request_of([form(PURPOSE, file_part(b"x"))]), limits=LIMITS)
    assert [dict(upload.fields) async for _ in upload] == [{"purpose": "fine-tune"}]


LOOK_ALIKES = (
    f"\r\n--{BOUNDARY}x and \r\n--{BOUNDARY[:-1]}\r\n \r\n-\r\n--{BOUNDARY}-\r\n--{BOUNDARY}\n "
    f"\r\r\n\r\n--{BOUNDARY}\rx {BOUNDARY} --{BOUNDARY}--\r\n--\r"
).encode()


@pytest.mark.parametrize("content", [LOOK_ALIKES, b"", b"\r\n", b"a\r", "你好".encode()], ids=repr)
async def test_the_body_may_be_cut_anywhere(content: bytes) -> None:
    body = form(PURPOSE, part("unknown", b"x\r\n"), file_part(content, "名.jsonl"))
    for cut in range(len(body) + 1):
        upload, received = await read([body[:cut], body[cut:]])
        assert (received, upload.fields, upload.filename) == (content, {"purpose": "fine-tune"}, "名.jsonl")
    assert (await read(split(body, 1)))[1] == content


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    content=st.lists(
        st.one_of(
            st.binary(max_size=40), st.sampled_from([b"\r", b"\n", b"-", f"\r\n--{BOUNDARY[:9]}".encode()])
        )
    ).map(b"".join),
    size=st.integers(1, 80),
    file_first=st.booleans(),
    purpose=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
async def test_whatever_is_sent_comes_out(
    content: bytes, size: int, purpose: str, *, file_first: bool
) -> None:
    parts = [part("purpose", purpose.encode()), file_part(content)]
    upload, received = await read(split(form(*(reversed(parts) if file_first else parts)), size))
    assert received == content
    assert upload.fields["purpose"] == purpose


async def test_chunks_are_gathered_to_a_quarter_mebibyte() -> None:
    body = form(PURPOSE, file_part(b"x" * 900_000))
    sizes = [len(chunk) async for chunk in Upload(request_of(split(body, 1000)), limits=LIMITS)]
    assert sum(sizes) == 900_000
    assert all(CHUNK_BYTES <= size < CHUNK_BYTES + 1000 for size in sizes[:-1])


async def refused(body: bytes | Iterable[bytes], limits: UploadLimits = LIMITS) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        await read([body] if isinstance(body, bytes) else body, limits)
    return raised.value


async def test_a_file_of_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    limits = UploadLimits(max_file_bytes=100)
    assert (await read([form(PURPOSE, file_part(b"x" * 100))], limits))[0].size == 100
    error = await refused(form(PURPOSE, file_part(b"x" * 101)), limits)
    assert isinstance(error, InvalidFile)
    assert (error.status, error.param) == (400, "file")
    assert "100 bytes" in error.message


async def test_a_body_announced_too_long_is_refused_before_it_is_read() -> None:
    limits = UploadLimits(max_file_bytes=100, max_parts=1)
    request = request_of([b"<gone>"], length=str(10**30))
    with pytest.raises(InvalidFile):
        await anext(aiter(Upload(request, limits=limits)))


@pytest.mark.parametrize("where", ["before", "after"])
async def test_bytes_around_the_form_are_bounded(where: str) -> None:
    limits = UploadLimits(max_file_bytes=10, max_parts=2, max_field_bytes=1000, max_header_bytes=1000)
    whole, padding = form(PURPOSE, file_part(b"x")), itertools.repeat(b"\r\n" * 500, 10)
    chunks = [*padding, whole] if where == "before" else [whole, *padding]
    assert isinstance(await refused(chunks, limits), InvalidFile)


async def test_fields_are_bounded_wanted_or_not() -> None:
    limits = UploadLimits(max_file_bytes=10, max_field_bytes=9)
    await read([form(part("purpose", b"x" * 9), file_part(b""))], limits)
    for name in ("purpose", "unknown"):
        error = await refused(form(part(name, b"x" * 10), PURPOSE, file_part(b"")), limits)
        assert error.param == name
        assert "9 bytes" in error.message


async def test_the_number_of_parts_is_bounded() -> None:
    await read([form(PURPOSE, *[part("more", b"")] * 98, file_part(b""))])
    error = await refused(form(PURPOSE, *[part("more", b"")] * 99, file_part(b"")))
    assert "100 parts" in error.message


@pytest.mark.parametrize(
    "headers", ["X-Long: " + "x" * 17000 + "\r\n", "X: y\r\n" * 100, ("X: " + "y" * 9000 + "\r\n") * 2]
)
async def test_headers_of_a_part_are_bounded(headers: str) -> None:
    body = form(part("purpose", b"fine-tune", headers=headers), file_part(b""))
    assert (await refused(body)).error_code == "invalid_multipart"
    assert (await refused(split(body, 100))).error_code == "invalid_multipart"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (form(PURPOSE), "file"),
        (form(file_part(b"x")), "purpose"),
        (form(part("something", b"x")), "file"),
        (form(file_part(b"x"), file_part(b"y"), PURPOSE), "file"),
        (form(PURPOSE, PURPOSE, file_part(b"x")), "purpose"),
        (form(part("purpose", b"\xff"), file_part(b"x")), "purpose"),
    ],
)
async def test_a_missing_or_doubled_part_is_named(body: bytes, param: str) -> None:
    error = await refused(body)
    assert (error.status, error.param) == (400, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a form",
        b'{"purpose": "fine-tune"}',
        f"--{BOUNDARY}--\r\n".encode()[:-4],
        form(PURPOSE, b"--" + BOUNDARY.encode() + b"\r\n\r\nno headers\r\n", file_part(b"x")),
        form(
            PURPOSE, f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode(), file_part(b"x")
        ),
        form(PURPOSE, f"--{BOUNDARY}\r\nBad Header: x\r\n\r\nx\r\n".encode(), file_part(b"x")),
    ],
)
async def test_a_broken_body_is_refused(body: bytes) -> None:
    assert (await refused(body)).error_code == "invalid_multipart"


async def test_a_body_that_ends_early_is_refused_wherever_it_ends() -> None:
    body = form(PURPOSE, file_part(b"line\n"))
    for end in range(len(body) - 2):
        if body[:end].endswith(b"--" + BOUNDARY.encode() + b"--"):
            continue
        error = await refused(body[:end])
        assert error.status == 400


async def test_an_empty_form_lacks_the_file() -> None:
    assert (await refused(form())).param == "file"


async def test_a_client_that_leaves_is_noticed() -> None:
    with pytest.raises(ClientDisconnect):
        await read([form(PURPOSE, file_part(b"x" * 100))[:-80], b"<gone>"])


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 300,
        f"multipart/mixed; boundary={BOUNDARY}",
        "application/x-www-form-urlencoded",
    ],
)
async def test_another_content_type_is_refused(content_type: str | None) -> None:
    request = request_of([form(PURPOSE, file_part(b"x"))], content_type=content_type)
    with pytest.raises(InvalidRequest) as raised:
        await anext(aiter(Upload(request, limits=LIMITS)))
    assert raised.value.error_code == "invalid_content_type"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("train.jsonl", "train.jsonl"),
        ("训练数据 1.jsonl", "训练数据 1.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("..", "upload"),
        ("a/..", "upload"),
        ("C:\\Users\\me\\train.jsonl", "train.jsonl"),
        ("C:train.jsonl", "train.jsonl"),
        ("\\\\server\\share\\train.jsonl", "train.jsonl"),
        ("a\x00b\r\nc\x1b[31m.jsonl", "abc[31m.jsonl"),
        ("evil\u202elnosj.exe", "evillnosj.exe"),
        ("a\ud800b.jsonl", "ab.jsonl"),
        ("  ", "upload"),
        ("", "upload"),
        ("dir/", "upload"),
        (".hidden", ".hidden"),
        ("x" * 10_000 + ".jsonl", "x" * 249 + ".jsonl"),
        ("名" * 200 + ".jsonl", "名" * 83 + ".jsonl"),
        ("x." + "y" * 1000, "x." + "y" * 253),
    ],
)
def test_a_hostile_filename_becomes_a_harmless_one(sent: str, kept: str) -> None:
    assert safe_filename(sent) == kept


@settings(deadline=None)
@given(st.text(st.characters(), max_size=400))
def test_any_filename_is_safe_afterwards(sent: str) -> None:
    kept = safe_filename(sent)
    assert 1 <= len(kept.encode()) <= 255
    assert not {"/", "\\"} & set(kept)
    assert kept not in {".", ".."}
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in kept)


@pytest.mark.parametrize(
    ("extra", "kept"),
    [
        ("", "upload"),
        ('; filename="tr\\"ain.jsonl"', 'tr"ain.jsonl'),
        ("; filename=bare.jsonl", "bare.jsonl"),
        ("; filename*=UTF-8''%E5%90%8D.jsonl", "名.jsonl"),
        ("; filename=\"lesser.jsonl\"; filename*=utf-8'zh'%E5%90%8D.jsonl", "名.jsonl"),
        ("; filename*=iso-8859-1''%FC.jsonl; filename=\"u.jsonl\"", "ü.jsonl"),
        ("; filename=\"x; filename*=utf-8''..%2Fevil\"", "x; filename*=utf-8''..%2Fevil"),
        ("; filename*=utf-8''..%2F..%2Fevil", "evil"),
        ("; filename*=utf-8''%FF%00", "\ufffd"),
        ("; filename*=utf-16''%FF; filename=\"plain\"", "plain"),
        ('; filename="' + "x" * 10_000 + '"', "x" * 255),
    ],
)
async def test_the_filename_of_a_part(extra: str, kept: str) -> None:
    upload, _ = await read([form(PURPOSE, part("file", b"x", extra=extra))])
    assert upload.filename == kept


async def test_memory_is_flat_whatever_the_size() -> None:
    size = 64 * 1024 * 1024
    limits = UploadLimits(max_file_bytes=size)
    block = b"x" * 64 * 1024
    head, tail = form(PURPOSE, file_part(b"|")).split(b"|")

    async def read_over(upload: AsyncIterator[bytes]) -> int:
        return sum([len(chunk) async for chunk in upload])

    tracemalloc.start()
    try:
        chunks = itertools.chain([head], itertools.repeat(block, size // len(block)), [tail])
        assert await read_over(aiter(Upload(request_of(chunks), limits=limits))) == size
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
