"""What `divweights evaluate` says, by another route: whole matrices of n x n in NumPy, written from the definitions.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_evaluate.py

FID goes through the eigenvalues of S1 S2, which is not symmetric, and the library through singular values of factors;
distances are sums of squared differences, and the library's come from inner products.
"""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))


# ---- the definitions ----

def statistics(x, p, ddof):
    mean = p @ x
    sigma = (x - mean).T @ ((x - mean) * p[:, None])
    n = np.count_nonzero(p)
    return mean, sigma * {"0": 1, "1": n / (n - 1), "effective": 1 / (1 - p @ p)}[ddof]


def frechet(a, b):
    (m, S), (k, T) = a, b
    roots = np.sqrt(np.maximum(np.linalg.eigvals(S @ T).real, 0))
    return (m - k) @ (m - k) + np.trace(S) + np.trace(T) - 2 * roots.sum()


def kernel_matrix(kind, x, y):
    products = x @ y.T
    if kind == "polynomial":
        return (products / x.shape[1] + 1) ** 3
    if kind == "gaussian":
        return np.exp(-distances(x, y) / (2 * 1.5 ** 2))
    if kind == "cosine":
        return products / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(y, axis=1)
    return products


def mmd(kind, x, p, y, v, unbiased):
    K, L, M = kernel_matrix(kind, x, x), kernel_matrix(kind, y, y), kernel_matrix(kind, x, y)
    within = [(w @ G @ w - unbiased * (w * w) @ np.diag(G)) / (1 - unbiased * (w @ w)) for G, w in ((K, p), (L, v))]
    return sum(within) - 2 * p @ M @ v


def distances(x, y):
    return sum((x[:, None, j] - y[None, :, j]) ** 2 for j in range(x.shape[1]))


def radii(x, k):
    return np.partition(distances(x, x), k, axis=1)[:, k]  # place 0 is the row itself


def prdc(x, p, y, v, k):
    keep, save = p > 0, v > 0
    x, p, y, v = x[keep], p[keep], y[save], v[save]
    D, r, s = distances(x, y), radii(x, k), radii(y, k)
    inside, reached = D < r[:, None], D < s[None, :]
    return {"precision": inside.any(axis=0) @ v, "recall": reached.any(axis=1) @ p,
            "density": p @ inside @ v * len(x) / k, "coverage": inside.any(axis=1) @ p}


def vendi(x, p, order):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    mu = np.linalg.eigvalsh(unit @ unit.T * np.sqrt(np.outer(p, p)))
    mu = mu[mu > 1e-14]
    if order == 1:
        return np.exp(-np.sum(mu * np.log(mu)))
    return 1 / mu.max() if order == "inf" else np.sum(mu ** order) ** (1 / (1 - order))


# ---- data ----

def features(n, d, seed, shift=0.0, dtype=np.float32):
    """Non-negative and correlated, as features of a network are."""
    source = np.random.default_rng(seed)
    return np.maximum(source.normal(size=(n, d)) @ source.normal(size=(d, d)) / np.sqrt(d) + 0.5 + shift,
                      0).astype(dtype) + dtype(0.01)


def weights(n, seed):
    source = np.random.default_rng(seed)
    p = source.exponential(size=n) * (source.random(n) > 0.15)
    return p / p.sum()


class EvaluateTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="divweights-evaluate-")
        self.addCleanup(shutil.rmtree, self.folder)

    def save(self, name, array):
        path = os.path.join(self.folder, name)
        np.save(path, array)
        return path

    def run_json(self, *arguments, warnings=False):
        done = subprocess.run([COMMAND, "evaluate", *map(str, arguments), "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(bool(report["warnings"]), warnings, report["warnings"])
        return report

    def close(self, value, expected, relative=1e-6, what=""):
        self.assertLessEqual(abs(value - expected), relative * abs(expected), (what, value, expected))


class Unweighted(EvaluateTest):
    def test_everything_is_as_by_the_definitions(self):
        for n, m, d, dtype in ((500, 400, 20, np.float32), (300, 300, 64, np.float64), (400, 500, 5, np.float16)):
            x, y = features(n, d, 1, dtype=dtype), features(m, d, 2, 0.2, dtype)
            report = self.run_json(self.save("x.npy", x), self.save("y.npy", y), "--order", 2)
            x, y, p, v = x.astype(float), y.astype(float), np.full(n, 1 / n), np.full(m, 1 / m)
            self.close(report["fid"], frechet(statistics(x, p, "1"), statistics(y, v, "1")))
            self.close(report["kid"], mmd("polynomial", x, p, y, v, True))
            self.close(report["mmd_squared"], mmd("polynomial", x, p, y, v, False))
            for name, value in prdc(x, p, y, v, 5).items():
                self.close(report[name], value, 1e-12, name)
            self.close(report["vendi_score_reference"], vendi(x, p, 2), 1e-9)
            self.close(report["vendi_score_weighted"], vendi(x, p, 2), 1e-9)
            self.close(report["vendi_score_generated"], vendi(y, v, 2), 1e-9)

    def test_conventions_of_the_covariance(self):
        x, y = features(60, 8, 3), features(50, 8, 4)
        paths = self.save("x.npy", x), self.save("y.npy", y)
        p, v = np.full(60, 1 / 60), np.full(50, 1 / 50)
        for ddof in "0", "1", "effective":
            report = self.run_json(*paths, "--ddof", ddof, "--metrics", "fid")
            self.close(report["fid"], frechet(statistics(x.astype(float), p, ddof), statistics(y.astype(float), v, ddof)))

    def test_fewer_rows_than_columns(self):
        x, y = features(30, 90, 5, dtype=np.float64), features(150, 90, 6, 0.1, np.float64)
        report = self.run_json(self.save("x.npy", x), self.save("y.npy", y), "--metrics", "fid", warnings=True)
        self.assertIn("effective sample size of the reference set is 30.0, below its 90 columns", report["warnings"][0])
        # by factors: the non-zero eigenvalues of S1 S2 are those of A1 S2 A1^T, which has full rank 29
        _, T = statistics(y, np.full(150, 1 / 150), "1")
        A = (x - x.mean(axis=0)) / np.sqrt(29)
        roots = np.sqrt(np.linalg.eigvalsh(A @ T @ A.T)[1:]).sum()
        difference = x.mean(axis=0) - y.mean(axis=0)
        self.close(report["fid"], difference @ difference + np.sum(A * A) + np.trace(T) - 2 * roots)


class Weighted(EvaluateTest):
    def test_everything_is_as_by_the_definitions(self):
        for n, m, d in ((400, 350, 16), (300, 500, 40)):
            x, y, p, v = features(n, d, 7), features(m, d, 8, 0.3), weights(n, 9), weights(m, 10)
            flags = ["--weights", self.save("p.npy", p), "--generated-weights", self.save("v.npy", v), "--k", 3]
            report = self.run_json(self.save("x.npy", x), self.save("y.npy", y), *flags)
            x, y = x.astype(float), y.astype(float)
            self.close(report["fid"], frechet(statistics(x, p, "effective"), statistics(y, v, "effective")))
            self.close(report["kid"], mmd("polynomial", x, p, y, v, True))
            self.close(report["mmd_squared"], mmd("polynomial", x, p, y, v, False))
            for name, value in prdc(x, p, y, v, 3).items():
                self.close(report[name], value, 1e-12, name)
            self.close(report["vendi_score_reference"], vendi(x, np.full(n, 1 / n), 1), 1e-9)
            self.close(report["vendi_score_weighted"], vendi(x, p, 1), 1e-9)
            self.close(report["vendi_score_generated"], vendi(y, v, 1), 1e-9)
            self.close(report["effective_n_reference"], 1 / (p @ p), 1e-12)
            unit = x / np.linalg.norm(x, axis=1, keepdims=True)
            self.close(report["internal_diversity_weighted"], 1 - np.sum((p @ unit) ** 2), 1e-9)

    def test_every_kernel(self):
        x, y, p = features(200, 12, 11), features(150, 12, 12, 0.2), weights(200, 13)
        paths = self.save("x.npy", x), self.save("y.npy", y)
        for kind in "polynomial", "gaussian", "cosine", "linear":
            report = self.run_json(*paths, "--weights", self.save("p.npy", p), "--metrics", "kid", "--mmd-kernel", kind,
                                   "--mmd-bandwidth", 1.5)
            x, y, v = x.astype(float), y.astype(float), np.full(150, 1 / 150)
            self.close(report["kid"], mmd(kind, x, p, y, v, True), 1e-9, kind)
            self.close(report["mmd_squared"], mmd(kind, x, p, y, v, False), 1e-9, kind)

    def test_whole_weights_are_repeated_rows_where_they_should_be(self):
        x, y = features(80, 6, 14), features(70, 6, 15, 0.2)
        times = np.random.default_rng(16).integers(0, 5, 80)
        paths = self.save("x.npy", x), self.save("y.npy", y), self.save("r.npy", np.repeat(x, times, axis=0))
        p = self.save("p.npy", times / times.sum())
        flags = ["--ddof", 0, "--order", 0.5]
        weighted = self.run_json(paths[0], paths[1], "--weights", p, *flags)
        repeated = self.run_json(paths[2], paths[1], *flags)
        for name in "fid", "mmd_squared", "recall":
            self.close(weighted[name], repeated[name], 1e-9, name)
        self.close(weighted["vendi_score_weighted"], repeated["vendi_score_reference"], 1e-9)
        self.close(weighted["internal_diversity_weighted"], repeated["internal_diversity_reference"], 1e-9)


class Files(EvaluateTest):
    def test_statistics_are_exchanged_both_ways_with_numpy(self):
        x, y, p = features(200, 10, 17), features(150, 10, 18), weights(200, 19)
        paths = self.save("x.npy", x), self.save("y.npy", y)
        ours, theirs = os.path.join(self.folder, "ours.npz"), os.path.join(self.folder, "theirs.npz")
        whole = self.run_json(*paths, "--weights", self.save("p.npy", p), "--metrics", "fid", "--save-stats", ours)
        mu, sigma = statistics(x.astype(float), p, "effective")
        with np.load(ours) as file:
            np.testing.assert_allclose(file["mu"], mu, rtol=0, atol=1e-13)
            np.testing.assert_allclose(file["sigma"], sigma, rtol=0, atol=1e-13)
            self.assertEqual((file["mu"].dtype, file["sigma"].dtype), (np.float64, np.float64))
        np.savez_compressed(theirs, mu=mu, sigma=sigma)  # as pytorch-fid writes them
        for path in ours, theirs:
            self.close(self.run_json(paths[1], "--load-stats", path, "--metrics", "fid")["fid"], whole["fid"], 1e-9)
            self.close(self.run_json(*paths, "--load-stats", path, "--metrics", "fid")["fid"], whole["fid"], 1e-9)
        report = self.run_json(paths[1], "--load-stats", theirs, "--metrics", "fid")
        self.assertIsNone(report["n_reference"])
        self.assertIsNone(report["effective_n_reference"])
        np.savez(theirs, mu=mu.astype(np.float32), sigma=sigma.astype(np.float32))
        self.close(self.run_json(paths[1], "--load-stats", theirs, "--metrics", "fid")["fid"], whole["fid"], 1e-4)


class Modes(EvaluateTest):
    def test_shares_go_by_the_nearest_labelled_row(self):
        source = np.random.default_rng(20)
        centres = source.normal(size=(4, 6)) * 5
        labels = source.integers(0, 4, 300) * 10 - 10
        x = (centres[labels // 10 + 1] + source.normal(size=(300, 6))).astype(np.float32)
        y, p, v = (centres[source.integers(0, 2, 200)] + 2 * source.normal(size=(200, 6))), weights(300, 21), weights(200, 22)
        report = self.run_json(self.save("x.npy", x), self.save("y.npy", y), "--labels", self.save("l.npy", labels),
                               "--weights", self.save("p.npy", p), "--generated-weights", self.save("v.npy", v),
                               "--metrics", "modes")
        nearest = labels[np.argmin(distances(x.astype(float), y), axis=0)]
        self.assertEqual([mode["label"] for mode in report["modes"]], [-10, 0, 10, 20])
        for mode in report["modes"]:
            self.assertEqual(mode["examples"], np.count_nonzero(labels == mode["label"]))
            self.assertAlmostEqual(mode["reference"], np.mean(labels == mode["label"]), 12)
            self.assertAlmostEqual(mode["weighted"], p[labels == mode["label"]].sum(), 12)
            self.assertAlmostEqual(mode["generated"], v[nearest == mode["label"]].sum(), 12)


if __name__ == "__main__":
    unittest.main()
