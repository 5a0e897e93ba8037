"""Ids: another's, forged, malformed, endless, in every place that takes one."""

from collections.abc import Iterator

from tests.hostile.case import Case, case, json_post, request

FILE_ROUTES = ("GET /v1/files/{}", "GET /v1/files/{}/content", "DELETE /v1/files/{}")
JOB_ROUTES = (
    "GET /v1/fine_tuning/jobs/{}", "GET /v1/fine_tuning/jobs/{}/events", "POST /v1/fine_tuning/jobs/{}/cancel",
)  # fmt: skip
MALFORMED = (
    "x", "file-", "ftjob-", "file-x", "file-" + "0" * 25, "file-" + "0" * 27, "file-" + "I" * 26, "FILE-" + "0" * 26,
    "ftjob-" + "u" * 26, "file-%00" + "0" * 25, "%00", "%ff", "%25", "%25%25", "_", "*", "%27--", "0", "-1", "null",
    "undefined", "%F0%9F%98%80", "%E2%80%AE", "x" * 8_000, "file-" + "%D9%A0" * 26, "{file_id}", "%7B%7D", "a:b", "@",
    "file-" + "0" * 25 + "%0A", "%0D%0AX:y", "ftjob-" + "0" * 25 + "%", "..;", "%c0%ae%c0%ae",
)  # fmt: skip
FOREIGN = ("@OTHER_FILE@", "@OTHER_JOB@", "@OTHER_EVENT@", "@NEVER_FILE@", "@NEVER_JOB@")
BODIES = {
    "training_file": '{"model": "qwen3-32b", "training_file": "%s"}',
    "validation_file": '{"model": "qwen3-32b", "training_file": "@FILE@", "validation_file": "%s"}',
}


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    for route in (*FILE_ROUTES, *JOB_ROUTES):
        for name in (*MALFORMED, *FOREIGN):
            sent = request(route.format(name).replace("}", "%7D") if "{" in name else route.format(name))
            yield case(f"id: {route.format(name[:24])} ({len(name)})", sent, {404})
    for name in ("@JOB@", "@EVENT@"):
        yield case(f"id: a file called {name}", request(f"GET /v1/files/{name}"), 404, "not_found")
    for name in ("@FILE@", "@EVENT@"):
        yield case(f"id: a job called {name}", request(f"GET /v1/fine_tuning/jobs/{name}"), 404, "not_found")
    for field, body in BODIES.items():
        for name in (*MALFORMED, *FOREIGN):
            sent = json_post("/v1/fine_tuning/jobs", (body % name).encode())
            yield case(f"id: {name[:24]} ({len(name)}) as {field}", sent, 400)
    for name in MALFORMED:
        yield case(f"id: the model {name[:24]} ({len(name)})", request(f"GET /v1/models/{name}"), 404)
