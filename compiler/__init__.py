"""From a spec to kernels. The folders are the pipeline; nothing in here imports `runtime`."""
