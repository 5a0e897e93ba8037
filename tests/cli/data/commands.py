"""The commands of `tuneward data`, called in this process."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from cli.main import app


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def data(*arguments: str | Path, given: bytes = b"", language: str = "C.UTF-8") -> Done:
    variables = {"LC_ALL": language, "COLUMNS": "100"}
    result = CliRunner().invoke(app, ["data", *map(str, arguments)], input=given, env=variables)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def report_on(*arguments: str | Path, given: bytes = b"") -> dict[str, Any]:
    done = data("check", "--json", *arguments, given=given)
    report: dict[str, Any] = json.loads(done.out)
    assert done.err == ""
    assert done.code == (1 if report["errors"] else 0)
    return report


def example(question: str, answer: str, system: str | None = None) -> bytes:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    before = [] if system is None else [{"role": "system", "content": system}]
    return json.dumps({"messages": [*before, *messages]}, ensure_ascii=False).encode() + b"\n"
