"""Whatever is wrong with a request: the envelope, the right status, and never a 500."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from services import api_keys

from .conftest import Log, Serve
from .served import Project, Service, refused

JOBS, FILES = "/fine_tuning/jobs", "/files"
NOWHERE = "ftjob-" + "0" * 26
BODY_LIMIT = 1_000_000


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "tw_key",
        "Bearer tw_" + "x" * 43,
        "Bearer " + "x" * 513,
        "Bearer " + "x" * 20_000,
        "Bearer kéy",
        "Bearer a\tb",
        "Bearer ' OR 1=1 --",
    ],
    ids=lambda header: f"{header!s:.20}",
)
@pytest.mark.parametrize("path", [FILES, JOBS, "/models", f"{FILES}/x/content"])
async def test_without_a_good_key_nothing_is_answered(
    service: Service, header: str | None, path: str
) -> None:
    headers = {} if header is None else {"authorization": header.encode()}
    answer = await service.http.get(service.url + path, headers=headers)
    message = refused(answer, 401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "x" * 20 not in message


async def test_a_key_is_refused_from_the_moment_it_is_revoked(service: Service, project: Project) -> None:
    assert (await project.get(FILES)).status_code == 200
    async with service.resources.database.transaction() as session:
        await api_keys.revoke(session, key_id=project.key_id)
    message = refused(await project.get(FILES), 401, "invalid_api_key")
    assert project.api_key not in message


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("POST", "/fine_tuning/alpha/graders/run"), ("GET", "/files/"), ("GET", "/%00%ff")],
)
async def test_an_unknown_route_is_404(project: Project, method: str, path: str) -> None:
    refused(await project.request(method, path), 404, "unknown_url")


@pytest.mark.parametrize(("method", "path"), [("PUT", FILES), ("DELETE", JOBS), ("PATCH", f"{JOBS}/x")])
async def test_a_wrong_method_is_405_and_says_what_is_allowed(
    project: Project, method: str, path: str
) -> None:
    answer = await project.request(method, path)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


HOSTILE = [
    "%00",
    "a%00b",
    "%ff%fe",
    "..%2f..%2fetc",
    "%25",
    "_",
    "'--",
    "x" * 5000,
    NOWHERE + "%00",
    "%F0%9F",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:12])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files/{}"),
        ("DELETE", "/files/{}"),
        ("GET", "/files/{}/content"),
        ("GET", "/fine_tuning/jobs/{}"),
        ("POST", "/fine_tuning/jobs/{}/cancel"),
        ("GET", "/fine_tuning/jobs/{}/events"),
        ("GET", "/models/{}"),
    ],
)
async def test_an_id_that_is_none_is_404(project: Project, method: str, path: str, name: str) -> None:
    answer = await project.request(method, path.format(name))
    code = answer.json()["error"]["code"]
    assert code in {"not_found", "model_not_found", "unknown_url"}
    refused(answer, 404, code, answer.json()["error"]["param"])


QUERIES: list[tuple[str, str, int, str | None]] = [
    (JOBS, "limit=-1", 400, "limit"),
    (JOBS, "limit=1001", 400, "limit"),
    (JOBS, "limit=" + "9" * 30, 400, "limit"),
    (JOBS, "limit=" + "9" * 5000, 400, "limit"),
    (JOBS, "limit=ten", 400, "limit"),
    (JOBS, "limit=true", 400, "limit"),
    (JOBS, "limit=1.5", 400, "limit"),
    (JOBS, "limit=", 400, "limit"),
    (JOBS, "limit=0", 200, None),
    (JOBS, "limit=1000", 200, None),
    (JOBS, "after=forged", 200, None),
    (JOBS, "after=%00", 200, None),
    (JOBS, "after=" + "x" * 5000, 200, None),
    (JOBS, f"after={NOWHERE}", 200, None),
    (JOBS, "metadata=something", 400, "metadata"),
    (JOBS, "metadata[a]=%00", 400, "metadata"),
    (JOBS, "&".join(f"metadata[{n}]=x" for n in range(17)), 400, "metadata"),
    (JOBS, "metadata[a]=%25&metadata[']=--", 200, None),
    (JOBS, "metadata[a=1", 400, "metadata"),
    (JOBS, "metadata[a]b=1", 400, "metadata"),
    (JOBS, "metadata.a=1", 400, "metadata"),
    (JOBS, "metadata[a]=1&metadata=null", 400, "metadata"),
    (JOBS, "metadata=null&metadata=x", 400, "metadata"),
    (JOBS, "metadata=null&unknown=1", 200, None),
    (FILES, "limit=-1", 400, "limit"),
    (FILES, "limit=10001", 400, "limit"),
    (FILES, "limit=10000&after=file-x&order=asc", 200, None),
    (FILES, "order=sideways", 400, "order"),
    (FILES, "purpose=%00", 200, None),
    (FILES, "purpose=%ff", 200, None),
    (FILES, "purpose=" + "x" * 5000, 200, None),
]


@pytest.mark.parametrize(("path", "query", "status", "param"), QUERIES, ids=lambda part: str(part)[:30])
async def test_list_parameters(
    project: Project, path: str, query: str, status: int, param: str | None
) -> None:
    answer = await project.request("GET", f"{path}?{query}")
    if status == 200:
        assert (answer.status_code, answer.json()["data"], answer.json()["has_more"]) == (200, [], False)
        return
    refused(answer, status, "invalid_value", param)


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> str:
    return opening * depth + "1" + closing * depth


def bodies() -> Iterator[tuple[str, bytes, str | None]]:
    """What the body is, the body, and what `param` says."""
    start = '{"model": "qwen3-32b", "training_file": "%s", '
    yield "empty", b"", None
    yield "no json", b"{", None
    yield "trailing", b'{"model": "m"} {', None
    yield "not utf-8", b'{"model": "\xff\xfe"}', None
    yield "an array", b"[]", None
    yield "null", b"null", None
    yield "true", b"true", None
    yield "deep", nested(40_000).encode(), None
    yield "deep array", nested(100_000, "[", "]").encode(), None
    yield "deep, in a key", (start + f'"x": {nested(65)}}}').encode(), None
    yield "deeper, in a key", (start + f'"x": {nested(400)}}}').encode(), None
    yield (
        "deep hyperparameters",
        (start + f'"hyperparameters": {nested(100)}}}').encode(),
        "hyperparameters.a",
    )
    yield "deep method", (start + f'"method": {nested(100)}}}').encode(), "method.a"
    for name in ("NaN", "Infinity", "-Infinity", "1e999"):
        yield name, (start + f'"x": {{"y": [{name}]}}}}').encode(), None
    yield "NaN as seed", (start + '"seed": NaN}').encode(), "seed"
    yield "NUL in a key", (start + '"x\\u0000": 1}').encode(), None
    yield "NUL in a value", (start + '"x": ["a\\u0000"]}').encode(), None
    yield "NUL in suffix", (start + '"suffix": "a\\u0000"}').encode(), "suffix"
    yield "lone surrogate", (start + '"x": "\\ud800"}').encode(), None
    yield "lone surrogate in a key", (start + '"\\ud800": 1}').encode(), None
    yield "lone surrogate in suffix", (start + '"suffix": "\\udc00"}').encode(), "suffix"
    yield "lone surrogate in metadata", (start + '"metadata": {"\\ud800": "x"}}').encode(), "metadata."
    yield (
        "lone surrogate in hyperparameters",
        (start + '"hyperparameters": {"\\ud800": 1}}').encode(),
        "hyperparameters.",
    )
    yield "endless integer", (start + '"x": ' + "9" * 6000 + "}").encode(), None
    yield "huge seed", (start + '"seed": ' + "9" * 30 + "}").encode(), "seed"
    yield "utf-16", '{"model": 1}'.encode("utf-16"), "model"


@pytest.mark.parametrize(("body", "param"), [pytest.param(*rest, id=name) for name, *rest in bodies()])
async def test_a_hostile_body_is_400(project: Project, body: bytes, param: str | None) -> None:
    content = body.replace(b"%s", (await project.training_file()).encode())
    answer = await project.post(JOBS, content=content, headers={"content-type": "application/json"})
    code = answer.json()["error"]["code"]
    assert code in {"invalid_json", "invalid_value", "invalid_request", "missing_required_parameter"}
    message = refused(answer, 400, code, answer.json()["error"]["param"])
    if param is not None:
        assert answer.json()["error"]["param"].startswith(param)
    assert len(message) < 1000
    assert (await project.get(JOBS)).json()["data"] == []


async def test_broken_json_is_named_with_its_place(project: Project) -> None:
    answer = await project.post(
        JOBS, content=b'{"model": oops}', headers={"content-type": "application/json"}
    )
    assert "character 10" in refused(answer, 400, "invalid_json")


@pytest.mark.parametrize(
    "content", [b'{"model": "\xff"}', nested(5000).encode(), b'{"x": ' + b"9" * 5000 + b"}"], ids=lambda _: ""
)
async def test_json_that_breaks_the_parser_is_named_as_such(project: Project, content: bytes) -> None:
    answer = await project.post(JOBS, content=content, headers={"content-type": "application/json"})
    message = refused(answer, 400, "invalid_json")
    assert all(word in message for word in ("UTF-8", "nested", "digits"))


@pytest.mark.parametrize("path", [JOBS, "/webhook_endpoints"])
async def test_a_forgotten_content_type_is_named(project: Project, path: str) -> None:
    for kind, content in (
        ("application/x-www-form-urlencoded", b'{"model": "m"}'),
        ("application/json", b"[]"),
    ):
        answer = await project.post(path, content=content, headers={"content-type": kind})
        assert "Content-Type: application/json" in refused(answer, 400, "invalid_value")


@pytest.mark.parametrize("half", ["\\ud800", "x\\uDC00", "\\ud83d\\ude00\\ud83d end"])
async def test_a_chat_with_half_a_character_is_told_which(project: Project, half: str) -> None:
    answer = await project.post("/chat/completions", content=f'{{"model": "qwen3-32b", "x": "{half}"}}')
    assert "is half of a surrogate pair" in refused(answer, 400, "invalid_json")


async def test_a_compressed_body_is_refused_in_the_sender_s_words(project: Project) -> None:
    answer = await project.post(JOBS, content=b"", headers={"content-encoding": "gzip"})
    assert "Content-Encoding ('gzip')" in refused(answer, 415, answer.json()["error"]["code"])


async def test_of_two_equal_keys_the_last_counts(project: Project) -> None:
    file = await project.training_file()
    body = f'{{"model": "no-such", "model": "qwen3-32b", "training_file": "{file}"}}'
    answer = await project.post(JOBS, content=body.encode(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["model"]) == (200, "qwen3-32b")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
async def test_a_create_that_does_not_say_json_is_400(project: Project, content_type: str) -> None:
    body = json.dumps({"model": "qwen3-32b", "training_file": await project.training_file()})
    answer = await project.post(JOBS, content=body.encode(), headers={"content-type": content_type})
    assert answer.status_code == 400
    refused(answer, 400, answer.json()["error"]["code"], answer.json()["error"]["param"])


@pytest.fixture(scope="module")
async def small(serve: Serve, api_database_url: str) -> Any:
    """An api that takes bodies of a megabyte at most."""
    async with serve(
        database_url=api_database_url, max_body_bytes=BODY_LIMIT, max_chat_bytes=BODY_LIMIT
    ) as running:
        yield running


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", [JOBS, "/chat/completions"])
@pytest.mark.parametrize("framing", ["content-length: 100000000", "transfer-encoding: chunked"])
async def test_a_body_over_the_limit_is_refused_before_its_end(
    small: Service, path: str, content_type: str, framing: str
) -> None:
    head = [f"POST /v1{path} HTTP/1.1", f"host: x\r\ncontent-type: {content_type}", framing]
    bearer = (await small.project()).bearer["authorization"]
    reader, writer = await connect(small)
    writer.write("\r\n".join([*head, f"authorization: {bearer}\r\n\r\n"]).encode())
    if "chunked" in framing:
        writer.write(b"%x\r\n" % (BODY_LIMIT * 3))
    writer.write(b" " * BODY_LIMIT * 2)
    answer = await asyncio.wait_for(reader.readuntil(b"}}"), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"request_too_large"' in answer
    assert str(BODY_LIMIT).encode() in answer


async def connect(service: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = service.root.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


CHATS: list[tuple[bytes, int, str]] = [
    (b"", 400, "invalid_json"),
    (b"[]", 400, "invalid_json"),
    (b'{"messages": []}', 400, "missing_required_parameter"),
    (b'{"model": 7}', 400, "invalid_value"),
    (b'{"model": ""}', 404, "model_not_found"),
    (b'{"model": null}', 400, "invalid_value"),
    (b'{"model": "no-such"}', 404, "model_not_found"),
    (b'{"model": "a\\u0000b"}', 404, "model_not_found"),
    (b'{"model": "\\ud800"}', 400, "invalid_json"),
    (b'{"model": "\xff"}', 400, "invalid_json"),
    (b'{"model": "qwen3-32b", "x": NaN}', 400, "invalid_json"),
    (b'{"model": "qwen3-32b", "x": ' + nested(100_000).encode() + b"}", 400, "invalid_json"),
]


@pytest.mark.parametrize(("body", "status", "code"), CHATS, ids=lambda part: str(part)[:40])
async def test_a_hostile_chat_never_reaches_the_platform(
    project: Project, body: bytes, status: int, code: str
) -> None:
    answer = await project.post("/chat/completions", content=body)
    refused(answer, status, code, answer.json()["error"]["param"])


@pytest.mark.parametrize("value", ["9" * 30, "1e400", nested(300), '"\\ud83d\\ude00"'])
async def test_what_only_the_platform_can_judge_is_passed_on(project: Project, value: str) -> None:
    body = f'{{"model": "qwen3-32b", "messages": [{{"role": "user", "content": "Hi"}}], "x": {value}}}'
    answer = await project.post("/chat/completions", content=body.encode())
    assert answer.status_code == 200, answer.text


async def test_pipelined_requests_do_not_inherit_from_each_other(project: Project, log: Log) -> None:
    reader, writer = await connect(project.service)
    request = f"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {project.api_key}\r\n\r\n"
    writer.write(request.encode() + b"GET /v1/files HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answers = await reader.read()
    assert answers.count(b"HTTP/1.1") == 2
    writer.close()
    assert (await log.line(path="/v1/models"))["project_id"] == project.id
    assert "project_id" not in await log.line(path="/v1/files")
