"""Kernels lower for CUDA without a GPU: nothing on the path is for CPUs alone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jax
import jax.export
import numpy as np
import potentia
import pytest
from ase.build import bulk
from potentia.compiler.backends.xla.portable import Portable, exported
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.structure import from_atoms

SPECS = {
    "nb_linear": "specs/nb_linear.pes",
    "nb": "specs/nb.pes",
    "llzo_nep": "specs/llzo_nep.pes",
    "tersoff": "species Si, O\nE = tersoff()\n",
    "sw": "species Si\nE = sw() + reference()\n",
}
# what jax puts in where sizes are open: a check of the arguments, and no work
HARMLESS = {"shape_assertion"}
by_spec = pytest.mark.parametrize("name", SPECS)
by_precision = pytest.mark.parametrize("dtype", ["float64", "float32"])


@cache
def potential(root: Path, name: str) -> Potential:
    spec = SPECS[name]
    return potentia.compile(root / spec if spec.endswith(".pes") else spec)


def custom_calls(text: str) -> set[str]:
    return set(re.findall(r"custom_call @([\w.$]+)", text))


def real_choices(text: str) -> list[str]:
    """Choices by a value, as storing values is one on a CPU; those of the platform are by a constant."""
    chosen = re.findall(r"stablehlo\.case\"\((%\w+)\)", text)
    made = set(re.findall(r"(%\w+) = stablehlo\.convert .*\(tensor<i1>\) -> tensor<i32>", text))
    return [operand for operand in chosen if operand in made]


def hlo_of_kernel(model: Potential, dtype: str, platform: str) -> str:
    kernel = model.kernel(dtype)
    atoms = bulk(model.species[0], "bcc", a=3.3, cubic=True).repeat(2)
    batch = single(from_atoms(atoms), model.list_specs(dtype), model.species)
    theta = np.asarray(model.theta, dtype)
    export = jax.export.export(jax.jit(lambda t, a: tuple(kernel.predict(t, a))), platforms=[platform])
    return export(theta, kernel.arrays(batch)).mlir_module()


@by_precision
@by_spec
def test_a_kernel_lowers_for_cuda(root: Path, name: str, dtype: str) -> None:
    text = hlo_of_kernel(potential(root, name), dtype, "cuda")
    assert custom_calls(text) == set()
    assert not real_choices(text)
    other = "f32" if dtype == "float64" else "f64"
    assert not re.findall(rf"stablehlo\.(?:add|multiply|divide|exponential|dot_general) .*x{other}>", text)


def test_products_of_float32_are_not_rounded_to_tf32(root: Path) -> None:
    text = hlo_of_kernel(potential(root, "llzo_nep"), "float32", "cuda")
    dots = [line for line in text.splitlines() if "stablehlo.dot_general" in line]
    assert dots and all("precision = [HIGHEST, HIGHEST]" in line for line in dots)


def test_values_are_stored_on_a_cpu(root: Path) -> None:
    text = hlo_of_kernel(potential(root, "nb_linear"), "float64", "cpu")
    assert real_choices(text)


@pytest.mark.parametrize(
    ("name", "dtype"), [("nb", "float64"), ("llzo_nep", "float32"), ("tersoff", "float64")]
)
def test_the_portable_function_lowers_for_cuda_with_open_sizes(root: Path, name: str, dtype: str) -> None:
    model = potential(root, name)
    found = exported(Portable(model.model, model.theta, dtype), ("cuda",))
    assert found.platforms == ("cuda",)
    assert custom_calls(found.mlir_module()) <= HARMLESS
    n, k = found.in_avals[2].shape
    assert (str(n), str(k)) == ("atoms", "neighbours")
