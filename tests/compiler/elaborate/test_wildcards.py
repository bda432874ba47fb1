"""`*` in the keys of tables: which entry a row takes, and what is refused."""

from __future__ import annotations

import pytest
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.program import Program
from potentia.compiler.syntax.formatter import format_source

SPEC = "species Li, Nb, O\nE = lj(epsilon = {})\n"


def test_the_nearest_entry_counts() -> None:
    table = "{Li-*: 0.2, *-*: 0.3 in (0, 1), Nb-O: fixed 0.1}"
    found = next(p for p in Program.of(SPEC.format(table)).model.parameters if p.name == "lj.epsilon")
    assert found.start == (0.2, 0.2, 0.2, 0.3, 0.1, 0.3)  # Li-Li, Li-Nb, Li-O, Nb-Nb, Nb-O, O-O
    assert found.free == (True, True, True, True, False, True) and found.upper[3] == 1.0


def test_species_and_triples() -> None:
    model = Program.of("species Si, C\nE = lj() + reference(e0 = {C: -3, *: -2})\n").model
    assert next(p for p in model.parameters if p.name == "reference.e0").start == (-2.0, -3.0)


@pytest.mark.parametrize(
    ("table", "code", "message"),
    [
        (
            "{Li-*: 0.2, Nb-*: 0.3, O-O: 1}",
            "duplicate-entry",
            "`epsilon` is given twice for Li-Nb: by `Li-*` and by `Nb-*`",
        ),
        (
            "{Li-* = Nb-*: 0.2}",
            "unknown-entry",
            "`*` stands for entries with numbers of their own: it is not joined with others",
        ),
        ("{Li-*: 0.2}", "missing-entry", "`epsilon` has no value for Nb-Nb, Nb-O, O-O"),
        ("{*-*-*: 0.2}", "unknown-entry", "`epsilon` has no entry `*-*-*`"),
    ],
)
def test_what_is_refused(table: str, code: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        _ = Program.of(SPEC.format(table)).model
    assert (caught.value.diagnostics[0].code, caught.value.diagnostics[0].message) == (code, message)


def test_the_layout() -> None:
    assert format_source(SPEC.format("{  Li - *: 0.2,* - * :0.3}")) == SPEC.format("{Li-*: 0.2, *-*: 0.3}")
