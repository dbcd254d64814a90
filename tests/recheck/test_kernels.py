"""Kernels of the command, recomputed in NumPy from the full n x n matrix.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_kernels.py

Real data are looked for in $DIVWEIGHTS_DATA, then ../shared/data beside the sources.
"""
import gzip
import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_weights import CommandTest, real_data  # noqa: E402


def squares(x):
    """|x_i - x_j|^2 by differences."""
    return np.array([((x - row) ** 2).sum(axis=1) for row in x])


def vendi_score(K):
    mu = np.linalg.eigvalsh(K / len(K))
    mu = mu[mu > 0]
    return np.exp(-(mu * np.log(mu)).sum())


def certified_gap(K, p, lam):
    """The bound slse(D, lam) minus log VS + lam H, from diag(sqrt p) K diag(sqrt p) = U diag(mu) U^T.

    sigma = (1-e) rho + e I/n in a space of n dimensions, of which K shows some: example i has the part c_ik^2 in
    direction k, (K sqrt(p) u_k)_i / sqrt(mu_k), and the rest where sigma is e/n.
    """
    n, root = len(p), np.sqrt(p)
    mu, U = np.linalg.eigh(root[:, None] * K * root)
    value = -(mu[mu > 0] * np.log(mu[mu > 0])).sum() - lam * (p[p > 0] * np.log(p[p > 0])).sum()
    U, mu = U[:, mu > 1e-13], mu[mu > 1e-13]
    part = (K @ (root[:, None] * U)) ** 2 / mu
    rest = np.maximum(1 - part.sum(axis=1), 0)
    bounds = []
    for e in (1e-9, 1e-8, 1e-7, 1e-6):
        D = -part @ np.log((1 - e) * mu + e / n) - rest * np.log(e / n)
        bounds.append(D.max() + lam * np.log(np.exp((D - D.max()) / lam).sum()))
    return min(bounds) - value


class Kernels(CommandTest):
    def test_weights_of_a_gaussian_kernel_are_certified_on_the_full_matrix(self):
        x = np.random.default_rng(1).normal(size=(2000, 3)) * [1, 2, 3]
        report = self.run_json("solve", self.save(x), "--kernel", "gaussian", "--bandwidth", "4", "--tolerance", "1e-6",
                               "--output", self.path("weights.npy"))
        p = np.load(self.path("weights.npy"))
        K = np.exp(-squares(x) / (2 * 4 ** 2))
        self.assertEqual((report["kernel"], report["bandwidth"], report["degree"]), ("gaussian", 4, None))
        self.assertAlmostEqual(report["vendi_score_uniform"], vendi_score(K), delta=1e-8)
        self.assertLess(report["gap"], 1e-6)
        self.assertLess(certified_gap(K, p, report["entropy_weight"]), 1.2e-6)

    def test_scores_are_those_of_the_matrix_and_of_the_formula(self):
        source = np.random.default_rng(2)
        x, n = source.normal(size=(90, 5)), 90
        far = np.sqrt(squares(x))
        city = np.abs(x[:, None] - x).sum(axis=2)
        inner = x @ x.T / 5 + 2
        cosine = x @ x.T / np.sqrt(np.outer((x * x).sum(1), (x * x).sum(1)))
        pairs = far[np.triu_indices(n, 1)]
        median = np.sort(pairs)[len(pairs) // 2]
        cases = [(("gaussian", "--bandwidth", 1.5), np.exp(-far ** 2 / 4.5)),
                 (("gaussian",), np.exp(-far ** 2 / 2 / median ** 2)),
                 (("laplacian", "--bandwidth", 3), np.exp(-city / 3)),
                 (("matern", "--bandwidth", 2, "--nu", 0.5), np.exp(-far / 2)),
                 (("polynomial", "--offset", 2, "--degree", 4),
                  inner ** 4 / np.outer(np.diag(inner), np.diag(inner)) ** 2),
                 (("cosine-power", "--power", 3), cosine ** 3),
                 (("arc-cosine", "--degree", 0), 1 - np.arccos(np.clip(cosine, -1, 1)) / np.pi)]
        for flags, K in cases:
            with self.subTest(kernel=flags):
                np.fill_diagonal(K, 1)
                by_formula = self.run_json("score", self.save(x), "--kernel", *flags)
                by_matrix = self.run_json("score", self.save(K, "K.npy"), "--kernel", "precomputed")
                self.assertEqual(by_formula["kernel"], flags[0])
                self.assertAlmostEqual(by_formula["vendi_score"], vendi_score(K), delta=1e-7)
                self.assertAlmostEqual(by_matrix["vendi_score"], vendi_score(K), delta=1e-7)

    def test_tanimoto_of_fingerprints(self):
        bits = np.random.default_rng(3).random((200, 2048)) < 0.05
        common = bits.astype(float) @ bits.T.astype(float)
        K = common / (bits.sum(1)[:, None] + bits.sum(1) - common)
        for data, flags in ((np.packbits(bits, axis=1), ["--bits"]), (bits.astype(np.uint8), [])):
            found = self.run_json("score", self.save(data), "--kernel", "tanimoto", *flags)
            self.assertAlmostEqual(found["vendi_score"], vendi_score(K), delta=1e-9 * 200)

    def test_new_rows_of_a_matrix_are_rows_of_similarities(self):
        x = np.random.default_rng(4).normal(size=(60, 3))
        K = np.exp(-squares(x) / 8)
        self.save(x[50:], "new.npy")
        self.save(K[50:, :50], "new_K.npy")
        gains = []
        for data, new, flags in ((x[:50], "new.npy", ("gaussian", "--bandwidth", 2)),
                                 (K[:50, :50], "new_K.npy", ("precomputed",))):
            self.run_json("score", self.save(data), "--new", self.path(new), "--output", self.path("gain.npy"),
                          "--kernel", *flags)
            gains.append(np.load(self.path("gain.npy")))
        np.testing.assert_allclose(gains[0], gains[1], atol=1e-7)

    def test_a_checkpoint_is_of_its_bandwidth(self):
        data = self.save(np.random.default_rng(5).normal(size=(80, 3)))
        flags = ["solve", data, "--kernel", "gaussian", "--checkpoint", self.path("state"), "--checkpoint-iterations", 2]
        self.run_json(*flags, "--bandwidth", 1, "--max-iterations", 5)
        self.run_json(*flags, "--bandwidth", 1, "--resume", self.path("state"))
        with self.assertRaisesRegex(AssertionError, "bandwidth 1, expected 1.1"):
            self.run_json(*flags, "--bandwidth", 1.1, "--resume", self.path("state"))

    def test_pixel_scores_of_digits_are_those_that_were_published(self):
        try:
            from PIL import Image
        except ImportError:
            raise unittest.SkipTest("there is no Pillow: apt-get install python3-pil") from None
        with gzip.open(real_data("t10k-images-idx3-ubyte.gz")) as file:
            images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
        with gzip.open(real_data("t10k-labels-idx1-ubyte.gz")) as file:
            labels = np.frombuffer(file.read(), np.uint8, offset=8)
        published = "7.68 5.31 12.18 9.97 11.10 13.51 9.06 9.58 9.69 8.56".split()
        for digit, score in enumerate(published):
            rows = [np.asarray(Image.fromarray(image).resize((32, 32))).ravel() for image in images[labels == digit]]
            found = self.run_json("score", self.save(np.array(rows)), "--kernel", "cosine")
            self.assertEqual("%.2f" % found["vendi_score"], score, digit)


if __name__ == "__main__":
    unittest.main()
