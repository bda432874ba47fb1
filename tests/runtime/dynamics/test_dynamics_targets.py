"""Where jax has a GPU, dynamics is XLA's: generated C++ is for CPUs."""

from __future__ import annotations

import jax
import pytest
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.dynamics.kernels import choose
from potentia.runtime.dynamics.settings import MDSettings
from potentia.runtime.potential.potential import compile

SPEC = "species Ar\nE = lj()\n"


def test_auto_is_xla_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert choose(compile(SPEC), MDSettings(), 1000) == ("xla", 1)


def test_cpp_on_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.raises(DataError) as caught:
        choose(compile(SPEC), MDSettings(target="cpp"), 1000)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == (
        "bad-value",
        "generated C++ runs on the CPU, and jax runs dynamics on the GPU",
        "leave out `target`, or set JAX_PLATFORMS=cpu",
    )
