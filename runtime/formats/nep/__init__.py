"""nep.txt of GPUMD, read and written."""

from .format import FORMAT

__all__ = ["FORMAT"]
