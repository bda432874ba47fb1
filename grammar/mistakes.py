"""Common mistakes of writing: slug -> (message, help, snippets that make it).

The snippets teach the parser to recognise the mistake, and the test of this table checks that it does.
"""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    message: str
    help: str
    snippets: tuple[str, ...]


MISTAKES: dict[str, Mistake] = {
    "unclosed-parenthesis": Mistake(
        "a parenthesis is not closed",
        "add `)`",
        ("E = zbl(Nb E = lj()", "E = (lj() E = lj()", "E = lj(rc=5 let a = 3", "E = lj(rc=(5 let a = 3"),
    ),
    "extra-parenthesis": Mistake(
        "this `)` closes nothing",
        "remove it",
        ("E = lj())", "E = lj() + zbl())", "let a = 3)"),
    ),
    "missing-operand": Mistake(
        "an operator has nothing on one side",
        "write a term or a number there",
        (
            "E = lj() + ",
            "E = lj() * ) ",
            "E = + lj()",
            "E = lj() + * zbl()",
            "E = lj() + let a = 3",
            "E = (lj() + )",
        ),
    ),
    "missing-value": Mistake(
        "`=` has no value after it",
        "write a value",
        ("E = let a = 3", "E = )", "let a = let b = 3", "E = lj(rc=)", "E = lj(rc=, a=1)"),
    ),
    "missing-operator": Mistake(
        "two values stand side by side",
        "write an operator between them, such as `*` or `+`",
        ("E = lj() 3", "E = lj() (zbl())", "E = lj() zbl()", "E = 3 * lj() zbl()", "E = 3 4", "E = a 3"),
    ),
    "double-star": Mistake(
        "`**` is not an operator here",
        "a power is written `^`",
        ("E = a**2", "E = lj()**2", "E = 2 * a**2"),
    ),
    "missing-comma": Mistake(
        "arguments are not separated",
        "write `,` between arguments",
        (
            "E = lj(a=1 b=2)",
            "E = lj(a b)",
            "E = lj(rc=5 b=2)",
            "E = lj(a, rc=5 b=2)",
            "E = lj(a, b c=2)",
            "E = nn(bessel8 rc=5)",
        ),
    ),
    "let-without-name": Mistake(
        "`let` needs a name and a value",
        "write `let rc = 5 Å`",
        ("let = 3", "let 3 = 4", "let a", "let a 3"),
    ),
    "term-without-body": Mistake(
        "a term needs its arguments in parentheses and a body in braces",
        "write `term name(rc = 5 Å) { pair(r) = … }`",
        ("term a { }", "term a() let", "term { }", "term a() b"),
    ),
}
