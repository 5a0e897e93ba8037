"""A training file as a multipart body: streamed, with its exact length known before."""

import re
import secrets
from collections.abc import AsyncIterator
from typing import Final

from xpulink.port import Content, ContentFailed

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]")


class Multipart:
    """The body of one upload: `purpose` first, as OpenAI's own client sends it, then `file`.

    The file's type is `application/json`, which the platform's own guide sends and which is therefore proven.
    """

    def __init__(self, *, filename: str, size: int, content: Content) -> None:
        boundary = secrets.token_hex(16)
        name = _UNSAFE.sub("_", filename).replace('"', "%22")
        self._head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/json\r\n\r\n"
        ).encode(errors="replace")
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size, self._content = size, content
        self.headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(self._head) + size + len(self._tail)),
        }

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises:
            ContentFailed: The content broke off or is not `size` bytes.
        """
        yield self._head
        async for chunk in self._file():
            yield chunk
        yield self._tail

    async def _file(self) -> AsyncIterator[bytes]:
        left = self._size
        try:
            async for chunk in self._content():
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        except Exception as error:
            raise ContentFailed(f"the file could not be read: {error}") from error
        if left:
            raise ContentFailed(f"the file is not the {self._size} bytes that were announced")
