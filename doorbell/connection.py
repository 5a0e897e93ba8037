"""Connections to Redis that neither hang nor give up: every command has a time-out and is retried."""

from typing import Any

import orjson
from arq.connections import ArqRedis
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

QUEUE = "tuneward:rings"
SOCKET_TIMEOUT = 2.0
"""Seconds a command, or a connection, may take."""


def dump(message: dict[str, Any]) -> bytes:
    """Write an arq message as JSON: arq's default is pickle, which runs what it reads."""
    return orjson.dumps(message, default=str)


def connect(url: str) -> ArqRedis:
    """Return a client of Redis or Valkey; nothing is sent yet."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return ArqRedis(pool, job_serializer=dump, job_deserializer=orjson.loads, default_queue_name=QUEUE)
