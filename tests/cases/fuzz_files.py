"""Files of runs, studies, dynamics and configurations that are not what was written: each ends in
diagnostics, or is read, within a second.

    python tests/cases/fuzz_files.py --count 100000 --seed 1 --kind runs

What goes wrong is printed with the kind, the seed and the number that make it.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import traceback
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import numpy as np
from active_cases import TOML as ACTIVE
from fuzz_runner import Fault, FaultOf, main
from places import ROOT
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.compiler.diagnostics.render import as_json, as_text
from potentia.compiler.reduction.quadratic_model import Restriction
from potentia.runtime.active import exploration, loop, selection
from potentia.runtime.active.config import load_active
from potentia.runtime.active.study import Study
from potentia.runtime.design.config import load_design
from potentia.runtime.design.store import Store, Trial
from potentia.runtime.dynamics import outputs, state
from potentia.runtime.dynamics.continuing import begin, require_same
from potentia.runtime.dynamics.pruning import Room
from potentia.runtime.dynamics.resuming import state_of
from potentia.runtime.dynamics.thermostat import CHAIN
from potentia.runtime.files.npz import npz_bytes
from potentia.runtime.files.states import load_state, save_state
from potentia.runtime.optimize.least_squares_problem import LeastSquaresState
from potentia.runtime.optimize.multistart import StartsState
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.config import load_properties_config
from potentia.runtime.properties.stored import kept
from potentia.runtime.pruning.state import PruneState, PruneStore, Step
from potentia.runtime.residuals.config import load_config
from potentia.runtime.runs import run_folder
from spoiling import (
    exchanged_for_no_file,
    spoiled_bytes,
    spoiled_json,
    spoiled_npz,
    spoiled_toml,
)

SPEC = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)\n"


def silent(*_: object) -> None:
    """Takes warnings."""


# --- what is spoiled: a folder as it is written, and how all of it is read -------------------------------


def make_run(folder: Path) -> None:
    about = {"train": {"energy_rmse_ev_per_atom": 0.1}, "labels": "x", "origin": "y", "reason": "z"}
    run_folder.save(folder, compile(SPEC), covariance=np.eye(2), root=np.eye(2), certified=False, **about)
    (folder / "properties.json").write_text('{"properties": [{"name": "a", "value": 1.5}]}')


def read_run(folder: Path) -> None:
    run = run_folder.load(folder)
    assert run.metadata.history and run.theta.shape == (2,)
    run_folder.covariance(folder)
    run_folder.uncertainty_of(run)
    load_config(None, run.metadata.config)
    kept(folder / "properties.json")


def make_study(folder: Path) -> None:
    Study.belongs(stand_in(folder))
    found = exploration.Outcome("round-01/md/00", "cell.xyz", 600.0, 3, None, 60, 5, 1)
    points = {"training": np.ones((2, 3)), "frames": np.ones((4, 3)), "chosen": np.array([1])}
    about = {"method": "fisher", "frames": 4, "uncertain": 1, "grades": [1.5], "distances": [None]}
    one = folder / "round-01"
    for name in ("md/00", "selection", "labels"):
        (one / name).mkdir(parents=True)
    (one / "md/00/outcome.json").write_text(json.dumps(vars(found)))
    (one / "selection/selection.json").write_text(json.dumps(about | {"places": ["a"]}))
    (one / "selection/points.npz").write_bytes(npz_bytes(points))
    (one / "selection/selected.xyz").write_text("1\nProperties=species:S:1:pos:R:3\nCu 0 0 0\n")
    (one / "round.json").write_text(json.dumps({"labelled": 0, "errors_on_new": {"a": 1.5}}))


def stand_in(folder: Path) -> Any:
    """A study that depends on nothing."""
    return SimpleNamespace(
        folder=folder,
        potential=SimpleNamespace(text="E = lj()", theta=np.zeros(2)),
        config=SimpleNamespace(depends_on=dict),
        data=SimpleNamespace(train=(), test=()),
        starts=(),
    )


def read_study(folder: Path) -> None:
    one = folder / "round-01"
    parts: list[Callable[[], object]] = [
        lambda: Study.belongs(stand_in(folder)),
        lambda: exploration._outcome(stand_in(folder), one / "md/00"),
        lambda: selection._stored(one / "selection"),
        lambda: selection.read_points(one / "selection"),
        lambda: loop._surprise(one / "round.json", compile(SPEC), []),
    ]
    each(parts)


def each(parts: list[Callable[[], object]]) -> None:
    """All parts, whatever the faults of some."""
    faults = []
    for part in parts:
        try:
            part()
        except UserError as error:
            faults += error.diagnostics
    if faults:
        raise UserError(faults)


TRIALS = [Trial("measure", {"piece": str(k)}) for k in range(4)]


def make_store(folder: Path) -> None:
    store = Store(folder / "study.sqlite")
    store.belongs({"configuration": "a", "data": "b"})
    store.add(TRIALS)
    for _ in range(3):
        store.take()
    store.finish(TRIALS[0], {"x": [1.5] * 30}, 0.1)
    store.fail(TRIALS[1], "no rows", 0.1)


def read_store(folder: Path) -> None:
    store = Store(folder / "study.sqlite")
    store.belongs({"configuration": "a", "data": "b"})
    store.release()
    store.unfinished(TRIALS)
    store.take()
    each([*(lambda t=t: store.result(t) for t in TRIALS), store.failures, store.count])  # type: ignore[misc]


ABOUT: Any = {"model": "a", "structure": "b", "settings": {"seed": 1, "target": "xla"}, "threads": 1}
SIZES = state.Sizes(4, 1, 2)
COLUMNS = ("step", "time_ps", "x")


def record(folder: Path) -> outputs.Folder:
    return outputs.Folder(folder, "trajectory.xyz", COLUMNS)


def make_dynamics(folder: Path) -> None:
    begin(folder, ABOUT, overwrite=False)
    (folder / "thermo.csv").write_text("step,time_ps,x\n0,0.0,1.5\n10,0.1,\n")
    (folder / "trajectory.xyz").write_text("1\nProperties=species:S:1:pos:R:3\nAr 0 0 0\n" * 2)
    zeros, square = np.zeros((3, 4)), np.eye(3)
    for step in (0, 10):
        saved = state.Saved(
            *(step, zeros, zeros, zeros, 0.0, square, square, 0.0, np.zeros(CHAIN), np.ones(1)),
            *(Room(4, 4, (3, 3)), 0.0, np.array([np.inf]), 25, 40, 1),
        )
        state.write(folder, saved, {"model": "a"})


def read_dynamics(folder: Path) -> None:
    require_same(folder, ABOUT)
    state_of(record(folder), {"model": "a"}, SIZES, silent)


def make_checkpoints(folder: Path) -> None:
    inner = LeastSquaresState(np.ones(3), 1.5, 0.1, 2.0, np.ones(2), 3, 0.5, np.ones((3, 4)))
    (folder / "fit.partial").mkdir()
    save_state(folder / "fit.npz", StartsState(1, np.ones(2), inner, None, 0.5), {"a": "b"})
    step = Step(("x",), 3, 0.1, 0.1, 1.0, 1.0, 1.0, None, 0.1, 0.1, None)
    PruneStore(folder / "fit", {"a": "b"}).save(PruneState(Restriction({0: 1.0}), np.ones(3), (step,)))


def read_checkpoints(folder: Path) -> None:
    parts = [
        lambda: load_state(folder / "fit.npz", StartsState, {"a": "b"}),
        PruneStore(folder / "fit", {"a": "b"}).load,
    ]
    each(parts)


CONFIGURATIONS = {
    "fit": ('seed = 3\nstarts = 2\n[data]\ntest = "0.1"\n[weights]\nsigma_energy = 0.01\n', load_config),
    "active": (ACTIVE, load_active),
    "design": ((ROOT / "specs/design/metal.toml").read_text("utf-8"), load_design),
    "properties": (
        (ROOT / "specs/properties/niobium.toml").read_text(encoding="utf-8"),
        load_properties_config,
    ),
}


def make_configurations(folder: Path) -> None:
    for name, (text, _) in CONFIGURATIONS.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def read_configurations(folder: Path) -> None:
    each([lambda n=n, r=r: r(folder / f"{n}.toml") for n, (_, r) in CONFIGURATIONS.items()])  # type: ignore[misc]


Make, Read = Callable[[Path], None], Callable[[Path], None]
KINDS: dict[str, tuple[Make, Read]] = {
    "runs": (make_run, read_run),
    "studies": (make_study, read_study),
    "stores": (make_store, read_store),
    "dynamics": (make_dynamics, read_dynamics),
    "checkpoints": (make_checkpoints, read_checkpoints),
    "configurations": (make_configurations, read_configurations),
}


# --- spoiling ------------------------------------------------------------------------------------------


@cache
def template(kind: str) -> dict[str, bytes]:
    """The files of a kind as they are written."""
    folder = Path(mkdtemp(prefix="potentia-fuzz-"))
    try:
        KINDS[kind][0](folder / "x" if kind == "runs" else folder)
        top = folder / "x" if kind == "runs" else folder
        return {str(p.relative_to(top)): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}
    finally:
        shutil.rmtree(folder)


def laid_out(kind: str, source: random.Random, folder: Path) -> str:
    """The files of a kind in a folder, one of them spoiled; what was done."""
    files = template(kind)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    name = source.choice(sorted(files))
    path, change = folder / name, source.random()
    if change < 0.04:
        return f"{name}: {exchanged_for_no_file(path, source)}"
    spoiled = spoiled_bytes(files[name], source)
    if change > 0.4 and name.endswith(".json"):
        spoiled = spoiled_json(files[name], source)
    elif change > 0.3 and name.endswith(".npz"):
        spoiled = spoiled_npz(files[name], source, folder)
    elif change > 0.2 and name.endswith(".toml"):
        spoiled = spoiled_toml(files[name].decode(), source).encode("utf-8", "surrogatepass")
    path.write_bytes(spoiled)
    if kind == "runs" and name in ("spec.pes", "parameters.npz", "covariance.npz") and source.random() < 0.7:
        signed(folder, name, spoiled)
    return f"{name}: {spoiled[:3000]!r}"


def signed(folder: Path, name: str, content: bytes) -> None:
    """Metadata with the digest of another content, to come to what is behind the digest."""
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["digests"][name] = "sha256:" + sha256(content).hexdigest()
    path.write_text(json.dumps(metadata))


def fault_of(kind: str, seed: int, number: int, folder: Path) -> Fault | None:
    """What goes wrong with an input, None where all is as it has to be."""
    place = folder / "in"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    done = laid_out(kind, random.Random(f"{kind} {seed} {number}"), place)
    try:
        KINDS[kind][1](place)
    except UserError as error:
        assert error.diagnostics and as_text(error.diagnostics) and as_json(error.diagnostics)
    except Exception:  # anything but diagnostics is what is looked for
        return Fault(traceback.format_exc(), done.encode("utf-8", "replace"))
    return None


def _of(kind: str) -> FaultOf:
    return lambda seed, number, folder: fault_of(kind, seed, number, folder)


FAULTS: dict[str, FaultOf] = {kind: _of(kind) for kind in KINDS}

if __name__ == "__main__":
    sys.exit(main(__doc__ or "", FAULTS))
