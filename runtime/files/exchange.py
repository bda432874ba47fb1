"""Two names exchanged in one step, by the call that Linux has since 3.15 and macOS since 10.12."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_HERE = -100  # AT_FDCWD: names are relative to the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
# what a system, or the file system below, answers that has no such call
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV)


@cache
def _call() -> Callable[[bytes, bytes], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            swap = library.renamex_np
            return lambda a, b: int(swap(a, b, ctypes.c_uint(_EXCHANGE)))
        exchange = library.renameat2
        return lambda a, b: int(exchange(_HERE, a, _HERE, b, ctypes.c_uint(_EXCHANGE)))
    except AttributeError:
        return None


def exchanged(first: Path, second: Path) -> bool:
    """Exchange what two names stand for; False where the system or the disk cannot. Raises OSError."""
    call = _call()
    if call is None:
        return False
    if call(os.fsencode(first), os.fsencode(second)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(second))
