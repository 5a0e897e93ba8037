"""Text: what no terminal, no header and no database should be handed, in each place that takes text."""

import json
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

from tests.hostile.case import Case, case, json_post, request

CREATE = "/v1/fine_tuning/jobs"
# As JSON writes them.
TEXTS = {
    "NUL": r"a\u0000b", "NUL alone": r"\u0000", "a lone high surrogate": r"\ud800", "a lone low one": r"x\udfff",
    "surrogates the wrong way round": r"\udc00\ud800", "CR LF": r"a\r\nSet-Cookie: x=y", "escape": r"\u001b[2J",
    "bell and backspace": r"\u0007\b", "bidi override": r"\u202egnp.exe", "zero width": r"a\u200bb\ufeff",
    "a BOM": r"\ufeffqwen3-32b", "a noncharacter": r"\uffff\ufdd0", "line separators": r"\u2028\u2029",
    "emoji": r"\ud83d\ude00", "combining": "e" + r"\u0301" * 60, "delete": r"\u007f", "C1": r"\u0085\u009b",
    "SQL": "'; DROP TABLE jobs; --", "LIKE": "%_%", "a template": "{{7*7}}${7*7}#{7*7}", "markup": "<script>",
    "a path": "../../etc/passwd", "a format": "%s%n%x{0}", "10 kB": "x" * 10_000, "spaces": "   ",
    "empty": "", "a null's name": "null", "jndi": "${jndi:ldap://127.0.0.1/x}",
}  # fmt: skip
# Where it stands, and what may come of it: what a field may hold is 200, the rest names the field.
FIELDS = {
    "model": ('{"training_file": "@FILE@", "model": "%s"}', {400, 404}),
    "training_file": ('{"model": "qwen3-32b", "training_file": "%s"}', {400}),
    "validation_file": (
        '{"model": "qwen3-32b", "training_file": "@FILE@", "validation_file": "%s"}',
        {200, 400},
    ),
    "suffix": ('{"model": "qwen3-32b", "training_file": "@FILE@", "suffix": "%s"}', {200, 400}),
    "a key of metadata": (
        '{"model": "qwen3-32b", "training_file": "@FILE@", "metadata": {"%s": "x"}}',
        {200, 400},
    ),
    "metadata": ('{"model": "qwen3-32b", "training_file": "@FILE@", "metadata": {"x": "%s"}}', {200, 400}),
    "webhook_url": ('{"model": "qwen3-32b", "training_file": "@FILE@", "webhook_url": "%s"}', {400}),
    "a hyperparameter": (
        '{"model": "qwen3-32b", "training_file": "@FILE@", "hyperparameters": {"%s": 1}}',
        {200, 400},
    ),
    "method.type": ('{"model": "qwen3-32b", "training_file": "@FILE@", "method": {"type": "%s"}}', {400}),
    "wandb": (
        '{"model": "qwen3-32b", "training_file": "@FILE@", "integrations": [{"type": "wandb", "wandb": {"project": "%s"}}]}',
        {200, 400},
    ),
    "an unknown key": ('{"model": "qwen3-32b", "training_file": "@FILE@", "%s": "x"}', {200, 400}),
    "an unknown value": ('{"model": "qwen3-32b", "training_file": "@FILE@", "x": ["%s"]}', {200, 400}),
}
HEADERS = (
    "Idempotency-Key",
    "X-Request-Id",
    "User-Agent",
    "X-Stainless-Retry-Count",
    "X-Stainless-Lang",
    "Origin",
)
HEADER_TEXTS = (
    b"",
    b"\xff\xfe",
    b"a\tb",
    b"x" * 300,
    b"%00",
    b"\xe2\x80\xae",
    b"' OR 1=1",
    b"-1",
    b"9" * 400,
)
QUERIES = ("after", "metadata[x]", "metadata[%s]", "unknown")


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    for place, (body, allowed) in FIELDS.items():
        for name, text in TEXTS.items():
            sent = json_post(CREATE, (body % text.replace("%", "%")).encode())
            yield case(f"text: {name} as {place}", sent, allowed)
    for header in HEADERS:
        for text in HEADER_TEXTS:
            sent = json_post(CREATE, b"{}", header.encode() + b": " + text)
            yield case(f"text: {text[:10]!r} ({len(text)}) as {header}", sent, 400)
    for query in QUERIES:
        for name, text in TEXTS.items():
            raw = quote_from_bytes(json.loads(f'"{text}"').encode("utf-8", "surrogatepass"))
            written = query % raw if "%s" in query else f"{query}={raw}"
            yield case(
                f"text: {name} as the parameter {query}", request(f"GET {CREATE}?{written}"), {200, 400}
            )
