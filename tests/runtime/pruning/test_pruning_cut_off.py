"""Prunings that are interrupted or out of time: their steps so far are kept, and gone on from."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.files.states import remove_checkpoint
from potentia.runtime.optimize.deadline import Deadline
from potentia.runtime.potential.potential import Potential
from potentia.runtime.pruning.prune import Goal, Pruned, Pruning, prune
from potentia.runtime.pruning.state import PruneState
from potentia.runtime.structures.structure import Structure
from pruning_cases import CONFIG


@pytest.fixture(scope="module")
def whole(linear: Potential, data: list[Structure]) -> Pruned:
    return prune(linear, data, CONFIG, Goal(target=4), measure_cost=False)


def test_an_interrupted_pruning_goes_on_to_the_same_end(
    linear: Potential, data: list[Structure], whole: Pruned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal, folder = Goal(target=4), tmp_path / "new"
    real, calls = Pruning.step, []

    def cut_off(self: Pruning, state: PruneState) -> PruneState | None:
        calls.append(state)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, state)

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patched:
        patched.setattr(Pruning, "step", cut_off)
        prune(linear, data, CONFIG, goal, folder=folder, measure_cost=False)
    resumed = prune(linear, data, CONFIG, goal, folder=folder, resume=True, measure_cost=False)
    for mine, other in zip(resumed.history, whole.history, strict=True):  # to the rounding of another start
        assert (mine.rewrites, mine.parameters) == (other.rewrites, other.parameters)
        assert mine.loss == pytest.approx(other.loss, rel=1e-9)
    assert resumed.result.potential.text == whole.result.potential.text
    assert folder.with_name("new.partial").exists()  # until the run is saved
    remove_checkpoint(folder)
    with pytest.raises(FitError) as caught:
        prune(linear, data, CONFIG, goal, folder=folder, resume=True, measure_cost=False)
    assert caught.value.diagnostics[0].message == "there is no interrupted pruning to resume"


def test_the_steps_of_the_time_allowed_are_kept_and_gone_on_from(
    linear: Potential, data: list[Structure], whole: Pruned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal, folder = Goal(target=4), tmp_path / "new"
    with pytest.raises(FitError) as caught:
        prune(linear, data, CONFIG, goal, folder=folder, measure_cost=False, time_limit=1e-9)
    assert caught.value.diagnostics[0].code == "time-is-up"
    # the limit of the fit that was before is none of the pruning
    config = CONFIG.model_copy(update={"time_limit": 1e-9})
    real, calls = Pruning.step, []

    def cut_off(self: Pruning, state: PruneState) -> PruneState | None:
        calls.append(state)
        if len(calls) == 2:
            self.problem.deadline = self.deadline = Deadline(0.0)
        return real(self, state)

    with monkeypatch.context() as patched:
        patched.setattr(Pruning, "step", cut_off)
        cut = prune(linear, data, config, goal, folder=folder, measure_cost=False)
    assert cut.is_cut and (cut.result.converged, cut.result.reason) == (False, "time")
    assert cut.warnings[-1].message == "the time limit ended the pruning after 1 step"
    assert cut.result.potential.n_parameters == cut.history[-1].parameters < linear.n_parameters
    again = prune(linear, data, config, goal, folder=folder, resume=True, measure_cost=False, time_limit=60)
    assert not again.is_cut and again.result.converged
    assert again.result.potential.text == whole.result.potential.text
