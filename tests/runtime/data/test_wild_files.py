"""Files of other programs: each is read to the same labels, or refused for a reason."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wild_files as wild
from ase.constraints import FixAtoms
from ase.io import write
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data.config import DataConfig
from potentia.runtime.data.dataset import digest, read_labelled
from potentia.runtime.data.frames import frames
from potentia.runtime.dynamics.reading import start_of
from potentia.runtime.structures.structure import Structure

Make = Callable[[Path], Path]
BOTH = ("energy", "forces", "stress")
MACE = {"energy_key": "REF_energy", "forces_key": "REF_forces", "stress_key": "REF_stress"}


def labelled(path: Path, **given: Any) -> tuple[Structure, ...]:
    return read_labelled([str(path)], DataConfig.model_validate(given))[0]


def same(structures: tuple[Structure, ...], kinds: tuple[str, ...] = BOTH, rel: float = 2e-7) -> None:
    """rel: that of the bohr and the Rydberg in two vintages of CODATA."""
    assert len(structures) == 2
    for k, s in enumerate(structures):
        assert s.symbols == tuple(wild.SYMBOLS) and s.pbc.all()
        assert s.positions == pytest.approx(wild.POSITIONS[k], rel=rel, abs=rel)
        assert s.cell == pytest.approx(wild.CELLS[k], rel=rel, abs=rel)
        assert s.energy == (pytest.approx(wild.ENERGIES[k], rel=rel) if "energy" in kinds else None)
        assert s.forces == pytest.approx(wild.FORCES[k], rel=rel, abs=rel)
        assert s.stress is not None and s.stress == pytest.approx(wild.STRESSES[k], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (wild.gpumd_train, {"forces_key": "force", "virial_key": "virial"}),
        (wild.gpumd_dump, {"virial_key": "virial"}),
        (wild.mace, MACE),
        (wild.nequip, {"energy_key": "total_energy"}),
        (lambda folder: wild.outcar(folder, isif=2), {}),
        (wild.outcar, {}),
        (lambda folder: wild.vasprun(folder, isif=2), {}),
        (wild.vasprun, {}),
        (wild.espresso, {}),
        (wild.ase_traj, {}),
        (wild.ase_db, {}),
        (wild.deepmd_raw, {}),
        (wild.deepmd_npy, {}),
        (wild.dpdata, {}),
    ],
    ids=["gpumd-train", "gpumd-dump", "mace", "nequip", "outcar-2", "outcar-3", "vasprun-2", "vasprun-3",
         "espresso", "traj", "db", "deepmd-raw", "deepmd-npy", "dpdata"],
)  # fmt: skip
def test_read_to_the_same_labels(make: Make, given: dict[str, Any], tmp_path: Path) -> None:
    same(labelled(make(tmp_path), **given))


def test_a_file_of_fitsnap_is_one_structure(tmp_path: Path) -> None:
    same(tuple(s for k in range(2) for s in labelled(wild.fitsnap(tmp_path, k))))


def test_packed_output_is_the_same(tmp_path: Path) -> None:
    plain = wild.outcar(tmp_path)
    (tmp_path / "OUTCAR.gz").write_bytes(gzip.compress(plain.read_bytes()))
    same(labelled(tmp_path / "OUTCAR.gz"))


def test_frozen_atoms_of_an_outcar_lie_beside_it(tmp_path: Path) -> None:
    atoms = wild.ase_atoms()[0]
    atoms.set_constraint(FixAtoms([1]))
    write(tmp_path / "POSCAR", atoms, format="vasp")
    plain = wild.outcar(tmp_path)
    (tmp_path / "OUTCAR.gz").write_bytes(gzip.compress(plain.read_bytes()))
    for name in ("OUTCAR", "OUTCAR.gz"):
        start, _, remarks = start_of(str(tmp_path / name))
        assert remarks[1:] == ["1 of 3 atoms is frozen"] and start.frozen is not None
        assert np.flatnonzero(start.frozen[:, 0]).tolist() == [1]


def test_a_dump_has_forces_and_no_energy(tmp_path: Path) -> None:
    for columns in ("id type x y z fx fy fz", "id element x y z fx fy fz"):
        path = wild.lammps_dump(tmp_path, columns)
        found = list(frames(path, DataConfig(types="Nb,Mo").kind()))
        for k, atoms in enumerate(found):
            assert atoms.get_chemical_symbols() == wild.SYMBOLS
            assert atoms.positions == pytest.approx(wild.POSITIONS[k], abs=1e-12)
            assert atoms.calc.results["forces"] == pytest.approx(wild.FORCES[k])
            assert "energy" not in atoms.calc.results


@pytest.mark.parametrize("masses", [True, False])
def test_a_data_file_is_a_start(masses: bool, tmp_path: Path) -> None:
    kind = DataConfig(types=None if masses else "Nb,Mo").kind()
    start, velocities, _ = start_of(str(wild.lammps_data(tmp_path, masses)), None, kind)
    assert start.symbols == tuple(wild.SYMBOLS) and velocities is None
    assert start.positions == pytest.approx(wild.POSITIONS[0], abs=1e-12)
    assert start.cell == pytest.approx(wild.CELLS[0], abs=1e-12)


def no_map(folder: Path) -> Path:
    system = wild.deepmd_npy(folder)
    (system / "type_map.raw").unlink()
    return system


def short(folder: Path) -> Path:
    system = wild.deepmd_npy(folder)
    np.save(system / "set.000" / "force.npy", np.zeros((1, 6)))
    return system


def claims_more(folder: Path) -> Path:
    """A header that claims more numbers than the file has."""
    system = wild.deepmd_npy(folder)
    path = system / "set.000" / "coord.npy"
    path.write_bytes(path.read_bytes().replace(b"(1, 9)", b"(9, 9)"))
    return system


def mixed(folder: Path) -> Path:
    system = wild.deepmd_npy(folder)
    np.save(system / "set.000" / "real_atom_types.npy", np.zeros((1, 3)))
    return system


def written(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def bare(folder: Path) -> Path:
    (folder / "runs").mkdir()
    return folder / "runs"


BY_XYZ = "write it as extended XYZ"
FROM_0 = "say which element each type is, from 0 on: `--types Nb,Mo`"
FROM_1 = "say which element each type is, from 1 on: `--types Nb,Mo`"


@pytest.mark.parametrize(
    ("make", "code", "message", "help"),
    [
        (wild.cp2k, "unreadable-data",
         "cannot read `relax.out`: it is output of CP2K, which is not read",
         "convert it by dpdata, from `cp2k/output` to `deepmd/npy`, which is read"),
        (wild.cp2k_forces, "unreadable-data",
         "cannot read `run-frc-1.xyz`: it is a trajectory of CP2K, whose energies are in Hartree, and whose "
         "cell is in another file",
         "convert it by dpdata, from `cp2k/aimd_output` to `deepmd/npy`, which is read"),
        (written("train.cfg", b"BEGIN_CFG\n Size\n    2\n"), "unreadable-data",
         "cannot read `train.cfg`: it is a cfg file of MLIP, which is not read", BY_XYZ),
        (written("data.h5", b"\x89HDF\r\n\x1a\n" + bytes(100)), "unreadable-data",
         "cannot read `data.h5`: it is HDF5, which is not read", BY_XYZ),
        (wild.lammps_dump, "types-only", "the atoms of `md.lammpstrj` have the types 1, 2 and no elements",
         FROM_1),
        (lambda folder: wild.lammps_data(folder, False), "types-only",
         "the atoms of `start.data` have the types 1, 2 and no elements", FROM_1),
        (no_map, "types-only", "the atoms of `system` have the types 0, 1 and no elements", FROM_0),
        (mixed, "unreadable-data",
         "cannot read `system`: it is a mixed system, whose frames have different atoms",
         "write it as deepmd/npy by dpdata"),
        (short, "unreadable-data",
         "cannot read `system`: `force` has 6 numbers for 1 frames of 3 atoms", None),
        (claims_more, "unreadable-data",
         "cannot read `system`: as deepmd: mmap length is greater than file size", None),
        (lambda folder: wild.fitsnap(folder, EnergyStyle="hartree"), "unreadable-data",
         "cannot read `frame_0.json`: its `EnergyStyle` is `hartree`, and electronvolt is read", None),
        (written("a.json", b'{"Dataset": {"Data": [{"Energy": 1}]}}'), "unreadable-data",
         "cannot read `a.json`: as JSON of FitSNAP: there is no 'AtomTypes'", None),
        (written("a.json", b'{"@module": "dpdata.system", "@class": "LabeledSystem", "data": {}}'),
         "unreadable-data", "cannot read `a.json`: as a system of dpdata: there is no 'atom_types'", None),
        (bare, "unreadable-data", "cannot read `runs`: it is a folder",
         "folders of DeePMD are read, which have `type.raw`"),
    ],
)  # fmt: skip
def test_refused_for_a_reason(make: Make, code: str, message: str, help: str | None, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(frames(make(tmp_path)))
    assert [(d.code, d.message, d.help) for d in caught.value.diagnostics] == [(code, message, help)]


def test_the_digest_of_a_folder_is_of_its_files(tmp_path: Path) -> None:
    system = wild.deepmd_npy(tmp_path)
    before = digest(str(system))
    assert before == digest(f"{system}@:1")
    np.save(system / "set.001" / "energy.npy", np.zeros(1))
    assert digest(str(system)) != before
