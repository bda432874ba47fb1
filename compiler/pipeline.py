"""The compiler, a line a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .backends.targets import TARGETS
from .declarations import check as checker
from .diagnostics.diagnostic import Diagnostic, InternalError, SpecError
from .diagnostics.source import Source
from .elaborate.model_builder import build_model, joined
from .ir.graph import Model
from .ir.verify import verify
from .passes.along import along_direction, directions
from .passes.by_species import sum_by_species
from .passes.cse import share_subexpressions
from .passes.differentiate import differentiate_energy
from .passes.drop_dead import drop_dead_parts
from .passes.expand import expand_harmonics
from .passes.loss_gradient import differentiate_loss
from .passes.narrow import narrow_components
from .passes.recur import recur_families
from .passes.share_neighbors import share_lists
from .passes.simplify import simplify_model
from .passes.symmetrize import symmetrize_sums
from .schedule.maker import make_plan
from .schedule.plan import Plan
from .syntax import tree as syntax
from .syntax.parser import parse_source

if TYPE_CHECKING:
    from .backends.xla.kernel import Kernel


class Pass(NamedTuple):
    name: str
    run: Callable[[Model], Model]
    reason: str


PASSES: tuple[Pass, ...] = (
    Pass(
        "simplify",
        simplify_model,
        "fewer nodes to differentiate; tables of one row become numbers, so pairs show their symmetry",
    ),
    Pass(
        "cse", share_subexpressions, "operands in order, so that an exchanged pair is recognised as the same"
    ),
    Pass("symmetrize", symmetrize_sums, "before derivatives, so that they are on the half list too"),
    Pass("by_species", sum_by_species, "before derivatives, so that these meet coefficients on atoms too"),
    Pass("share_neighbors", share_lists, "masks are set before derivatives, which then carry them"),
    Pass("differentiate", differentiate_energy, "energy to energy, forces, virial"),
    Pass(
        "expand",
        expand_harmonics,
        "harmonics and their slopes are polynomials: what follows works on plain algebra",
    ),
    Pass(
        "narrow",
        narrow_components,
        "after derivatives and harmonics are written out, so that their components are dropped too",
    ),
    Pass("simplify again", simplify_model, "derivatives bring zeros, ones and powers to join"),
    Pass(
        "recur", recur_families, "after derivatives, so that a family and its slope share one sine and cosine"
    ),
    Pass("cse again", share_subexpressions, "one order of operands throughout"),
)


def parse(text: str | Source) -> syntax.File:
    """The syntax tree of a spec.

    text: the spec, or a source with the name of its file.
    Raises SpecError: all faults of the grammar.
    """
    return parse_source(text if isinstance(text, Source) else Source(text))


def check(file: syntax.File) -> checker.Checked:
    """Declarations, names and units in order.

    file: from `parse`.
    Raises SpecError: all faults that need no data.
    """
    return checker.check_file(file)


def build(checked: checker.Checked, species: tuple[str, ...] | None = None) -> Model:
    """The model: the site energy as IR, in eV and Å.

    checked: from `check`. species: those of the data, for a spec that names none.
    Raises SpecError: faults that show with the species, such as a pair without a number.
    """
    try:
        model = drop_dead_parts(build_model(checked, species))
    except RecursionError:  # each definition that another calls is evaluated inside of that one
        source = checked.file.source.name
        message = "definitions call one another too deep"
        help = "more than a hundred in a chain: write some of them into others"
        raise SpecError(Diagnostic("too-deep", message, place=source, help=help)) from None
    verify(model)
    return model


def join(model: Model, checked: checker.Checked) -> Model:
    """The model of a spec whose energy is that of `model` with one more operand at its end.

    Raises SpecError.
    """
    energy = checked.energy
    assert energy is not None and isinstance(energy.value, syntax.Chain)
    model = drop_dead_parts(joined(model, checked, energy.value.operands[-1]))
    verify(model)
    return model


def optimize(
    model: Model, until: str | None = None, checked: bool = False, after: str | None = None
) -> Model:
    """Run the passes, all or up to and including one. `checked` verifies after every pass.

    after: the last pass that the model has been through already.
    """
    names = [step.name for step in PASSES]
    for step in PASSES[0 if after is None else names.index(after) + 1 :]:
        model = step.run(model)
        if checked:
            verify(model)
        if step.name == until:
            break
    return model


def along(model: Model) -> tuple[Model, frozenset[str]]:
    """The derivative of the energy along a direction in the parameters (`passes.along`), as built, and the
    names of the parameters that are the direction.
    """
    found = along_direction(model)
    return found, directions(found)


def loss_gradient(model: Model) -> Model:
    """The gradient of a loss by all tables of parameters (`passes.loss_gradient`), as built."""
    return differentiate_loss(model).model


def plan(model: Model, target: str = "xla") -> Plan:
    """How a target evaluates an optimized model, decided before it runs.

    Raises InternalError for a target without plans.
    """
    limits = TARGETS[target]().limits
    if limits is None:
        raise InternalError(f"the target `{target}` makes no plan")
    return make_plan(model, limits)


def lower(model: Model, dtype: Any = "float64") -> Kernel:
    """An optimized model as XLA's compiled function of (theta, batch), which fits differentiate."""
    from .backends.xla.kernel import Kernel

    return Kernel(model, dtype)
