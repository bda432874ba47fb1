"""The pair style in LAMMPS, around a kernel by hand.

Where that is a sum of pairs it is compared with LAMMPS's own Lennard-Jones; where it has many bodies, with
itself on other ranks, threads and settings of newton.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from lammps_export import (
    EPSILON,
    HEADERS,
    MANY_BODY,
    SIGMA,
    an_export,
    frames,
    keep_objects,
    kernel_of,
    require_tools,
    run_lammps,
    standin,
)
from numpy.typing import NDArray
from potentia.compiler.backends.cpp.emit import emit
from potentia.runtime.formats.lammps import installation
from potentia.runtime.formats.lammps.folder import PLUGIN
from potentia.runtime.formats.lammps.parity import ParityStructure, data_file
from potentia.runtime.formats.lammps.source import scripts, sources

Array = NDArray[np.float64]
STEPS = 40
LJ = [
    f"pair_coeff {types} {e} {s}" for types, e, s in zip(("1 1", "1 2", "2 2"), EPSILON, SIGMA, strict=True)
]
OURS = "plugin load ./{}plugin.so\npair_style potentia\npair_coeff * * Nb W"
STYLES = {
    "lj/cut": "\n".join(["pair_style lj/cut 6.0", *LJ]),
    "potentia": OURS.format("pairs"),
    "potentia many": OURS.format("many"),
    "generated": OURS.format("generated"),
    "twice": "plugin load ./pairsplugin.so\npair_style hybrid/overlay potentia potentia\n"
    "pair_coeff * * potentia 1 Nb W\npair_coeff * * potentia 2 Nb W",
    "part": "\n".join(
        [
            "plugin load ./pairsplugin.so\npair_style hybrid lj/cut 6.0 potentia",
            "pair_coeff * * potentia Nb NULL",
            *(line.replace("1 2", "1 2 lj/cut").replace("2 2 0", "2 2 lj/cut 0") for line in LJ[1:]),
        ]
    ),
}
PER_ATOM = [f"c_s[{k}]" for k in range(1, 7)] + [f"c_c[{k}]" for k in range(1, 10)]


def dynamics(style: str, newton: str, dump: str) -> str:
    """Hot atoms that change ranks."""
    return f"""clear
units metal
newton {newton}
box tilt large
read_data atoms.data
{STYLES[style]}
compute e all pe/atom
compute s all stress/atom NULL pair
compute c all centroid/stress/atom NULL pair
compute p all pressure NULL virial
velocity all create 6000 4928 loop geom
fix 1 all nve
timestep 0.002
thermo_style custom step pe c_p[1] c_p[2] c_p[3] c_p[4] c_p[5] c_p[6]
thermo_modify format float %.14g
thermo {STEPS}
dump 1 all custom {STEPS} {dump} id x y z fx fy fz c_e {" ".join(PER_ATOM)}
dump_modify 1 sort id format float %.15g
run {STEPS}
variable v equal vol
print "volume $(v_v:%.15g)"
"""


@dataclass(frozen=True)
class Answer:
    """Steps 0 and the last. atoms: (2, N, 23): number, positions, forces, energy, stress (6), centroid (9);
    sums: (2, 8): step, energy, pressure (6)."""

    atoms: Array
    sums: Array
    volume: float


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield keep_objects(tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def folder(objects: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plugins by hand, without and with many bodies, and generated; 128 atoms in a skewed cell."""
    require_tools()
    base = tmp_path_factory.mktemp("lammps")
    for name, many_body in (("pairs", 0.0), ("many", MANY_BODY)):
        build(base, name, kernel_of(an_export(many_body)))
    potential = standin()
    build(base, "generated", emit(potential.model, "double", potential.theta).text)
    rng = np.random.default_rng(3)
    sites = np.array(list(np.ndindex(4, 4, 4)), dtype=float)
    cell = np.array([[12.0, 0, 0], [0.7, 12.2, 0], [-0.9, 0.4, 11.8]])
    positions = np.concatenate([sites, sites + 0.5]) / 4.0 @ cell + rng.normal(0.0, 0.08, (128, 3))
    species = rng.integers(0, 2, 128).astype(np.int32)
    atoms = ParityStructure("hot", positions, cell, (True, True, True), species)
    (base / "atoms.data").write_text(data_file(atoms, ("Nb", "W"), (92.9, 183.84)))
    return base


