"""The whole pipeline from Python, with nothing but ctypes: dataset -> kernel -> solver -> weights -> sampler.

    DIVWEIGHTS_LIBRARY=build/release/libdivweights.so python3 tests/python/pipeline.py

The data are 90 copies of one example and 10 of another, orthogonal to it. With mass m on the first kind
J = balance exp(h) + (1 - balance) (h + m log 90 + (1 - m) log 10), h the entropy of (m, 1 - m): a number to check.
"""
import math
import os
import tempfile
import unittest
from ctypes import c_double, c_int64, c_void_p

from binding import COSINE, FLOAT64, PROGRESS, STOP_CANCELLED, STOP_CONVERGED, Failure, create, library

KINDS = (90, 10)
N, D, BALANCE = sum(KINDS), 5, 0.5


def best_objective():
    """The best J of a million m; it is flat there, so the error is below 1e-10."""
    def objective(m):
        h = -m * math.log(m) - (1 - m) * math.log(1 - m)
        return BALANCE * math.exp(h) + (1 - BALANCE) * (h + m * math.log(KINDS[0]) + (1 - m) * math.log(KINDS[1]))
    return max(objective(k / 1e6) for k in range(1, 1000000))


class Pipeline(unittest.TestCase):
    def setUp(self):
        rows = [[3.0, 0, 0, 4.0, 0]] * KINDS[0] + [[0, -2.0, 0, 0, 1.0]] * KINDS[1]
        array = (c_double * (N * D))(*[value for row in rows for value in row])
        self.dataset = self.make("divw_dataset_create_copy", array, N, D, FLOAT64, 0)
        self.kernel = self.make("divw_kernel_create", self.dataset, COSINE)
        self.solver = self.make("divw_solver_create")
        library.divw_solver_set_balance(self.solver, BALANCE)

    def make(self, function, *arguments):
        made = create(function, *arguments)
        self.addCleanup(getattr(library, "divw_%s_destroy" % function.split("_")[1]), made)
        return made

    def solve(self, progress):
        function = PROGRESS(progress)  # must outlive the solve, so it has a name
        library.divw_solver_set_progress(self.solver, function, None)
        weights = c_void_p()
        library.divw_solver_solve(self.solver, self.kernel, weights)
        self.addCleanup(library.divw_weights_destroy, weights)
        return weights

    def test_the_whole_line_gives_known_numbers(self):
        score = c_double()
        library.divw_vendi_score(self.kernel, None, 1.0, score)
        entropy = -sum(k / N * math.log(k / N) for k in KINDS)
        self.assertAlmostEqual(score.value, math.exp(entropy), delta=1e-12)

        seen = []
        weights = self.solve(lambda *report: seen.append(report[:-1]) or 0)
        self.assertEqual([report[0] for report in seen], list(range(1, len(seen) + 1)))
        self.assertGreaterEqual(len(seen), library.divw_weights_iterations(weights))
        self.assertEqual(library.divw_weights_stop_reason(weights), STOP_CONVERGED)
        self.assertLessEqual(library.divw_weights_gap(weights), 1e-6)
        objective = library.divw_weights_objective_value(weights)
        self.assertAlmostEqual(objective, best_objective(), delta=1e-6)

        p = library.divw_weights_values(weights)[:N]
        self.assertAlmostEqual(math.fsum(p), 1, delta=1e-12)
        for kind in (p[:KINDS[0]], p[KINDS[0]:]):
            self.assertAlmostEqual(min(kind), max(kind), delta=1e-12)

        count = 100000
        sampler = self.make("divw_sampler_create", library.divw_weights_values(weights), N, 7)
        draws = (c_int64 * count)()
        library.divw_sampler_draw(sampler, 0, 0, count, draws)
        mass = sum(p[:KINDS[0]])
        drawn = sum(index < KINDS[0] for index in draws) / count
        self.assertAlmostEqual(drawn, mass, delta=5 * math.sqrt(mass * (1 - mass) / count))

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.npy").encode()
            library.divw_weights_save(weights, path)
            again = self.make("divw_weights_load", path)
            self.assertEqual(library.divw_weights_values(again)[:N], p)
            self.assertEqual(library.divw_weights_objective_value(again), objective)

    def test_a_progress_function_can_stop_the_solve(self):
        weights = self.solve(lambda iteration, *_: iteration == 2)
        self.assertEqual(library.divw_weights_stop_reason(weights), STOP_CANCELLED)
        self.assertAlmostEqual(math.fsum(library.divw_weights_values(weights)[:N]), 1, delta=1e-12)

    def test_a_failure_is_a_sentence_that_names_the_value(self):
        with self.assertRaisesRegex(Failure, r"DIVW_ERROR_ARGUMENT: divw_solver_set_balance: balance is 1\.5, "):
            library.divw_solver_set_balance(self.solver, 1.5)
        with self.assertRaisesRegex(Failure, "DIVW_ERROR_FILE: /no/such/file.npy: "):
            create("divw_dataset_load", b"/no/such/file.npy")


if __name__ == "__main__":
    print("libdivweights", library.divw_version().decode())
    unittest.main()
