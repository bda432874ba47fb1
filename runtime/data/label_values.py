"""The labels of one structure: values under the keys of a file, in our units, and reasons against others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats
from ..structures.structure import LabelOrigin, Structure
from .label_names import named, not_converged, unread
from .labels import LabelKeys, tensor
from .rivals import Rival

_ASYMMETRY = 0.01  # of the largest component: more than rounding and integration grids leave
_LARGEST = 1e100  # eV, eV/Å, eV/Å³, …: beyond it squares and units overflow
_NOTHING = ("", "nan", "none", "null", "na", "n/a")
_HAVE = {"energy": "has", "forces": "have", "stress": "has", "virial": "has", "weight": "has"}


class LabelValues:
    """The labels of a structure. raw: values of its atoms, by key; aside: kinds that are not read."""

    def __init__(
        self, raw: Mapping[str, object], keys: LabelKeys, bare: Structure, aside: Sequence[str] = ()
    ) -> None:
        self.faults: list[Diagnostic] = []
        self._raw, self._keys, self._bare, self._aside = raw, keys, bare, aside
        self._read: dict[str, str] = {}
        self._left_out: dict[str, str] = {}
        # all values of a kind with their key, and whether it is of a virial, the one that is read first
        self._values: dict[str, list[tuple[str, bool, Floats]]] = {}

    def read(self, kind: str) -> Floats | None:
        """The label of a kind: energy () in eV, forces (N, 3) in eV/Å, stress (3, 3) in eV/Å³, or None."""
        found: list[tuple[str, bool, Floats]] = []
        quantities = ("stress", "virial") if kind == "stress" else (kind,)
        for quantity in quantities:
            for key in self._keys.keys_of(quantity, self._raw):
                if kind in self._aside:
                    self._left_out[kind] = "left aside"
                    continue
                value = self._value(kind, quantity, key)
                if value is not None:
                    found.append((key, quantity == "virial", value))
        self._values[kind] = found
        if not found:
            return None
        self._left_out.pop(kind, None)
        self._read[kind] = found[0][0]
        return found[0][2]

    def weight(self) -> float:
        """The weight of the structure, 1 where no key of it is named."""
        key = None if self._keys.weight is None else named(self._keys.weight, self._raw)
        if key is None or self._raw[key] is None:
            return 1.0
        value = self._number("weight", key)
        if value is None:
            return 1.0
        weight = float(value)
        if not weight >= 0 or np.isinf(weight):
            self._fault("weight", key, f"is {weight}, not a number of 0 or more")
            return 1.0
        return weight

    def origin(self) -> LabelOrigin:
        """Keys, reasons, and keys that were not read."""
        seen = [key for values in self._values.values() for key, _, _ in values]
        seen += [
            key
            for kind in ("energy", "forces", "stress", "virial")
            for key in self._keys.keys_of(kind, self._raw)
        ]
        seen += [self._keys.weight] if self._keys.weight else []
        return LabelOrigin(self._read, self._left_out, unread(self._raw, seen))

    def rivals(self, number: int) -> Iterator[Rival]:
        """The label that is read beside each of the others of its kind; infinite ones are refused later."""
        for kind, ((key, was_virial, value), *others) in ((k, v) for k, v in self._values.items() if v):
            for other_key, virial, other in others:
                if not (np.isfinite(value).all() and np.isfinite(other).all()):
                    continue
                per = self._bare.n_atoms if kind == "energy" else 1
                defined = self._bare.stress_components if kind == "stress" else ...
                yield Rival(
                    kind,
                    number,
                    key,
                    other_key,
                    np.atleast_1d(value[defined] / per),
                    np.atleast_1d(other[defined] / per),
                    other,
                    virial and not was_virial,
                )

    # --- one value -------------------------------------------------------------------------------

    def _value(self, kind: str, quantity: str, key: str) -> Floats | None:
        """A label in our units; None where there is none, with the reason or the fault noted."""
        if not_converged(self._raw):
            self._left_out[kind] = "not converged"
            return None
        array = self._number(quantity, key)
        if array is None:
            return None
        if np.isnan(array).any():
            self._left_out[kind] = "NaN"
            return None
        if np.any(np.isfinite(array) & (np.abs(array) > _LARGEST)):
            self._fault(quantity, key, f"has numbers beyond {_LARGEST:.0e}")
            return None
        if kind == "stress":
            return self._stress(quantity, key, array)
        shape = () if kind == "energy" else (self._bare.n_atoms, 3)
        if kind == "energy" and array.size == 1:
            array = array.reshape(())
        if array.shape != shape:
            expected = "one number" if kind == "energy" else f"({self._bare.n_atoms}, 3)"
            self._fault(quantity, key, f"{_HAVE[quantity]} the shape {array.shape}, not {expected}")
            return None
        return array

    def _number(self, quantity: str, key: str) -> Floats | None:
        value = self._raw[key]
        if value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING):
            return None
        if isinstance(value, bool | np.bool_):
            self._fault(quantity, key, "has no number after it: write `=` between key and value")
            return None
        try:
            return np.array(value, dtype=np.float64)
        except (ValueError, TypeError) as error:
            self._fault(quantity, key, f"cannot be read as numbers ({error})")
            return None

    def _stress(self, quantity: str, key: str, array: Floats) -> Floats | None:
        if quantity == "virial" and array.shape == (6,):
            self._fault(quantity, key, "has six numbers, whose order differs between programs: write nine")
            return None
        matrix = tensor(array)
        if matrix is None:
            self._fault(quantity, key, f"has the shape {array.shape}, not (3, 3), (9,) or (6,)")
            return None
        volume, defined = self._bare.stress_volume, self._bare.stress_components
        if volume == 0:  # codes print one also for molecules; it has no meaning per volume
            self._left_out["stress"] = "without a volume" if defined.any() else "without periodic directions"
            return None
        matrix = np.where(defined, matrix, 0.0)
        if np.isfinite(matrix).all() and np.abs(matrix - matrix.T).max() > _ASYMMETRY * np.abs(matrix).max():
            self._fault(quantity, key, "is not symmetric")
            return None
        return self._keys.to_stress(quantity, (matrix + matrix.T) / 2, volume)

    def _fault(self, quantity: str, key: str, reason: str) -> None:
        message = f"the {quantity} under `{key}` {reason}"
        self.faults.append(Diagnostic("bad-label", message, place=self._bare.place))
