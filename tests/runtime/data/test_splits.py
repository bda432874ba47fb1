from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic
from potentia.runtime.data.splits import select, split
from potentia.runtime.structures.structure import Structure, from_atoms


def structure(number: int, config_type: str, **info: object) -> Structure:
    bare = from_atoms(Atoms("Nb"), f"a.xyz, structure {number}")
    return replace(bare, config_type=config_type, info=info)


DATA = [
    structure(1, "bulk", split="train", T=300.0, relaxed=True),
    structure(2, "slab", split="train", T=300),
    structure(3, "bulk", split="test", T=1000, relaxed=False),
    structure(4, "dimer", split="train"),
]


def numbers(structures: list[Structure]) -> list[int]:
    return [int(s.place[-1]) for s in structures]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("split=test", [3]),
        ("config_type=bulk,dimer", [1, 3, 4]),
        ("config_type = bulk , dimer", [1, 3, 4]),
        ("T=300", [1, 2]),
        ("relaxed=true", [1]),
        ("relaxed=F", [3]),
    ],
)
def test_by_value(rule: str, expected: list[int]) -> None:
    assert numbers(select(DATA, rule)) == expected
    train, test = split(DATA, rule)
    assert numbers(test) == expected and sorted(numbers(train) + numbers(test)) == [1, 2, 3, 4]


def test_a_fraction_depends_on_the_seed_alone() -> None:
    many = [structure(n % 10, "bulk") for n in range(100)]
    train, test = split(many, "0.1", seed=3)
    assert (len(train), len(test)) == (90, 10)
    again = split(many, "0.1", seed=3)[1]
    assert all(a is b for a, b in zip(test, again, strict=True))
    assert any(a is not b for a, b in zip(test, split(many, "0.1", seed=4)[1], strict=True))


def test_a_fraction_leaves_something_on_both_sides() -> None:
    assert [len(part) for part in split(DATA, "0.01")] == [3, 1]
    assert [len(part) for part in split(DATA, "0.99")] == [1, 3]


def fault(action: Callable[[], object]) -> Diagnostic:
    with pytest.raises(DataError) as caught:
        action()
    (d,) = caught.value.diagnostics
    return d


@pytest.mark.parametrize(
    ("rule", "code", "message", "help"),
    [
        ("splt=test", "unknown-key", "no structure has the key `splt`", "did you mean `split`?"),
        (
            "qqq=1",
            "unknown-key",
            "no structure has the key `qqq`",
            "known keys: T, config_type, relaxed, split",
        ),
        (
            "split=tset",
            "unknown-value",
            "no structure has split=tset",
            "did you mean `test`? values of `split`: test, train",
        ),
        (
            "config_type=bulk,wire",
            "unknown-value",
            "no structure has config_type=wire",
            "values of `config_type`: bulk, dimer, slab",
        ),
        (
            "split=",
            "bad-selection",
            "`split=` selects nothing",
            "write `key=value`, as in `split=test`",
        ),
        (
            "split=test,train",
            "empty-selection",
            "`split=test,train` takes all 4 structures and leaves none to train on",
            None,
        ),
        (
            "test",
            "bad-selection",
            "`test` is not a way to select structures",
            "write a fraction between 0 and 1, as `0.1`, or `key=value`, as `split=test`",
        ),
        (
            "1.5",
            "bad-selection",
            "the fraction 1.5 is not between 0 and 1",
            "write a fraction between 0 and 1, as `0.1`, or `key=value`, as `split=test`",
        ),
        (
            "nan",
            "bad-selection",
            "the fraction nan is not between 0 and 1",
            "write a fraction between 0 and 1, as `0.1`, or `key=value`, as `split=test`",
        ),
    ],
)
def test_mistakes(rule: str, code: str, message: str, help: str | None) -> None:
    d = fault(lambda: split(DATA, rule))
    assert (d.code, d.message, d.help) == (code, message, help)


def test_one_structure_cannot_be_split() -> None:
    assert fault(lambda: split(DATA[:1], "0.5")).message == "1 structure cannot be split into train and test"


def test_numpy_values_compare_as_numbers() -> None:
    assert len(select([structure(1, "bulk", T=float(np.float32(0.5)))], "T=0.5")) == 1
