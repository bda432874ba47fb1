"""A nep.txt that is cut off, changed or of another kind is refused, with the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nep_cases import random_nep
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.nep.nep_file import text_of
from potentia.runtime.formats.nep.reading import read_nep

GOOD = text_of(random_nep(np.random.default_rng(0), 4, (2, 2, 0), "universal", 2)).splitlines()
# nep4_zbl, zbl, cutoff, n_max, basis_size, l_max, ANN
HEADER = GOOD[:7]
COUNT = len(GOOD) - 7


def changed(line: int, text: str) -> list[str]:
    return [text if k == line else old for k, old in enumerate(GOOD, 1)]


CASES: dict[str, tuple[list[str], str, str, int | None]] = {
    "empty": ([], "malformed-nep", "`{path}` is empty", None),
    "other file": (
        ["4", "Lattice=1"],
        "malformed-nep",
        "a file nep.txt begins with `nep4` or the like, not with `4`",
        1,
    ),
    "nep2": (changed(1, "nep2 2 Li Nb"), "unsupported-nep", "`nep2` is another kind of NEP", 1),
    "nep5": (changed(1, "nep5_zbl 2 Li Nb"), "unsupported-nep", "`nep5_zbl` is another kind of NEP", 1),
    "dipole": (
        changed(1, "nep4_dipole 2 Li Nb"),
        "unsupported-nep",
        "`nep4_dipole` is another kind of NEP",
        1,
    ),
    "polarizability": (
        changed(1, "nep3_polarizability 2 Li Nb"),
        "unsupported-nep",
        "`nep3_polarizability` is another kind of NEP",
        1,
    ),
    "charge": (
        changed(1, "nep4_zbl_charge1 2 Li Nb"),
        "unsupported-nep",
        "`nep4_zbl_charge1` is another kind of NEP",
        1,
    ),
    "count of species": (
        changed(1, "nep4_zbl 3 Li Nb"),
        "malformed-nep",
        "the first line has the number of species, then as many species",
        1,
    ),
    "no element": (changed(1, "nep4_zbl 2 Li Nx"), "malformed-nep", "there is no element `Nx`", 1),
    "species twice": (changed(1, "nep4_zbl 2 Li Li"), "malformed-nep", "`Li` is there twice", 1),
    "keyword": (changed(4, "n_mix 4 4"), "unknown-keyword", "unknown keyword `n_mix`", 4),
    "keyword twice": (changed(4, "zbl 1 2"), "malformed-nep", "`zbl` is there twice", 4),
    "zbl unannounced": (
        changed(1, "nep4 2 Li Nb"),
        "malformed-nep",
        "there is a line `zbl`, but the first line says that there is none",
        2,
    ),
    "zbl missing": (
        [GOOD[0], *GOOD[2:]],
        "malformed-nep",
        "the file has no line `zbl`",
        None,
    ),
    "l_max missing": ([*GOOD[:5], *GOOD[6:]], "malformed-nep", "the file has no line `l_max`", None),
    "ANN missing": (
        [*GOOD[:6], *GOOD[7:]],
        "malformed-nep",
        "numbers begin here, but there was no line `ANN` before",
        7,
    ),
    "header cut off": (GOOD[:4], "malformed-nep", "the file has no line `basis_size`", None),
    "values of a keyword": (changed(4, "n_max 4"), "malformed-nep", "`n_max` has 1 values, not 2", 4),
    "not whole": (changed(4, "n_max 4 4.5"), "malformed-nep", "`4.5` is not a whole number of at least 0", 4),
    "cutoffs": (
        changed(3, "cutoff 3 4 100 50"),
        "malformed-nep",
        "the cutoffs are 3 and 4 Å, but should be radial ≥ angular > 0",
        3,
    ),
    "cutoffs of species": (
        changed(3, "cutoff 6 4 5 4 100 50"),
        "unsupported-nep",
        "cutoffs of their own for each species are not possible in `nep(…)`",
        3,
    ),
    "zbl reversed": (
        changed(2, "zbl 2 1"),
        "malformed-nep",
        "the cutoffs are 2 and 1 Å, but should be 0 ≤ inner < outer",
        2,
    ),
    "zbl long": (
        changed(2, "zbl 2 5"),
        "unsupported-nep",
        f"`zbl` goes to 5 Å, and GPUMD cuts it off at the angular cutoff, {GOOD[2].split()[2]} Å",
        2,
    ),
    "degree": (
        changed(6, "l_max 5 2 0"),
        "unsupported-nep",
        "angular descriptors of degree 5 are not possible in `nep(…)`",
        6,
    ),
    "newer descriptors": (
        changed(6, "l_max 4 2 1 1"),
        "unsupported-nep",
        "the descriptors q_112 are not possible in `nep(…)`",
        6,
    ),
    "two layers": (
        changed(7, "ANN 10 10"),
        "unsupported-nep",
        "one hidden layer is read, with at least one neuron",
        7,
    ),
    "cut off": (
        GOOD[:-3],
        "malformed-nep",
        f"the file ends after {COUNT - 3} of the {COUNT} numbers that its first lines describe",
        len(GOOD) - 3,
    ),
    "too many": (
        [*GOOD, "1.0"],
        "malformed-nep",
        f"there are more numbers than the {COUNT} that the lines before them describe",
        len(GOOD) + 1,
    ),
    "no number": (changed(20, "1.0e+0x"), "malformed-nep", "`1.0e+0x` is not a number", 20),
    "not finite": (changed(20, "nan"), "malformed-nep", "`nan` is not a finite number", 20),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_is_refused_with_the_line(name: str, tmp_path: Path) -> None:
    lines, code, message, line = CASES[name]
    path = tmp_path / "nep.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read_nep(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == (code, message.format(path=path))
    assert diagnostic.place == (str(path) if line is None else f"{path}, line {line}")


def test_the_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nep.txt"
    path.write_text("\n".join(GOOD), encoding="utf-8")
    assert read_nep(path).header.size == COUNT
    assert HEADER[0] == "nep4_zbl 2 Li Nb"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "nep.txt").write_text("", encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read_nep(tmp_path / "nap.txt")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("missing-file", "did you mean `nep.txt`?")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "nep.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArtifactError, match="cannot be read: it is not text"):
        read_nep(tmp_path / "nep.txt")
