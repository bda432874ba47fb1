"""Files of `pair_style uf3`: what is refused with its line, what comes back, what cannot go out.

Parity with LAMMPS is in tests/oracles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from foreign_files import refused
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.foreign_format import Exported
from potentia.runtime.formats.registry import read, writer_of
from potentia.runtime.potential.potential import Potential, compile

HEAD = "#UF3 POT UNITS: metal DATE: 2026-01-01 AUTHOR: nobody CITATION: none"
NEAR, FAR = "0.5 0.5 0.5 0.5 1.5 2 3 4 4 4 4", "1 1 1 1 3 4 6 8 8 8 8"
PAIR = f"{HEAD}\n2B Nb Nb 0 3 nk\n4.0 11\n{NEAR}\n7\n8 4 2 1 0 0 0\n#\n"


def rows(alike: bool = True) -> str:
    """Coefficients of r_ij, r_ik and r_jk, 7 × 7 × 7, the last three of each 0."""
    k = np.arange(4.0)
    c = k[:, None] * k if alike else k[:, None] + 2.0 * k
    whole = np.pad(c[:, :, None] + 0.1 * k, (0, 3))
    return "\n".join(" ".join(map(repr, row.tolist())) for row in whole.reshape(-1, 7))


TRIPLE = f"{HEAD}\n3B Nb Nb Nb 0 3 nk\n8.0 4.0 4.0 11 11 11\n{FAR}\n{NEAR}\n{NEAR}\n7 7 7\n{rows()}\n#\n"
FILE = PAIR + TRIPLE
INPUT = "units metal\npair_style uf3 3\npair_coeff * * nb.uf3 Nb\n"


def changed(line: int, old: str, new: str, text: str = FILE) -> str:
    lines = text.splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


# text, code, beginning of the message, line (0: the file as a whole)
BAD = {
    "cut off in a row": (FILE[:-6], "truncated-file", "the file ends after 6 of the 7 numbers of coeff", 0),
    "cut off between rows": (FILE[: -2 * 28 - 2], "truncated-file", "the file ends before coefficients", 0),
    "cut off in a head": (PAIR[: PAIR.index("4.0")], "truncated-file", "the file ends before the cutoff", 0),
    "a block too short": (
        PAIR.replace("8 4 2 1 0 0 0\n", "") + TRIPLE,
        "malformed-input",
        "the block ends before coefficients",
        6,
    ),
    "a number too many": (changed(6, "8 4", "9 8 4"), "malformed-input", "this line has 8 numbers, but", 6),
    "a row too many": (
        FILE[:-2] + "0 0 0 0 0 0 0\n#\n",
        "malformed-input",
        "`0` begins no block",
        64,
    ),
    "no number": (changed(6, "8", "8x"), "malformed-input", "`8x` is not a number", 6),
    "wrong counts": (changed(5, "7", "8"), "malformed-input", "the numbers of coefficients are 8, but", 5),
    "wrong counts of triples": (
        changed(14, "7 7 7", "7 7 8"),
        "malformed-input",
        "the numbers of coefficients are 7 7 8, but the knots make 7 of r_ij, 7 of r_ik, 7 of r_jk",
        14,
    ),
    "number of knots": (changed(3, "11", "12"), "malformed-input", "this line has 11 numbers, but the kn", 4),
    "units": (changed(1, "metal", "real"), "unsupported-input", "the file is in units real", 1),
    "no units": (changed(8, "UNITS: ", ""), "malformed-input", "the line does not name its units", 8),
    "block": (changed(2, "2B", "4B"), "malformed-input", "there is no block `4B`", 2),
    "words": (changed(2, " nk", ""), "malformed-input", "the line has 5 words, not 6", 2),
    "element": (changed(9, "Nb Nb Nb", "Nb Nx Nb"), "malformed-input", "there is no element `Nx`", 9),
    "kind of knots": (changed(2, "nk", "ek"), "malformed-input", "there is no kind of knots `ek`", 2),
    "leading trim": (changed(2, "0 3", "1 3"), "unsupported-input", "the leading and trailing trim are 1", 2),
    "trailing trim": (
        changed(9, "0 3", "0 2"),
        "unsupported-input",
        "the leading and trailing trim are 0",
        9,
    ),
    "not trimmed": (changed(6, "1 0 0 0", "1 0 0 1"), "unsupported-input", "the last 3 coefficients of", 5),
    "not even": (changed(2, "nk", "uk"), "malformed-input", "the knots of r_ij are not even", 4),
    "two kinds": (
        changed(4, "1.5 2 3", "1.375 2.25 3.125", changed(2, "nk", "uk")),
        "unsupported-input",
        "one block is `uk` and another `nk`",
        9,
    ),
    "falling knots": (
        changed(4, "1.5 2 3", "2 1.5 3"),
        "malformed-input",
        "knot 6 of r_ij is 1.5, and the one before it 2",
        4,
    ),
    "knots with a single end": (
        changed(4, "0.5 ", "0.4 "),
        "malformed-input",
        "the knots of r_ij do not be",
        4,
    ),
    "negative knots": (
        changed(4, "0.5 0.5 0.5 0.5", "-1 -1 -1 -1"),
        "malformed-input",
        "the first knot of r_ij is -1",
        4,
    ),
    "few knots": (
        changed(3, "11", "9", changed(4, "1.5 2 ", "")),
        "unsupported-input",
        "there are 3 different knots of r_ij, but at least 5",
        4,
    ),
    "cutoff": (
        changed(3, "4.0", "4.5"),
        "malformed-input",
        "the cutoff of r_ij is 4.5 Å, and the last kn",
        3,
    ),
    "cutoffs of a triple": (
        changed(10, "4.0 4.0", "4.0 3.5"),
        "malformed-input",
        "the cutoffs of r_jk, r",
        10,
    ),
    "not symmetric": (
        FILE.replace(rows(), rows(False)),
        "unsupported-input",
        "j and k are of one element",
        14,
    ),
    "twice": (PAIR + PAIR, "malformed-input", "the block of Nb-Nb is there twice", 9),
    "no pairs": (TRIPLE, "malformed-input", "the file has no block of pairs", 0),
    "a pair is missing": (
        FILE + TRIPLE.replace("Nb Nb Nb", "Nb W Nb"),
        "missing-entries",
        "`{path}` has no block of Nb-W, W-W, Nb-W-W, W-Nb-Nb, W-Nb-W, W-W-W",
        0,
    ),
    "triples beyond pairs": (
        changed(3, "4.0", "3.5", FILE.replace(NEAR, NEAR.replace("4", "3.5"), 1)),
        "unsupported-input",
        "`{path}`: triples Nb-Nb-Nb reach to 4 Å, and pairs Nb-Nb to 3.5 Å",
        0,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    text, code, message, line = BAD[name]
    path = tmp_path / "nb.uf3"
    found = refused(path, text)
    assert (found.code, found.place) == (code, f"{path}, line {line}" if line else str(path))
    assert found.message.startswith(message.format(path=path)), found.message
    assert found.help


@pytest.mark.parametrize("arguments", ["", "4", "2 3"])
def test_an_input_names_two_or_three_bodies(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "nb.uf3").write_text(FILE, encoding="utf-8")
    found = refused(tmp_path / "in.pair", INPUT.replace("uf3 3", f"uf3 {arguments}"))
    said = f"`uf3` takes 2, pairs, or 3, pairs and triples, not `{arguments}`"
    assert (found.code, found.message) == ("malformed-input", said)


def test_an_input_takes_pairs_alone_or_triples_too(tmp_path: Path) -> None:
    (tmp_path / "nb.uf3").write_text(FILE, encoding="utf-8")
    for bodies, terms in (("2", ["uf_pair"]), ("3", ["uf_pair", "uf_triple"])):
        path = tmp_path / "in.pair"
        path.write_text(INPUT.replace("uf3 3", f"uf3 {bodies}"), encoding="utf-8")
        assert [t.called for t in read(path).potential.model.terms] == terms
    found = refused(tmp_path / "in.pair", INPUT.replace("nb.uf3 Nb", "nb.uf3 W"))
    assert found.code == "missing-entries"


def test_numbers_have_names_and_pairs_their_whole_energy(tmp_path: Path) -> None:
    path = tmp_path / "nb.uf3"
    path.write_text(FILE, encoding="utf-8")
    imported = read(path)
    potential = imported.potential
    named = dict(zip(potential.model.vector.names, potential.theta.tolist(), strict=True))
    assert [named[f"uf_pair.c[{k}]"] for k in range(4)] == [16.0, 8.0, 4.0, 2.0]
    assert named["uf_triple.s[0]"] == 0.0 and len(named) == 4 + 10 * 4
    assert "nearer than 1 Å triples have no energy in LAMMPS" in imported.sentence


def written(potential: Potential) -> str:
    exported = writer_of("uf3")(potential)
    assert isinstance(exported, Exported)
    return exported.text


def made(energy: str, seed: int = 0) -> Potential:
    potential = compile(f"species Nb, W\nE = {energy}")
    return potential.with_theta(np.random.default_rng(seed).normal(size=len(potential.theta)))


UNEVEN = "knots = [0.5, 1, 2, 2.5, 4]"
FAR_KNOTS = "far = [1, 2, 3, 5, 8]"
TWO = (
    f"uf_pair(rc = 4, {UNEVEN}, c = {{Nb-W: keep(), *-*: 0}})"
    " + uf_pair(rc = 4.5, c = {Nb-W: 0, *-*: keep()})"
    f" + uf_triple({UNEVEN}, {FAR_KNOTS}, form = alike, s = {{*-*-*: 0, *-Nb-W: keep(), *-W-Nb: keep()}})"
    f" + uf_triple({UNEVEN}, other = linspace(0, 4, 6), {FAR_KNOTS}, c = {{*-Nb-W: 0, *-*-*: keep()}})"
)


def test_what_goes_out_comes_back(tmp_path: Path) -> None:
    potential = made(TWO)
    path = tmp_path / "made.uf3"
    path.write_text(written(potential), encoding="utf-8")
    again = read(path).potential
    assert written(again) == path.read_text(encoding="utf-8")
    assert len(again.theta) == len(potential.theta)
    np.testing.assert_allclose(np.sort(again.theta), np.sort(potential.theta), rtol=1e-15)


def test_knots_go_on_as_far_as_lammps_asks(tmp_path: Path) -> None:
    """Pairs as far as triples, r_jk as far as twice r_ij, with coefficients 0."""
    path = tmp_path / "made.uf3"
    path.write_text(
        written(made("uf_pair(rc = 3.5) + uf_triple(rc = 4, far = linspace(0.5, 6.3, 9))")), "utf-8"
    )
    text = read(path).potential.text
    assert text.count("rc = 4 Å") == 3 and text.count(", 8]") == 2


NOT_HELD = {
    "another term": ("uf_pair() + lj()", "a file of `uf3` holds `uf_pair` and `uf_triple`, and no `lj`"),
    "energies of atoms": (
        "uf_pair() + reference()",
        "a file of `uf3` holds `uf_pair` and `uf_triple`, and no",
    ),
    "some of the species": ("uf_pair(Nb)", "`uf_pair` acts among some of the species alone"),
    "a product": ("2 * uf_pair()", "a file of `uf3` holds a sum of terms, each once"),
    "two sets of knots": ("uf_pair() + uf_pair(rc = 4)", "Nb-Nb has numbers on two sets of knots"),
    "a cutoff before the knots": (
        f"uf_pair(rc = 3, {UNEVEN})",
        "`uf_pair` ends at 3 Å, before its last knot",
    ),
    "r_jk too long": ("uf_triple(far = linspace(0, 9, 9))", "r_jk of Nb-Nb-Nb has knots up to 9 Å, beyond"),
    "knots of like neighbours": (
        "uf_triple(other = linspace(0, 4, 6))",
        "Nb-Nb-Nb has numbers on two sets of knots",
    ),
    "negative knots": ("uf_pair(knots = linspace(-1, 5, 8))", "`uf_pair` has a knot at -1 Å"),
}


@pytest.mark.parametrize("name", NOT_HELD)
def test_what_a_file_does_not_hold_is_refused(name: str) -> None:
    energy, message = NOT_HELD[name]
    with pytest.raises(ArtifactError) as caught:
        writer_of("uf3")(made(f"{energy} # allow cutoff-discontinuity"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "not-native" and diagnostic.message.startswith(message)
