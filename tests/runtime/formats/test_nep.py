"""NEP models: what is read from nep.txt has calorine's energies, forces, stress, and is written as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import potentia
import pytest
from commands import run
from nep_cases import CORES, SPECIES, calorine_labels, random_nep, structures, written
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.nep.exporting import nep_of
from potentia.runtime.formats.nep.importing import potential_of
from potentia.runtime.formats.nep.nep_file import Nep, text_of, to_numbers
from potentia.runtime.formats.nep.reading import read_nep
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import from_atoms
from registry import by_reference

# version, l_max, core, number of species: every value of each at least twice
KINDS = [
    (4, (4, 2, 0), "universal", 2),
    (4, (4, 2, 1), "flexible", 3),
    (3, (3, 0, 1), "typewise", 4),
    (3, (2, 2, 1), "flexible", 2),
    (4, (1, 0, 0), "none", 1),
    (3, (1, 0, 1), "universal", 1),
    (4, (2, 2, 0), "typewise", 4),
    (3, (4, 0, 0), "none", 3),
]


def case(seed: int) -> Nep:
    return random_nep(np.random.default_rng(seed), *KINDS[seed])


@pytest.mark.parametrize(
    "seed", range(len(KINDS)), ids=lambda k: f"nep{KINDS[k][0]}-{KINDS[k][2]}-{KINDS[k][3]}"
)
def test_a_model_is_the_one_of_calorine(seed: int, tmp_path: Path) -> None:
    """By the reference backend, which compiles nothing; XLA agrees with it for every term (test_terms)."""
    nep = case(seed)
    path = written(nep, tmp_path / "nep.txt")
    potential = potential_of(read_nep(path), path.name)
    for atoms in structures(nep.header.species, np.random.default_rng(100 + seed)):
        energy, forces, stress = calorine_labels(path, atoms)
        found = by_reference(potential.model, potential.theta, atoms)
        scale = max(1.0, float(np.abs(forces).max()))
        assert found.energy == pytest.approx(energy, abs=1e-9 * len(atoms) * scale, rel=1e-11)
        np.testing.assert_allclose(found.forces, forces, atol=1e-9 * scale)
        if atoms.pbc.all():
            np.testing.assert_allclose(found.virial / atoms.get_volume(), stress, atol=1e-9 * scale)


def test_the_kinds_are_all_there() -> None:
    assert {core for _, _, core, _ in KINDS} == set(CORES)
    assert {n for *_, n in KINDS} == {1, 2, 3, len(SPECIES)}


@pytest.mark.parametrize("seed", range(len(KINDS)))
def test_what_is_read_and_written_is_the_same_file(seed: int, tmp_path: Path) -> None:
    nep = case(seed)
    path = written(nep, tmp_path / "nep.txt")
    again = nep_of(potential_of(read_nep(path), path.name))
    before, after = path.read_text("utf-8").splitlines(), text_of(again).splitlines()
    assert [x for x in after if not x.startswith("cutoff")] == [
        x for x in before if not x.startswith("cutoff")
    ]


def test_all_digits_of_a_double_are_kept(tmp_path: Path) -> None:
    nep = random_nep(np.random.default_rng(5), 4, (2, 2, 0), "none", 2)
    fine = potential_of(nep, "x").theta * (1 + 1e-13 / 3)
    made = nep_of(potential_of(nep, "x").with_theta(fine))
    path = written(made, tmp_path / "nep.txt")
    np.testing.assert_array_equal(to_numbers(read_nep(path)), to_numbers(made))
    np.testing.assert_array_equal(potential_of(read_nep(path), "x").theta, fine)


@pytest.mark.parametrize("version", [3, 4])
def test_energies_of_species_become_one_more_neuron(version: int, tmp_path: Path) -> None:
    """nep.txt has one energy for all atoms; energies for each species are exact all the same."""
    nep = random_nep(np.random.default_rng(8), version, (2, 0, 0), "none", 3)
    potential = potential_of(nep, "x")
    theta = potential.theta.copy()
    names = [p.name for p in potential.model.parameters for _ in p.start]
    theta[[k for k, name in enumerate(names) if name == "reference.e0"]] = (-1.5, 2.0, 0.25)
    changed = potential.with_theta(theta)
    exported = nep_of(changed)
    assert (exported.header.version, exported.header.neuron) == (4, nep.header.neuron + 1)
    again = potential_of(exported, "x")
    for atoms in structures(nep.header.species, np.random.default_rng(3)):
        want, got = (by_reference(p.model, p.theta, atoms) for p in (changed, again))
        np.testing.assert_allclose(got.site_energy, want.site_energy, atol=1e-12, rtol=1e-12)
        np.testing.assert_allclose(got.forces, want.forces, atol=1e-11, rtol=1e-11)


# --- the published models ----------------------------------------------------------------------


def test_a_published_model_agrees_with_calorine_in_both_directions(shared_data: Path, tmp_path: Path) -> None:
    """1e-6 eV/atom and 1e-5 eV/Å are asked for. Three of the hundred structures; all were tried by hand."""
    from ase.io import read

    path = shared_data / "nep25_zbl.nep.txt"
    potential = potential_of(read_nep(path), path.name)
    back = written(nep_of(potential), tmp_path / "nep.txt")
    frames = read(shared_data / "llzo_initial100.xyz", "::40")
    for atoms, found in zip(frames, potential.predict([from_atoms(a) for a in frames]), strict=True):
        for file in (path, back):
            energy, forces, stress = calorine_labels(file, atoms)
            assert abs(found.energy - energy) / len(atoms) < 1e-10
            np.testing.assert_allclose(found.forces, forces, atol=1e-9)
            np.testing.assert_allclose(found.stress, stress, atol=1e-9)


@pytest.mark.parametrize("name", ["nep_std", "nep25_zbl"])
def test_a_published_model_is_written_as_it_was(name: str, shared_data: Path) -> None:
    path = shared_data / f"{name}.nep.txt"
    nep = read_nep(path)
    again = nep_of(potential_of(nep, path.name))
    np.testing.assert_array_equal(to_numbers(again), to_numbers(nep))
    assert replace(again.header, neighbours=nep.header.neighbours) == nep.header


# --- the commands ------------------------------------------------------------------------------


def test_import_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(case(0), tmp_path / "in.nep.txt")
    spec, out = tmp_path / "mine.pes", tmp_path / "out.txt"
    code, said, told = run(capsys, "import", str(path), "-o", str(spec))
    assert (code, said) == (
        0,
        f"{trained(spec)} trained parameters: {spec}, and its numbers in {tmp_path / 'mine'}\n",
    )
    assert told == f"read NEP4 of Li, Nb with ZBL, {case(0).header.size} numbers\n"
    assert spec.read_text("utf-8").startswith("# NEP4, read from in.nep.txt\nspecies Li, Nb\n")
    code, said, told = run(capsys, "export", str(tmp_path / "mine"), "--to", "nep", "-o", str(out), "--json")
    assert code == 0 and '"version": 4' in said
    np.testing.assert_array_equal(to_numbers(read_nep(out)), to_numbers(case(0)))
    assert potentia.load(tmp_path / "mine").metadata.origin == "import of in.nep.txt"


def trained(spec: Path) -> int:
    return compile(spec).n_parameters


def test_what_is_there_is_not_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(case(4), tmp_path / "nep.txt")
    assert run(capsys, "import", str(path), "-o", str(tmp_path / "a"))[0] == 0
    code, _, told = run(capsys, "import", str(path), "-o", str(tmp_path / "a"))
    assert code == 1 and f"there is a run in {tmp_path / 'a'} already" in told
    code, _, told = run(capsys, "export", str(tmp_path / "a"), "--to", "nep", "-o", str(path))
    assert code == 1 and f"there is a file {path} already" in told
    assert run(capsys, "import", str(path), "-o", str(tmp_path / "a"), "--force")[0] == 0
    assert run(capsys, "export", str(tmp_path / "a"), "--to", "nep", "-o", str(path), "--force")[0] == 0


def test_an_unknown_target_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = run(capsys, "export", str(tmp_path), "--to", "mace", "-o", "x")
    assert code == 1
    assert told == (
        "error[unknown-target]: there is no export to `mace`\n"
        "  help: known: lammps, nep, pair_style, setfl, snapcoeff, stablehlo, table, uf3\n"
    )


# --- what nep.txt cannot hold --------------------------------------------------------------------

NEP = "nep(rc = 4, rc_angular = 3, n_max = [1, 1], basis_size = [2, 2], l_max = [2, 2, 0], neuron = 2)"


@pytest.mark.parametrize(
    ("energy", "message"),
    [
        (f"{NEP} + eam(rc = 4)", "nep.txt cannot hold the term `eam`"),
        (f"2 * {NEP}", "the energy is not a plain sum of its terms: nep.txt cannot hold it"),
        (f"{NEP} + {NEP}", "nep.txt holds one `nep`, and this is the second"),
        ("zbl() + reference()", "the formula has no term `nep`"),
        (f"{NEP} + zbl(Nb)", "nep.txt cannot hold `zbl` among some of the species alone"),
        (f"{NEP} + zbl(switch = lammps)", "nep.txt cannot hold the switch `lammps` of `zbl`"),
        (f"{NEP} + zbl(switch = typewise)", "the typewise cutoffs of nep.txt are of other covalent radii"),
        (f"{NEP} + zbl(a0 = 0.46850)", "the ZBL of nep.txt has a0 = 0.468480 Å, not 0.468500"),
        (
            f"{NEP} + zbl(inner = 2, outer = 3.5)",
            "`zbl` reaches 3.5 Å, and in nep.txt no farther than `rc_angular`, 3 Å",
        ),
        (f"{NEP} + zbl_flexible(rc = 1.5)", "the sum over neighbours ends before `outer` of a pair"),
        ("nep(rc = 4, rc_angular = 5)", "the angular cutoff of nep.txt is not longer than the radial one"),
        ("nep(neuron = 200)", "200 is more than GPUMD has room for: neuron of nep.txt is at most 120"),
    ],
)
def test_a_formula_that_is_no_nep_is_refused(energy: str, message: str) -> None:
    potential = compile(f"species Nb, O\nE = {energy}\n")
    with pytest.raises(ArtifactError) as caught:
        nep_of(potential)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("not-a-nep", message)


def test_a_term_of_ones_own_with_the_name_is_refused() -> None:
    text = "species Nb\nterm nep() { param a = 1 eV per species\n site(i) = a }\nE = nep()\n"
    with pytest.raises(ArtifactError, match=r"nep\.txt cannot hold the term `nep`"):
        nep_of(compile(text))


def test_a_pruned_model_is_exported_with_zeros() -> None:
    """What is not kept is 0 in nep.txt, what is joined is there for each."""
    assert_exported(
        f"E = {NEP[:-1]}, c_radial = keep(0, 4), c_angular = {{Nb-Nb = O-O: random(0.5), Nb-O = O-Nb: 0.1}})"
    )


def test_shared_parameters_are_exported_as_those_of_their_owner() -> None:
    assert_exported(
        f"let other = {NEP[:-1]}, c_radial = random(0.5))\nlet free = reference(e0 = {{Nb: -1, O: -2}})\n"
        f"E = {NEP[:-1]}, c_radial = other.c_radial) + free + reference(e0 = free.e0)"
    )


def assert_exported(text: str) -> None:
    potential = compile(f"species Nb, O\n{text}\n")
    again = potential_of(nep_of(potential), "x")
    for atoms in structures(("Nb", "O"), np.random.default_rng(1)):
        want, got = (by_reference(p.model, p.theta, atoms) for p in (potential, again))
        np.testing.assert_allclose(got.forces, want.forces, atol=1e-12)
        np.testing.assert_allclose(got.site_energy, want.site_energy, atol=1e-12)


# --- the table of cores ----------------------------------------------------------------------------


def screened(r: float, length: float, terms: tuple[tuple[float, float], ...], k: float) -> float:
    """Nb–Nb, eV."""
    return k * 41 * 41 / r * sum(a * np.exp(-b * r / length) for a, b in terms)


CORE = ((0.18175, 3.1998), (0.50986, 0.94229), (0.28022, 0.4029), (0.02817, 0.20162))
MACE = ((0.1818, 3.2), (0.5099, 0.9423), (0.2802, 0.4028), (0.02817, 0.2016))
# how a row begins: 1/length, terms, k
CORES_OF_OTHERS = {
    "`zbl`": (2 * 41**0.23 * 2.134563, CORE, 14.399645),
    "LAMMPS": (2 * 41**0.23 / 0.46850, CORE, 14.399645),
    "MACE": (2 * 41**0.3 / (0.4543 * 0.529), MACE, 14.3996),
    "the bare": (0.0, ((1.0, 1.0),), 14.399645),
}


@pytest.mark.parametrize("name", CORES_OF_OTHERS)
def test_the_table_of_cores_has_its_values(name: str, root: Path) -> None:
    lines = (root / "docs" / "nep.md").read_text(encoding="utf-8").splitlines()
    (row,) = (x for x in lines if x.startswith(f"| {name}") and x.count("|") == 6 and "Å |" not in x)
    inverse, terms, k = CORES_OF_OTHERS[name]
    for entry, r in zip(row.split("|")[2:6], (0.5, 1.0, 1.5, 2.0), strict=True):
        value = screened(r, 1 / inverse if inverse else np.inf, terms, k)
        assert value == pytest.approx(float(entry), abs=0.51 * 10 ** -len(entry.strip().partition(".")[2]))
