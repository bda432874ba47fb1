"""The bytes that an editor sends, in which the beginning of a message is found again after garbage."""

from __future__ import annotations

import re
import sys
from typing import BinaryIO

LARGEST = 1 << 26  # bytes of a message
_LINE = 1 << 16
_LENGTH = re.compile(rb"Content-Length:\s*(\d+)\s*\r?\n\Z", re.IGNORECASE)


class Messages:
    """A stream that gives headers as pygls knows them, and bodies whole or not at all."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """The next line; of one that ends in a length, after whatever garbage, that length alone."""
        line = self._stream.readline(_LINE)
        found = _LENGTH.search(line)
        if found is None:
            return line
        digits = found[1].lstrip(b"0")
        if len(digits) > len(str(LARGEST)) or int(digits or b"0") > LARGEST:
            print(f"potentia: a message of more than {LARGEST >> 20} MiB is not read", file=sys.stderr)
            return b"not read\r\n"
        return b"Content-Length: %s\r\n" % digits

    def read(self, n: int) -> bytes:
        """A body of n bytes; none where the stream ends before."""
        body = self._stream.read(n)
        return body if len(body) == n else b""
