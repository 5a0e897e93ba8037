"""One line of 200 MB, as part of a file that never breaks a line."""

import asyncio
import threading
import time
from pathlib import Path

import psutil

from .client import read_answer
from .corpus.files import FORM, PURPOSE, B
from .world import MIB, inhabited, serving

LINE_MIB = 200
BLOCK = b"x" * MIB


async def send_long_line(folder: Path, database_url: str) -> str:
    """Send it twice, as training data and as what is not looked into, and say what memory it took."""
    (folder / "long").mkdir()
    limit = str(2 * LINE_MIB * MIB)
    with serving(folder / "long", database_url, TUNEWARD_MAX_FILE_BYTES=limit) as api:
        async with inhabited(api) as world:
            process = psutil.Process(api.process.pid)
            start, peak, stop = process.memory_info().rss, [0], threading.Event()

            def watch() -> None:
                while not stop.wait(0.01):
                    peak[0] = max(peak[0], process.memory_info().rss)

            watcher = threading.Thread(target=watch)
            watcher.start()
            began = time.monotonic()
            statuses = [
                await _send(world.port, world.names["KEY"], purpose) for purpose in (b"fine-tune", b"batch")
            ]
            stop.set()
            watcher.join()
    grown = (peak[0] - start) / MIB
    seconds = time.monotonic() - began
    answers = f"as fine-tune {statuses[0]}, as batch {statuses[1]}"
    return f"one line of {LINE_MIB} MiB: {answers}; memory at most +{grown:.1f} MiB; {seconds:.1f} s"


async def _send(port: int, key: bytes, purpose: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    before = PURPOSE.replace(b"fine-tune", purpose) + (
        f'--{B}\r\nContent-Disposition: form-data; name="file"; filename="t.jsonl"\r\n\r\n'.encode()
    )
    after = f"\r\n--{B}--\r\n".encode()
    length = len(before) + LINE_MIB * MIB + len(after)
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: x\r\n{FORM}\r\nContent-Length: {length}\r\nConnection: close\r\n"
    )
    writer.write(head.encode() + b"Authorization: Bearer " + key + b"\r\n\r\n" + before)
    answering = asyncio.create_task(read_answer(reader))
    for _ in range(LINE_MIB):
        if answering.done():
            break
        writer.write(BLOCK)
        await writer.drain()
    writer.write(after)
    answer = await answering
    writer.close()
    return answer.status if answer else 0
