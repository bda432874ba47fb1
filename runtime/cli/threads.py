"""The number of threads of a call of BLAS, set before numpy is imported, which reads it once."""

import os


def one_thread_each() -> None:
    """One, unless the user says otherwise: what works on batches of data has its cores busy with those."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def one_core() -> None:
    """XLA too keeps to one core: one run a core is most for all. Before jax is imported, which reads it."""
    one_thread_each()
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()
