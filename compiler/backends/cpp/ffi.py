"""Compiled kernels inside jax: a small library calls them on XLA's own buffers.

It is compiled once for each version of jaxlib, whatever the kernels are. Lists are made in a call of their
own (`near`), as one list serves many steps.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...diagnostics.diagnostic import InternalError
from ..xla.arrays import Array, Arrays, Edge
from ..xla.kernel import Prediction
from .build import loaded
from .library import Library, damaged

# shifts that lists have room for: a cell of more than `_FEW` atoms reaches as many images through 60 Å
_IMAGES, _FEW = 4096, 64


class Neighbours(NamedTuple):
    """Directed neighbours, one atom after another. A deformed cell changes `shifts` alone.

    first: (N + 1,), places in `neighbours` where the list of each atom starts, and the end of the last.
    neighbours: (M,), indices of atoms and, in higher bits, places of their shifts (`library.with_images`);
    those from the end of the last list on are 0.
    shifts: (S, 3), Å, one of which is added to the position of a neighbour.
    """

    first: Array
    neighbours: Array
    shifts: Array


def packed(edge: Edge) -> Neighbours:
    """The lists of atoms without their padding, inside `jax.jit` or outside. Raises errors as `near`."""
    return near(edge, jnp.zeros((3, len(edge.j))), np.inf)


def near(edge: Edge, positions: Any, within: Any, turn: Any = None) -> Neighbours:
    """The neighbours within a distance (Å); positions: (3, N), Å. Inside `jax.jit` or outside.

    turn: shifts s are turn·s now, and are kept as they were (`Neighbours` says why); None: they are s.

    Raises ToolError as `build.loaded`; XLA's error `INVALID_ARGUMENT` where an index is none of an atom, and
    for more shifts than have room.
    """
    _shim()
    n, width = edge.j.shape
    room = min(n * width, _IMAGES) if n > _FEW else n * width
    call = jax.ffi.ffi_call(
        "potentia_pack",
        (
            jax.ShapeDtypeStruct((n + 1,), _wide(np.int64)),
            jax.ShapeDtypeStruct((n * width,), np.int32),
            jax.ShapeDtypeStruct((room, 3), np.float64),
        ),
        vmap_method="sequential",
    )
    lists = jnp.asarray(edge.j, np.int32), jnp.asarray(edge.shift), jnp.asarray(edge.valid)
    turn = jnp.eye(3) if turn is None else turn
    now = (jnp.asarray(a, np.float64) for a in (positions, within, turn))
    return Neighbours(*call(*lists, *now))


def call(
    library: Library, constants: Any, arrays: Arrays, near: Neighbours | Edge, threads: int = 1
) -> Prediction:
    """The prediction of a kernel, in float64, inside `jax.jit` or outside. It has no derivative.

    constants: (n_constants,), of this kernel.
    arrays: atoms of one structure or several; its lists are not used.
    near: neighbours up to the cutoff of the kernel, or farther.
    Raises ToolError as `build.loaded`; XLA's errors `RESOURCE_EXHAUSTED`, `INVALID_ARGUMENT`.
    """
    lists = packed(near) if isinstance(near, Edge) else near
    n, slots, real = arrays.species.shape[0], arrays.slots.shape[0], _wide(np.float64)
    shapes = ((slots,), (3, n), (3, 3, slots), (n,))
    function = jax.ffi.ffi_call(
        "potentia_compute", [jax.ShapeDtypeStruct(shape, real) for shape in shapes], vmap_method="sequential"
    )
    return Prediction(
        *function(
            jnp.asarray(constants, real),
            jnp.asarray(arrays.positions),
            jnp.asarray(arrays.species, np.int32),
            jnp.asarray(arrays.structure, np.int32),
            jnp.asarray(arrays.real),
            *lists,
            kernel=np.int64(_registered(library)),
            threads=np.int64(max(1, threads)),
        )
    )


def _wide(kind: Any) -> Any:
    """A type of 64 bits, where jax has them. Raises InternalError where it is set to 32."""
    if jax.dtypes.canonicalize_dtype(kind) != kind:
        raise InternalError("kernels inside jax give float64: jax_enable_x64 is off")
    return kind


def _registered(library: Library) -> int:
    """The key of a kernel, the same in every process: XLA's stored programs name kernels by it."""
    about = library.about
    name = "\0".join((library.path.name, about.digest, about.isa, about.real))
    key = int.from_bytes(sha256(name.encode()).digest()[:8], "little", signed=True)
    _shim().potentia_register(key, library.compute_address, library.about_address)
    return key


_alone = Lock()


def _shim() -> ctypes.CDLL:
    """The library between XLA and kernels, known to XLA. Raises ToolError as `build.loaded`."""
    with _alone:  # XLA takes a name once, and threads may trace their first calls together
        return _made()


@lru_cache(maxsize=1)
def _made() -> ctypes.CDLL:
    prelude = files(__package__) / "prelude"
    parts = [(prelude / name).read_text(encoding="utf-8") for name in ("abi.h", "ffi_shim.cpp")]
    text = "\n".join((f"/* jaxlib {version('jaxlib')} */", *parts))
    shim = loaded(text, _read, more_flags=("-O1", f"-I{jax.ffi.include_dir()}"))
    for name in ("pack", "compute"):
        handler = jax.ffi.pycapsule(getattr(shim, f"potentia_ffi_{name}"))
        jax.ffi.register_ffi_target(f"potentia_{name}", handler, platform="cpu")
    return shim


def _read(path: Path) -> ctypes.CDLL:
    shim = ctypes.CDLL(str(path))
    try:
        shim.potentia_register.argtypes = (ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        shim.potentia_register.restype = None
        _ = shim.potentia_ffi_pack, shim.potentia_ffi_compute
    except AttributeError as error:
        raise damaged(path, str(error)) from None
    return shim
