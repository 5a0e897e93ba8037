"""One fine-tuning job through the composed service and its stand-in platform, up to the verified webhook.

Runs in any container of the compose network that has the image, with nothing but the standard library:
makes an API key, uploads a training file, creates a job whose `webhook_url` is a receiver in this very
process, and checks the signature as a customer would. Exits 0 if all of it happened, 1 if not.
"""

# ruff: noqa: INP001, T201 - a script that prints what it does

import base64
import hashlib
import hmac
import http.client
import json
import os
import queue
import secrets
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

API = ("api", 8000)
TRAINING_FILE = Path(__file__).with_name("demo_training.jsonl")
PATIENCE = 90.0
"""Seconds that the job and its webhook may take; the stand-in trains for about eight."""
Delivery: TypeAlias = tuple[dict[str, str], bytes]


def main() -> int:
    """Run the demo."""
    if "//simulator:" not in os.environ.get("XPULINK_BASE_URL", ""):
        say("A real platform is configured, and a job there costs money: this demo wants the stand-in.")
        return 1
    key = make_key()
    deliveries: queue.Queue[Delivery] = queue.Queue()
    receiver = ThreadingHTTPServer(("", 0), keeping_in(deliveries))
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://{own_address()}:{receiver.server_port}/webhooks"
    try:
        job = create_job(key["api_key"], url)
        headers, body = next_of(deliveries)
        check_signature(key["webhook_secret"], headers, body)
        check_outcome(key["api_key"], job["id"], json.loads(body))
    except (RuntimeError, OSError) as error:
        say(f"The demo failed: {error}")
        return 1
    finally:
        receiver.shutdown()
    return 0


def make_key() -> dict[str, str]:
    """Make a key; a project's webhook secret is told only once, so each run has a project of its own."""
    project = f"demo-{secrets.token_hex(4)}"
    made = subprocess.run(  # noqa: S603 - our own command
        ["tuneward", "keys", "create", "--project", project, "--json"],  # noqa: S607 - the image's own PATH
        check=True,
        stdout=subprocess.PIPE,
    )
    say(f"Made an API key for the project {project}")
    key: dict[str, str] = json.loads(made.stdout)
    return key


def own_address() -> str:
    """Return the address by which the other containers reach this one."""
    with socket.create_connection(API, timeout=10) as connection:
        return str(connection.getsockname()[0])


def create_job(api_key: str, webhook_url: str) -> Any:
    """Upload the training file and create a job on it."""
    file = ask(api_key, "POST", "/v1/files", **as_form(TRAINING_FILE))
    say(f"Uploaded {file['filename']}: {file['id']}, {file['bytes']} bytes, {file['status']}")
    wanted = {"model": "qwen3-32b", "training_file": file["id"], "suffix": "demo", "webhook_url": webhook_url}
    job = ask(api_key, "POST", "/v1/fine_tuning/jobs", json.dumps(wanted).encode(), "application/json")
    say(f"Created {job['id']}; its end will be told to {webhook_url}")
    return job


def next_of(deliveries: "queue.Queue[Delivery]") -> Delivery:
    """Wait for a webhook.

    Raises:
        RuntimeError: none came.
    """
    try:
        return deliveries.get(timeout=PATIENCE)
    except queue.Empty:
        raise RuntimeError(f"no webhook came within {PATIENCE:g} s") from None


def check_signature(secret: str, headers: dict[str, str], body: bytes) -> None:
    """Verify a delivery as https://www.standardwebhooks.com describes.

    Raises:
        RuntimeError: it is not signed with this secret, or not just now.
    """
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers["webhook-signature"].split()
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise RuntimeError(f"the webhook's signature is wrong: {given}")
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:  # noqa: PLR2004 - the libraries' tolerance
        raise RuntimeError("the webhook's timestamp is more than five minutes off")


def check_outcome(api_key: str, job_id: str, event: Any) -> None:
    """Compare what the webhook tells with what the api answers.

    Raises:
        RuntimeError: the job did not succeed, or the two do not agree.
    """
    say(f"Webhook {event['id']} received: {event['type']} of {event['data']['id']}, signature verified")
    job = ask(api_key, "GET", f"/v1/fine_tuning/jobs/{job_id}")
    told = (event["type"], event["data"]["id"])
    if told != ("fine_tuning.job.succeeded", job_id) or job["status"] != "succeeded":
        raise RuntimeError(f"the job is {job['status']} ({job['error']}), the webhook says {told}")
    say(f"Done: {job['fine_tuned_model']}, {job['trained_tokens']} tokens trained")


def ask(api_key: str, method: str, path: str, body: bytes = b"", content_type: str = "") -> Any:
    """Send one request to the api and return its JSON.

    Raises:
        RuntimeError: the answer is not 200.
    """
    connection = http.client.HTTPConnection(*API, timeout=30)
    headers = {"Authorization": f"Bearer {api_key}"}
    connection.request(method, path, body, headers | ({"Content-Type": content_type} if content_type else {}))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {text.decode(errors='replace')[:500]}")
    return json.loads(text)


def as_form(path: Path) -> dict[str, Any]:
    """Return body and content type of an upload."""
    boundary = secrets.token_hex(16)
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return {"body": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def keeping_in(deliveries: "queue.Queue[Delivery]") -> type[BaseHTTPRequestHandler]:
    """Return a receiver that keeps what it gets and answers 204."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            deliveries.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the demo prints what matters."""

    return Endpoint


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
