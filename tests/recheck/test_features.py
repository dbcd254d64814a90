"""Kernels with every other feature of the command, rechecked in NumPy on the full n x n matrix.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_features.py

Exact features and those of low rank go through subsets, exclusions, bounds on weights and groups, orders, streaming, new
rows, checkpoints and the metrics. Nothing here knows of features: weights are read from their file, the matrix is made
from the rows, and a bound comes from the eigenvalues of diag(sqrt p) K diag(sqrt p).
"""
import math
import os
import subprocess
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_kernels import squares, vendi_score  # noqa: E402
from test_weights import COMMAND, CommandTest  # noqa: E402

N, LAMBDA, TOLERANCE = 150, 0.3, 1e-6


def mixture(n, seed):
    source = np.random.default_rng(seed)
    return source.normal(size=(n, 3)) + 2 * source.normal(size=(4, 3))[np.minimum(source.geometric(0.5, n), 4) - 1]


def tanimoto(bits):
    common = bits.astype(float) @ bits.T.astype(float)
    return common / (bits.sum(1)[:, None] + bits.sum(1) - common)


def problems():
    """Rows as they are in a file, flags, and K."""
    x = mixture(N, 1)
    city = np.abs(x[:, None] - x).sum(axis=2)
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    bits = np.random.default_rng(2).random((N, 64)) < np.random.default_rng(3).random(64) / 2
    bits[:, 0] = True
    gaussian, K = ["--kernel", "gaussian", "--bandwidth", 2], np.exp(-squares(x) / 8)
    return {"gaussian": (x, gaussian, K),
            "gaussian, rank 30": (x, [*gaussian, "--rank", 30], K),
            "laplacian, residual": (x, ["--kernel", "laplacian", "--bandwidth", 9, "--residual", 0.02], np.exp(-city / 9)),
            "cosine-power": (x, ["--kernel", "cosine-power", "--power", 3], (unit @ unit.T) ** 3),
            "tanimoto": (np.packbits(bits, axis=1), ["--kernel", "tanimoto", "--bits"], tanimoto(bits)),
            "tanimoto, rank 60": (np.packbits(bits, axis=1), ["--kernel", "tanimoto", "--bits", "--rank", 60], tanimoto(bits)),
            "precomputed": (K, ["--kernel", "precomputed"], K)}


def spectrum(K, p):
    root = np.sqrt(p)
    return np.maximum(np.linalg.eigvalsh(root[:, None] * K * root), 0)


def log_vendi(K, p, order=1):
    mu = spectrum(K, p)
    if math.isinf(order):
        return -math.log(mu.max())
    mu = mu[mu > 1e-14]
    return -(mu * np.log(mu)).sum() if order == 1 else math.log((mu ** order).sum()) / (1 - order)


def entropy(p):
    return -(p[p > 0] * np.log(p[p > 0])).sum()


def support(D, lam, upper):
    """The most of <D, p> + lam H(p) over p <= upper: p = min(upper, exp((D - s) / lam)), s by bisection."""
    low, high = D.min() - 50, D.max() + lam * math.log(len(D)) + 1
    for _ in range(200):
        s = (low + high) / 2
        low, high = (s, high) if np.minimum(upper, np.exp(np.minimum((D - s) / lam, 50))).sum() > 1 else (low, s)
    p = np.minimum(upper, np.exp((D - high) / lam))
    return p @ D + lam * entropy(p) + (1 - p.sum()) * D.max()


def grouped_support(D, lam, labels, bounds):
    """The same over p whose mass of each label k is within bounds[k]: of mass m a group gives m (A - lam log m),
    A = lam log sum exp(D / lam), so m = exp((A - s) / lam), clipped."""
    low, high = np.transpose(bounds)
    A = np.array([D[labels == k].max() + lam * np.log(np.exp((D[labels == k] - D[labels == k].max()) / lam).sum())
                  for k in range(len(bounds))])
    under, over = A.min() - 50, A.max() + 50
    for _ in range(200):
        s = (under + over) / 2
        m = np.clip(np.exp(np.clip((A - s) / lam, -500, 50)), low, high)
        under, over = (s, over) if m.sum() > 1 else (under, s)
    return (m * A - lam * np.where(m > 0, m * np.log(np.maximum(m, 1e-300)), 0)).sum() + (1 - m.sum()) * A.max()


