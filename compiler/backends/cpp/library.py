"""A compiled kernel, loaded and called on NumPy arrays through the C interface of `prelude/abi.h`."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, c_char_p, c_double, c_int, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...diagnostics.diagnostic import Diagnostic, InternalError, ToolError
from ..forked import is_forked
from . import cpu
from .sets import Sets

ABI = 2  # POTENTIA_ABI of prelude/abi.h
_VIRIAL = np.array([[1, 4, 5], [4, 2, 6], [5, 6, 3]])  # places of its components among those of a set
Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class _About(Structure):
    _fields_ = (
        ("abi", c_int32),
        ("n_species", c_int32),
        ("bytes_of_real", c_int32),
        ("lanes", c_int32),
        ("n_constants", c_int64),
        ("constants", POINTER(c_double)),
        ("cutoff", c_double),
        ("species", c_char_p),
        ("isa", c_char_p),
        ("digest", c_char_p),
    )


class RawAtoms(Structure):
    _fields_ = (
        ("n_centres", c_int64),
        ("n_atoms", c_int64),
        ("positions", c_void_p),
        ("species", c_void_p),
        ("centres", c_void_p),
        ("first", c_void_p),
        ("neighbours", c_void_p),
        ("shifts", c_void_p),
        ("rows", c_void_p),
        ("counts", c_void_p),
        ("mask", c_int32),
        ("image", c_int32),
        ("constants", c_void_p),
    )


class _Results(Structure):
    _fields_ = (
        ("energy", c_double),
        ("virial", c_double * 9),
        ("site_energy", c_void_p),
        ("forces", c_void_p),
        ("virial_half", c_void_p),
        ("virial_neighbour", c_void_p),
    )


@dataclass(frozen=True)
class About:
    """Facts about a kernel.

    lanes: neighbours that are worked on at once.
    n_constants: numbers that depend on parameters and species alone; constants: those, where the kernel
    carries them, and None where the caller has them.
    cutoff: of the longest list, Å.
    """

    species: tuple[str, ...]
    real: Literal["double", "float"]
    lanes: int
    n_constants: int
    constants: Floats | None
    cutoff: float
    isa: str
    digest: str


@dataclass(frozen=True)
class Atoms:
    """Atoms with neighbours, every directed one: i is in the list of j where j is in that of i.

    positions: (N, 3) float64, Å.
    species: (N,) int32, indices of the kernel's; a negative one is not seen by anybody.
    first: (C + 1,) int64, places in `neighbours` where the lists of the first C atoms start, and the end of
    the last.
    neighbours: (M,) int32, indices of atoms; with shifts, those and the places of their shifts in one, as
    `with_images` makes them.
    shifts: (S, 3) float64, Å, one of which is added to the position of a neighbour; None for 0.
    centres: int32, those of the first C atoms whose energies are summed; None for all of them.
    """

    positions: Floats
    species: Integers
    first: NDArray[np.int64]
    neighbours: Integers
    shifts: Floats | None = None
    centres: Integers | None = None

    @property
    def index(self) -> Integers:
        """(M,), the index of the atom that each neighbour is an image of."""
        mask = -1 if self.shifts is None else (1 << index_bits(len(self.positions))) - 1
        return self.neighbours & np.int32(mask)

    @property
    def image(self) -> Integers:
        """(M,), the place of the shift of each neighbour."""
        return self.neighbours >> np.int32(index_bits(len(self.positions)))


@dataclass(frozen=True, eq=False)
class CheckedAtoms:
    """Atoms that fit a kernel, and their arrays as it takes them, which must not change in type or place."""

    atoms: Atoms
    arrays: ctypes.Structure


def index_bits(n_atoms: int) -> int:
    """The bits that the index of one of so many atoms takes."""
    return max(0, n_atoms - 1).bit_length()


def with_images(index: Integers, image: Integers, n_atoms: int) -> Integers:
    """Neighbours of `Atoms`: indices (M,) of atoms, and places (M,) of their shifts.

    Raises InternalError where both do not fit into 31 bits: 1000 atoms may have two million images.
    """
    bits = index_bits(n_atoms)
    if len(image) and int(image.max()) >= 1 << (31 - bits):
        raise InternalError(f"{image.max() + 1} periodic images of {n_atoms} atoms")
    return index | image << np.int32(bits)


@dataclass(frozen=True)
class Results:
    """energy, eV; virial (3, 3) dE/dε, eV; forces (N, 3), eV/Å; site_energy (N,), eV, at centres.

    virial_half: (N, 3, 3), eV: the virial of each distance, half to the centre and half to the neighbour.
    virial_neighbour: (N, 3, 3), eV: all of it to the neighbour (doi:10.1103/PhysRevB.92.094301).
    """

    energy: float
    virial: Floats
    forces: Floats
    site_energy: Floats
    virial_half: Floats | None = None
    virial_neighbour: Floats | None = None


@dataclass(frozen=True)
class OfSets:
    """Results of D sets: energy (D,), eV; virial (D, 3, 3) dE/dε, eV; forces (D, N, 3), eV/Å."""

    energy: Floats
    virial: Floats
    forces: Floats


class Library:
    """A kernel that was compiled for this interface and this processor. It stays loaded with the process."""

    def __init__(self, path: Path, digest: str | None = None) -> None:
        """digest: the one that it has to name.

        Raises ToolError: `damaged-kernel`, `foreign-kernel`; OSError where the system does not load it.
        """
        self.path = path
        # waiting threads of OpenMP sleep: where other work has the processors, to spin would take minutes
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        self._library = ctypes.CDLL(str(path))
        try:
            about, self._compute = self._library.potentia_about, self._library.potentia_compute
        except AttributeError as error:
            raise damaged(path, f"it is no kernel ({error})") from None
        self._sets = getattr(self._library, "potentia_compute_sets", None)
        if self._sets is not None:
            self._sets.argtypes = (POINTER(RawAtoms), c_int64, *(c_void_p,) * 5)
            self._sets.restype = c_int
        about.restype = POINTER(_About)
        self._compute.argtypes = (POINTER(RawAtoms), POINTER(_Results), c_int)
        self._compute.restype = c_int
        facts = about()
        self.about = _checked(path, facts.contents, digest)
        self.about_address = ctypes.addressof(facts.contents)

    def function(self, name: str, *arguments: Any, result: Any) -> Any:
        """A further function of a kernel, of these types."""
        found = getattr(self._library, name)
        found.argtypes, found.restype = arguments, result
        return found

    @property
    def compute_address(self) -> int:
        """Of the function `potentia_compute`."""
        return ctypes.cast(self._compute, c_void_p).value or 0

    def compute(
        self,
        atoms: Atoms | CheckedAtoms,
        constants: Floats | None = None,
        threads: int = 1,
        atom_virials: bool = False,
    ) -> Results:
        """Energies, forces and virial; with `atom_virials` also those of each atom. No array is copied.

        constants: (n_constants,) float64; None for those that the kernel carries. threads: one in a process
        that was forked.

        Raises MemoryError where there is no memory for lists, InternalError for arrays of a wrong type,
        shape or layout, and for indices out of range.
        """
        given = atoms if isinstance(atoms, CheckedAtoms) else self.checked(atoms)
        constants = self.about.constants if constants is None else constants
        if constants is None:
            raise InternalError("a kernel that carries no constants was given none")
        _require("constants", constants, np.float64, (self.about.n_constants,))
        n = len(given.atoms.positions)
        site, forces = np.zeros(n), np.zeros((n, 3))
        half, neighbour = (np.zeros((n, 3, 3)) if atom_virials else None for _ in range(2))
        out = _Results(
            site_energy=address(site),
            forces=address(forces),
            virial_half=address(half),
            virial_neighbour=address(neighbour),
        )
        arrays = RawAtoms.from_buffer_copy(given.arrays)
        arrays.constants = address(constants)
        if self._compute(arrays, out, 1 if is_forked() else max(1, threads)) != 0:
            raise MemoryError(f"no memory for the neighbours of {n} atoms in a kernel")
        virial = np.array(out.virial).reshape(3, 3)
        return Results(out.energy, virial, forces, site, half, neighbour)

    def compute_sets(self, atoms: CheckedAtoms, sets: Sets) -> OfSets:
        """The results of several sets of constants.

        Raises MemoryError, and InternalError for constants of a wrong shape and kernels without sets.
        """
        n, d = len(atoms.atoms.positions), len(sets)
        _require("constants", sets.base, np.float64, (self.about.n_constants,))
        _require_range("places", sets.places, self.about.n_constants, "constants")
        if self._sets is None:
            raise InternalError("a kernel without parameters that vary was given sets of them")
        arrays = RawAtoms.from_buffer_copy(atoms.arrays)
        arrays.constants = address(sets.base)
        numbers, forces = np.zeros((d, 7)), np.zeros((d, n, 3))
        given = [address(array) for array in (sets.first, sets.places, sets.values, numbers, forces)]
        if self._sets(arrays, d, *given) != 0:
            raise MemoryError(f"no memory for the neighbours of {n} atoms in a kernel")
        return OfSets(numbers[:, 0], numbers[:, _VIRIAL], forces)

    def checked(self, atoms: Atoms) -> CheckedAtoms:
        """Atoms for many calls with other constants. Raises InternalError as `compute`."""
        n = _check_atoms(atoms, len(self.about.species))
        arrays = RawAtoms(
            n_centres=len(atoms.first) - 1 if atoms.centres is None else len(atoms.centres),
            n_atoms=n,
            positions=address(atoms.positions),
            species=address(atoms.species),
            centres=address(atoms.centres),
            first=address(atoms.first),
            neighbours=address(atoms.neighbours),
            shifts=address(atoms.shifts),
            mask=-1 if atoms.shifts is None else (1 << index_bits(n)) - 1,
            image=index_bits(n),
        )
        return CheckedAtoms(atoms, arrays)


def _checked(path: Path, about: Any, digest: str | None) -> About:
    if about.abi != ABI:
        raise damaged(path, f"its interface is version {about.abi}, and potentia's is {ABI}")
    if about.bytes_of_real not in (4, 8):
        raise damaged(path, f"its numbers have {about.bytes_of_real} bytes")
    own, isa = (text.decode(errors="replace") if text else "" for text in (about.digest, about.isa))
    if digest is not None and own != digest:
        raise damaged(path, f"it was made of another text ({own[:12] or 'none'}, not {digest[:12]})")
    if lacking := cpu.missing(isa):
        message = f"a kernel was compiled for another processor: this one has no {', '.join(lacking)}"
        help = "compile it on this machine: remove the file, or set POTENTIA_CACHE to a folder of its own"
        raise ToolError(Diagnostic("foreign-kernel", message, place=str(path), help=help))
    return About(
        species=tuple((about.species or b"").decode(errors="replace").split()),
        real="double" if about.bytes_of_real == 8 else "float",
        lanes=about.lanes,
        n_constants=about.n_constants,
        constants=_carried(about),
        cutoff=about.cutoff,
        isa=isa,
        digest=own,
    )


def _carried(about: Any) -> Floats | None:
    """The constants in the file, which stays loaded."""
    if not about.constants:
        return None
    return np.array(np.ctypeslib.as_array(about.constants, (about.n_constants,)))


def damaged(path: Path, why: str) -> ToolError:
    """The fault of a library that is not what it should be."""
    message = f"a compiled kernel cannot be used: {why}"
    return ToolError(Diagnostic("damaged-kernel", message, place=str(path), help="remove the file"))


def _check_atoms(atoms: Atoms, n_species: int) -> int:
    """The number of atoms. Raises InternalError."""
    n, m, c = len(atoms.positions), len(atoms.neighbours), len(atoms.first) - 1
    _require("positions", atoms.positions, np.float64, (n, 3))
    _require("species", atoms.species, np.int32, (n,))
    _require("first", atoms.first, np.int64, (c + 1,))
    _require("neighbours", atoms.neighbours, np.int32, (m,))
    if atoms.shifts is not None:
        _require("shifts", atoms.shifts, np.float64, (len(atoms.shifts), 3))
    if atoms.centres is not None:
        _require("centres", atoms.centres, np.int32, (len(atoms.centres),))
        _require_range("centres", atoms.centres, c)
    if c > n:
        raise InternalError(f"{c} lists of neighbours for {n} atoms")
    _require_range("neighbours", atoms.index, n)
    if atoms.shifts is not None:
        ends = np.array([atoms.neighbours.min(), atoms.neighbours.max()]) if m else np.zeros(0, np.int32)
        _require_range("neighbours", ends >> index_bits(n), len(atoms.shifts), "images")
    if n and int(atoms.species.max()) >= n_species:
        raise InternalError(f"species {atoms.species.max()} of a kernel for {n_species}")
    if c < 0 or atoms.first[0] != 0 or atoms.first[-1] != m or (np.diff(atoms.first) < 0).any():
        raise InternalError(f"`first` does not divide {m} neighbours")
    return n


def _require(name: str, array: NDArray[Any], dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        layout = "" if array.flags.c_contiguous else ", not contiguous"
        found = f"{array.dtype} {array.shape}{layout}"
        raise InternalError(f"`{name}` of a kernel is {found}; it must be {np.dtype(dtype)} {shape}")


def _require_range(name: str, indices: Integers, n: int, things: str = "atoms") -> None:
    if len(indices) and not (indices.min() >= 0 and indices.max() < n):
        raise InternalError(f"`{name}` has indices from {indices.min()} to {indices.max()} of {n} {things}")


def address(array: NDArray[Any] | None) -> int | None:
    return None if array is None else array.ctypes.data
