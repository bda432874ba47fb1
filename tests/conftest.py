"""What every test needs: f64 on the CPU, kernels compiled once, the development data where it is present."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before anything imports jax. Set here and not through jax.config, so that collecting costs no import of jax,
# and so that the subprocesses of tests see the same.
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "Agg")

# What one process has compiled the others read: the workers and the commands that tests start inherit these.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _kernels = tempfile.mkdtemp(prefix="potentia-kernels-")
    atexit.register(shutil.rmtree, _kernels, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _kernels
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES", "none")

# Kernels of generated C++ in haste, and not in the user's cache.
os.environ.setdefault("POTENTIA_CXXFLAGS", "-O0")
if "POTENTIA_CACHE" not in os.environ:
    _compiled = tempfile.mkdtemp(prefix="potentia-cpp-")
    atexit.register(shutil.rmtree, _compiled, ignore_errors=True)
    os.environ["POTENTIA_CACHE"] = _compiled

# the collector would look through all of what was imported and compiled again and again
gc.set_threshold(100_000, 20, 50)

ROOT = Path(__file__).resolve().parent.parent


# --- groups ------------------------------------------------------------------------------------

# These take longest: they go first, so that neither worker is left with one when the other has done.
SLOW = ("term", "runtime/design", "runtime/pruning", "runtime/cli", "runtime/dynamics", "oracles")


def group_of(item: pytest.Item) -> str:
    """The tests of a term of the library, of whichever module, or the module: they share what is compiled."""
    given = getattr(item, "callspec", None)
    term = getattr(given.params.get("variant"), "term", None) if given else None
    return f"term {term}" if term else str(item.path.relative_to(ROOT / "tests"))


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A group runs in one go, in one worker (`--dist loadgroup`)."""
    place: dict[str, tuple[bool, int]] = {}
    for item in items:
        group = group_of(item)
        item.add_marker(pytest.mark.xdist_group(group))
        place.setdefault(group, (not group.startswith(SLOW), len(place)))
    items.sort(key=lambda item: place[group_of(item)])
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """Behind a group its kernels are let go."""
    result = yield
    if nextitem is not None and group_of(nextitem) != group_of(item):
        if "registry" in sys.modules:
            sys.modules["registry"].evaluator.cache_clear()
            sys.modules["registry"].loaded.cache_clear()
        if "jax" in sys.modules:
            sys.modules["jax"].clear_caches()
        gc.collect()
    return result


# --- fixtures ----------------------------------------------------------------------------------


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


@pytest.fixture(autouse=True)
def no_proofs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is saved without its certificates, which take up to a second: tests of certificates have them."""
    runs = sys.modules.get("potentia.runtime.runs.run_folder")
    if runs is not None and "certificate" not in request.path.name:
        monkeypatch.setattr(runs, "_certificates", lambda potential: b"{}\n")
