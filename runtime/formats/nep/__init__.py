"""nep.txt of GPUMD, read and written."""
