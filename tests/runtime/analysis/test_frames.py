"""Whole analyses of files: times, choices, several runs, and every fault of a file with its message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.analysis.analysis import Analysis, analyze
from potentia.runtime.analysis.ensemble import ensemble
from potentia.runtime.analysis.settings import analysis_settings
from trajectories import brownian, frames_of, saved

RNG = np.random.default_rng(8)
WALK = brownian(RNG, 60, 12, 0.05, 0.1) + RNG.random((12, 3)) * 7


def walk(**keys: object) -> list[Atoms]:
    frames = frames_of("Li6O6", WALK, 7.0)
    for k, atoms in enumerate(frames):
        atoms.info = {name: value(k) if callable(value) else value for name, value in keys.items()}
    return frames


def of(where: str | Path, **options: object) -> Analysis:
    return analyze(str(where), analysis_settings(options))


def refused(where: str | Path, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        of(where, **options)
    return report.as_text(caught.value.diagnostics)


def warned(where: str | Path, **options: object) -> str:
    return report.as_text(of(where, **options).warnings)


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ({"time_ps": lambda k: 0.1 * k}, {}),
        ({"time_fs": lambda k: 100.0 * k}, {}),
        ({"time": lambda k: 100.0 * k}, {"time_unit": "fs"}),
        ({"Time": lambda k: 0.1 * k}, {"time_unit": "ps"}),
        ({"step": lambda k: 50 * k}, {"timestep": 2.0}),
        ({"time_ps": lambda k: 7.0 * k}, {"interval": 0.1}),
        ({}, {"interval": 0.1}),
    ],
)
def test_times_of_every_kind(keys: dict[str, object], options: dict[str, object], tmp_path: Path) -> None:
    found = of(saved(tmp_path / "md.xyz", walk(**keys)), **options)
    assert found.timed and found.when == pytest.approx(np.arange(60) * 0.1)
    assert found.warnings == () and [d.species for d in found.diffusion] == ["Li", "O"]


def test_any_format_gives_the_same(tmp_path: Path) -> None:
    frames = walk(time_ps=lambda k: 0.1 * k)
    write(tmp_path / "md.traj", frames)
    a, b = of(saved(tmp_path / "md.xyz", frames)), of(tmp_path / "md.traj", interval=0.1)
    for one, other in zip(a.diffusion, b.diffusion, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-4)
    np.testing.assert_allclose(a.pairs[1].g, b.pairs[1].g)


def test_skipping_and_strides(tmp_path: Path) -> None:
    file = saved(tmp_path / "md.xyz", walk(time_ps=lambda k: 3 + 0.1 * k))
    assert of(file, skip=2.0).when == pytest.approx(5 + 0.1 * np.arange(40))
    assert of(file, skip_share=0.25, stride=3).when == pytest.approx(4.5 + 0.3 * np.arange(15))
    assert of(file, skip=2.0, stride=2, blocks=2).diffusion[0].lags[1] == pytest.approx(0.2)


def test_a_ramp_by_windows(tmp_path: Path) -> None:
    frames = []
    for k in range(100):
        atoms = bulk("Al", "fcc", a=4.0, cubic=True)
        atoms.set_cell(atoms.cell * (1 + 1e-3 * k), scale_atoms=True)
        atoms.info.update(time_ps=0.1 * k, temperature=300.0 + k)
        frames.append(atoms)
    found = of(saved(tmp_path / "ramp.xyz", frames), windows=4)
    assert [w.temperature[0] for w in found.cells if w.temperature] == pytest.approx([312, 337, 362, 387])
    a = [w.parameters[0][0] for w in found.cells]
    assert a == pytest.approx([4 * (1 + 1e-3 * (t - 300)) for t in (312, 337, 362, 387)])
    assert found.mean_cell.parameters[6][0] == pytest.approx(
        np.mean([64 * (1 + 1e-3 * k) ** 3 for k in range(100)])
    )


def test_velocities_tell_the_temperature(tmp_path: Path) -> None:
    frames = walk(time_ps=lambda k: 0.1 * k)
    for atoms in frames:
        atoms.set_velocities(RNG.normal(scale=0.01, size=(12, 3)))
    write(tmp_path / "md.traj", frames)
    found = of(tmp_path / "md.traj", interval=0.1).temperatures
    assert found == pytest.approx([a.get_temperature() for a in frames])
    for atoms in frames:
        momenta = atoms.get_momenta()
        atoms.set_momenta(momenta - momenta.mean(axis=0))
    # three degrees of freedom fewer where the centre of mass rests
    found = of(saved(tmp_path / "md.xyz", frames), interval=0.1).temperatures
    assert found == pytest.approx([a.get_temperature() * 12 / 11 for a in frames], rel=1e-5)


# --- what files have wrong ---------------------------------------------------------------------


def test_a_last_frame_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    file = Path(saved(tmp_path / "md.xyz", walk(time_ps=lambda k: 0.1 * k)))
    text = file.read_text()
    file.write_text("".join(text.splitlines(True)[: 59 * 14 + 5]))
    found = of(file)
    assert len(found.when) == 59
    assert report.as_text(found.warnings) == (
        "warning[truncated-file]: the file is cut off after 59 whole structures: "
        "the next has 3 of its 12 atoms\n"
        "  --> md.xyz, structure 60"
    )
    file.write_text(text[:400])
    assert refused(file).startswith("error[truncated-file]: the file is cut off after 0 whole structures")


def test_too_few_frames(tmp_path: Path) -> None:
    file = saved(tmp_path / "one.xyz", walk(time_ps=0.0)[:1])
    assert refused(file) == (
        "error[too-few-frames]: 1 frame cannot be analysed as a trajectory\n"
        "  --> one.xyz\n  help: it takes two frames or more"
    )
    file = saved(tmp_path / "md.xyz", walk(time_ps=lambda k: 0.1 * k))
    assert refused(file, skip=50.0) == (
        "error[too-few-frames]: 0 of 60 frames cannot be analysed as a trajectory\n"
        "  --> md.xyz\n  help: leave out less with `--skip` and `--stride`"
    )
    assert warned(saved(tmp_path / "short.xyz", walk(time_ps=lambda k: 0.1 * k)[:20])) == (
        "warning[too-few-frames]: the run is too short for a diffusivity: a block has 4 frames, and needs 8\n"
        "  --> short.xyz\n  help: run for longer, write frames more often (`potentia md --write-every`), "
        "or give fewer than 5 `--blocks`"
    )


def test_frames_of_other_atoms(tmp_path: Path) -> None:
    frames = walk(time_ps=lambda k: 0.1 * k)
    help = "\n  help: in a trajectory all frames have the same atoms in the same order"
    del frames[7][3]
    assert refused(saved(tmp_path / "md.xyz", frames)) == (
        "error[atoms-changed]: the frame has 11 atoms, and md.xyz, frame 1 has 12\n  --> md.xyz, frame 8"
        + help
    )
    frames = walk(time_ps=lambda k: 0.1 * k)
    frames[4].symbols = "Li5O7"
    assert refused(saved(tmp_path / "md.xyz", frames)) == (
        "error[atoms-changed]: the frame has O as atom 6, and md.xyz, frame 1 has Li\n  --> md.xyz, frame 5"
        + help
    )


def test_frames_without_sense(tmp_path: Path) -> None:
    def one(**change: object) -> str:
        frames = walk(time_ps=lambda k: 0.1 * k)[:4]
        for name, value in change.items():
            setattr(frames[2], name, value)
        write(tmp_path / "md.traj", frames)
        return refused(tmp_path / "md.traj", interval=0.1)

    positions = WALK[2].copy()
    positions[4, 1] = np.nan
    assert one(positions=positions) == (
        "error[not-finite]: the position of atom 5 along y is nan\n"
        "  --> md.traj, frame 3\n  help: the simulation had broken down"
    )
    assert one(pbc=[True, True, False]) == (
        "error[not-periodic]: the frame is not periodic in all three directions: it has no density\n"
        "  --> md.traj, frame 3\n  help: give it a cell and `pbc`"
    )
    assert (
        one(cell=[7, 7, 0]) == "error[flat-cell]: the cell of the frame has no volume\n  --> md.traj, frame 3"
    )


def test_times_that_are_not_there(tmp_path: Path) -> None:
    bare = saved(tmp_path / "bare.xyz", walk())
    help = "help: give `--interval`, the ps between two frames, or `--timestep`, the fs of a `step`"
    found = of(bare)
    assert not found.timed and found.diffusion == () and found.when[-1] == 60.0
    assert found.undiffused == "the frames do not say their time, so there is no diffusion"
    assert report.as_text(found.warnings) == (
        f"warning[no-time]: {found.undiffused}\n  --> bare.xyz\n  {help}"
    )
    assert refused(bare, skip=1.0) == (
        f"error[no-time]: 1 ps cannot be skipped: the frames do not say their time\n  --> bare.xyz\n  {help}"
    )
    assert refused(bare, timestep=1.0) == (
        "error[no-time]: the frame has no `step` to count time steps by\n"
        "  --> bare.xyz, frame 1\n  help: give `--interval` in ps instead"
    )
    assert warned(saved(tmp_path / "unit.xyz", walk(time=lambda k: 0.1 * k))) == (
        "warning[no-time]: the unit of `time` in the frames is not known, so there is no diffusion\n"
        "  --> unit.xyz\n  help: give `--time-unit`: fs or ps"
    )


def test_times_that_make_no_sense(tmp_path: Path) -> None:
    twice = walk(time_ps=lambda k: 0.1 * k)[:20] * 2
    assert refused(saved(tmp_path / "md.xyz", twice)) == (
        "error[bad-time]: the time goes from 1.9 to 0 ps\n  --> md.xyz, frame 21\n"
        "  help: are these two runs in one file? analyse each on its own, or give `--interval`"
    )
    assert refused(saved(tmp_path / "md.xyz", walk(time_ps="soon"))) == (
        "error[bad-time]: the time of the frame is soon\n  --> md.xyz, frame 1"
    )
    uneven = walk(time_ps=lambda k: 0.1 * k + (k > 30))
    assert warned(saved(tmp_path / "md.xyz", uneven)) == (
        "warning[bad-time]: the frames are 0.1 ps apart, but 1.1 ps at 3 ps: there is no diffusion\n"
        "  --> md.xyz"
    )


def test_an_interval_too_long(tmp_path: Path) -> None:
    frames = frames_of("Li6O6", brownian(RNG, 50, 12, 5.0, 0.5), 7.0)
    assert "".join(warned(saved(tmp_path / "md.xyz", frames)).splitlines(True)[1:]) == (
        "  --> md.xyz\n"
        "  help: write frames more often: the image that it moved to is unknown, so there is no diffusion"
    )
    found = of(tmp_path / "md.xyz")
    assert found.diffusion == () and "moved by nearly half a cell or more up to frame" in found.undiffused


def test_a_part_of_a_file_is_no_trajectory(tmp_path: Path) -> None:
    file = saved(tmp_path / "md.xyz", walk())
    assert refused(f"{file}@:10") == (
        f"error[bad-value]: `{file}@:10` takes a part of a trajectory\n"
        "  help: name the file alone; `--skip` and `--stride` choose from it"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"r_max": -1.0}, "`r_max` is -1.0: input should be greater than 0.1"),
        (
            {"interval": 1.0, "timestep": 1.0},
            "either an interval or a time step gives the time, not both",
        ),
        ({"lags": (2.0, 1.0)}, "the lags of the slope are two times, the first smaller"),
        ({"time_unit": "s"}, "`time_unit` is `s`: input should be 'ps' or 'fs'"),
    ],
)
def test_settings_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        analysis_settings(options)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [("bad-value", message)]


# --- several runs ------------------------------------------------------------------------------


def test_runs_together(tmp_path: Path) -> None:
    runs = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = brownian(rng, 120, 12, 0.05, 0.1) + rng.random((12, 3)) * 9
        runs.append(of(saved(tmp_path / f"{seed}.xyz", frames_of("Li6O6", x, 9.0 + seed))))
    both = ensemble(runs)
    values = [r.diffusion[0].value for r in runs]
    assert both.diffusion["Li"].mean == pytest.approx(np.mean(values))
    assert both.diffusion["Li"].error == pytest.approx(np.std(values, ddof=1) / 3**0.5)
    assert both.cell["a"].mean == pytest.approx(10.0) and both.cell["a"].deviation == pytest.approx(1.0)
    assert both.clustered == 3  # walks without forces
    assert both.pairs[0].closest == min(r.pairs[0].closest.distance for r in runs if r.pairs[0].closest)
    np.testing.assert_allclose(both.pairs[1].g, np.mean([r.pairs[1].g for r in runs], axis=0))
    # cells of other sizes are one material, other ratios are not
    double = of(saved(tmp_path / "double.xyz", [a * (2, 1, 1) for a in frames_of("Li6O6", WALK[:5], 7.0)]))
    assert ensemble([runs[0], double]).runs == 2
    other = of(saved(tmp_path / "other.xyz", frames_of("Li4O8", WALK[:5], 7.0)))
    with pytest.raises(UserError) as caught:
        ensemble([runs[0], other])
    assert report.as_text(caught.value.diagnostics) == (
        f"error[different-atoms]: {other.where} holds Li 1 O 2, and {runs[0].where} Li 1 O 1\n"
        "  help: runs are averaged that are of one material; analyse the others on their own"
    )
