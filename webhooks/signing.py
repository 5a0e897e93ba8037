"""Standard Webhooks signatures, symmetric (`v1`): https://www.standardwebhooks.com.

What is signed is `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA256. OpenAI's SDKs and the
`standardwebhooks` libraries verify it; both need the `whsec_` prefix, without which they disagree.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from domain.webhook_secrets import PREFIX

SECRET_BYTES: Final = 32
USER_AGENT: Final = f"Tuneward-Webhooks/{version('tuneward')}"


def sign(*, secrets: Sequence[str], delivery_id: str, at: int, body: bytes) -> str:
    """Return the `webhook-signature` header: one `v1,…` per active secret, separated by spaces.

    Args:
        secrets: as made by `domain.webhook_secrets`; two of them while a rotation is under way.
        delivery_id: the `webhook-id`, without a dot.
        at: the moment of this attempt in Unix seconds.
        body: the exact bytes that are sent.

    Raises:
        ValueError: if there is no secret, or one that is not of their form.
    """
    if not secrets:
        raise ValueError("a webhook needs a secret to be signed with")
    signed = b"%b.%d.%b" % (delivery_id.encode(), at, body)
    digests = (hmac.digest(_key(secret), signed, "sha256") for secret in secrets)
    return " ".join("v1," + b64encode(digest).decode() for digest in digests)


def headers(*, secrets: Sequence[str], delivery_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt; arguments and errors are those of `sign`."""
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secrets=secrets, delivery_id=delivery_id, at=at, body=body),
    }


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        raise ValueError(f"a webhook secret begins with {PREFIX}")
    return b64decode(secret[len(PREFIX) :], validate=True)
