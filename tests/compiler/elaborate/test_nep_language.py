"""What the term nep brought into the language: sum(j, reach), item, random, mix, channel_invariants."""

from __future__ import annotations

import pytest
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.ir.graph import Model
from registry import compiled, starts

TERM = """species Nb, O
term t(rc = 5 Å, n = [4, 8], basis = chebyshev3) {{
  param c[6] = {start} per ordered pair
  f(i) = sum({over}) outer(basis(r_ij, rc), harmonics(u_ij, 2))
  x(i) = {x}
  site(i) = 1 eV * total(x(i))
}}
E = t()
"""


def spec(over: str = "j", x: str = "channel_invariants(f(i), [2, 2, 1])", start: str = "random(0.5)") -> str:
    return TERM.format(over=over, x=x, start=start)


def built(**parts: str) -> Model:
    return compiled(spec(**parts), optimized=False)


@pytest.mark.parametrize(
    ("parts", "code", "message"),
    [
        ({"over": "j, 3 eV"}, "wrong-unit", "the reach of a sum is a distance known at compile time"),
        ({"over": "j, -2"}, "bad-cutoff", "a sum reaches -2 Å, but its reach has to be positive"),
        (
            {"x": "sum(j) sum(k, 3) cos_jik"},
            "misplaced-value",
            "a sum over third neighbours goes as far as the one around it",
        ),
        ({"x": "item(4, 0) * atomic_number(i)"}, "wrong-arguments", "`item` takes a list"),
        ({"x": "item(n, 2) * atomic_number(i)"}, "index-out-of-range", "a list of 2 has no item 2"),
        (
            {"x": "sum(j) mix(c(i, j), pick(basis(r_ij, rc), [0, 1, 2, 0]))"},
            "shape-mismatch",
            "`mix` takes coefficients in whole rows, not 6 for 4",
        ),
        (
            {"x": "channel_invariants(f(i), 2)"},
            "wrong-arguments",
            "`channel_invariants` takes A_nlm and a list of up to three degrees",
        ),
        (
            {"x": "channel_invariants(f(i), [2, 1])"},
            "bad-size",
            "after the degree come 2 or 0 (four bodies) and 1 or 0 (five), not 1 and 0",
        ),
        (
            {"x": "channel_invariants(f(i), [3])"},
            "shape-mismatch",
            "invariants of degree 3 need harmonics up to it, not to 2",
        ),
        ({"x": "channel_invariants(f(i), [0])"}, "shape-mismatch", "invariants begin with degree 1"),
        ({"start": "random(-1)", "x": "sum(j) mix(c(i, j), basis(r_ij, rc))"}, "not-a-number",
         "the spread of random numbers is a positive number"),
    ],
)  # fmt: skip
def test_a_fault_is_told(parts: dict[str, str], code: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        built(**parts)
    first = caught.value.diagnostics[0]
    assert (first.code, first.message.removeprefix("in `t`: ")) == (code, message)


def test_random_numbers_depend_on_the_name_alone() -> None:
    drawn = starts(built(x="sum(j) mix(c(i, j), basis(r_ij, rc))"))
    assert (drawn == starts(built(x="sum(j) mix(c(i, j), basis(r_ij, rc))"))).all()
    assert len(set(drawn.tolist())) == len(drawn) == 24
    assert 0.2 < drawn.std() < 0.9


def test_an_item_may_have_a_default() -> None:
    with_default = built(x="item(n, 2, 8) * flat(f(i))")
    assert with_default.outputs["energy"] is built(x="item(n, 1) * flat(f(i))").outputs["energy"]


def test_a_sum_reaches_as_far_as_it_says() -> None:
    assert [d.rc for d in built(over="j, 3").lists()] == [3.0]
    assert [d.rc for d in built(over="j, 0.3 nm").lists()] == [3.0]
    assert [d.rc for d in built().lists()] == [5.0]
