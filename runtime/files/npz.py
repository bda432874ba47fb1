"""Arrays in `.npz` files, without pickle, as they are written here: not compressed, one after another.

A file is then no smaller than its arrays, so that reading one takes no more memory than the file has bytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from .reading import damaged, read_plain

AnyArray = NDArray[Any]
# What zipfile and NumPy raise on bytes that are not what was written.
_DAMAGE = (
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    SyntaxError,
    TypeError,
    struct.error,
    zipfile.BadZipFile,
)


def npz_bytes(arrays: Mapping[str, AnyArray]) -> bytes:
    """The arrays as an `.npz` file; equal arrays give equal bytes. No object arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            # A ZipInfo of its own has a fixed date: nothing in the file depends on the hour.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    return buffer.getvalue()


def read_npz(path: Path | str) -> dict[str, AnyArray]:
    """The arrays of an `.npz` file. Raises ArtifactError: `missing-artifact`, `damaged-artifact`."""
    path = Path(path)
    try:
        return arrays_of(read_plain(path), path)
    except FileNotFoundError as error:
        raise ArtifactError(Diagnostic("missing-artifact", f"there is no {path}", place=str(path))) from error
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path))) from error
    except ValueError as error:
        raise damaged(path, str(error)) from error


def arrays_of(content: bytes, path: Path) -> dict[str, AnyArray]:
    """The arrays of the content of an `.npz` file. Raises ArtifactError `damaged-artifact`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(m.compress_type != zipfile.ZIP_STORED for m in members):
                raise damaged(path, "its arrays are compressed, and potentia writes none that are")
            if sum(m.file_size for m in members) > len(content):
                raise damaged(path, "its arrays are larger than the file")
            return {m.filename.removesuffix(".npy"): _array(archive.read(m)) for m in members}
    except _DAMAGE as error:
        raise damaged(path, str(error) or "its end is missing") from error


def _array(content: bytes) -> AnyArray:
    """An array whose data are there: NumPy makes room for all that a header says."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"an array is of version {version[0]}.{version[1]}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if prod(shape) * max(dtype.itemsize, 1) > len(content):
        raise ValueError("an array is shorter than its header says")
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
