"""What can befall a Redis that only rings: each function does it, and what it returns undoes it.

They speak to the server itself, past any proxy, at the address they are given. Freezing and restarting are
`embedded`'s; here is what only Redis can have.
"""

import time
from collections.abc import Callable

import redis
from redis.exceptions import OutOfMemoryError

Undo = Callable[[], None]
_NOWHERE = ("127.0.0.1", 1)
_FILL = b"x" * 65536
RING_KEYS = ("arq:job:", "arq:in-progress:", "arq:retry:", "arq:result:")


def lose_everything(url: str) -> None:
    """FLUSHALL."""
    with redis.Redis.from_url(url) as client:
        client.flushall()


def fill(url: str) -> Undo:
    """Leave no memory, and have writes refused rather than others' keys evicted."""
    with redis.Redis.from_url(url) as client:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", used + 4 * len(_FILL))
        try:
            for number in range(1000):
                client.set(f"filling:{number}", _FILL)
        except OutOfMemoryError:
            client.config_set("maxmemory", 1_000_000)  # whatever is freed by chance must not make room

    def empty() -> None:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", 0)
            client.delete(*client.keys("filling:*"))

    return empty


def only_read(url: str) -> Undo:
    """Make it the replica of a server that is not there: it answers reads and refuses writes."""
    with redis.Redis.from_url(url) as client:
        client.execute_command("REPLICAOF", *_NOWHERE)

    def lead() -> None:
        with redis.Redis.from_url(url) as client:
            client.execute_command("REPLICAOF", "NO", "ONE")

    return lead


def cut_clients(url: str, *, seconds: float, every: float = 0.02) -> int:
    """CLIENT KILL, again and again; return how many connections were cut."""
    cut = 0
    end = time.monotonic() + seconds
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < end:
            cut += int(client.execute_command("CLIENT", "KILL", "SKIPME", "yes"))
            time.sleep(every)
    return cut


def restore_old_copy(url: str, stages: tuple[str, ...], *, queued: bool) -> None:
    """Leave what an old copy may hold: ring keys that never expire, a ring for a stage of another version.

    Args:
        url: the server.
        stages: whose ring keys are left.
        queued: whether their rings stand in the queue as well, taken by a worker that is no more.
    """
    with redis.Redis.from_url(url) as client:
        for stage in stages:
            message = b'{"t":1,"f":"ring","a":["%s"],"k":{},"et":1}' % stage.encode()
            for prefix in RING_KEYS:
                client.set(f"{prefix}ring:{stage}", message if prefix == "arq:job:" else b"1")
            if queued:
                client.zadd("tuneward:rings", {f"ring:{stage}": 1})
        client.set("arq:job:ring:no-such", b'{"t":1,"f":"ring","a":["no-such"],"k":{},"et":1}')
        client.zadd("tuneward:rings", {"ring:no-such": 1})
