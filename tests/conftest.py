"""What every test needs: f64 on the CPU, and the development data where it is present."""

import os
from pathlib import Path

import pytest

# Before anything imports jax. Set here and not through jax.config, so that collecting costs no import of jax,
# and so that the subprocesses of tests see the same.
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "Agg")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def demo_data(root: Path) -> Path:
    """Niobium labelled by a potential, not by DFT."""
    return root / "specs" / "demo" / "nb_demo.xyz"


@pytest.fixture(scope="session")
def shared_data(root: Path) -> Path:
    """The development data beside the checkout, which is no part of the product."""
    folder = root.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data ../shared/data is absent")
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module's own fixture `folder`, as the working directory."""
    monkeypatch.chdir(folder)
    return folder
