"""A cache folder for the kernels of one module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in_kernels import require_compiler


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty one, in the place of the user's. Skips where there is no compiler."""
    require_compiler()
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POTENTIA_CACHE", str(folder))
        yield folder
