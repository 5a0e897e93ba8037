"""Bodies: depth, width, numbers, encodings, types."""

import json
from collections.abc import Iterator

from tests.hostile.case import Case, case, json_post, request

CREATE, CHAT, CANCEL = (
    "/v1/fine_tuning/jobs",
    "/v1/chat/completions",
    "/v1/fine_tuning/jobs/@NEVER_JOB@/cancel",
)
GOOD = '{"model": "qwen3-32b", "training_file": "@FILE@"}'
START = '{"model": "qwen3-32b", "training_file": "@FILE@", '
NUMBERS = ("9" * 308, "1" + "0" * 308, "1" + "0" * 309, "9" * 4000, "9" * 5000, "9" * 300_000, "1e309", "-1e309", "1e-400", "0." + "3" * 5000, "NaN", "Infinity",
    "-Infinity", "nan", "0x10", "01", "+1", "1.", ".5", "1e", "--1", "1_000", "-0")  # fmt: skip
VALUES = (
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    '""',
    '"x"',
    "[]",
    "{}",
    "[[]]",
    '[{"x": 1}]',
    '{"": null}',
    "9" * 30,
)
KEYS = ("model", "training_file", "validation_file", "suffix", "seed", "metadata", "integrations",
    "hyperparameters", "method", "webhook_url")  # fmt: skip
