"""Secrets at rest: encrypted with Fernet, the newest key first, older ones still read."""

import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from domain.errors import SecretUnreadable


class SecretBox:
    """Seals and opens short texts."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys (32 bytes in URL-safe base64), the one that seals first."""
        if not keys:
            message = "TUNEWARD_SECRET_KEYS is empty; 'tuneward migrate' makes a key on the shared volume"
            raise ValueError(message)
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._newest = keys[0].encode()

    def seal(self, text: str) -> bytes:
        """Encrypt a text with the newest key."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt what any of the keys has sealed.

        Raises:
            SecretUnreadable: no key fits.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadable from error

    def open_each(self, *sealed: bytes | None) -> tuple[str, ...]:
        """Decrypt those that are there, in their order.

        Raises:
            SecretUnreadable: no key fits one of them.
        """
        return tuple(self.open(bytes(one)) for one in sealed if one is not None)

    def fingerprint(self, text: str) -> bytes:
        """Return 16 bytes by which a secret is known again, and which tell nothing of it without our key."""
        return hashlib.blake2b(text.encode(), key=self._newest, digest_size=16).digest()
