"""`potentia analyze` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import run
from trajectories import brownian, frames_of, saved


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder, rng = tmp_path_factory.mktemp("walks"), np.random.default_rng(2)
    files = []
    for k in range(2):
        frames = frames_of("Li6O6", brownian(rng, 100, 12, 0.05, 0.1) + rng.random((12, 3)) * 7, 7.0)
        for atoms in frames:
            atoms.info["temperature"] = 900.0
        files.append(saved(folder / f"walk{k}.xyz", frames))
    return files


def test_tables_files_and_plots(walks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, plots = tmp_path / "walk.json", tmp_path / "plots"
    code, out, err = run(capsys, "analyze", *walks, "-o", str(output), "--plot", str(plots), "--skip", "1")
    assert code == 0
    head, *lines = out.splitlines()
    assert head == f"{walks[0]}: 90 frames, 1 to 9.9 ps; 6 Li, 6 O, 900 K"
    assert lines[0].split()[:3] == ["pair", "closest", "Å"]
    assert [line.split()[0] for line in lines[1:4]] == ["Li-Li", "Li-O", "O-O"]
    assert any(line.startswith("clustering: CLUSTERED, first ") for line in lines)
    assert "diffusion, slope of the MSD from 0.1 to 0.9 ps, 5 blocks:" in lines
    assert "together: 2 runs, 2 clustered" in lines
    assert err.splitlines() == [
        f"2 trajectories; saved in {output}",
        *(f"plot: {plots / n}.png" for n in _PLOTS),
    ]
    for name in _PLOTS:
        assert (plots / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads(output.read_text())
    assert data["together"]["failure_ratio"] == 1.0
    (one, _) = data["trajectories"]
    assert one["frames"] == 90 and one["atoms"] == {"Li": 6, "O": 6}
    assert one["clustering"]["verdict"] == "clustered" and one["cell"]["temperature_k"] == 900.0
    d = one["diffusion"]["Li"]
    assert d["diffusivity_cm2_per_s"] == pytest.approx(1e-4 * d["diffusivity_ang2_per_ps"])
    assert len(one["pairs"]["Li-O"]["g"]) == 160 and len(one["cell_by_time"]) == 10


_PLOTS = ("rdf", "distances", "cell", "msd")


def test_json_alone(walks: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "analyze", walks[0], "--json", "--quiet", "--skip", "50%", "--blocks", "2", "--lags", "0.2:1"
    )
    data = json.loads(out)
    assert (code, err, data["together"]) == (0, "", None)
    assert data["trajectories"][0]["begin_ps"] == 5.0
    assert data["trajectories"][0]["diffusion"]["O"]["window_ps"] == pytest.approx([0.2, 1.0])


@pytest.mark.parametrize(
    ("options", "message", "help"),
    [
        (("--skip", "some"), "`--skip` is `some`", "write a time in ps, or a share of the frames: 20%"),
        (("--skip", "100%"), "`--skip` is `100%`", "a share of the frames is at least 0% and less than 100%"),
        (("--lags", "3"), "`--lags` is `3`", "write two times in ps: 2:10"),
    ],
)
def test_options_that_cannot_be(
    options: tuple[str, str], message: str, help: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "analyze", "md.xyz", *options)
    assert (code, out, err) == (1, "", f"error[bad-value]: {message}\n  help: {help}\n")


def test_a_trajectory_is_given_once(walks: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    again = f"{Path(walks[0]).parent}/../{Path(walks[0]).parent.name}/{Path(walks[0]).name}"
    assert run(capsys, "analyze", walks[0], again) == (
        1,
        "",
        f"error[bad-value]: the trajectory `{again}` is given twice\n"
        "  help: means and spreads are of runs that differ: name each once\n",
    )


def test_warnings_are_told(walks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = saved(
        tmp_path / "short.xyz", frames_of("Li6O6", np.zeros((3, 12, 3)) + np.arange(12)[:, None], 30)
    )
    code, out, err = run(capsys, "analyze", short)
    assert code == 0 and "clustering: ok" in out and "diffusion" not in out
    assert err.startswith("warning[too-few-frames]: the run is too short for a diffusivity")
    assert run(capsys, "analyze", short, "--quiet")[2] == ""
