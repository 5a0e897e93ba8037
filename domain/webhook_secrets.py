"""How a webhook secret looks (Standard Webhooks 1.0.0): `whsec_` and padded base64 of 32 random bytes."""

import base64
import secrets
from datetime import timedelta

PREFIX = "whsec_"
RANDOM_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation goes on signing, where that was asked for."""
_SHOWN = 4


def new_webhook_secret() -> str:
    """Return a fresh secret. It is never issued without its prefix: verifiers disagree on bare ones."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()


def hint(secret: str) -> str:
    """Return what tells a secret from its predecessor and is of no use to anybody else."""
    return f"{PREFIX}…{secret[-_SHOWN:]}"
