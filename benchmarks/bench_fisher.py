"""The information of a model of 74 parameters beside an iteration of a fit, and the memory it takes.

    python benchmarks/bench_fisher.py [--rounds 3] [--json FILE]

On the training structures of ../shared/data/nb_dft.xyz beside the checkout. Compared is, for one problem
that is compiled: the information (`information.fisher_information`: linearisation and report) with an
iteration as a fit makes it (step, loss of the trial with its linear parameters solved for, linearisation
there). The memory is that of the working process after information on 1, 2 and 4 times the structures, a
process each. The data is no part of the product: where it is absent nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from clock import machine
from record import Row, save, with_json

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "nb_dft.xyz"
# a nonlinear model, so that an iteration is one; its two-body and angular parts are those of nb_linear.pes
SPEC = """species Nb
E = reference() + eam(rc=5.5, basis=bessel(10)) + three_body(bessel(5), l=3, rc=5.5)
"""


def problem(copies: int = 1) -> tuple[Any, Any, Any]:
    """Potential, structures, configuration."""
    from potentia.runtime.data.dataset import read_training_data
    from potentia.runtime.potential.potential import compile
    from potentia.runtime.residuals.config import load_config

    config = load_config(None, {"data.test": "split=test"})
    training = read_training_data([str(DATA)], config.data)
    return compile(SPEC), training.train * copies, config


def times(rounds: int) -> list[Row]:
    """Seconds of the information and of an iteration, in turns."""
    import numpy as np
    from potentia.runtime.information.fisher_information import of_system
    from potentia.runtime.information.parts import report
    from potentia.runtime.optimize.least_squares_problem import LeastSquaresOptions
    from potentia.runtime.optimize.levenberg_marquardt import minimize
    from potentia.runtime.residuals.residuals import Residuals, Sigmas

    potential, structures, config = problem()
    residuals = Residuals(potential, structures, Sigmas.of(config.weights), config.memory_mb)
    start = potential.theta[residuals.free]
    state = minimize(residuals, start, LeastSquaresOptions(max_iterations=1)).state
    everything = np.arange(len(start))

    def information() -> None:
        known = of_system(residuals.linearize(state.theta, everything), residuals.names, state.theta)
        report(potential.model, known)

    def iterations() -> None:
        """One: what a start costs before its first iteration is taken off."""
        minimize(
            residuals, state.theta, LeastSquaresOptions(max_iterations=state.iteration + 1), resume=state
        )

    def point() -> None:
        residuals.linearize(state.theta, everything)

    seconds: dict[str, list[float]] = {"information": [], "iteration": [], "linearisation": []}
    for _ in range(rounds):
        for name, call in (("information", information), ("iteration", iterations), ("linearisation", point)):
            begin = perf_counter()
            call()
            seconds[name].append(perf_counter() - begin)
    seconds["iteration"] = [
        both - before for both, before in zip(seconds["iteration"], seconds["linearisation"], strict=True)
    ]
    n = len(start)
    print(f"{machine()}; {n} parameters, {len(structures)} structures, {rounds} rounds", flush=True)
    for name, values in seconds.items():
        print(f"{name:15s} median {median(values):6.2f} s, fastest {min(values):6.2f} s")
    ratio = median(seconds["information"]) / median(seconds["iteration"])
    fastest = min(seconds["information"]) / min(seconds["iteration"])
    print(f"information / iteration {ratio:.2f} ({fastest:.2f})", flush=True)
    ours, theirs = (float(f"{median(seconds[name]):.3g}") for name in ("information", "iteration"))
    case = f"information, {n} parameters, {len(structures)} structures"
    return [Row(case, "s", ours, "an iteration of Levenberg–Marquardt", theirs)]


def memory(copies: int) -> None:
    """The information on so many times the structures, by itself; prints the peak of the process."""
    from potentia.runtime.information.fisher_information import quadratic_model

    potential, structures, config = problem(copies)
    known = quadratic_model(potential, structures, config)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    print(json.dumps({"structures": len(structures), "rows": known.n_rows, "peak_gib": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, metavar="COPIES", help="only this, in this process")
    options = with_json(parser).parse_args()
    if not DATA.is_file():
        print(f"nothing is measured: the development data {DATA.name} is not in ../shared/data")
    elif options.memory:
        memory(options.memory)
    else:
        rows = times(options.rounds)
        for copies in (1, 2, 4):
            told = subprocess.check_output([sys.executable, __file__, "--memory", str(copies)], text=True)
            print(told, end="", flush=True)
            found = json.loads(told)
            case = f"information, {found['structures']} structures: peak memory"
            rows.append(Row(case, "GiB", round(found["peak_gib"], 2)))
        save(options.json, "Information", rows)


if __name__ == "__main__":
    main()
