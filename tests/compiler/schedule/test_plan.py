"""Plans: what is decided, and that a printed plan reads back as the same plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from op_examples import EDGE, PAIR, constant, examples, model_of, plain
from potentia.compiler import pipeline
from potentia.compiler.backends.targets import TARGETS
from potentia.compiler.backends.xla.limits import XLA
from potentia.compiler.declarations.library import term_names
from potentia.compiler.diagnostics.diagnostic import InternalError, SpecError
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import Node
from potentia.compiler.schedule.limits import Limits
from potentia.compiler.schedule.maker import make_plan
from potentia.compiler.schedule.plan import Algorithm, Layout, Plan, Step, Storage
from potentia.compiler.schedule.printer import print_plan
from potentia.compiler.schedule.reader import parse_plan
from random_specs import random_spec
from spec_writer import written


def planned(text: str, species: tuple[str, ...] | None = None) -> Plan:
    return pipeline.plan(pipeline.optimize(pipeline.build(pipeline.check(pipeline.parse(text)), species)))


def comes_back(plan: Plan) -> None:
    text = print_plan(plan)
    assert parse_plan(text) == plan
    assert print_plan(parse_plan(text)) == text


def test_targets_without_plans_say_so() -> None:
    without = [name for name, target in TARGETS.items() if target().limits is None]
    assert without == ["cpp", "reference"]
    for name in without:
        with pytest.raises(InternalError, match=f"^the target `{name}` makes no plan$"):
            pipeline.plan(model_of(examples()), name)


# --- printed and read --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nb.pes", "nb_linear.pes", "nb_redundant.pes", "llzo.pes", "llzo_nep.pes"])
def test_plans_of_shipped_specs_come_back(root: Path, name: str) -> None:
    species = ("Li", "La", "Zr", "O") if name.startswith("llzo") else ("Nb",)
    comes_back(planned((root / "specs" / name).read_text("utf-8"), species))


@pytest.mark.parametrize("name", term_names())
def test_plans_of_the_library_come_back(name: str) -> None:
    comes_back(planned(f"species Si, C\nE = {name}()"))


def test_plans_of_random_specs_come_back() -> None:
    made = 0
    for seed in range(12):
        spec = random_spec(Random(seed))
        try:
            comes_back(planned(written(spec), tuple(spec.species) or ("Nb", "O")))
            made += 1
        except SpecError:
            continue
    assert made > 6


def test_a_plan_of_every_operation_comes_back() -> None:
    comes_back(make_plan(model_of(examples()), XLA))


def test_what_is_printed() -> None:
    model = model_of({"energy": ops.sum_i(ops.distance(domain=PAIR), within=3.0)})
    assert print_plan(make_plan(model, XLA)) == (
        "plan xla for 2 species\n"
        "list pair(4.2)\n"
        "%0 = distance {domain=pair(4.2)} : pair(4.2) Å | stacked inline plain on pair(4.2)\n"
        "%1 = sum_i(%0) {within=3.0} : site Å | stacked inline scatter on pair(4.2) within 3.0\n"
        "output energy = %1\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "plan xla for 1 species\nprogram",
            "line 2 of the printed plan cannot be read: `program` begins no line",
        ),
        ("%0 = const {values=(1.0,)} : none 1 | stacked", "line 1 of the printed plan cannot be read: "),
        (
            "%0 = const {values=(1.0,)} : none 1 | stacked inline plain at 3",
            "line 1 of the printed plan cannot be read: `at` is no decision",
        ),
    ],
)
def test_a_changed_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(InternalError) as caught:
        parse_plan(text)
    assert str(caught.value).startswith(message)


# --- decisions ---------------------------------------------------------------------------------


def steps(plan: Plan) -> dict[Node, Step]:
    return {step.node: step for step in plan.steps}


def step_of(node: Node, limits: Limits = XLA) -> Step:
    return steps(make_plan(model_of({"found": node}), limits))[node]


def test_values_on_atoms_and_pairs_are_rows() -> None:
    many = ops.mul(plain(PAIR), constant(*map(float, range(65))))
    few = ops.take(many, indices=tuple(range(64)))
    assert step_of(many).layout is Layout.STACKED
    assert step_of(few).layout is Layout.ROWS
    assert step_of(few, replace(XLA, rows=63)).layout is Layout.STACKED
    assert step_of(ops.sines(plain(EDGE), n=3)).layout is Layout.STACKED
    # moves keep the layout of what they carry, so that rows reach the dense lists too
    assert step_of(ops.to_i(ops.sum_i(few, within=4.2), domain=EDGE)).layout is Layout.ROWS


def test_contractions_are_written_out_while_they_are_short() -> None:
    def product(terms: int) -> Node:
        s = ops.mul(plain(EDGE), constant(*map(float, range(terms))))
        return ops.einsum(s, s, spec="n,n->")

    assert step_of(product(40)).algorithm is Algorithm.WRITTEN_OUT
    assert step_of(product(41)).algorithm is Algorithm.MATRIX_PRODUCT
    assert step_of(product(40), replace(XLA, terms=39)).algorithm is Algorithm.MATRIX_PRODUCT


def test_coefficients_by_species_are_multiplied_before_the_choice() -> None:
    node = examples()["einsum by species of a neighbour"]
    found = next(s for s in steps(make_plan(model_of({"e": node}), XLA)).values() if s.node is node)
    assert (found.algorithm, found.operand) == (Algorithm.BY_SPECIES, 0)
    assert step_of(node, replace(XLA, species=1)).algorithm is not Algorithm.BY_SPECIES


def test_nothing_is_stored_for_a_target_that_does_not_store() -> None:
    model = model_of(examples())
    kept = Counter(step.storage for step in make_plan(model, XLA).steps)
    assert kept[Storage.STORED] > 3
    free = make_plan(model, replace(XLA, stores=False)).steps
    assert {step.storage for step in free} == {Storage.INLINE}


def test_masks_are_those_of_the_sum_or_of_its_list() -> None:
    x = plain(EDGE)
    assert step_of(ops.sum_i(x, within=3.0)).cutoff == 3.0
    assert step_of(ops.sum_i(x, within=9.0)).cutoff == 4.2
    assert step_of(ops.total(x)).cutoff == 4.2
    assert step_of(ops.total(ops.sum_i(x, within=3.0))).cutoff is None
    triple = ops.sum_to_ij(ops.to_ij(x), within=3.0)
    assert (step_of(triple).cutoff, step_of(triple).neighbors) == (3.0, EDGE)
