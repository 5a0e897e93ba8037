"""What a customer reads in the log of attempts when no answer came: plain words, none of our internals."""

import os
import ssl
from datetime import timedelta
from typing import Final

import aiohttp

from webhooks.resolver import LookupTimedOut, RefusedAddress

NO_ANSWER: Final = (aiohttp.ClientError, OSError, ValueError)
"""What an attempt raises because of the receiver or its URL (TimeoutError is an OSError)."""


def describe(error: Exception, *, connect: timedelta, total: timedelta) -> str:
    """Return one line that begins with what failed: url, dns, refused, connect, tls, timeout or answer.

    Args:
        error: one of `NO_ANSWER`.
        connect: the time-out for the name, and for connection and TLS.
        total: the time-out for the whole attempt.
    """
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connecting(
            error.os_error, dns=isinstance(error, aiohttp.ClientConnectorDNSError), limit=connect
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"connect: no connection within {_seconds(connect)}"
    if isinstance(error, TimeoutError):
        return f"timeout: too slow, no answer within {_seconds(total)}"
    if isinstance(error, ValueError):
        return "url: it cannot be used"
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return "answer: the connection was closed before an answer came"
    return "answer: not valid HTTP"


def _connecting(error: OSError, *, dns: bool, limit: timedelta) -> str:
    if isinstance(error, RefusedAddress):
        return str(error)
    if isinstance(error, LookupTimedOut):
        return f"dns: no answer for the name within {_seconds(limit)}"
    if dns:
        return f"dns: {(error.strerror or 'the name has no address').lower()}"
    if isinstance(error, ssl.SSLError):
        return _tls(error)
    return f"connect: {_reason(error)}"


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls: the certificate was not accepted: {error.verify_message}"
    return f"tls: the handshake failed: {(error.reason or 'no reason given').lower().replace('_', ' ')}"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "the connection failed"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"
