"""Checks weights and their report by another route than the library's, with NumPy.

    python3 tests/support/recheck.py DATA WEIGHTS.npy [--rows ROWS.npy]

DATA is a .npy or an IDX file, gzipped or not; the report is read from WEIGHTS.json. Prints what it found, and exits 1
where the report does not hold.

The library forms rho(p) = sum p_i phi_i phi_i^T and takes its eigenvalues. Here the singular values of the weighted
rows A = diag(sqrt p) Phi are taken, A = U s V^T, which squares nothing: mu = s^2 is exact to the last bits even where it
is 1e-30. Phi is first rotated into an orthonormal basis of its own span (dimension r), so that V is r x r and rows
without weight have their whole length in it. Then

    VS = exp(-sum mu log mu),  H = -sum p log p,  J = balance VS + (1 - balance) H,  lambda = (1 - balance)/(balance VS)
    sigma = (1-e) rho + e I/r:   D_i = -sum_k (V^T phi_i)_k^2 log((1-e) mu_k + e/r)
    max_p log VS + lambda H  <=  lambda log sum exp(D_i / lambda)              (any e; the least bound counts)

and, with U(lambda) that bound from one D at any lambda, J of no weights whatever is above

    max over h in [0, log n] of  balance exp(min over lambda of U(lambda) - lambda h) + (1 - balance) h .
"""
import argparse
import gzip
import json
import os
import struct
import sys

import numpy as np


