"""The answer to a request that never reached the app: the same envelope, with an id, counted and logged."""

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api import metrics
from api.errors import envelope
from domain import ids
from domain.errors import TunewardError

_log = structlog.get_logger("api")


def refusal(fault: TunewardError) -> bytes:
    """Return the answer as it goes over the wire; the connection ends behind it."""
    request_id = ids.new_id(ids.REQUEST)
    response = envelope(fault)
    ours = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in [*response.raw_headers, *ours])
    metrics.REQUESTS.labels("unknown", "unknown", str(fault.status)).inc()
    _log.info("refused", request_id=request_id, status=fault.status, code=fault.error_code)
    return STATUS_LINE[fault.status] + lines + b"\r\n" + bytes(response.body)
