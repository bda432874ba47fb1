"""Plans as text: `--emit plan`. The lines of the IR, each with its step after a bar.

plan xla for 2 species
list pair(6.0)
%0 = distance {domain=pair(6.0)} : pair(6.0) Å | stacked inline plain on pair(6.0)
%9 = sum_i(%8) {within=6.0} : site eV | stacked inline scatter on pair(6.0) within 6.0
output energy = %9
"""

from __future__ import annotations

from ..ir.printer import print_node, show
from .plan import Plan, Step


def print_plan(plan: Plan) -> str:
    """The text of a plan, with a newline at its end. `reader.parse_plan` reads it."""
    numbers = {step.node: k for k, step in enumerate(plan.steps)}
    lines = [f"plan {plan.target} for {plan.species} species"]
    lines += [f"list {show(domain)}" for domain in plan.lists]
    lines += [f"{print_node(step.node, numbers)} | {_decisions(step)}" for step in plan.steps]
    lines += [f"output {name} = %{numbers[node]}" for name, node in plan.outputs]
    return "\n".join(lines) + "\n"


def _decisions(step: Step) -> str:
    words = [step.layout.value, step.storage.value, step.algorithm.value]
    optional = {"on": step.neighbors, "within": step.cutoff, "operand": step.operand}
    words += [f"{word} {show(value)}" for word, value in optional.items() if value is not None]
    return " ".join(words)
