"""The weights of the command on all kinds of data, recomputed from weights.npy by another route.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_weights.py

recheck.py says what is recomputed, and how. Real data are looked for in $DIVWEIGHTS_DATA, then ../shared/data beside the
sources.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from recheck import Examples, disagreements, read_rows  # noqa: E402

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))
EVERY_BALANCE = ((0.1, 1e-6), (0.5, 1e-6), (0.9, 1e-6), (1, 1e-5))


def real_data(name):
    """A file of real data; the test is skipped where there is none."""
    for folder in (os.environ.get("DIVWEIGHTS_DATA"), os.path.join(HERE, "..", "..", "..", "shared", "data")):
        if folder and os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise unittest.SkipTest("there is no %s in $DIVWEIGHTS_DATA or ../shared/data" % name)


def signed(n, d, seed=1):
    """Embeddings of unequal clusters: signed, and of any length."""
    source = np.random.default_rng(seed)
    centres = source.normal(size=(12, d))
    cluster = np.minimum(source.geometric(0.3, n), 12) - 1
    return centres[cluster] + source.normal(size=(n, d)) * source.uniform(0.1, 2, (n, 1))


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="divweights-recheck-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, rows, name="data.npy"):
        np.save(self.path(name), rows)
        return self.path(name)

    def run_json(self, *arguments):
        done = subprocess.run([COMMAND, *map(str, arguments), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=300)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return json.loads(done.stdout)


class Weights(CommandTest):
    def solve(self, data, balance, tolerance, *selection):
        report = self.run_json("solve", data, *selection, "--balance", balance, "--tolerance", tolerance, "--output",
                               self.path("weights.npy"), "--rows-output", self.path("rows.npy"))
        return report, np.load(self.path("weights.npy")), np.load(self.path("rows.npy"))

    def recheck(self, data, *selection, balances=EVERY_BALANCE, table=()):
        """`table`: VS of uniform weights, and J by balance, as known to 1e-6."""
        everything = read_rows(data)
        for balance, tolerance in balances:
            with self.subTest(balance=balance):
                report, p, rows = self.solve(data, balance, tolerance, *selection)
                check, found = disagreements(Examples(everything[rows]), p, report)
                self.assertEqual(found, [])
                self.assertEqual(report["stop_reason"], "converged")
                self.assertEqual((report["balance"], report["tolerance"]), (balance, tolerance))
                if table:
                    uniform, best = table
                    self.assertAlmostEqual(report["vendi_score_uniform"], uniform, delta=1e-6)
                    below = balance * check.vendi_score * tolerance + 1e-6
                    self.assertTrue(best[balance] - below <= check.objective_value <= best[balance] + 1e-6, report)

    def test_many_signed_embeddings(self):
        self.recheck(self.save(signed(2000, 64)))

    def test_more_dimensions_than_embeddings(self):
        self.recheck(self.save(signed(100, 500)))

    def test_isotropic_embeddings(self):
        self.recheck(self.save(np.random.default_rng(2).normal(size=(500, 20))), balances=[(0.5, 1e-6), (1, 1e-5)])

    def test_exact_duplicates(self):
        rows = signed(60, 16)
        copies = np.repeat(np.arange(60), np.random.default_rng(3).integers(1, 30, 60))
        self.recheck(self.save(rows[copies]))
        _, p, _ = self.solve(self.path("data.npy"), 0.5, 1e-6)
        for k in range(60):
            np.testing.assert_allclose(p[copies == k], p[copies == k][0], rtol=1e-9)

    def test_rank_deficient_rows(self):
        self.recheck(self.save(signed(300, 7) @ np.random.default_rng(4).normal(size=(7, 40))))
        self.recheck(self.save(signed(30, 3) @ np.random.default_rng(4).normal(size=(3, 40))))

    def test_all_rows_the_same(self):
        self.recheck(self.save(np.tile(signed(1, 9), (20, 1))))

    def test_one_and_two_rows(self):
        for n in (1, 2):
            for d in (1, 2, 30):
                self.recheck(self.save(signed(n, d)))

    def test_rows_of_bytes(self):
        rows = np.random.default_rng(5).integers(0, 256, (400, 6, 5), dtype=np.uint8)
        self.recheck(self.save(rows), "--limit", 350, balances=[(0.5, 1e-6)])

    def test_balance_zero_gives_uniform_weights(self):
        report, p, _ = self.solve(self.save(signed(50, 8)), 0, 1e-6)
        self.assertTrue(np.array_equal(p, np.full(50, 1 / 50)))
        self.assertEqual((report["gap"], report["entropy_weight"]), (0, "inf"))

    def test_reports_of_solves_that_were_cut_short_are_honest(self):
        rows = signed(200, 30)
        copies = np.eye(101, dtype=np.uint8)[np.minimum(np.arange(20100), 100)]
        for data, balance, cut in ((rows, 0.5, ("--max-iterations", 3)), (rows, 1, ("--max-iterations", 20)),
                                   (copies, 0.15, ("--max-solves", 1)), (copies, 0.15, ("--max-solves", 2))):
            with self.subTest(balance=balance, cut=cut):
                report, p, _ = self.solve(self.save(data), balance, 1e-6, *cut)
                self.assertEqual(disagreements(Examples(data.astype(float)), p, report)[1], [])

    def test_copies_reach_the_best_of_their_closed_form(self):
        """m orthogonal rows and one more N times, mass x on the copies: VS = exp(h + (1-x) log m),
        H = h + x log N + (1-x) log m. A climb from uniform weights alone ends in a lower maximum."""
        for m, copies, balance in ((50, 20000, 0.2), (100, 20000, 0.15), (20, 10000, 0.2)):
            with self.subTest(m=m, copies=copies, balance=balance):
                x = np.linspace(0, 1, 2000001)[1:-1]
                h = -x * np.log(x) - (1 - x) * np.log1p(-x)
                J = balance * np.exp(h + (1 - x) * np.log(m)) + (1 - balance) * (
                    h + x * np.log(copies) + (1 - x) * np.log(m))
                rows = np.eye(m + 1, dtype=np.uint8)[np.minimum(np.arange(m + copies), m)]
                report, p, _ = self.solve(self.save(rows), balance, 1e-6)
                self.assertEqual(disagreements(Examples(rows.astype(float)), p, report)[1], [])
                self.assertAlmostEqual(report["objective_value"], J.max(), delta=1e-6)
                self.assertTrue(0 <= report["global_gap"] <= 1e-4, report)

    def test_real_digits(self):
        images, labels = real_data("t10k-images-idx3-ubyte.gz"), real_data("t10k-labels-idx1-ubyte.gz")
        two = ("--labels", labels, "--classes", "0,1")
        self.recheck(images, *two, "--limit", 500, balances=EVERY_BALANCE[1:],
                     table=(12.735924, {0.5: 13.760667, 0.9: 20.778172, 1: 22.542746}))
        self.recheck(images, *two, balances=EVERY_BALANCE[1:3],
                     table=(12.877102, {0.5: 17.720745, 0.9: 27.571912}))

    @unittest.skipIf("SANITIZED" in os.environ, "takes minutes with sanitizers")
    def test_all_real_digits(self):
        self.recheck(real_data("t10k-images-idx3-ubyte.gz"), balances=[(0.5, 1e-6)],
                     table=(23.630924, {0.5: 33.098891}))


class Draws(CommandTest):
    def test_a_million_draws_follow_the_weights(self):
        p = np.random.default_rng(6).exponential(size=300) ** 3
        p[::7] = 0
        p /= p.sum()
        subprocess.run([COMMAND, "sample", self.save(p), "--count", "1000000", "--seed", "5", "--output",
                        self.path("draws.npy")], check=True)
        drawn = np.bincount(np.load(self.path("draws.npy")), minlength=300)
        self.assertEqual(drawn[p == 0].sum(), 0)
        kept = p > 0
        chi_square = np.sum((drawn[kept] - 1e6 * p[kept]) ** 2 / (1e6 * p[kept]))
        freedom = kept.sum() - 1
        self.assertLess(abs(chi_square - freedom), 4 * np.sqrt(2 * freedom))


if __name__ == "__main__":
    unittest.main()
