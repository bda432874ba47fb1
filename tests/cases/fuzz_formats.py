"""Random headers of extended XYZ and random files nep.txt: whatever is read, it ends soon, in diagnostics or
in structures and a potential.

    python tests/cases/fuzz_formats.py --kind xyz --count 100000 --seed 1

A sound file is spoiled word by word and byte by byte. What goes wrong is printed with the seed and number
that make it.
"""

from __future__ import annotations

import random
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import ase.io.extxyz  # noqa: F401  so that the first input does not wait for it
from fuzz_runner import Fault, FaultOf, main
from potentia.compiler.diagnostics import render
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.data.readers import read
from potentia.runtime.formats.nep.importing import potential_of
from potentia.runtime.formats.nep.reading import read_nep
from spoiling import spoiled_bytes

KEYS = (
    *("Lattice", "lattice", "Properties", "pbc", "energy", "free_energy", "stress", "virial", "config_type"),
    *("Energy", "dft_energy", "REF_energy", "forces", "weight", "Time", "split", "a", "", "::", "é", "_JSON"),
)
PARTS = (
    *(
        "species:S:1",
        "pos:R:3",
        "forces:R:3",
        "force:R:3",
        "Z:I:1",
        "tags:I:1",
        "move_mask:L:3",
        "masses:R:1",
    ),
    *(
        "pos:R:0",
        "pos:R:-1",
        "pos:R:1000000000",
        "pos:S:3",
        ":::",
        "pos",
        "pos:R:3:forces",
        "x:Q:2",
        "pos:R:٣",
    ),
)
VALUES = (
    *(
        "-1.0",
        "0",
        "nan",
        "inf",
        "-1.5D+00",
        "1e308",
        "1e999",
        "9" * 400,
        "T T T",
        "T F",
        "1 0 0 0 1 0 0 0 1",
    ),
    *("5 0 0 0 5 0 0 0 5", "0 0 0 0 0 0 0 0 0", "1e308 0 0 0 1e308 0 0 0 1e308", "[[1, 2], [3", "{", "5 0 0"),
    *("-1 -2 -3 -4 -5 -6", "train", "", "'", "\\", "_JSON [1, 2]", "\x1b[31m", "٥", "T"),
)
COUNTS = ("2", "2", "2", "2", "-5", "0", "1", "3", str(2**63), "9" * 5000, "٢", "2.0", "two", "", "1e3")
ATOMS = (
    "Nb 0 0 0",
    "Nb 2.5 2.5 2.5 0.1 0 -0.1",
    "Xx 0 0 0",
    "41 0 0 0",
    "Nb 0 30322565 0",
    "Nb nan 0 0",
    "Nb",
    "",
)
WORDS = (
    "0",
    "-1",
    "1e300",
    "nan",
    "4",
    "nep4",
    "nep3_zbl",
    "zbl",
    "cutoff",
    "ANN",
    "n_max",
    "Nb",
    "Xx",
    "٢",
    "9" * 5000,
)
NEP = (
    "nep4 1 Nb\ncutoff 5 4 20 10\nn_max 1 1\nbasis_size 2 2\nl_max 2 0 0\nANN 2 0\n",
    "nep4_zbl 2 Nb O\nzbl 1 2\ncutoff 5 4 20 10\nn_max 0 0\nbasis_size 1 1\nl_max 1\nANN 1 0\n",
    "nep3 1 Nb\ncutoff 5 4 20 10\nn_max 0 0\nbasis_size 1 1\nl_max 4 2 1\nANN 1 0\n",
)


def made(kind: str, seed: int, number: int) -> bytes:
    """The same input for the same seed and number."""
    source = random.Random(f"{kind} {seed} {number}")
    text = _frame(source) if kind == "xyz" else _nep(source)
    content = text.encode("utf-8", "surrogatepass")
    return spoiled_bytes(content, source) if source.random() < 0.5 else content


def _frame(source: random.Random) -> str:
    pick = source.choice
    fields = []
    if source.random() < 0.8:
        fields.append('Lattice="5 0 0 0 5 0 0 0 5"')
    parts = (
        ["species:S:1", "pos:R:3"] if source.random() < 0.7 else [pick(PARTS) for _ in range(pick((1, 2, 4)))]
    )
    if source.random() < 0.4:
        parts.append(pick(PARTS))
    fields.append(f"Properties={':'.join(parts)}")
    for _ in range(source.randint(0, 4)):
        quote = pick(('"', '"', "", "'", "{"))
        fields.append(f"{pick(KEYS)}{pick(('=', '=', '=', '', ' = '))}{quote}{pick(VALUES)}{quote}")
    source.shuffle(fields)
    atoms = [pick(ATOMS[:2]) if source.random() < 0.8 else pick(ATOMS) for _ in range(pick((2, 2, 2, 1, 3)))]
    return "\n".join([pick(COUNTS), " ".join(fields), *atoms, ""]) * pick((1, 1, 2))


def _nep(source: random.Random) -> str:
    head = source.choice(NEP)
    words = head.split(" ")
    for _ in range(source.randint(0, 2)):
        words[source.randrange(len(words))] = source.choice(WORDS)
    count = source.choice((0, 10, 22, 23, 24, 30, 31, 33, 40, 100))
    return " ".join(words) + "".join(f"{source.uniform(-1, 1):.6e}\n" for _ in range(count))


# --- what has to hold ---------------------------------------------------------------------------


def _read_xyz(path: Path) -> None:
    read(str(path))


def _read_nep(path: Path) -> None:
    potential_of(read_nep(path), path.name)


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "xyz": ("fuzz.xyz", _read_xyz),
    "nep": ("nep.txt", _read_nep),
}


def fault_of(kind: str, content: bytes, folder: Path) -> Fault | None:
    """What goes wrong with an input, None where it ends as it has to."""
    name, reader = READERS[kind]
    path = folder / name
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader(path)
    except UserError as error:
        told = render.as_text(error.diagnostics)
        return None if told and "\x1b" not in told else Fault(f"told so: {told!r}", content)
    except Exception:  # anything but diagnostics is what is looked for
        return Fault(traceback.format_exc(), content)
    return None


def _of(kind: str) -> FaultOf:
    return lambda seed, number, folder: fault_of(kind, made(kind, seed, number), folder)


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", {kind: _of(kind) for kind in READERS}))
