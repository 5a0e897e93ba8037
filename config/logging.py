"""Logs: one JSON object a line on stdout, with the request, project and job ids of the context."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger


def _name_process(process: str) -> Any:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add


def _dump(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode("utf-8", "replace")


def configure_logging(level: str, *, process: str) -> None:
    """Send everything, libraries included, through one JSON formatter.

    Args:
        level: the lowest level that is written, e.g. `INFO`.
        process: `api` or `worker`; in each line.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dump),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # httpx writes a line per request at INFO, with the URL: ours carry the outcome instead.
    for noisy in ("httpx", "httpcore", "arq", "asyncio", "alembic", "python_multipart"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
