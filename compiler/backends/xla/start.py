"""jax as this package uses it, set before anything is compiled."""

from __future__ import annotations

import os
import warnings

import jax

from ..user_folder import limit, user_folder, warn_unwritable
from . import kept

_OTHERS = "Error (reading|writing) persistent compilation cache entry"  # of jax, which goes on without


def start() -> None:
    """64 bits, and programs kept for other processes in the user's cache folder.

    A folder that the user has given jax (JAX_COMPILATION_CACHE_DIR) stays. A Python warning, once a
    process, says why nothing can be kept.
    Raises DataError bad-value: the limit of the cache.
    """
    # for either precision: changed between two kernels it leaves indices of both kinds in one graph
    jax.config.update("jax_enable_x64", True)
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        _keep()


def _keep() -> None:
    most = limit(kept.LIMIT)
    folder = own = None
    try:
        folder = user_folder() / kept.FOLDER
        own = kept.folder_of(folder)
        kept.prepare(own)
        kept.tidy(folder, most)
    except OSError as error:
        if own is None or not kept.holds_any(own):
            warn_unwritable(folder, error)
            return
    warnings.filterwarnings("ignore", _OTHERS)
    jax.config.update("jax_compilation_cache_dir", str(own))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    # XLA's own caches have no bound
    if "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES" not in os.environ:
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