def read_rows(path):
    """The rows of a .npy or IDX file, as float64 and flat."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    with (gzip.open if zipped else open)(path, "rb") as file:
        start = file.read(4)
        if start == b"\x93NUM":
            file.seek(0)
            array = np.load(file)
        else:
            shape = struct.unpack(">%dI" % start[3], file.read(4 * start[3]))
            dtype = {8: ">u1", 13: ">f4", 14: ">f8"}[start[2]]
            array = np.frombuffer(file.read(), dtype).reshape(shape)
    return array.reshape(len(array), -1).astype(np.float64)


def entropy(mass):
    mass = mass[mass > 0]
    return -float(np.sum(mass * np.log(mass)))


def scaled_lse(D, scale):
    """scale * log sum exp(D / scale); the largest D at scale 0."""
    top = D.max()
    return top if scale == 0 else top + scale * np.log(np.sum(np.exp((D - top) / scale)))


class Examples:
    """The examples of a cosine kernel, in an orthonormal basis of their span."""

    def __init__(self, rows):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        _, s, Vt = np.linalg.svd(unit, full_matrices=False)
        self.phi = unit @ Vt[s > 1e-13 * s[0]].T
        self.n, self.r = self.phi.shape

    def spectrum(self, p):
        _, s, Vt = np.linalg.svd(np.sqrt(p)[:, None] * self.phi, full_matrices=False)
        return s ** 2 / np.sum(s ** 2), Vt

    def vendi_score(self, p):
        return float(np.exp(entropy(self.spectrum(p)[0])))


class Recheck:
    """What p achieves and what no weights can, at a balance; e is as small as `tolerance` makes it."""

    def __init__(self, examples, p, balance, tolerance):
        p = p / p.sum()
        mu, Vt = examples.spectrum(p)
        self.balance, self.n, self.r = balance, examples.n, examples.r
        self.vendi_score, self.entropy = float(np.exp(entropy(mu))), entropy(p)
        self.objective_value = balance * self.vendi_score + (1 - balance) * self.entropy
        self.entropy_weight = (1 - balance) / (balance * self.vendi_score)
        self.certified_value = np.log(self.vendi_score) + self.entropy_weight * self.entropy
        squares = (examples.phi @ Vt.T) ** 2
        self.duals = [-squares @ np.log(np.maximum((1 - e) * mu + e / self.r, 1e-300))
                      for e in (0, tolerance / 2, tolerance / 8)]
        bounds = [scaled_lse(D, self.entropy_weight) for D in self.duals]
        self.sharpest = self.duals[int(np.argmin(bounds))]
        self.upper_bound = min(bounds)
        self.gap = self.upper_bound - self.certified_value

    def global_upper_bound(self):
        """T = log VS is below every line U(lambda) - lambda h, so below their envelope, and J is convex along each
        line: the largest J is at a vertex."""
        largest = (1 - self.balance) / self.balance
        grid = np.unique(np.concatenate([[0], largest * np.geomspace(1e-5, 1e4, 500),
                                         self.entropy_weight * np.geomspace(0.8, 1.25, 1000)]))
        lines = [(scale, min(scaled_lse(self.sharpest, scale), np.log(self.r) + scale * np.log(self.n)))
                 for scale in grid]

        def crossing(a, b):
            return (b[1] - a[1]) / (b[0] - a[0])

        hull = [(0.0, min(lines[0][1], np.log(self.r)))]
        for line in lines[1:]:
            while len(hull) > 1 and crossing(hull[-1], line) <= crossing(hull[-2], hull[-1]):
                hull.pop()
            hull.append(line)
        vertices = [crossing(a, b) for a, b in zip(hull, hull[1:])] + [0, np.log(self.n)]
        h = np.clip(vertices, 0, np.log(self.n))
        slopes, heights = np.array(hull).T
        T = np.min(heights - np.outer(h, slopes), axis=1)
        return float(np.max(self.balance * np.exp(T) + (1 - self.balance) * h))


def disagreements(examples, p, report):
    """Sentences about all that the report says and this file finds otherwise."""
    found = []
    balance, tolerance = report["balance"], report["tolerance"]
    check = Recheck(examples, p, balance, tolerance)

    def equal(name, value, relative):
        if not abs(report[name] - value) <= relative * max(1, abs(value)):
            found.append("%s is %.15g, recomputed %.15g" % (name, report[name], value))

    equal("n", examples.n, 0)
    equal("vendi_score_uniform", examples.vendi_score(np.full(examples.n, 1 / examples.n)), 1e-9)
    for name in ("vendi_score", "entropy", "objective_value", "entropy_weight", "certified_value"):
        equal(name, getattr(check, name), 1e-9)
    equal("effective_examples", np.exp(check.entropy), 1e-9)
    equal("error_bar", min(2, np.sqrt(2 * report["gap"] / check.entropy_weight)) if check.entropy_weight > 0 else 2, 1e-9)
    equal("upper_bound", report["certified_value"] + report["gap"], 1e-12)
    equal("global_upper_bound", report["objective_value"] + report["global_gap"], 1e-12)
    if not abs(p.sum() - 1) <= 1e-12 or p.min() < 0:
        found.append("the weights sum to %.15g, the least is %g" % (p.sum(), p.min()))
    if report["stop_reason"] == "converged" and not report["gap"] <= tolerance:
        found.append("it has converged, but the gap is %.3g, the tolerance %.3g" % (report["gap"], tolerance))
    allowed = 2 * tolerance if report["stop_reason"] == "converged" else report["gap"] + 1e-9
    if not -1e-10 <= check.gap <= allowed:
        found.append("the gap recomputed from the weights is %.3g, allowed %.3g" % (check.gap, allowed))
    # With further solves the library's bound rests on D of theirs too, which nobody kept.
    bound = check.global_upper_bound()
    if report["solves"] == 1 and not bound - check.objective_value <= 2 * report["global_gap"] + 1e-9:
        found.append("the global bound is %.15g, recomputed %.15g" % (report["global_upper_bound"], bound))
    return check, found


def main():
    parser = argparse.ArgumentParser(description="Checks weights and their report by another route.")
    parser.add_argument("data")
    parser.add_argument("weights")
    parser.add_argument("--rows", help="row numbers of DATA that the weights belong to")
    ask = parser.parse_args()
    rows = read_rows(ask.data)
    if ask.rows:
        rows = rows[np.load(ask.rows)]
    with open(os.path.splitext(ask.weights)[0] + ".json", encoding="utf-8") as file:
        report = json.load(file)
    check, found = disagreements(Examples(rows), np.load(ask.weights), report)
    for name in ("vendi_score", "entropy", "objective_value", "entropy_weight", "certified_value", "upper_bound", "gap"):
        print("%-20s %-22.15g recomputed %.15g" % (name, report[name], getattr(check, name)))
    print("%-20s %-22.15g recomputed %.15g" % ("global_upper_bound", report["global_upper_bound"],
                                               check.global_upper_bound()))
    for sentence in found:
        print("wrong: " + sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
