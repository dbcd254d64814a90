"""Draws with replacement: this library beside NumPy's Generator.choice and torch.multinomial, in one run, on one thread.

    python3 tests/bench/sampling.py build/release/tests/bench_sampling [ROWS ...] [--rounds N]

All take turns, and the best round of each counts, so that a busy machine disturbs all alike. What is not installed is
left out, and said so. Writes a table in Markdown.
"""
import argparse
import os
import subprocess
import sys
import time

ALL_THREADS = dict(os.environ)  # the program limits itself
for variable in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS":
    os.environ[variable] = "1"

try:
    import numpy as np
except ImportError:
    sys.exit("skipped: there is no NumPy for this python3")
try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None
    print("(torch is not installed: left out)", file=sys.stderr)

DRAWS = 1 << 20


def seconds(draw):
    start = time.perf_counter()
    draw()
    return time.perf_counter() - start


def own(program, rows):
    out = subprocess.run([program, str(rows), "1"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, env=ALL_THREADS).stdout
    return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def measure(program, rows, rounds):
    """Nanoseconds per draw (and per row, for what is built), the best of all rounds."""
    p = np.exp(1.5 * np.random.default_rng(1).uniform(-3, 3, rows))
    p /= p.sum()
    others = {"numpy": lambda: np.random.default_rng(2).choice(rows, size=DRAWS, p=p)}
    if torch is not None and rows < 2**24:
        weights = torch.from_numpy(p)
        others["torch"] = lambda: torch.multinomial(weights, DRAWS, replacement=True)
    best = {}
    for _ in range(rounds):
        figures = own(program, rows)
        for name, draw in others.items():
            figures[name] = seconds(draw) / DRAWS * 1e9
        for name, value in figures.items():
            best[name] = min(value, best.get(name, value))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("rows", type=int, nargs="*", default=[10**4, 10**6])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    names = ["with_replacement", "bare_loop", "numpy", "torch", "one_rank_of_four", "systematic", "build_one",
             "build_all", "build_systematic", "race_of_an_epoch"]
    table = {rows: measure(arguments.program, rows, arguments.rounds) for rows in arguments.rows}
    print("| ns | %s |\n|---|%s" % (" | ".join("n = %d" % rows for rows in table), "---|" * len(table)))
    for name in names:
        cells = ["%.2f" % best[name] if name in best else "" for best in table.values()]
        if any(cells):
            print("| %s | %s |" % (name, " | ".join(cells)))
    for rows, best in table.items():
        ratios = ["%.1f x %s" % (best[name] / best["with_replacement"], name) for name in ("numpy", "torch")
                  if name in best]
        print("\nn = %d: %.0f million draws a second, %s; %.2f x the time of the bare loop" %
              (rows, 1e3 / best["with_replacement"], ", ".join(ratios), best["with_replacement"] / best["bare_loop"]))


if __name__ == "__main__":
    main()
