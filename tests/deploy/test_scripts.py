"""The scripts that go into the image: the health check, and the demo's own view of a webhook's signature."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from domain.webhook_secrets import new_webhook_secret
from webhooks.signing import headers

DEPLOY = Path(__file__).parents[2] / "deploy"
BODY = b'{"type": "fine_tuning.job.succeeded"}'


class Probed(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()
        self.wfile.write(b"database: as you see\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Probed) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server.server_port
        server.shutdown()


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(DEPLOY / "check_ready.py"), *arguments]
    proxy = {"http_proxy": "http://127.0.0.1:9", "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=proxy, check=False, timeout=30)


def test_the_health_check_passes_on_200_whatever_proxy_is_named(port: int) -> None:
    done = check(str(port))
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "200 database: as you see")


def test_the_health_check_fails_on_anything_else_and_shows_it(port: int) -> None:
    done = check(str(port), "/elsewhere")
    assert (done.returncode, done.stdout.split()[0]) == (1, "503")


def test_the_health_check_fails_where_nobody_listens(unused_tcp_port: int) -> None:
    done = check(str(unused_tcp_port))
    assert done.returncode == 1
    assert "refused" in done.stdout


@pytest.fixture
def demo() -> dict[str, Any]:
    return run_path(str(DEPLOY / "demo_job.py"))


def test_the_demo_takes_a_webhook_that_the_service_signed(demo: dict[str, Any]) -> None:
    secret = new_webhook_secret()
    secrets = [new_webhook_secret(), secret]
    signed = headers(secrets=secrets, delivery_id="whd_1", at=int(time.time()), body=BODY)
    demo["check_signature"](secret, signed, BODY)


@pytest.mark.parametrize(
    ("seconds_ago", "body", "complaint"),
    [(0, BODY + b" ", "signature is wrong"), (301, BODY, "more than five minutes off")],
)
def test_the_demo_refuses_a_webhook_that_was_changed_or_is_old(
    demo: dict[str, Any], seconds_ago: int, body: bytes, complaint: str
) -> None:
    secret = new_webhook_secret()
    signed = headers(secrets=[secret], delivery_id="whd_1", at=int(time.time()) - seconds_ago, body=BODY)
    with pytest.raises(RuntimeError, match=complaint):
        demo["check_signature"](secret, signed, body)
