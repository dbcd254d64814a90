"""The whole pipeline from Python, through examples/python/divweights.py: dataset -> kernel -> solver -> weights -> sampler.

    DIVWEIGHTS_LIBRARY=build/release/libdivweights.so python3 tests/python/pipeline.py

The data are 90 copies of one example and 10 of another, orthogonal to it. With mass m on the first kind
J = balance exp(h) + (1 - balance) (h + m log 90 + (1 - m) log 10), h the entropy of (m, 1 - m): a number to check.
"""
import math
import os
import sys
import tempfile
import unittest

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python"))
from divweights import Dataset, Error, Kernel, Sampler, Solver, Weights, library  # noqa: E402

KINDS = (90, 10)
N, BALANCE = sum(KINDS), 0.5


def best_objective():
    """The best J of a million m; it is flat there, so the error is below 1e-10."""
    def objective(m):
        h = -m * math.log(m) - (1 - m) * math.log(1 - m)
        return BALANCE * math.exp(h) + (1 - BALANCE) * (h + m * math.log(KINDS[0]) + (1 - m) * math.log(KINDS[1]))
    return max(objective(k / 1e6) for k in range(1, 1000000))


class Pipeline(unittest.TestCase):
    def setUp(self):
        rows = numpy.repeat([[3.0, 0, 0, 4.0, 0], [0, -2.0, 0, 0, 1.0]], KINDS, axis=0)
        self.kernel = Kernel(Dataset(rows))

    def test_the_whole_line_gives_known_numbers(self):
        entropy = -sum(k / N * math.log(k / N) for k in KINDS)
        self.assertAlmostEqual(self.kernel.vendi_score(), math.exp(entropy), delta=1e-12)

        seen = []
        weights = Solver(balance=BALANCE, progress=lambda *report: seen.append(report)).solve(self.kernel)
        self.assertEqual([report[0] for report in seen], list(range(1, len(seen) + 1)))
        self.assertGreaterEqual(len(seen), weights.iterations)
        self.assertEqual(weights.stop_reason, "converged")
        self.assertLessEqual(weights.gap, 1e-6)
        self.assertAlmostEqual(weights.objective_value, best_objective(), delta=1e-6)

        p = weights.values
        self.assertAlmostEqual(math.fsum(p), 1, delta=1e-12)
        for kind in (p[:KINDS[0]], p[KINDS[0]:]):
            self.assertAlmostEqual(min(kind), max(kind), delta=1e-12)

        count, mass = 100000, math.fsum(p[:KINDS[0]])
        drawn = (Sampler(p, seed=7).draw(0, count) < KINDS[0]).mean()
        self.assertAlmostEqual(drawn, mass, delta=5 * math.sqrt(mass * (1 - mass) / count))

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.npy")
            weights.save(path)
            again = Weights(path)
            self.assertEqual(again.values.tolist(), p.tolist())
            self.assertEqual(again.objective_value, weights.objective_value)

    def test_a_progress_function_can_stop_the_solve(self):
        weights = Solver(progress=lambda iteration, *_: iteration == 2).solve(self.kernel)
        self.assertEqual(weights.stop_reason, "cancelled")
        self.assertAlmostEqual(math.fsum(weights.values), 1, delta=1e-12)

    def test_a_failure_is_a_sentence_that_names_the_value(self):
        with self.assertRaisesRegex(Error, r"^divw_solver_set_balance: balance is 1\.5, ") as caught:
            Solver(balance=1.5)
        self.assertEqual(caught.exception.name, "DIVW_ERROR_ARGUMENT")
        with self.assertRaisesRegex(Error, "^/no/such/file.npy: ") as caught:
            Dataset.load("/no/such/file.npy")
        self.assertEqual(caught.exception.name, "DIVW_ERROR_FILE")


if __name__ == "__main__":
    print("libdivweights", library.divw_version().decode())
    unittest.main()
