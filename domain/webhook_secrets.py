"""How a webhook secret looks (Standard Webhooks 1.0.0): `whsec_` and padded base64 of 32 random bytes."""

import base64
import secrets

PREFIX = "whsec_"
RANDOM_BYTES = 32


def new_webhook_secret() -> str:
    """Return a fresh secret. It is never issued without its prefix: verifiers disagree on bare ones."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()
