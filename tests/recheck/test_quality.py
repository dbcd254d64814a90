"""Quality scores beside the entropy at orders above 1, recomputed with NumPy by another route.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_quality.py

Everything is computed from the rows and the weights that the command writes: the score by singular values of the weighted
rows; the gap by Dinkelbach's condition with t from the n x n matrix, its least k by bisection and W by a log-sum-exp; and
the global bound against mirror ascent of the objective from other weights.
"""
import json
import math
import os
import shutil
import subprocess
import tempfile
import unittest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))
N, D = 80, 8


def log_vendi(unit, p, order):
    mu = np.linalg.svd(unit * np.sqrt(p)[:, None], compute_uv=False) ** 2
    top = mu.max()
    return -math.log(top) if math.isinf(order) else (order * math.log(top) + math.log(
        np.sum((mu / top) ** order))) / (1 - order)


def slopes(unit, p, order):
    """t_i with sum p_i t_i = 1: the Hoelder bound of |rho|_q, through K = sqrt(p_i p_j) u_i.u_j and its eigenvectors."""
    root = np.sqrt(p)
    mu, V = np.linalg.eigh(root[:, None] * (unit @ unit.T) * root)
    kept = mu > 1e-12 * mu[-1]
    mu, V = mu[kept], V[:, kept]
    modes = (unit @ (unit.T * root) @ V) / np.sqrt(mu)  # u_i . eigenvectors of rho
    return (modes ** 2 * mu ** (order - 1)).sum(1) / np.sum(mu ** order)


def soft_maximum(x, weight):
    if weight == 0:
        return x.max()
    return x.max() + weight * math.log(np.mean(np.exp((x - x.max()) / weight)))


def gap(unit, p, scores, order, weight):
    c = order / (order - 1)
    s, t = scores / (p @ scores), slopes(unit, p, order)
    deficit = math.log(len(p)) + np.sum(p * np.log(p))
    low, high = 0, 60
    for _ in range(200):
        middle = (low + high) / 2
        k = math.exp(middle / c)
        proof = soft_maximum(s - k * c * t, weight) + weight * deficit <= 1 - c
        low, high = (low, middle) if proof else (middle, high)
    return high


def ascend(unit, p, scores, order, balance, published):
    """Mirror ascent on the objective by its gradient, with steps halved where they fail."""
    def value(p):
        inner = math.log(p @ scores) + log_vendi(unit, p, order)
        return balance * (math.exp(inner) if published else inner) - (1 - balance) * np.sum(p * np.log(p))

    c, step, best = order / (order - 1), 1.0, value(p)
    for _ in range(60):
        inner = math.log(p @ scores) + log_vendi(unit, p, order)
        slope = balance * (math.exp(inner) if published else 1)
        gradient = slope * (scores / (p @ scores) - c * slopes(unit, p, order)) - (1 - balance) * np.log(p)
        while step > 1e-8:
            logit = np.log(p) + step / slope * (gradient - p @ gradient)
            q = np.maximum(np.exp(logit - logit.max()), 1e-12)
            q /= q.sum()
            if value(q) > best:
                p, best, step = q, value(q), 1.5 * step
                break
            step /= 2
    return best


class Quality(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="divweights-recheck-")
        self.addCleanup(shutil.rmtree, folder)
        source = np.random.default_rng(11)
        rows = source.normal(size=(9, D))[source.integers(0, 9, N)] + 0.6 * source.normal(size=(N, D))
        self.unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self.scores = source.random(N)
        self.data, self.quality, self.output = (os.path.join(folder, f) for f in ("x.npy", "s.npy", "p.npy"))
        np.save(self.data, rows)
        np.save(self.quality, self.scores)

    def solve(self, order, balance, objective):
        done = subprocess.run([COMMAND, "solve", self.data, "--quality", self.quality, "--order", str(order), "--balance",
                               str(balance), "--objective", objective, "--output", self.output, "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout), np.load(self.output).astype(float)

    def recheck(self, order, balance, objective):
        report, p = self.solve(order, balance, objective)
        self.assertEqual(report["stop_reason"], "converged")
        vendi, quality, entropy = math.exp(log_vendi(self.unit, p, order)), p @ self.scores, -np.sum(p * np.log(p))
        self.assertAlmostEqual(report["vendi_score"] / vendi, 1, 10)
        self.assertAlmostEqual(report["quality"] / quality, 1, 12)
        value = vendi * quality if objective == "published" else math.log(vendi * quality)
        self.assertAlmostEqual(report["objective_value"], balance * value + (1 - balance) * entropy, 9)
        if not math.isinf(order) and balance < 1:
            found = gap(self.unit, p, self.scores, order, report["entropy_weight"])
            self.assertLessEqual(found, 2e-6)
        bound = report["global_upper_bound"]
        self.assertLessEqual(bound - report["objective_value"], 1e-5)
        if not math.isinf(order):
            for start in (np.full(N, 1 / N), (self.scores + 0.01) / (self.scores + 0.01).sum()):
                self.assertLessEqual(ascend(self.unit, start, self.scores, order, balance, objective == "published"),
                                     bound + 1e-9)

    def test_every_order_and_objective(self):
        for order in 1.5, 2, 5, math.inf:
            for balance in 0.3, 0.8, 1:
                for objective in "published", "log":
                    with self.subTest(order=order, balance=balance, objective=objective):
                        self.recheck(order, balance, objective)


if __name__ == "__main__":
    unittest.main()
