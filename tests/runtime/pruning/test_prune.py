"""Pruning against a known truth: what is predicted, what is found, what is left alone, where it stops."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.compiler.program import Program
from potentia.compiler.reduction.candidates import Choice, candidates, costs, greedy
from potentia.compiler.reduction.extensions import Candidate, extended, scores
from potentia.compiler.reduction.quadratic_model import QuadraticModel, Restriction
from potentia.compiler.reduction.spec_rewriter import Rewritable, rewritten
from potentia.runtime.fitting.fit import fit
from potentia.runtime.information.fisher_information import of_system
from potentia.runtime.information.growth import ranked
from potentia.runtime.optimize.qr_system import Accumulator
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.pruning.guards import PropertyStatus
from potentia.runtime.pruning.prune import Goal, Pruning, criterion, prune
from potentia.runtime.pruning.state import PruneState, Step
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.structures.structure import Structure
from pruning_cases import CONFIG, crystals, labelled


def program_of(potential: Potential) -> Rewritable:
    return Rewritable(potential.program)


# --- what is predicted -------------------------------------------------------------------------


def test_the_loss_of_a_refit_is_the_predicted_one(linear: Potential, data: list[Structure]) -> None:
    """Of linear models at their optimum, to 1e-8; the refit is a fit of the rewritten spec of its own."""
    pruning = Pruning(linear, data, CONFIG, Goal(target=4))
    state: PruneState | None = pruning.begin()
    before = pruning.first.quadratic_model
    assert np.linalg.norm(before.gradient) < 1e-6 * before.norms.max()
    while state is not None:
        last, state = state, pruning.step(state)
    for step in last.history[1:]:
        assert step.predicted == pytest.approx(step.actual, rel=1e-8)
    assert last.history[-1].parameters <= 4 < last.history[-2].parameters
    made = compile(rewritten(pruning.program, last.restriction))
    refitted = fit(made, data, CONFIG)
    total = sum(step.predicted for step in last.history)
    assert refitted.loss - before.loss == pytest.approx(total, rel=1e-8)
    assert refitted.potential.n_parameters == last.history[-1].parameters


def test_quick_costs_are_those_of_the_restricted_model(linear: Potential, data: list[Structure]) -> None:
    pruning = Pruning(linear, data, CONFIG, Goal(target=4))
    known = pruning.first.quadratic_model
    found = [r.restriction for r in candidates(pruning.program, known.theta)]
    found.append(Restriction({0: 1.0}, ((1, 2, 4), (3, 5))))
    exact = [known.cost(r) for r in found]
    np.testing.assert_allclose(costs(known, found), exact, rtol=1e-6, atol=1e-9 * known.loss)


def test_a_nonlinear_refit_begins_at_the_prediction(data: list[Structure]) -> None:
    spec = "species Nb\nE = reference() + morse(rc=4.5) + eam(rc=4.5, c = keep(0, 1, 2), density=gaussian)\n"
    before = fit(compile(spec), data, CONFIG).potential
    pruned = prune(before, data, CONFIG, Goal(criterion="bic"), measure_cost=False)
    last = pruned.history[-1]
    assert last.parameters < pruned.history[0].parameters and last.bic < pruned.history[0].bic
    assert all(b.bic < a.bic for a, b in zip(pruned.history, pruned.history[1:], strict=False))
    assert pruned.result.loss == pytest.approx(last.loss, rel=1e-3)
    assert pruned.result.potential.n_parameters == last.parameters
    assert "morse" in pruned.result.potential.text  # the truth


def test_rows_that_the_data_cannot_tell_apart_are_joined() -> None:
    """An alloy whose pairs share the decay of one law."""
    rng = np.random.default_rng(3)
    structures = []
    for s in crystals(16):
        structures.append(replace(s, numbers=np.array(rng.permutation([41, 74]), dtype=np.int32)))
    truth = "morse(rc=4.5, D = {Nb-Nb: 0.4, Nb-W: 0.4, W-W: 0.6}, a = 1.4)"
    data = labelled(f"species Nb, W\nE = reference(e0 = -3) + {truth}\n", structures, 1.0)
    spec = "species Nb, W\nE = reference() + morse(rc=4.5, r0 = fixed 2.8) + pair(bessel2, rc=4.5)\n"
    pruned = prune(fit(compile(spec), data, CONFIG).potential, data, CONFIG, Goal(), measure_cost=False)
    last = pruned.history[-1]
    assert last.parameters <= 7 and any(
        w.startswith("join") for step in pruned.history for w in step.rewrites
    )
    assert any("=" in name for name in pruned.result.potential.model.vector.names)
    assert pruned.result.loss == pytest.approx(last.loss, rel=1e-3)


# --- what is left alone ------------------------------------------------------------------------


def test_what_no_data_reach_is_kept_and_told(data: list[Structure]) -> None:
    spec = (
        "species Nb\nE = pin reference() + pair(bessel5, rc=4.5) + pair(spline4, rc=1.8, c = [1, 2, 3, 4])\n"
    )
    pruned = prune(compile(spec), data, CONFIG, Goal(target=7), measure_cost=False)
    assert {(k.name, k.why, len(k.numbers)) for k in pruned.kept} == {
        ("reference.e0", "pinned", 1),
        ("pair_2.c", "unsupported by data", 4),
    }
    assert pruned.result.potential.n_parameters <= 7
    theta = dict(zip(pruned.result.potential.model.vector.names, pruned.result.potential.theta, strict=True))
    assert [theta[f"pair_2.c[{k}]"] for k in range(4)] == [1.0, 2.0, 3.0, 4.0]


def refused(spec: str, data: list[Structure], goal: Goal) -> tuple[str, str, str | None]:
    with pytest.raises(FitError) as caught:
        prune(compile(spec), data, CONFIG, goal, measure_cost=False)
    d = caught.value.diagnostics[0]
    return d.code, d.message, d.help


def test_goals_that_cannot_be_reached(data: list[Structure]) -> None:
    core = "species Nb\nE = pin reference() + pair(bessel2, rc=4.5) + pair(spline4, rc=1.8)\n"
    assert refused(core, data, Goal(target=4)) == (
        "target-too-small",
        "5 parameters are pinned or reached by no data: 4 are too few",
        "they are those of `reference.e0`, `pair_2.c`",
    )
    assert refused(core, data, Goal(target=7)) == (
        "nothing-to-prune",
        "the run has 7 trained parameters, no more than the 7 asked for",
        None,
    )
    assert refused("species Nb\nE = pin pair(bessel2, rc=4.5)\n", data, Goal()) == (
        "nothing-to-prune",
        "all terms with trained parameters are pinned",
        "take `pin` away from a term",
    )
    assert refused("species Nb\nE = pair(spline4, rc=1.8)\n", data, Goal()) == (
        "no-information",
        "no label depends on the 4 trained parameters",
        "are the species of the structures, their distances and their labels those of the fit?",
    )


def test_the_loss_never_grows_by_more_than_was_allowed(linear: Potential, data: list[Structure]) -> None:
    pruning = Pruning(linear, data, CONFIG, Goal())
    ends = []
    for increase in (0.05, 0.5):
        pruning.goal = Goal(max_increase=increase)
        first, last = walked(pruning)
        assert last.loss <= (1 + increase) * first.loss and last.parameters < first.parameters
        ends.append(last.parameters)
    assert ends[1] < ends[0]


def walked(pruning: Pruning) -> tuple[Step, Step]:
    """The first and the last step."""
    state: PruneState | None = pruning.begin()
    while state is not None:
        last, state = state, pruning.step(state)
    return last.history[0], last.history[-1]


def test_a_step_that_breaks_a_guard_is_undone(linear: Potential, data: list[Structure]) -> None:
    """A must that holds while some function of the one basis is there, and one that never held."""

    def broken(potential: Potential) -> PropertyStatus:
        there = any(n.startswith("pair_2.c") for n in potential.model.vector.names)
        lost = set() if there and "gaussian5" in potential.text else {"gaussian"}
        return PropertyStatus(frozenset({"never"} | lost))

    pruning = Pruning(linear, data, CONFIG, Goal(target=3), guard=broken)
    state: PruneState | None = pruning.begin()
    while state is not None:
        last, state = state, pruning.step(state)
    assert "gaussian5" in pruning.made(last.restriction, last.theta).text
    assert len(last.history) > 1


@pytest.mark.parametrize("goal", [Goal(), Goal(max_increase=0.5), Goal(criterion="cv")])
def test_a_property_is_an_objective(linear: Potential, data: list[Structure], goal: Goal) -> None:
    """A reference that only formulas with all numbers meet weighs against what the data would let go."""

    def left(weight: float) -> Step:
        def far(p: Potential) -> PropertyStatus:
            return PropertyStatus(misfit=weight * (linear.n_parameters - p.n_parameters) ** 2)

        return walked(Pruning(linear, data, CONFIG, goal, guard=far))[1]

    free, drawn, held = left(0.0), left(1e-3), left(1e12)
    assert free.misfit == 0.0
    assert free.parameters <= drawn.parameters <= held.parameters == linear.n_parameters != free.parameters
    assert drawn.misfit == 1e-3 * (linear.n_parameters - drawn.parameters) ** 2


def test_cross_validation_sees_what_was_fitted_to_noise(data: list[Structure]) -> None:
    """Twenty functions for what a few describe: fewer do better on what is held out."""
    spec = "species Nb\nE = reference() + pair(bessel12, rc=4.5) + pair(gaussian8, rc=4.5)\n"
    before = fit(compile(spec), data, CONFIG).potential
    first, last = walked(Pruning(before, data, CONFIG, Goal(criterion="cv")))
    assert first.held_out is not None and last.held_out is not None
    assert last.held_out < first.held_out and last.parameters < first.parameters


# --- what is found -----------------------------------------------------------------------------

CATALOGUE = (
    "morse(rc=4.5, a = fixed 1.4, r0 = fixed 2.9)",
    "lj(rc=4.5, sigma = fixed 2.4)",
    "born_mayer(rc=4.5, rho = fixed 0.4)",
    "pair(gaussian3, rc=3.6)",
    "eam(rc=4.5, c = keep(), embedding=quadratic, beta = fixed 2, B = fixed 0)",
    "eam(rc=4, c = keep(), density=gaussian, r1 = fixed 3, w = fixed 0.6, B = fixed 0)",
    "three_body(bessel1, l=2, rc=4)",
    "fs(rc=4.2, beta = fixed 0, c0 = fixed 0, c1 = fixed 0, c2 = fixed 0)",
)
TRUE_TERMS = 3
TRIALS = int(os.environ.get("POTENTIA_TRIALS", "20"))


class Bench:
    """The catalogue in one formula, linearised once. The labels of a trial: any 3 of its terms, and noise."""

    def __init__(self) -> None:
        structures = [replace(s, energy=0.0, forces=np.zeros_like(s.positions)) for s in crystals(20, 3)]
        text = "species Nb\nE = pin reference()" + "".join(f"\n  + {c}" for c in CATALOGUE) + "\n"
        self.program = program_of(compile(text))
        self.potential = compile(text)
        problem = Residuals(self.potential, structures, Sigmas.of(CONFIG.weights))
        assert problem.linear.all()
        self.names = problem.names
        rows = list(problem.rows(np.zeros(len(self.names)), np.arange(len(self.names))))
        self.jacobian = np.vstack([r.jacobian for r in rows])
        self.norms = np.linalg.norm(self.jacobian, axis=0)
        inverse = np.linalg.pinv(self.jacobian / self.norms) / self.norms[:, None]
        self.deviations = np.linalg.norm(inverse, axis=1)
        free = self.potential.free
        owner = [p.term for p in self.potential.model.parameters for _ in p.start]
        self.terms = np.array([owner[k] for k in free])
        self.drops = [r for r in candidates(self.program, np.zeros(len(free))) if r.kind == "drop term"]
        assert len(self.drops) == len(CATALOGUE)

    def trial(self, seed: int) -> tuple[set[str], np.ndarray, np.ndarray]:
        """True terms, the optimum of all, and labels; numbers of true terms are 8 to 20 of their σ."""
        rng = np.random.default_rng(seed)
        terms = sorted(set(self.terms) - {"reference"})
        true = set(rng.choice(terms, TRUE_TERMS, replace=False).tolist())
        size = rng.uniform(8.0, 20.0, len(self.names)) * rng.choice([-1.0, 1.0], len(self.names))
        theta = np.where(np.isin(self.terms, [*true, "reference"]), size * self.deviations, 0.0)
        labels = self.jacobian @ theta + rng.normal(size=len(self.jacobian))
        best = np.linalg.lstsq(self.jacobian / self.norms, labels, rcond=None)[0] / self.norms
        return true, best, labels

    def known(self, theta: np.ndarray, labels: np.ndarray) -> QuadraticModel:
        rows = Accumulator(len(self.names))
        rows.add(self.jacobian @ theta - labels, self.jacobian)
        return of_system(rows.system(), self.names, theta)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def backward(bench: Bench, seed: int) -> bool:
    """Whether BIC finds just the true terms when it starts from all of them."""
    true, best, labels = bench.trial(seed)
    known = bench.known(best, labels)
    last = [known]

    def accept(choice: Choice) -> bool:
        good = criterion(choice.after, "bic") < criterion(last[-1], "bic")
        if good:
            last.append(choice.after)
        return good

    restriction = Restriction()
    for choice in greedy(known, restriction, known.size, bench.drops, accept, tries=1):
        restriction = choice.restriction
    left = program_of(compile(rewritten(bench.program, restriction)))
    return len(left.model.terms) == TRUE_TERMS + 1 and {
        name for k, name in enumerate(bench.terms) if k not in restriction.fixed
    } == true | {"reference"}


def forward(bench: Bench, seed: int) -> bool:
    """Whether they are found from nothing: the best score joins, what it makes superfluous goes, by BIC."""
    true, _, labels = bench.trial(seed)
    base = Program.of("species Nb\nE = pin reference()\n")
    larger = extended(base, np.zeros(1), CATALOGUE)
    known = bench.known(np.zeros(len(bench.names)), labels)

    def having(taken: set[Candidate]) -> QuadraticModel:
        held = {k for c in larger.candidates if c not in taken for k in c.numbers}
        return known.restricted(Restriction(dict.fromkeys(held, 0.0)))

    taken: set[Candidate] = set()
    while len(taken) < len(CATALOGUE):
        now = having(taken)
        best = scores(
            replace(larger, candidates=tuple(c for c in larger.candidates if c not in taken)), known
        )[0]
        after = having(taken | {best.candidate})
        if now.loss - after.loss != pytest.approx(best.gain, rel=1e-6):
            return False
        if criterion(after, "bic") >= criterion(now, "bic"):
            break
        taken |= {best.candidate}
        while len(taken) > 1:
            weakest = min(taken, key=lambda c: having(taken - {c}).loss)
            if criterion(having(taken - {weakest}), "bic") >= criterion(having(taken), "bic"):
                break
            taken -= {weakest}
    return {bench.terms[k] for c in taken for k in c.numbers} == true


@pytest.mark.parametrize("way", [backward, forward])
def test_the_true_terms_are_found_among_distractors(bench: Bench, way: object) -> None:
    assert sum(way(bench, seed) for seed in range(TRIALS)) >= 0.95 * TRIALS  # type: ignore[operator]


def test_candidates_are_ranked_by_what_a_refit_gains(data: list[Structure]) -> None:
    base = fit(compile("species Nb\nE = reference() + pair(bessel2, rc=4.5)\n"), data, CONFIG)
    calls = ["morse(rc=4.5)", "pair(gaussian3, rc=3)", "eam(rc=4, c = keep())"]
    ranking = ranked(base.potential, data, CONFIG, calls)
    assert [s.numbers for s in ranking if s.candidate.call == calls[0]] == [3]
    for score in ranking:
        if len(score.candidate.amplitudes) == score.numbers:  # linear: the gain is that of a fit
            made = compile(base.potential.text.rstrip() + f" + {score.candidate.call}\n")
            assert base.loss - fit(made, data, CONFIG).loss == pytest.approx(score.gain, rel=1e-6)
    assert [s.gain for s in ranking] == sorted((s.gain for s in ranking), reverse=True)