BROKEN = {
    "empty": b"", "a brace": b"{", "half a key": b'{"mo', "half a value": b'{"model": "q', "no colon": b'{"a" 1}',
    "a comma too many": b'{"a": 1,}', "two values": b"{} {}", "single quotes": b"{'a': 1}", "a comment": b"/**/{}",
    "not UTF-8": b'{"model": "\xff"}', "overlong UTF-8": b'{"model": "\xc0\xaf"}', "a raw NUL": b'{"a": "\0"}',
    "a raw control": b'{"a": "\x01"}', "raw surrogates": b'{"a": "\xed\xa0\x80"}', "half a surrogate": b'{"a":"\\ud8"}',
    "a form": b"model=qwen3-32b", "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///'>]>",
    "YAML": b"!!python/object/apply:os.system ['x']", "a pickle": b"\x80\x04\x95", "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
    "UTF-16": GOOD.encode("utf-16"), "UTF-16-BE": GOOD.encode("utf-16-be"), "UTF-32": GOOD.encode("utf-32"),
    "UTF-7": GOOD.encode("utf-7").replace(b"{", b"+AHs-"), "a BOM": b"\xef\xbb\xbf" + GOOD.encode(),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    yield from shapes()
    yield from numbers()
    yield from types()
    for name, body in BROKEN.items():
        for path in (CREATE, CHAT):
            allowed = {200, 400} if "UTF-" in name or name == "a BOM" else {400}
            yield case(
                f"body: {name}, {path}", json_post(path, body), allowed | ({404} if path == CHAT else set())
            )


def shapes() -> Iterator[Case]:
    for path in (CREATE, CHAT, CANCEL):
        for depth in (100, 1_000, 100_000):
            for opening, closing in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")):
                nested = opening * depth + "1" + closing * depth
                allowed = {404} if path == CANCEL else {400}
                yield case(f"body: {depth} of {opening}, {path}", json_post(path, nested.encode()), allowed)
    for depth in (63, 65, 900, 50_000):
        body = f'{START}"x": {"[" * depth}{"]" * depth}}}'
        yield case(f"body: an unknown key {depth} deep", json_post(CREATE, body.encode()), {200, 400})
        body = f'{START}"method": {{"type": "dpo", "dpo": {"[" * depth}{"]" * depth}}}}}'
        yield case(f"body: a method {depth} deep", json_post(CREATE, body.encode()), 400)
    yield case("body: unclosed arrays", json_post(CREATE, b"[" * 500_000), 400)
    wide = START + ", ".join(f'"k{number}": 1' for number in range(50_000)) + "}"
    yield case("body: 50,000 unknown keys", json_post(CREATE, wide.encode()), {200, 400})
    wide = f'{START}"x": [{"{}," * 200_000}{{}}]}}'
    yield case("body: 200,000 objects", json_post(CREATE, wide.encode()), {200, 400})
    wide = f'{START}"hyperparameters": {{{", ".join(f"{json.dumps(str(n))}: 1" for n in range(20_000))}}}}}'
    yield case("body: 20,000 hyperparameters", json_post(CREATE, wide.encode()), {200, 400})
    same = "{" + '"model": "x",' * 50_000 + '"model": "qwen3-32b", "training_file": "@FILE@"}'
    yield case("body: one key 50,000 times", json_post(CREATE, same.encode()), {200, 400})
    long = f'{START}"x": "{"y" * 900_000}"}}'
    yield case("body: one value of 900 kB", json_post(CREATE, long.encode()), {200, 400})
    long = f'{START}"{"y" * 900_000}": 1}}'
    yield case("body: one key of 900 kB", json_post(CREATE, long.encode()), {200, 400})
    long = f'{START}"suffix": "{"y" * 900_000}"}}'
    yield case("body: a suffix of 900 kB", json_post(CREATE, long.encode()), 400, "invalid_value")
    yield case("body: spaces up to the limit", json_post(CREATE, b" " * 1_000_000 + GOOD.encode()), {200})
    yield case("body: over the limit", json_post(CREATE, b" " * 1_100_000), 413, "request_too_large")
    for pairs in (16, 17, 5_000):
        metadata = ", ".join(f'"k{number}": "v"' for number in range(pairs))
        body = f'{START}"metadata": {{{metadata}}}}}'
        yield case(
            f"body: {pairs} pairs of metadata",
            json_post(CREATE, body.encode()),
            {200 if pairs == 16 else 400},
        )
    proto = f'{START}"__proto__": {{"x": 1}}, "constructor": 1, "__class__": "x", "model_config": {{}}}}'
    yield case("body: names that languages use", json_post(CREATE, proto.encode()), 200)
    ours = f'{START}"id": "x", "project_id": "proj_x", "status": "succeeded", "fine_tuned_model": "m"}}'
    yield case("body: fields of the answer", json_post(CREATE, ours.encode()), 200)


def numbers() -> Iterator[Case]:
    for number in NUMBERS:
        for key in ("seed", "x"):
            body = f'{START}"{key}": {number}}}'
            name = number if len(number) < 20 else f"{number[:4]}… ({len(number)} digits)"
            yield case(f"body: {name} as {key}", json_post(CREATE, body.encode()), {200, 400})
        body = f'{START}"hyperparameters": {{"n_epochs": {number}}}}}'
        yield case(f"body: {number[:4]}…{len(number)} epochs", json_post(CREATE, body.encode()), {200, 400})
        chat = f'{{"model": "no-such-model", "x": {number}}}'
        yield case(f"body: {number[:4]}…{len(number)} in a chat", json_post(CHAT, chat.encode()), {400, 404})


def types() -> Iterator[Case]:
    for key in KEYS:
        for value in VALUES:
            body = f'{{"model": "qwen3-32b", "training_file": "@FILE@", "{key}": {value}}}'
            yield case(f"body: {key} is {value[:12]}", json_post(CREATE, body.encode()), {200, 400, 404})
    for kind in ("text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", "x",
        "application/json, text/html", "application/x-www-form-urlencoded", "\xff", 'a/b; c="', "", "*/*"):  # fmt: skip
        sent = request(f"POST {CREATE}", b"Content-Type: " + kind.encode("latin-1"), body=GOOD.encode())
        yield case(f"body: Content-Type {kind!r}", sent, {200, 400})
    for value in VALUES:
        yield case(f"body: a whole create is {value[:12]}", json_post(CREATE, value.encode()), 400)
        yield case(f"body: a whole chat is {value[:12]}", json_post(CHAT, value.encode()), 400)
        yield case(f"body: a cancel's is {value[:12]}", json_post(CANCEL, value.encode()), 404)
        chat = f'{{"model": {value}, "messages": []}}'
        yield case(f"body: a chat's model is {value[:12]}", json_post(CHAT, chat.encode()), {400, 404})
