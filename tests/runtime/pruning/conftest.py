"""The data and the fit that prunings begin with."""

from __future__ import annotations

import pytest
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.structure import Structure
from pruning_cases import fitted, noisy


@pytest.fixture(scope="module")
def data() -> list[Structure]:
    return noisy()


@pytest.fixture(scope="module")
def linear(data: list[Structure]) -> Potential:
    return fitted(data)
