"""Which trained numbers belong together."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.backends.reference import predict
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.ir.graph import Model
from potentia.compiler.reduction.parameter_groups import Block, blocks


def model(text: str) -> Model:
    return pipeline.build(pipeline.check(pipeline.parse(Source(text))))


def trained(built: Model) -> list[str]:
    free = built.vector.free
    return [name for name, f in zip(built.vector.names, free, strict=True) if f]


def named(text: str) -> dict[str, list[str]]:
    """The numbers of each block."""
    built = model(text)
    names = trained(built)
    return {block.name: [names[k] for k in block.numbers] for block in blocks(built)}


def test_of_one_species_a_term_is_its_parameters() -> None:
    found = named("species Nb\nE = pair(bessel(3)) + morse()")
    assert found == {
        "pair": ["pair.c[0]", "pair.c[1]", "pair.c[2]"],
        "morse": ["morse.D", "morse.a", "morse.r0"],
    }


def test_rows_and_components_of_an_alloy() -> None:
    found = named("species Nb, W\nE = reference() + eam(rc=4, basis=bessel(2))")
    assert found["reference"] == ["reference.e0[Nb]", "reference.e0[W]"]
    assert found["eam.c[*,1]"] == ["eam.c[Nb-Nb,1]", "eam.c[Nb-W,1]", "eam.c[W-W,1]"]
    assert found["eam[Nb-W]"] == ["eam.c[Nb-W,0]", "eam.c[Nb-W,1]"]
    assert found["eam[W]"] == [name for name in found["eam"] if name.endswith("[W]")]
    assert found["eam.beta"] == ["eam.beta[Nb]", "eam.beta[W]"]
    assert not any(name.startswith("reference") and name != "reference" for name in found)


@pytest.mark.parametrize("species", ["Nb", "Nb, W"])
def test_a_hidden_unit_is_its_weights_in_its_offset_and_its_weights_out(species: str) -> None:
    text = f"species {species}\nE = nn(bessel(3), hidden=[4, 2], rc=4)"
    built, found = model(text), named(text)
    n = len(species.split(", "))
    shapes = {p.name: p.kind.shape for p in built.parameters}
    assert shapes["nn.W1"] == (4, 3 * n) and shapes["nn.W2"] == (2, 4)
    units = {name: numbers for name, numbers in found.items() if ".unit" in name}
    assert list(units) == [f"nn.unit1[{k}]" for k in range(4)] + [f"nn.unit2[{k}]" for k in range(2)]
    first = units["nn.unit1[2]"]
    assert len(first) == n * (3 * n + 1 + 2)  # into it, its offset, out of it
    offsets = ["nn.b1[2]"] if n == 1 else ["nn.b1[Nb,2]", "nn.b1[W,2]"]
    assert [x for x in first if x.startswith("nn.b1")] == offsets
    if n == 1:
        assert [x for x in first if x.startswith("nn.W1")] == ["nn.W1[6]", "nn.W1[7]", "nn.W1[8]"]
        assert [x for x in first if x.startswith("nn.W2")] == ["nn.W2[2]", "nn.W2[6]"]
        assert units["nn.unit2[1]"] == ["nn.W2[4]", "nn.W2[5]", "nn.W2[6]", "nn.W2[7]", "nn.b2[1]", "nn.w[1]"]


def test_only_trained_numbers_are_in_blocks_and_pinned_terms_without_any_in_none() -> None:
    built = model("species Nb\nE = zbl() + lj(epsilon = fixed 0.4 eV) + pair(bessel(2))")
    found = blocks(built)
    assert [block.name for block in found] == ["lj", "pair"]
    assert found[0] == Block("lj", "term", "lj", (0,), ())  # sigma, which acts from within
    assert found[1] == Block("pair", "term", "pair", (1, 2), (1, 2))
    places = sorted({k for block in found for k in block.numbers})
    assert places == list(range(len(trained(built))))


def test_terms_called_twice_have_blocks_of_their_own() -> None:
    found = named("species Nb\nE = pair(bessel(2)) + pair(bessel(3))")
    assert [len(numbers) for numbers in found.values()] == [2, 3]


STANDARD = [
    "born_mayer()", "buckingham()", "eam(rc=4)", "eam(embedding=power, density=gaussian)",
    "fs()", "lj()", "morse()", "nn(bessel(3), hidden=[4, 2])", "nn_angular(bessel(3), hidden=[3])",
    "pair(bessel(3))", "reference()", "sw()", "tersoff()", "three_body(bessel(2), l=1)",
]  # fmt: skip


@pytest.mark.parametrize("term", STANDARD)
def test_a_term_without_its_amplitudes_is_nothing(term: str) -> None:
    built = model(f"species Si, C\nE = {term}")
    whole = blocks(built)[0]
    assert whole.amplitudes
    places = np.flatnonzero(built.vector.free)
    theta = np.array(built.vector.start) + 0.1
    cell = 6.0 * np.eye(3)
    positions = np.random.default_rng(0).normal(size=(3, 3))
    positions += np.array([[0, 0, 0], [2.4, 0, 0], [0, 2.4, 0.5]])
    arguments = positions, cell, np.ones(3, dtype=bool), np.array([0, 1, 0])
    assert abs(predict(built, theta, *arguments).energy) > 1e-6
    theta[places[list(whole.amplitudes)]] = 0.0
    assert abs(predict(built, theta, *arguments).energy) < 1e-12


def test_charges_are_no_amplitudes_as_their_products_enter() -> None:
    (whole,) = (b for b in blocks(model("species Si, C\nE = coulomb_cut()")) if b.kind == "term")
    assert len(whole.numbers) == 2 and whole.amplitudes == ()


def test_a_hidden_unit_without_its_amplitudes_is_out_of_the_energy() -> None:
    built = model("species Si, C\nE = nn(bessel(3), hidden=[4, 2], rc=4)")
    names = trained(built)
    unit = next(block for block in blocks(built) if block.name == "nn.unit1[3]")
    assert [names[k] for k in unit.amplitudes] == [
        f"nn.W2[{species},{column}]" for species in ("Si", "C") for column in (3, 7)
    ]
