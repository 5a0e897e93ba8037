"""Secrets at rest: encrypted with Fernet, the newest key first, older ones still read."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from domain.errors import TunewardError


class SecretUnreadable(TunewardError):  # noqa: N818 - the names are the field's words
    """A stored secret cannot be decrypted: TUNEWARD_SECRET_KEYS lacks the key it was written with."""

    code = "secret_unreadable"


class SecretBox:
    """Seals and opens short texts."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys (32 bytes in URL-safe base64), the one that seals first."""
        if not keys:
            message = "TUNEWARD_SECRET_KEYS is empty; 'tuneward migrate' makes a key on the shared volume"
            raise ValueError(message)
        self._fernet = MultiFernet([Fernet(key) for key in keys])

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
