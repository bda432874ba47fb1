"""How many threads a call of BLAS may take, set before numpy is imported, which reads it once."""

import os


def one_thread_each() -> None:
    """One, unless the user says otherwise: what works on batches of data has its cores busy with those."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
