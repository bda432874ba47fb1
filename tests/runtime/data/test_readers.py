"""Reading labelled structures, and what is said of data that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from places import ROOT
from potentia.compiler.chemistry.constants import GPA
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic
from potentia.runtime.data.label_counts import counts_of_labels
from potentia.runtime.data.labels import LabelKeys
from potentia.runtime.data.readers import read, require_forces

NB_DFT = ROOT.parent / "shared/data/nb_dft.xyz"
STRESS = np.array([[1.0, 0.6, 0.5], [0.6, 2.0, 0.4], [0.5, 0.4, 3.0]])
FORCES = np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])


def crystal(**results: Any) -> Atoms:
    """Two atoms of Nb with the given results of a calculator."""
    atoms = bulk("Nb", "bcc", a=3.3, cubic=True)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def labelled() -> Atoms:
    return crystal(energy=-20.0, forces=FORCES, stress=STRESS[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]])


def test_a_pressure_is_what_it_is_in_ase() -> None:
    assert pytest.approx(1 / units.GPa, rel=1e-15) == GPA


def faults(path: Path | str, keys: LabelKeys | None = None, **options: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(DataError) as caught:
        read(path, keys, **options)
    return caught.value.diagnostics


def fault(path: Path | str, keys: LabelKeys | None = None, **options: Any) -> Diagnostic:
    (d,) = faults(path, keys, **options)
    return d


@pytest.mark.parametrize("name", ["a.xyz", "a.extxyz", "a.traj", "a.db", "a.json"])
def test_formats(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    ase.io.write(path, [labelled(), labelled()])
    reading = read(path)
    assert [s.place for s in reading.structures] == [f"{name}, structure 1", f"{name}, structure 2"]
    for s in reading.structures:
        assert s.energy == -20 and s.stress is not None
        assert np.array_equal(s.forces, FORCES) and np.allclose(s.stress, STRESS)
    assert reading.warnings == ()


def test_vasp_geometry(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "POSCAR", crystal(), format="vasp")
    (structure,) = read(tmp_path / "POSCAR", labels=False).structures
    assert structure.symbols == ("Nb", "Nb") and structure.energy is None


def test_keys_of_a_database_row_select(tmp_path: Path) -> None:
    with ase.db.connect(tmp_path / "a.db") as db:
        db.write(labelled(), split="test")
    assert read(tmp_path / "a.db").structures[0].info["split"] == "test"


@pytest.mark.parametrize(
    ("part", "numbers"), [("@0", [1]), ("@-1", [5]), ("@:2", [1, 2]), ("@1::2", [2, 4]), ("@-2:", [4, 5])]
)
def test_slices_keep_the_numbers_of_the_file(tmp_path: Path, part: str, numbers: list[int]) -> None:
    ase.io.write(tmp_path / "a.xyz", [labelled()] * 5)
    assert [s.place for s in read(f"{tmp_path}/a.xyz{part}").structures] == [
        f"a.xyz, structure {n}" for n in numbers
    ]


def with_info(atoms: Atoms, **info: Any) -> Atoms:
    atoms.info.update(info)
    return atoms


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (LabelKeys(stress="s", stress_unit="GPa"), STRESS * GPA),
        (LabelKeys(stress="s", stress_unit="kbar", stress_sign="compression"), -STRESS * 10 * GPA),
        (LabelKeys(virial="s"), -STRESS * 3.3**3),
        (LabelKeys(virial="s", virial_sign="plus"), STRESS * 3.3**3),
    ],
)
def test_signs_and_units_of_stress(tmp_path: Path, keys: LabelKeys, value: np.ndarray) -> None:
    ase.io.write(tmp_path / "a.xyz", with_info(crystal(energy=-1.0), s=value))
    (structure,) = read(tmp_path / "a.xyz", keys).structures
    assert structure.stress is not None and np.allclose(structure.stress, STRESS)


def test_own_keys_and_weights(tmp_path: Path) -> None:
    atoms = with_info(crystal(), REF_energy=-3.0, kind="slab", w=0.5)
    atoms.arrays["REF_forces"] = FORCES
    ase.io.write(tmp_path / "a.xyz", atoms)
    keys = LabelKeys("REF_energy", "REF_forces", config_type="kind", weight="w")
    (structure,) = read(tmp_path / "a.xyz", keys, weights={"slab": 4.0}).structures
    assert (structure.energy, structure.config_type, structure.weight) == (-3.0, "slab", 2.0)
    assert structure.forces is not None


def test_echo_states_keys_signs_and_units() -> None:
    assert LabelKeys().echo() == (
        "energy `energy` (eV), forces `forces` (eV/Å), stress `stress` (eV/Å^3, tension positive) "
        "or `virial` (eV, = -V*stress)"
    )
    assert LabelKeys(virial="none").echo() == (
        "energy `energy` (eV), forces `forces` (eV/Å), stress `stress` (eV/Å^3, tension positive)"
    )
    assert LabelKeys(virial="W").echo() == (
        "energy `energy` (eV), forces `forces` (eV/Å), stress from virial `W` (eV, = -V*stress)"
    )


def test_a_stress_without_volume_is_not_read(tmp_path: Path) -> None:
    cluster, open_slab = labelled(), labelled()
    cluster.pbc = [False, False, False]
    open_slab.pbc = [True, True, False]
    open_slab.cell[2] = 0.0
    ase.io.write(tmp_path / "a.xyz", [cluster, open_slab])
    structures = read(tmp_path / "a.xyz").structures
    assert [s.stress for s in structures] == [None, None]
    reasons = [s.origin.left_out["stress"] for s in structures]
    assert reasons == ["without periodic directions", "without a volume"]


def test_a_slab_has_the_stress_in_its_plane(tmp_path: Path) -> None:
    slab = labelled()
    slab.pbc = [True, True, False]
    ase.io.write(tmp_path / "a.xyz", slab)
    (s,) = read(tmp_path / "a.xyz").structures
    assert s.stress is not None and np.allclose(s.stress, [[1.0, 0.6, 0], [0.6, 2.0, 0], [0, 0, 0]])
    assert s.stress_volume == pytest.approx(3.3**3) and s.volume == 0 and s.n_labels == (1, 6, 3)


def test_niobium() -> None:
    if not NB_DFT.exists():
        pytest.skip(f"{NB_DFT} is absent")
    reading = read(NB_DFT)
    assert len(reading.structures) == 364 and reading.warnings == ()
    assert sum(s.n_atoms for s in reading.structures) == 12966


def test_a_virial_is_read_where_there_is_no_stress(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", with_info(crystal(energy=-1.0), virial=-STRESS * 3.3**3))
    reading = read(tmp_path / "a.xyz")
    (s,) = reading.structures
    assert s.stress is not None and np.allclose(s.stress, STRESS) and reading.warnings == ()
    assert dict(s.origin.keys) == {"energy": "energy", "stress": "virial"}
    (s,) = read(tmp_path / "a.xyz", LabelKeys(virial="none")).structures
    assert s.stress is None and s.origin.unread == ("virial",)


def test_some_energies_are_missing(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", [labelled(), crystal(forces=FORCES)])
    (d,) = read(tmp_path / "a.xyz").warnings
    assert (d.code, d.place) == ("some-energies", "a.xyz, structure 2")
    assert d.message == "1 of 2 structures have no energy under the key `energy`"


def test_missing_file(tmp_path: Path) -> None:
    (tmp_path / "niobium.xyz").write_text("")
    d = fault(tmp_path / "niobum.xyz")
    assert (d.code, d.message) == ("missing-file", f"there is no file `{tmp_path}/niobum.xyz`")
    assert d.help == "did you mean `niobium.xyz`?"
    assert fault(tmp_path / "no/a.xyz").help == f"there is no folder `{tmp_path}/no` either"


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("a.xyz", b"", "no-structures", "the file is empty"),
        ("a.xyz", b"\n \n", "no-structures", "the file holds no structures"),
        ("a.xyz", b"hello\n", "unreadable-structure", "expected a number of atoms, found `hello`"),
        (
            "a.xyz",
            b"1\n\xff\n",
            "unreadable-data",
            "cannot read `a.xyz`: as extxyz: it is not UTF-8 text",
        ),
        ("a.qqq", b"hello\n", "unreadable-data", "cannot read `a.qqq`: ASE does not know its format"),
        ("a.db", b"hello\n", "unreadable-data", "cannot read `a.db`: as db: file is not a database"),
        ("OUTCAR", b"hello\n", "unreadable-data", "cannot read `OUTCAR`: as vasp-out: Incomplete OUTCAR"),
        (
            "vasprun.xml",
            b"<a></b>",
            "unreadable-data",
            "cannot read `vasprun.xml`: as vasp-xml: mismatched tag: line 1, column 5",
        ),
    ],
)
def test_unreadable(tmp_path: Path, name: str, content: bytes, code: str, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    d = fault(tmp_path / name)
    assert (d.code, d.message) == (code, message)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert fault(tmp_path / "data").message == "cannot read `data`: it is a folder"


def test_a_slice_of_nothing(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", labelled())
    d = fault(f"{tmp_path}/a.xyz@5:")
    assert (d.code, d.message) == ("no-structures", f"`{tmp_path}/a.xyz@5:` selects no structure")


def three(tmp_path: Path) -> str:
    ase.io.write(tmp_path / "whole.xyz", [labelled()] * 3)
    return (tmp_path / "whole.xyz").read_text()


@pytest.mark.parametrize(
    ("lines", "characters", "how"),
    [(1, 0, "has 1 of its 2 atoms"), (3, 0, "has 0 of its 2 atoms"), (0, 40, "ends within a line")],
)
def test_truncated(tmp_path: Path, lines: int, characters: int, how: str) -> None:
    text = three(tmp_path)
    kept = "".join(text.splitlines(keepends=True)[:-lines]) if lines else text[:-characters]
    (tmp_path / "a.xyz").write_text(kept)
    d = fault(tmp_path / "a.xyz")
    assert d.message == f"the file is cut off after 2 whole structures: the next {how}"
    assert (d.code, d.place) == ("truncated-file", "a.xyz, structure 3")
    assert d.help == "copy the file again, or read the complete frames with `a.xyz@:2`"
    assert len(read(f"{tmp_path}/a.xyz@:2").structures) == 2


def test_a_bad_line_names_its_structure(tmp_path: Path) -> None:
    lines = three(tmp_path).splitlines(keepends=True)
    lines[6] = "Nb one two three 0 0 0\n"
    (tmp_path / "a.xyz").write_text("".join(lines))
    d = fault(tmp_path / "a.xyz")
    assert (d.code, d.place) == ("unreadable-structure", "a.xyz, structure 2, line 7")
    assert d.message == "the structure cannot be read: could not convert string to float: 'one'"


def test_no_energies(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", with_info(crystal(forces=FORCES), REF_energy=-1.0))
    d = fault(tmp_path / "a.xyz", LabelKeys(energy="REF_enrgy"))
    assert (d.code, d.place) == ("no-energies", "a.xyz")
    assert d.message == "no structure has an energy under the key `REF_enrgy`"
    assert d.help == "did you mean `REF_energy`?"
    assert fault(tmp_path / "a.xyz", LabelKeys(energy="U")).help == "keys in the file: REF_energy, forces"


def test_no_forces_is_for_the_caller_to_judge(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", crystal(energy=-1.0))
    structures = read(tmp_path / "a.xyz").structures
    with pytest.raises(DataError) as caught:
        require_forces(structures)
    (d,) = caught.value.diagnostics
    assert (d.code, d.place) == ("no-forces", "a.xyz")
    assert d.message == "no structure has forces under the key `forces`"


def test_some_forces_are_missing(tmp_path: Path) -> None:
    atom = Atoms("Nb")
    atom.calc = SinglePointCalculator(atom, energy=-1.0)
    ase.io.write(tmp_path / "a.xyz", [labelled(), atom, crystal(energy=-1.0), crystal(energy=-1.0)])
    reading = read(tmp_path / "a.xyz")
    assert [s.forces is None for s in reading.structures] == [False, True, True, True]
    assert counts_of_labels(reading.structures) == (
        "energy 4 of 4 · forces 1 (3 without) · stress 1 (3 without)"
    )


NAN_FORCES, INFINITE_FORCES = FORCES.copy(), FORCES.copy()
NAN_FORCES[1, 2], INFINITE_FORCES[1, 2] = np.nan, np.inf


def test_nan_is_no_label(tmp_path: Path) -> None:
    bad = [crystal(energy=-1.0, forces=NAN_FORCES), crystal(energy=np.nan, forces=FORCES)]
    ase.io.write(tmp_path / "a.traj", [labelled(), *bad])
    structures = read(tmp_path / "a.traj").structures
    assert counts_of_labels(structures) == ("energy 2 of 3 (1 NaN) · forces 2 (1 NaN) · stress 1 (2 without)")


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"energy": np.inf}, "the energy is inf"),
        ({"energy": -1.0, "forces": INFINITE_FORCES}, "the force of atom 2 along z is inf"),
        ({"energy": -1.0, "stress": np.full(6, np.inf)}, "the stress holds inf"),
    ],
)
def test_nan_labels(tmp_path: Path, results: dict[str, Any], message: str) -> None:
    # through a trajectory, as extended XYZ leaves writing of NaN to the format of the day
    ase.io.write(tmp_path / "a.traj", [crystal(**results)])
    d = fault(tmp_path / "a.traj")
    assert (d.code, d.message, d.place) == ("nan-label", message, "a.traj, structure 1")
    assert d.help == "leave the structure out, or compute it again: a fit cannot use it"


def test_nan_position(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text('1\nLattice="3 0 0 0 3 0 0 0 3" energy=-1\nNb 0 nan 0\n')
    d = fault(tmp_path / "a.xyz")
    assert (d.code, d.message) == ("nan-label", "the position of atom 1 along y is nan")


@pytest.mark.parametrize(
    ("info", "keys", "message"),
    [
        ({"e": "abc"}, LabelKeys(energy="e"), "the energy under `e` cannot be read as numbers"),
        ({"e": [1.0, 2.0]}, LabelKeys(energy="e"), "the energy under `e` has the shape (2,), not one number"),
        (
            {"s": [1.0, 2.0]},
            LabelKeys(stress="s"),
            "the stress under `s` has the shape (2,), not (3, 3), (9,) or (6,)",
        ),
        (
            {"s": np.arange(9.0).reshape(3, 3)},
            LabelKeys(stress="s"),
            "the stress under `s` is not symmetric",
        ),
        ({"s": [1e308] * 6}, LabelKeys(stress="s"), "the stress under `s` has numbers beyond 1e+100"),
        ({"w": -1.0}, LabelKeys(weight="w"), "the weight under `w` is -1.0, not a number of 0 or more"),
    ],
)
def test_labels_of_a_wrong_form(tmp_path: Path, info: dict[str, Any], keys: LabelKeys, message: str) -> None:
    ase.io.write(tmp_path / "a.xyz", [labelled(), with_info(crystal(energy=-1.0, forces=FORCES), **info)])
    d = next(d for d in faults(tmp_path / "a.xyz", keys) if d.code == "bad-label")
    assert d.message.startswith(message) and d.place == "a.xyz, structure 2"


def test_forces_of_a_wrong_shape(tmp_path: Path) -> None:
    atoms = crystal(energy=-1.0)
    atoms.arrays["f"] = np.zeros((2, 2))
    ase.io.write(tmp_path / "a.xyz", atoms)
    d = fault(tmp_path / "a.xyz", LabelKeys(forces="f"))
    assert (d.code, d.message) == ("bad-label", "the forces under `f` have the shape (2, 2), not (2, 3)")


def test_all_faults_of_a_file_are_shown_up_to_ten(tmp_path: Path) -> None:
    bad = Atoms("Nb2", positions=np.zeros((2, 3)))
    ase.io.write(tmp_path / "a.xyz", [bad] * 14)
    found = faults(tmp_path / "a.xyz", labels=False)
    assert [d.place for d in found] == [*(f"a.xyz, structure {n}" for n in range(1, 11)), "a.xyz"]
    assert (found[-1].code, found[-1].message) == ("more-faults", "and 4 more")


def test_settings_that_are_not_known() -> None:
    for settings, message, help in (
        ({"stress_unit": "kBar"}, "`kBar` is not a unit of stress", "did you mean `kbar`?"),
        (
            {"stress_sign": "up"},
            "`up` is not a sign of stress",
            "say which is positive: tension (ASE, VASP through ASE) or compression (pressure-like)",
        ),
        (
            {"virial_sign": "up"},
            "`up` is not a sign of a virial",
            "minus: -V*stress (GPUMD); plus: +V*stress",
        ),
    ):
        with pytest.raises(DataError) as caught:
            LabelKeys(**settings)  # type: ignore[arg-type]
        (d,) = caught.value.diagnostics
        assert (d.message, d.help) == (message, help)


def test_weights_of_an_unknown_config_type(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", with_info(labelled(), config_type="slab"))
    d = fault(tmp_path / "a.xyz", weights={"slap": 2.0})
    assert (d.code, d.message) == ("unknown-config-type", "no structure has the config type `slap`")
    assert d.help == "did you mean `slab`?"
    d = fault(tmp_path / "a.xyz", weights={"slab": -2.0})
    assert (d.code, d.message) == ("bad-weight", "the weight of `slab` is -2.0, not a number of 0 or more")
