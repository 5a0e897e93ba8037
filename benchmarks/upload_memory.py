"""A 200 MB upload: how much memory the api takes for it, and how fast it is, beside a buffered route."""

import json
import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from benchmarks.figure import Figure, Target
from benchmarks.memory import MB, watched
from benchmarks.processes import running_stack, serving_reference
from benchmarks.training_files import jsonl
from embedded.stack import Stack

METHOD: Final = """\
A training file of 200 MB is sent as multipart to a `tuneward api` process, which parses, checks, hashes and
stores it, then to `benchmarks/upload_routes.py`: FastAPI's `UploadFile` with `await file.read()`, and a
route that only counts bytes, each in a process of its own. Memory is the largest resident size, looked at
every 2 ms, less the size before; a file of 1 MB went before it. Speed is over the whole request, in turns."""

_BLOCK = 1024 * 1024
_BOUNDARY = b"tuneward-benchmark"


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Send the same file to each in turns."""
    blocks, rounds = (48, 1) if quick else (200 * MB // _BLOCK, 3)
    content = jsonl(_BLOCK)
    with (
        running_stack(worker_count=0) as stack,
        serving_reference("upload_routes:app", stack.data_dir / "logs") as (buffered, buffered_url),
        serving_reference("upload_routes:app", stack.data_dir / "logs") as (counted, counted_url),
    ):
        targets = [
            _Target(f"{stack.api_url}/v1/files", stack.api.pid, f"Bearer {stack.api_key}"),
            _Target(f"{buffered_url}/buffered", buffered.pid),
            _Target(f"{counted_url}/counted", counted.pid),
        ]
        for target in targets:
            _send(target, content, 1)
        results = [[_measure(target, content, blocks) for target in targets] for _ in range(rounds)]
        _demand_kept(stack, rounds)
    return _figures(results)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where to send the file, and whose memory to watch."""

    url: str
    pid: int
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class _Measured:
    """MB by which the process grew, and MB per second."""

    growth: float
    speed: float


def _measure(target: _Target, content: bytes, blocks: int) -> _Measured:
    with watched(target.pid) as memory:
        started = time.perf_counter()
        _send(target, content, blocks)
        took = time.perf_counter() - started
    return _Measured((memory.peak - memory.before) / MB, len(content) * blocks / MB / took)


def _send(target: _Target, content: bytes, blocks: int) -> None:
    """POST a form whose file is `content`, `blocks` times over, and demand 200 and the right size."""
    before = b'--%b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n' % _BOUNDARY
    before += b'--%b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' % _BOUNDARY
    after = b"\r\n--%b--\r\n" % _BOUNDARY
    address = urlsplit(target.url)
    lines = [
        f"POST {address.path} HTTP/1.1",
        f"host: {address.netloc}",
        f"content-type: multipart/form-data; boundary={_BOUNDARY.decode()}",
        f"content-length: {len(before) + len(content) * blocks + len(after)}",
        f"authorization: {target.authorization}",
        "connection: close",
    ]
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=120) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + before)
        for _ in range(blocks):
            connection.sendall(content)
        connection.sendall(after)
        _demand_ok(connection)


def _demand_ok(connection: socket.socket) -> None:
    answer = b""
    while more := connection.recv(65536):
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200") or "bytes" not in json.loads(body):
        raise RuntimeError(f"The upload was refused: {answer.decode(errors='replace')}")


def _demand_kept(stack: Stack, rounds: int) -> None:
    """See that what was measured is a real upload: the files lie in the store, whole."""
    sizes = sorted(file.stat().st_size for file in (stack.data_dir / "blobs" / "files").iterdir())
    assert len(sizes) == rounds + 1, sizes
    assert sizes[1] == sizes[-1] > sizes[0], sizes


def _figures(results: list[list[_Measured]]) -> list[Figure]:
    ours, buffered, counted = zip(*results, strict=True)
    speeds = {name: tuple(one.speed for one in measured) for name, measured in
              (("ours", ours), ("buffered", buffered), ("counted", counted))}  # fmt: skip
    growth = Figure(
        name="Memory taken by an upload",
        unit="MB",
        # The first upload of a process is the one that makes it grow; later ones find the room there.
        values=(max(one.growth for one in ours),),
        reference="buffered UploadFile route",
        reference_values=(max(one.growth for one in buffered),),
        target=Target("figure", "<", 64),
    )
    return [
        growth,
        *(
            Figure(
                name="Upload speed", unit="MB/s", values=speeds["ours"],
                reference=reference, reference_values=speeds[name],
            )
            for reference, name in (
                ("buffered UploadFile route", "buffered"), ("route that only counts bytes", "counted"),
            )
        ),
    ]  # fmt: skip
