"""Whether an HTTP server can be used by now."""

import http.client
from urllib.parse import urlsplit

_SECONDS = 2.0


def answers_ok(url: str) -> bool:
    """Return whether a GET of this `http://` URL answers 200 within two seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