def build(base: Path, name: str, kernel: str, **variables: str) -> None:
    """A plugin NAMEplugin.so in `base`."""
    made = base / name
    texts = {f"source/{n}": t for n, t in sources(kernel).items()}
    texts |= scripts({"build.sh": "build.sh"}, ("Nb", "W"), {})
    for file, text in texts.items():
        (made / file).parent.mkdir(parents=True, exist_ok=True)
        (made / file).write_text(text)
    tools = installation.environment(require_tools(), installation.find_compiler())
    tools |= {"KERNEL_FLAGS": "-O2"} | variables
    done = subprocess.run(
        ["sh", str(made / "build.sh")], env=tools, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shutil.move(made / PLUGIN, base / f"{name}plugin.so")


def answers(folder: Path, style: str, ranks: int = 1, *options: str, **variables: str) -> dict[str, Answer]:
    """What a style gives with newton on and off."""
    script = "".join(dynamics(style, newton, f"{newton}.dump") for newton in ("on", "off"))
    done = run_lammps(folder, script, *options, ranks=ranks, **variables)
    assert done.code == 0, done.text
    lines = [line.split() for line in done.text.splitlines()]
    sums = [[float(x) for x in w] for w in lines if len(w) == 8 and w[0] in ("0", str(STEPS))]
    volumes = [float(w[1]) for w in lines if w[:1] == ["volume"]]
    return {
        newton: Answer(
            np.array(frames(folder / f"{newton}.dump")), np.array(sums[2 * k : 2 * k + 2]), volumes[k]
        )
        for k, newton in enumerate(("on", "off"))
    }


def same(found: Answer, expected: Answer, times: float = 1.0, tolerance: float = 1e-10) -> None:
    """Both steps agree, column by column, relative to the largest of a kind."""
    for mine, theirs in zip(found.atoms, expected.atoms, strict=True):
        for columns in (slice(1, 4), slice(4, 7), slice(7, 8), slice(8, 14), slice(14, 23)):
            wanted = theirs[:, columns] * (1.0 if columns.start == 1 else times)
            assert np.abs(mine[:, columns] - wanted).max() <= tolerance * np.abs(wanted).max(), columns
    assert np.allclose(found.sums[:, 1:], times * expected.sums[:, 1:], rtol=tolerance, atol=0.0)


@pytest.fixture(scope="module")
def native(folder: Path) -> Answer:
    return answers(folder, "lj/cut")["on"]


@pytest.fixture(scope="module")
def many(folder: Path) -> Answer:
    return answers(folder, "potentia many")["on"]


@pytest.mark.parametrize("ranks", [1, 2])
def test_pairs_are_those_of_lammps(folder: Path, native: Answer, ranks: int) -> None:
    for found in answers(folder, "potentia", ranks).values():
        same(found, native)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_ranks_and_newton_change_nothing(folder: Path, many: Answer, ranks: int) -> None:
    for found in answers(folder, "potentia many", ranks).values():
        same(found, many)


@pytest.mark.parametrize("style", ["potentia many", "generated"])
def test_threads_change_nothing(folder: Path, many: Answer, style: str) -> None:
    for found in answers(folder, style, 1, "-sf", "omp", "-pk", "omp", "2").values():
        same(found, many)


def test_a_generated_kernel_is_the_one_by_hand(folder: Path, many: Answer) -> None:
    """Virials by atom too, which nothing else compares."""
    for found in answers(folder, "generated", 2).values():
        same(found, many)


def test_a_part_of_the_atoms_is_ours(folder: Path, native: Answer) -> None:
    for found in answers(folder, "part", 2).values():
        same(found, native)


def test_styles_add_up(folder: Path, native: Answer) -> None:
    """The motion is another one, so that the first step alone is compared."""
    for found in answers(folder, "twice", 2).values():
        first, alone = (Answer(a.atoms[:1], a.sums[:1], a.volume) for a in (found, native))
        same(first, alone, times=2.0)


def test_parts_of_atoms_are_the_whole(many: Answer) -> None:
    """Energies and virials by atom sum up to the global ones; a stress of LAMMPS is pressure times volume."""
    for atoms, sums in zip(many.atoms, many.sums, strict=True):
        assert np.isclose(atoms[:, 7].sum(), sums[1], rtol=1e-11)
        stress, centroid = atoms[:, 8:14].sum(0), atoms[:, 14:23].sum(0)
        largest = np.abs(sums[2:]).max() * many.volume
        assert np.abs(stress + sums[2:] * many.volume).max() < 1e-11 * largest
        assert np.abs(centroid[:6] - stress).max() < 1e-11 * largest
        assert np.abs(centroid[6:] - stress[3:]).max() < 1e-11 * largest
    assert np.abs(many.atoms[0, :, 8:11] - many.atoms[0, :, 14:17]).max() > 1e-3  # of one atom they differ


# --- faults ------------------------------------------------------------------------------------

BOX = """units {units}
region box block 0 10 0 10 0 10
create_box 2 box
create_atoms 1 single 1 1 1
create_atoms 2 single 3 1 1
mass * 1
plugin load ./{plugin}plugin.so
pair_style {style}
pair_coeff {coefficients}
run 0
"""
FAULTS = {
    ("real", "potentia", "* * Nb W"): "needs `units metal` (Angstrom, eV), not `units real`",
    ("metal", "potentia 3", "* * Nb W"): "takes no arguments: formula and parameters are in its plugin",
    (
        "metal",
        "potentia",
        "* * Nb",
    ): "the element of each of the 2 atom types, or NULL, and there are 1 words",
    ("metal", "potentia", "* * Nb Fe"): "this model has no element `Fe`, it has: Nb W",
    ("metal", "potentia", "* * NULL NULL"): "`pair_coeff * *` names no element, NULL for each type",
    ("metal", "potentia", "1 1 Nb W"): "Pair_coeff must start with * *",
    ("metal", "potentia", "* * Nb NULL"): "All pair coeffs are not set",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_words(folder: Path, fault: tuple[str, str, str]) -> None:
    units, style, coefficients = fault
    text = BOX.format(units=units, style=style, coefficients=coefficients, plugin="pairs")
    done = run_lammps(folder, text)
    assert done.code == 1
    assert FAULTS[fault] in done.text


def test_a_kernel_for_another_processor_is_refused(folder: Path) -> None:
    if "avx512f" in Path("/proc/cpuinfo").read_text() or os.uname().machine != "x86_64":
        pytest.skip("this processor has AVX-512, or is of another family")
    build(folder, "foreign", kernel_of(an_export(isa="avx2 avx512f")))
    text = BOX.format(units="metal", style="potentia", coefficients="* * Nb W", plugin="foreign")
    done = run_lammps(folder, text)
    assert done.code != 0
    assert "was built for a processor with avx512f, which this one lacks; `sh build.sh`" in done.text


def test_two_potentials_need_two_names(folder: Path) -> None:
    build(folder, "second", kernel_of(an_export()), STYLE="potentia/2", OBJECTS="")
    text = BOX.replace(
        "pair_style {style}", "plugin load ./{plugin}plugin.so\nplugin load ./{other}plugin.so\n{style}"
    )
    style = "pair_style hybrid/overlay potentia potentia/2\npair_coeff * * potentia/2 Nb W"
    wanted = {"units": "metal", "plugin": "pairs", "coefficients": "* * potentia Nb W", "style": style}
    done = run_lammps(folder, text.format(other="second", **wanted))
    assert done.code == 0, done.text
    done = run_lammps(folder, text.format(other="many", **wanted))
    assert done.code == 1
    assert "another potential is loaded as pair style potentia; build one of them with a name" in done.text


def test_another_lammps_is_refused(folder: Path, objects: Path) -> None:
    """One whose `-h` tells another version than the library does: the plugin is built for that."""
    other, kept = folder / "other_lammps", folder / "objects"
    other.write_text('#!/bin/sh\necho "Massively Parallel Simulator - 29 Aug 2024 - Update 1"\n')
    other.chmod(0o755)
    kept.mkdir()
    shutil.copy(objects / "pair_potentia.o", kept)
    headers = {"LAMMPS_INCLUDE": str(HEADERS), "MPI_INCLUDE": f"{sys.prefix}/include"}
    build(folder, "old", kernel_of(an_export()), LMP=str(other), OBJECTS=str(kept), **headers)
    text = BOX.format(units="metal", style="potentia", coefficients="* * Nb W", plugin="old")
    done = run_lammps(folder, text)
    assert done.code != 0
    assert "it was built for LAMMPS 20240829, and this is LAMMPS 2" in done.text
