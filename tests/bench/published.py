#!/usr/bin/env python3
"""The published algorithm against the divweights command, as a ratio from one run.

    python3 tests/bench/published.py --build build/release [--set mnist01-500,mnist01,mnist-4000] [--steps 100]

The published algorithm (Berns, Colton, Guckelsberger, arXiv 2304.11961), written from its description: Adam on the
logits of p, loss -J; every step takes the eigenvalues of the n x n matrix sqrt(p_i p_j) K_ij and differentiates them,
which takes the eigenvectors and one more product of n x n matrices. NumPy calls the LAPACK and BLAS that it is linked
with; the rows are those of `divweights-bench rows`, in double precision.

The same steps on the cheap side, `divweights solve --method adam`, give the Vendi Score before every step: the last
column is how far the two traces are apart. With --measure M only M steps are run and timed, and the time of all is
extrapolated from the median of a step; the table says so. Needs NumPy. Exit status 77: a set is not there.
"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

COLUMNS = {"set": "s", "n": "d", "steps": "s", "published s": ".4g", "published J": ".6f", "solve s": ".3g",
           "process s": ".3g", "J": ".6f", "gap": ".1e", "published / solve": ".1f", "published / process": ".1f",
           "traces differ": ".0e"}


def gradient_step(K, theta, balance):
    """Vendi Score and the gradient of J in theta, by the n x n matrix."""
    p = np.exp(theta - theta.max())
    p /= p.sum()
    root = np.sqrt(p)
    mu, V = np.linalg.eigh(root[:, None] * K * root)
    logs = np.log(np.where(mu > 0, mu, 1))
    vendi_score = np.exp(-(mu * logs).sum())
    by_matrix = (V * np.where(mu > 0, -logs - 1, 0)) @ V.T
    by_root = 2 * vendi_score * (by_matrix * K) @ root
    by_p = balance * by_root / (2 * root) - (1 - balance) * (np.log(p) + 1)
    return vendi_score, p * (by_p - p @ by_p)


def published(X, steps, balance=0.5):
    """Seconds of every step, the first with the similarities, and the Vendi Scores before them."""
    theta, m, v, rate = np.zeros(len(X)), np.zeros(len(X)), np.zeros(len(X)), 0.1
    seconds, scores, began = [], [], time.perf_counter()
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    K = X @ X.T
    for step in range(1, steps + 1):
        vendi_score, gradient = gradient_step(K, theta, balance)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        theta = theta + rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        rate *= 0.99 if step % 5 == 0 else 1
        scores.append(vendi_score)
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    return seconds, scores


def solve(build, path, *flags):
    """Report of the command, with the seconds of the whole process."""
    began = time.perf_counter()
    done = subprocess.run([os.path.join(build, "divweights"), "solve", path, "--json", *flags], capture_output=True,
                          text=True, check=True)
    return {**json.loads(done.stdout), "process": time.perf_counter() - began}


def cheap_trace(build, path, folder, steps):
    """(Vendi Score, J) before the steps 1, ..., steps + 1, from `--method adam`."""
    trace = os.path.join(folder, "steps.csv")
    solve(build, path, "--method", "adam", "--tolerance", "1e-13", "--max-iterations", str(steps + 1), "--trace", trace)
    with open(trace, encoding="utf-8") as file:
        return [(float(line["vendi_score"]), float(line["objective"])) for line in csv.DictReader(file)]


def write_rows(build, name, path):
    """What divweights-bench says of the machine."""
    bench = os.path.join(build, "tests", "bench", "divweights-bench")
    done = subprocess.run([bench, "rows", "--set", name, "--output", path, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr, end="", file=sys.stderr)
        sys.exit(77)
    return json.loads(done.stdout)


def compare(arguments, name, folder):
    path = os.path.join(folder, "rows.npy")
    machine = write_rows(arguments.build, name, path)
    X = np.load(path).astype(float)
    measured = min(arguments.measure or arguments.steps, arguments.steps)
    seconds, scores = published(X, measured)
    whole = sum(seconds) + (arguments.steps - measured) * statistics.median(seconds)
    cheap = cheap_trace(arguments.build, path, folder, arguments.steps)
    ours = [solve(arguments.build, path) for _ in range(arguments.repeats)]
    ours_seconds, process = (statistics.median(run[key] for run in ours) for key in ("seconds", "process"))
    steps = str(arguments.steps) + (f" ({measured} measured)" if measured < arguments.steps else "")
    apart = max(abs(a - b) for a, (b, _) in zip(scores, cheap))
    row = (name, len(X), steps, whole, cheap[-1][1], ours_seconds, process, ours[0]["objective_value"], ours[0]["gap"],
           whole / ours_seconds, whole / process, apart)
    return machine, dict(zip(COLUMNS, row))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/release", help="folder with divweights and tests/bench")
    parser.add_argument("--set", default="mnist01-500,mnist01,mnist-4000", help="sets of divweights-bench")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--measure", type=int, help="run only so many steps and extrapolate the time of the others")
    parser.add_argument("--repeats", type=int, default=5, help="solves, of which the median is taken")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def head(machine):
    print("published: {machine}, {threads} threads ({blas}), divweights {version}\n".format(**machine))
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))


def main():
    arguments, rows = parse(), []
    for name in arguments.set.split(","):
        with tempfile.TemporaryDirectory() as folder:
            machine, row = compare(arguments, name, folder)
        rows.append(row)
        if not arguments.json:
            if len(rows) == 1:
                head(machine)
            print("| " + " | ".join(format(row[key], form) for key, form in COLUMNS.items()) + " |", flush=True)
    if arguments.json:
        rows = [{key.replace(" / ", "_").replace(" ", "_"): value for key, value in row.items()} for row in rows]
        print(json.dumps({**machine, "case": "published", "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