def upper_bound(K, p, lam, most):
    """No allowed weights have a larger log VS + lam H: weak duality at the smoothed state of p (order 1). most(D): the
    most of <D, p> + lam H(p) over allowed p."""
    n, root = len(p), np.sqrt(p)
    mu, U = np.linalg.eigh(root[:, None] * K * root)
    U, mu = U[:, mu > 1e-13], mu[mu > 1e-13]
    part = (K @ (root[:, None] * U)) ** 2 / mu
    rest = np.maximum(1 - part.sum(axis=1), 0)
    return min(most(-part @ np.log((1 - e) * mu + e / n) - rest * math.log(e / n))
               for e in (1e-9, 1e-8, 1e-7, 1e-6))


class Features(CommandTest):
    def setUp(self):
        super().setUp()
        self.problems, self.kernel = problems(), ""

    def each(self, *names):
        for number, (name, (rows, flags, K)) in enumerate(self.problems.items()):
            if not names or name in names:
                self.kernel = name
                yield name, self.save(rows, "data-%d.npy" % number), flags, K

    def _formatMessage(self, msg, standardMsg):
        return super()._formatMessage(msg, "%s: %s" % (self.kernel, standardMsg))

    def solve(self, data, flags, *more):
        report = self.run_json("solve", data, *flags, "--entropy-weight", LAMBDA, "--tolerance", TOLERANCE, *more,
                               "--output", self.path("w.npy"))
        return report, np.load(self.path("w.npy"))

    def certify(self, report, p, K, upper=1.0, order=1, most=None):
        """Value and interval are those of K; the reported bound and the one from K alone are above what p has, and no
        further than is said."""
        value = log_vendi(K, p, order) + LAMBDA * entropy(p)
        self.assertLessEqual(report["vendi_score_low"], math.exp(log_vendi(K, p, order)) * (1 + 1e-9))
        self.assertGreaterEqual(report["vendi_score_high"], math.exp(log_vendi(K, p, order)) * (1 - 1e-9))
        self.assertLessEqual(report["certified_value"], value + 1e-9)
        self.assertGreaterEqual(report["upper_bound"], value - 1e-9)
        self.assertAlmostEqual(report["upper_bound"] - report["certified_value"], report["gap"], delta=1e-9)
        exact = report["approximation"] == "none"
        if exact:
            self.assertLessEqual(report["gap"], TOLERANCE)
        if order == 1:
            bound = upper_bound(K, p, LAMBDA, most or (lambda D: support(D, LAMBDA, np.broadcast_to(upper, p.shape))))
            self.assertGreaterEqual(bound, value - 1e-9)
            self.assertLessEqual(bound - value, 2 * TOLERANCE if exact else report["gap"] + 1e-9)
        return value

    def test_certificates_of_every_kernel(self):
        for _, data, flags, K in self.each():
            report, p = self.solve(data, flags)
            self.certify(report, p, K)
            if report["approximation"] == "cholesky":  # against weights that are the best of K to 1e-6
                exact, best = self.solve(data, [f for f in flags if f not in ("--rank", 30, 60, "--residual", 0.02)])
                optimum = log_vendi(K, best) + LAMBDA * entropy(best)
                self.assertGreaterEqual(report["upper_bound"], optimum)
                self.assertGreaterEqual(report["gap"], optimum - log_vendi(K, p) - LAMBDA * entropy(p))
                self.assertGreaterEqual(upper_bound(K, p, LAMBDA, lambda D: support(D, LAMBDA, np.ones(N))), optimum)
                self.assertLess(report["residual"], 0.5)

    def test_orders(self):
        for order in 0.5, 2, math.inf:
            for name, data, flags, K in self.each("gaussian", "gaussian, rank 30", "tanimoto, rank 60", "precomputed"):
                report, p = self.solve(data, flags, "--order", order)
                value = self.certify(report, p, K, order=order)
                if name == "gaussian":
                    best = value
                elif name == "gaussian, rank 30":
                    self.assertGreaterEqual(report["upper_bound"], best - 1e-9)

    def test_subsets(self):
        chosen = np.random.default_rng(4).permutation(N)[:90]
        rows = self.save(chosen, "rows.npy")
        for _, data, flags, K in self.each("gaussian, rank 30", "laplacian, residual", "tanimoto", "precomputed"):
            report, p = self.solve(data, flags, "--rows", rows)
            self.assertEqual(report["n"], 90)
            self.certify(report, p, K[np.ix_(chosen, chosen)])

    def test_exclusions_and_bounds(self):
        excluded = self.save(np.arange(0, N, 3), "excluded.npy")
        upper = np.full(N, 3 / N)
        upper[::3] = 0
        for _, data, flags, K in self.each("gaussian", "gaussian, rank 30", "tanimoto", "cosine-power"):
            report, p = self.solve(data, flags, "--exclude", excluded, "--max-weight", 3)
            self.assertTrue((p <= upper * (1 + 1e-9)).all())
            self.certify(report, p, K, upper)

    def test_bounds_on_groups(self):
        labels, bounds = np.arange(N) % 3, [(0, 0.1), (0.6, 1), (0, 1)]
        file = self.path("bounds.csv")
        with open(file, "w") as text:
            text.write("label,lower,upper\n0,0,0.1\n1,0.6,1\n")
        for _, data, flags, K in self.each("gaussian", "gaussian, rank 30", "tanimoto", "precomputed"):
            report, p = self.solve(data, flags, "--labels", self.save(labels, "labels.npy"), "--group-bounds", file)
            self.assertLessEqual(p[labels == 0].sum(), 0.1 + 1e-9)
            self.assertGreaterEqual(p[labels == 1].sum(), 0.6 - 1e-9)
            self.certify(report, p, K, most=lambda D: grouped_support(D, LAMBDA, labels, bounds))

    def test_rows_that_stay_in_their_file(self):
        for name, data, flags, K in self.each("gaussian, rank 30", "laplacian, residual", "gaussian"):
            kept, p = self.solve(data, flags)
            planned = self.run_json("solve", data, *flags, "--dry-run")
            report, q = self.solve(data, flags, "--max-memory", planned["memory"] + 4000000)
            np.testing.assert_allclose(p, q, atol=1e-9, err_msg=name)
        many = self.save(np.tile(mixture(4000, 6), (10, 55)), "many.npy")  # 53 MB, which is too much beside the process
        flags = ["--kernel", "gaussian", "--bandwidth", 14, "--rank", 12]
        streamed = self.run_json("score", many, *flags, "--max-memory", "60M")
        kept = self.run_json("score", many, *flags)
        for key in "vendi_score", "vendi_score_low", "vendi_score_high":
            self.assertAlmostEqual(streamed[key] / kept[key], 1, delta=1e-9)
        done = subprocess.run([COMMAND, "score", many, "--kernel", "gaussian", "--max-memory", "1G"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("more than the", done.stderr)
        self.assertIn("--rank", done.stderr)

    def test_new_rows(self):
        """The gain of the matrix with the row in it; of low rank within what is proven."""
        source, fresh = mixture(N, 1), mixture(6, 9) * [[1], [1], [1], [1], [1], [4]]
        for name, flags, kernel in (("gaussian", ["--kernel", "gaussian", "--bandwidth", 2], lambda x: np.exp(-squares(x) / 8)),
                                    ("laplacian", ["--kernel", "laplacian", "--bandwidth", 9],
                                     lambda x: np.exp(-np.abs(x[:, None] - x).sum(axis=2) / 9))):
            p = np.random.default_rng(7).random(N) ** 2
            p /= p.sum()
            data, new, weights = self.save(source), self.save(fresh, "new.npy"), self.save(p, "p.npy")
            for order in (1, 2, math.inf) if name == "gaussian" else (1,):
                before = log_vendi(kernel(source), p, order)
                share = 1 / (math.exp(entropy(p)) + 1)
                true = [log_vendi(kernel(np.vstack([source, row])), np.append((1 - share) * p, share), order) - before
                        for row in fresh]
                for more in [], ["--rank", 25], ["--rank", 60]:
                    with self.subTest(kernel=name, order=order, more=more):
                        shown = self.run_json("score", data, "--weights", weights, "--new", new, "--top", 6, "--order", order,
                                              *flags, *more)["new"]["best"]
                        self.assertEqual(len(shown), 6)
                        for row in shown:
                            gain = true[row["row"]]
                            if more:
                                self.assertTrue(row["gain_low"] - 1e-12 <= gain <= row["gain_high"] + 1e-12, (row, gain))
                                self.assertLess(abs(row["gain"] - gain), 0.02 if more[1] == 25 else 0.005)
                            else:
                                self.assertAlmostEqual(row["gain"], gain, delta=1e-9)

    def test_checkpoints(self):
        for name, data, flags, K in self.each("gaussian", "gaussian, rank 30", "tanimoto, rank 60", "precomputed"):
            whole, p = self.solve(data, flags, "--method", "accelerated")
            state = ["--method", "accelerated", "--checkpoint", self.path("state"), "--checkpoint-iterations", 2]
            self.solve(data, flags, *state, "--max-iterations", 5)
            report, q = self.solve(data, flags, *state, "--resume", self.path("state"))
            np.testing.assert_array_equal(p, q)
            self.certify(report, q, K)

    def test_a_checkpoint_of_another_kernel_says_what_is_other(self):
        _, data, _, _ = next(self.each("gaussian"))
        state = ["--checkpoint", self.path("state"), "--checkpoint-iterations", 1]
        self.run_json("solve", data, "--kernel", "gaussian", "--bandwidth", 2, "--rank", 30, *state, "--max-iterations", 3)
        for flags, sentence in ((["gaussian", "--bandwidth", 2.5, "--rank", 30], "bandwidth 2, expected 2.5"),
                                (["laplacian", "--bandwidth", 2, "--rank", 30], "kernel gaussian, expected laplacian"),
                                (["gaussian", "--bandwidth", 2], "approximation cholesky, expected none"),
                                (["gaussian", "--bandwidth", 2, "--rank", 30, "--approximation-seed", 7],
                                 "approximation seed 0, expected 7"),
                                (["gaussian", "--bandwidth", 2, "--rank", 31], "features 30, expected 31")):
            done = subprocess.run([COMMAND, "solve", data, "--kernel", *map(str, flags), "--resume", self.path("state")],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(sentence, done.stderr)

    def test_what_is_no_similarity_is_refused_with_rows_or_eigenvalue(self):
        K = self.problems["precomputed"][2]
        skew, negative, wide = K.copy(), 2 * K - np.eye(N), 2 * K
        skew[7, 8:98] += 1e-3
        for matrix, flags, sentence in ((skew, [], "is not symmetric"), (skew, ["--rank", 40], "is not symmetric"),
                                        (negative, [], "it has the eigenvalue -"), (negative, ["--rank", 40], "is not positive semidefinite: row "),
                                        (negative, ["--rank", 40, "--clip-negative"], "needs all eigenvalues of the matrix"),
                                        (wide, [], "itself is 2, expected 1: normalise"), (wide, ["--rank", 9], "itself is 2, expected 1")):
            done = subprocess.run([COMMAND, "score", self.save(matrix), "--kernel", "precomputed", *map(str, flags)],
                                  capture_output=True, text=True)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(sentence, done.stderr)
        for kernel, flags, sentence in (("arc-cosine", ["--degree", 3], "--degree is 3, expected a whole number from 0 to 2"),
                                        ("matern", ["--nu", 1], "--nu is 1, expected 0.5, 1.5 or 2.5"),
                                        ("cosine", ["--bandwidth", 2], "it is for gaussian, laplacian, matern")):
            done = subprocess.run([COMMAND, "score", self.save(K), "--kernel", kernel, *map(str, flags)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn(sentence, done.stderr)

    def test_order_two_without_eigenvalues_is_the_same(self):
        p = np.random.default_rng(8).random(N)
        weights = self.save(p / p.sum(), "p.npy")
        for name, data, flags, K in self.each("gaussian", "cosine-power", "tanimoto", "precomputed"):
            found = self.run_json("score", data, *flags, "--order", 2, "--weights", weights)
            self.assertEqual(found["computed_from"], "eigenvalues" if name == "precomputed" else "similarities")
            self.assertAlmostEqual(found["vendi_score"], math.exp(log_vendi(K, p / p.sum(), 2)), delta=1e-8)
            self.assertAlmostEqual(found["vendi_score_uniform"], math.exp(log_vendi(K, np.full(N, 1 / N), 2)), delta=1e-8)
            by_spectrum = self.run_json("score", data, *flags, "--order", 2, "--weights", weights, "--truncate", 3)
            self.assertEqual(by_spectrum["computed_from"], "eigenvalues")
            self.assertAlmostEqual(found["vendi_score"] / by_spectrum["vendi_score"], 1, delta=1e-10)
        wide, tall = mixture(40, 1) @ np.random.default_rng(1).normal(size=(3, 90)), mixture(400, 1)
        for rows, way in (wide, "similarities"), (tall, "eigenvalues"):
            found = self.run_json("score", self.save(rows), "--order", 2)
            unit = rows / np.linalg.norm(rows, axis=1)[:, None]
            self.assertEqual(found["computed_from"], way)
            self.assertAlmostEqual(found["vendi_score"], len(rows) ** 2 / ((unit @ unit.T) ** 2).sum(), delta=1e-9)
        self.run_json("score", self.save(tall), "--kernel", "gaussian", "--order", 2, "--max-memory", "40M")

    def test_the_median_is_drawn_by_its_seed(self):
        data, found = self.save(mixture(400, 1)), []
        for bandwidth in "median", "median=1", "median=2", "median=0":
            found.append(self.run_json("score", data, "--kernel", "gaussian", "--bandwidth", bandwidth, "--rank", 2)["bandwidth"])
        self.assertEqual(found[0], found[1])
        self.assertEqual(len(set(found)), 3)
        self.assertLess(max(found) / min(found), 1.1)

    def test_evaluate(self):
        x, y = mixture(60, 1), mixture(50, 5)
        paths = self.save(x, "x.npy"), self.save(y, "y.npy")
        pairs = np.sort(np.sqrt(squares(x)[np.triu_indices(60, 1)]))
        median = pairs[len(pairs) // 2]
        for flags, kernel in ((["gaussian", "--bandwidth", 2], lambda x: np.exp(-squares(x) / 8)),
                              (["gaussian"], lambda x: np.exp(-squares(x) / 2 / median ** 2)),
                              (["matern", "--nu", 0.5, "--bandwidth", 3], lambda x: np.exp(-np.sqrt(squares(x)) / 3)),
                              (["polynomial", "--degree", 2], lambda x: (x @ x.T / 3 + 1) ** 2 / np.outer(
                                  (x * x).sum(1) / 3 + 1, (x * x).sum(1) / 3 + 1))):
            found = self.run_json("evaluate", *paths, "--metrics", "vendi", "--resamples", 2, "--kernel", *flags)
            low = self.run_json("evaluate", *paths, "--metrics", "vendi", "--resamples", 2, "--kernel", *flags, "--rank", 9)
            self.assertEqual((found["kernel"], found["approximation"], low["approximation"]), (flags[0], "none", "cholesky"))
            for rows, name in (x, "reference"), (y, "generated"):
                score = vendi_score(kernel(rows))
                self.assertAlmostEqual(found["vendi_score_" + name], score, delta=1e-7)
                self.assertTrue(low["vendi_score_%s_low" % name] <= score * (1 + 1e-9))
                self.assertTrue(low["vendi_score_%s_high" % name] >= score * (1 - 1e-9))
        matrices = [self.save(np.exp(-squares(rows) / 8), name) for rows, name in ((x, "Kx.npy"), (y, "Ky.npy"))]
        found = self.run_json("evaluate", *matrices, "--metrics", "vendi", "--kernel", "precomputed", "--resamples", 0)
        self.assertAlmostEqual(found["vendi_score_generated"], vendi_score(np.exp(-squares(y) / 8)), delta=1e-7)

    def test_inspect_takes_the_kernel_of_the_weights(self):
        for name, data, flags, K in self.each("gaussian, rank 30", "cosine-power", "tanimoto"):
            report, _ = self.solve(data, flags)
            shown = self.run_json("inspect", data, "--weights", self.path("w.npy"), "--example", 3)
            self.assertEqual([shown[key] for key in ("kernel", "bandwidth", "degree", "approximation")],
                             [report[key] for key in ("kernel", "bandwidth", "degree", "approximation")])
            self.assertAlmostEqual(shown["vendi_score"] / report["vendi_score"], 1, delta=0.2 if "rank" in name else 1e-6)
        data, flags = self.save(mixture(N, 1)), ["--kernel", "gaussian"]
        report, _ = self.solve(data, [*flags, "--rank", 120, "--approximation", "features", "--bandwidth", 9])
        shown = self.run_json("inspect", data, "--weights", self.path("w.npy"), "--example", 3)
        self.assertEqual((shown["approximation"], report["features"]), ("features", 120))
        self.assertLess(report["rank"], 120)
        self.assertAlmostEqual(shown["vendi_score"] / report["vendi_score"], 1, delta=1e-9)
        report, _ = self.solve(data, flags)
        shown = self.run_json("inspect", data, "--weights", self.path("w.npy"), "--example", 3)
        self.assertAlmostEqual(shown["bandwidth"] / report["bandwidth"], 1, delta=1e-12)
        for flags, sentence in ((["--bandwidth", 9], "--bandwidth is 9, but the report of %s has %.9g" % (
                self.path("w.npy"), report["bandwidth"])), (["--kernel", "cosine"], "--kernel is cosine, but the report of")):
            done = subprocess.run([COMMAND, "inspect", data, "--weights", self.path("w.npy"), "--example", "3", *map(str, flags)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0)
            self.assertIn(sentence, done.stderr)

    def test_points_of_a_path_have_their_intervals(self):
        for name, data, flags, K in self.each("gaussian", "gaussian, rank 30"):
            path = self.run_json("path", data, *flags, "--balances", "0.3,0.7", "--tolerance", "1e-5", "--output",
                                 self.path("curve-%d" % len(flags)))
            for point in path["points"]:
                p = np.load(os.path.join(self.path("curve-%d" % len(flags)), "weights-%g.npy" % point["balance"]))
                score = math.exp(log_vendi(K, p))
                self.assertTrue(point["vendi_score_low"] <= score * (1 + 1e-9) and score <= point["vendi_score_high"] * (1 + 1e-9))
                self.assertEqual(point["vendi_score_low"] < point["vendi_score_high"], "rank" in name)


if __name__ == "__main__":
    unittest.main()
