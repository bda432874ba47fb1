"""Mean squared displacements and the diffusivity of each species, by Einstein's relation.

MSD(τ) averages over the atoms of a species and all time origins; the sums are worked out by fast Fourier
transforms (Calandrini et al., doi:10.1051/sfn/201112010). D is a sixth of its slope.

Displacements from neighbouring origins overlap, and those of neighbouring atoms are not independent, so that
neither says how well D is known. The run is cut into blocks without common steps, D is found in each, and the
error is that of the mean of the blocks, with Student's t for 95 %. It holds where a block is long compared
with the memory of the motion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import stdtrit

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..structures.arrays import Floats, Indices, Ints, Positions

CM2_PER_S = 1e-4  # cm²/s in 1 Å²/ps
_CHUNK = 1 << 22  # numbers that are transformed at once
_FEWEST = 8  # frames in a block
_NEAR_ONE = 0.1  # of the exponent of diffusion
_BOUND = 0.5  # an exponent below is that of atoms that stay where they are


@dataclass(frozen=True, eq=False)
class Diffusion:
    """Of a species: D and its standard error (Å²/ps), the interval of 95 %.

    exponent: d ln MSD / d ln τ over the window of lags (ps) of the fit, 1 where the motion is diffusive.
    lags and msd are of the whole run, up to half of its length.
    """

    species: str
    value: float
    error: float
    interval: tuple[float, float]
    exponent: float
    exponent_error: float
    window: tuple[float, float]
    blocks: int
    lags: Float[Floats, " n"]  # ps
    msd: Float[Floats, " n"]  # Å²

    @property
    def regime(self) -> str:
        """`diffusive`, `subdiffusive`, `superdiffusive`, or `bound` where atoms stay in their places."""
        if abs(self.exponent - 1) <= _NEAR_ONE + 2 * self.exponent_error:
            return "diffusive"
        if self.exponent > 1:
            return "superdiffusive"
        return "subdiffusive" if self.exponent > _BOUND else "bound"


class Displacements:
    """Displacements of all atoms by frame, in a file without a name: memory does not grow with the run.

    `close` ends the file.
    """

    def __init__(self, atoms: int) -> None:
        self.frames, self._atoms = 0, atoms
        self._file = TemporaryFile()  # noqa: SIM115

    def add(self, moved: Positions) -> None:
        """A frame in Å. Raises ArtifactError `unwritable`."""
        try:
            self._file.write(moved.astype(np.float32).tobytes())
        except OSError as error:
            message = f"cannot keep the displacements of atoms: {error.strerror or error}"
            help = "set TMPDIR to a folder with room, or give a `--stride`"
            raise ArtifactError(Diagnostic("unwritable", message, help=help)) from error
        self.frames += 1

    def close(self) -> None:
        self._file.close()

    def of(self, atoms: Indices, frames: int) -> Iterator[Float[Floats, "frames n 3"]]:
        """Of some of these atoms after the others."""
        self._file.flush()
        shape = (self.frames, self._atoms, 3)
        everything = np.memmap(self._file, dtype=np.float32, mode="r", shape=shape)
        size = max(_CHUNK // (6 * frames), 1)
        for first in range(0, len(atoms), size):
            yield everything[:frames, atoms[first : first + size]].astype(np.float64)


def squared_displacements(x: Float[Floats, "T n 3"]) -> Float[Floats, " T"]:
    """Σ over atoms of the MSD of x by lag, over all origins.

    Σ_t |x(t+τ) − x(t)|² = Σ_t (|x(t+τ)|² + |x(t)|²) − 2 Σ_t x(t+τ)·x(t), the last by a transform.
    """
    count = len(x)
    x = x - x.mean(axis=0)  # squares of long ways would drown the differences
    length = next_fast_len(2 * count, real=True)
    transform = rfft(x, length, axis=0)
    overlap = irfft(np.square(np.abs(transform)).sum(axis=(1, 2)), length)[:count]
    squares = np.square(x).sum(axis=(1, 2))
    ahead = np.concatenate([[0.0], np.cumsum(squares)])
    # those from τ on, and those up to T − τ
    both = (ahead[-1] - ahead[:count]) + ahead[count:0:-1]
    found = (both - 2 * overlap) / np.arange(count, 0, -1)
    found[0] = 0.0
    return np.maximum(found, 0.0)


def diffusion(
    displacements: Displacements,
    numbers: Ints,
    interval: float,
    frames: int,
    blocks: int,
    lags: tuple[float, float] | None,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[Diffusion, ...]:
    """Of each species, by atomic number, in the first `frames` frames, `interval` ps apart.

    Raises TooShort.
    """
    length = frames // blocks
    low, high = _window(length, interval, lags)
    kinds = np.unique(numbers)
    made, done = [], 0
    for kind in kinds:
        atoms = np.flatnonzero(numbers == kind)
        whole, parts = np.zeros(frames), np.zeros((blocks, length))
        for x in displacements.of(atoms, frames):
            whole += squared_displacements(x)
            for k in range(blocks):
                parts[k] += squared_displacements(x[k * length : (k + 1) * length])
            done += x.shape[1]
            if on_progress:
                on_progress(done / len(numbers))
        name = chemical_symbols[kind]
        made.append(_fitted(name, whole / len(atoms), parts / len(atoms), interval, (low, high)))
    return tuple(made)


class TooShort(Exception):
    """There is no diffusivity of so short a run; the text is the reason."""


def _window(length: int, interval: float, lags: tuple[float, float] | None) -> tuple[int, int]:
    """First and last lag of the fit, in frames."""
    if length < _FEWEST:
        raise TooShort(f"a block has {length} frames, and needs {_FEWEST}")
    if lags is None:
        return max(length // 10, 1), length // 2
    low, high = max(round(lags[0] / interval), 1), round(lags[1] / interval)
    if high >= length:
        raise TooShort(f"a block is {length * interval:g} ps long, and the lags go to {lags[1]:g} ps")
    if high - low < 2:
        raise TooShort(f"the lags hold fewer than three frames, {interval:g} ps apart")
    return low, high


def _fitted(
    species: str, whole: Floats, parts: Floats, interval: float, window: tuple[int, int]
) -> Diffusion:
    lag = interval * np.arange(window[0], window[1] + 1)
    chosen = parts[:, window[0] : window[1] + 1]
    slopes = np.array([np.polyfit(lag, msd, 1)[0] for msd in chosen]) / 6
    value, error = _mean(slopes)
    exponents = np.array([np.polyfit(np.log(lag), np.log(msd), 1)[0] for msd in chosen if msd.min() > 0])
    exponent, exponent_error = _mean(exponents) if len(exponents) > 1 else (0.0, 0.0)
    reach = float(stdtrit(len(slopes) - 1, 0.975)) * error
    shown = _thinned(len(whole) // 2 + 1)
    return Diffusion(
        species,
        value,
        error,
        (value - reach, value + reach),
        exponent,
        exponent_error,
        (float(lag[0]), float(lag[-1])),
        len(slopes),
        np.asarray(interval * shown, dtype=np.float64),
        whole[shown],
    )


def _mean(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5


def _thinned(count: int, most: int = 200) -> Indices:
    """Lags to show: all the short ones, then at equal ratios."""
    return np.unique(np.concatenate([[0], np.geomspace(1, max(count - 1, 1), most).astype(np.intp)]))


def evenly_spaced(times: Sequence[float]) -> tuple[float, int] | str:
    """The interval of times and how many frames it holds for, or where it changes.

    One last frame out of step, as where a simulation was stopped, is not counted.
    """
    steps = np.diff(times)
    interval = float(np.median(steps))
    odd = np.flatnonzero(np.abs(steps - interval) > 0.01 * interval)
    if not len(odd):
        return interval, len(times)
    if odd[0] == len(steps) - 1:
        return interval, len(times) - 1
    k = int(odd[0])
    return f"the frames are {interval:g} ps apart, but {steps[k]:g} ps at {times[k]:g} ps"
