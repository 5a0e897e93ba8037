"""Keys: missing, malformed, oversized, revoked, guessed, another project's."""

from collections.abc import Iterator

from tests.hostile.case import Case, case, json_post, request

PROTECTED = (
    "GET /v1/files", "GET /v1/files/@FILE@", "GET /v1/files/@FILE@/content", "DELETE /v1/files/@FILE@",
    "POST /v1/files", "GET /v1/fine_tuning/jobs", "POST /v1/fine_tuning/jobs",
    "GET /v1/fine_tuning/jobs/@JOB@", "GET /v1/fine_tuning/jobs/@JOB@/events",
    "POST /v1/fine_tuning/jobs/@JOB@/cancel", "GET /v1/models", "GET /v1/models/qwen3-32b",
    "POST /v1/chat/completions",
)  # fmt: skip
WRONG = {
    "none": None, "empty": "", "no scheme": "@KEY@", "Basic": "Basic @KEY@", "scheme alone": "Bearer",
    "scheme and spaces": "Bearer    ", "no space": "Bearer@KEY@", "two schemes": "Bearer Bearer @KEY@",
    "never given": "Bearer tw_" + "x" * 43, "revoked": "Bearer @REVOKED_KEY@", "cut": "Bearer tw_",
    "with more": "Bearer @KEY@x", "two in one": "Bearer @KEY@,@OTHER_KEY@", "tab inside": "Bearer @KEY@\tx",
    "513 characters": "Bearer " + "x" * 513, "20 kB": "Bearer " + "x" * 20_000, "SQL": "Bearer ' OR 1=1 --",
    "wildcard": "Bearer tw_%", "format": "Bearer %s%n{0}${x}", "high bytes": "Bearer kéy\xff",
    "quoted": 'Bearer "@KEY@"', "JSON": 'Bearer {"$ne": null}', "an id": "Bearer @JOB@",
    "digest": 'Digest username="@KEY@"', "upper case": "Bearer TW_" + "X" * 43,
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    for name, header in WRONG.items():
        given = [] if header is None else [b"Authorization: " + header.encode("latin-1")]
        for line in ("GET /v1/files/@FILE@", "POST /v1/fine_tuning/jobs"):
            sent = request(line, *given, key=None, body=b"{}" if line.startswith("POST") else None)
            yield case(f"key: {name}, {line.split()[0]}", sent, 401, "invalid_api_key")
    for line in PROTECTED:
        yield case(f"key: none, {line}", request(line, key=None), {401, 400})
        yield case(f"key: revoked, {line}", request(line, key="REVOKED_KEY"), {401, 400})
    for scheme in ("bearer", "BEARER", "bEaReR"):
        yield case(
            f"key: {scheme}", request("GET /v1/files", f"Authorization: {scheme} @KEY@", key=None), 200
        )
    padded = request("GET /v1/files", "Authorization:    Bearer   @KEY@  ", key=None)
    yield case("key: spaces around it", padded, 200)
    for place in ("?api_key=@KEY@", "?key=@KEY@", "?authorization=Bearer%20@KEY@", "?access_token=@KEY@"):
        yield case(f"key: in the query {place[:12]}", request(f"GET /v1/files{place}", key=None), 401)
    for name in (
        "X-Api-Key",
        "Api-Key",
        "Cookie",
        "Proxy-Authorization",
        "X-Authorization",
        "OpenAI-Project",
    ):
        yield case(f"key: as {name}", request("GET /v1/files", f"{name}: @KEY@", key=None), 401)
    twice = request(
        "GET /v1/files", "Authorization: Bearer nonsense", "Authorization: Bearer @KEY@", key=None
    )
    yield case("key: two headers, the first wrong", twice, 401)
    for name in (
        "OpenAI-Organization",
        "OpenAI-Project",
        "X-Project-Id",
        "X-Forwarded-User",
        "X-Original-URL",
    ):
        sent = request("GET /v1/fine_tuning/jobs/@OTHER_JOB@", f"{name}: @OTHER_JOB@")
        yield case(f"key: {name} names no other project", sent, 404, "not_found")
    for line in ("GET /v1/files/@OTHER_FILE@", "GET /v1/files/@OTHER_FILE@/content"):
        yield case(f"key: another's, {line}", request(line), 404, "not_found")
    body = b'{"model": "qwen3-32b", "training_file": "@OTHER_FILE@"}'
    sent = json_post("/v1/fine_tuning/jobs", body)
    yield case("key: a job on another's file", sent, 400, "invalid_training_file")
