"""Every draw, computed a second time from docs/sampler.md in exact whole numbers, and compared with the command's.

    DIVWEIGHTS=build/release/divweights python3 tests/recheck/test_draws.py

Nothing here is shared with the library, and nothing is fast: sums instead of carries, searches instead of tables.
"""
import math
import os
import struct
import subprocess
import tempfile
import unittest
from fractions import Fraction

import numpy as np

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))
WORD = 2**64
G = 0x9E3779B97F4A7C15
SEED = 0x0123456789ABCDEF


def philox(counter, key):
    x, (k0, k1) = list(counter), key
    for _ in range(10):
        a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [b >> 32 ^ x[1] ^ k0, b % 2**32, a >> 32 ^ x[3] ^ k1, a % 2**32]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return x


def number(seed, epoch, purpose, i):
    block = i // 2
    words = philox((block % 2**32, block >> 32, epoch, purpose), (seed % 2**32, seed >> 32))
    return words[2 * (i % 2)] + 2**32 * words[2 * (i % 2) + 1]


def mix(x):
    x %= WORD
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB % WORD
    return x ^ x >> 31


def whole_numbers(p):
    """Section 2."""
    p = [Fraction(x) for x in p]
    e = math.frexp(max(p))[1] if max(p) > 2**-1000 else -2000
    while max(p) >= Fraction(2) ** e:
        e += 1
    while max(p) < Fraction(2) ** (e - 1):
        e -= 1
    m = [math.floor(x * Fraction(2) ** (63 - e)) for x in p]
    total, shared = sum(m), WORD - sum(x > 0 for x in p)
    w, before = [], 0
    for mi, x in zip(m, p):
        w.append((x > 0) + (before + mi) * shared // total - before * shared // total)
        before += mi
    return w


def alias_draw(w, u):
    """Sections 3 and 4, with the row that is rich searched from 0 every time."""
    n = len(w)
    starts = [-(-j * WORD // n) for j in range(n + 1)]
    capacity = [starts[j + 1] - starts[j] for j in range(n)]
    left, threshold, alias = list(w), starts[:n], list(range(n))
    for j in range(n):
        poor = j
        while left[poor] < capacity[poor]:
            rich = next(r for r in range(n) if left[r] > capacity[r])
            threshold[poor], alias[poor] = starts[poor] + left[poor], rich
            left[rich] -= capacity[poor] - left[poor]
            left[poor] = capacity[poor]
            poor = rich
    return [j if x < threshold[j] else alias[j] for x in u for j in [x * n // WORD]]


def exponential(u):
    """Section 5."""
    def twice_atanh(s):
        s2, total = s * s, 1.0 / 21
        for odd in range(19, 0, -2):
            total = total * s2 + 1.0 / odd
        return 2 * s * total

    if u < 2**62:
        z = (float(u) + 0.5) * 2.0**-64
        return twice_atanh(z / (2 - z))
    f, h = math.frexp(float(WORD - 1 - u) + 0.5)
    if f < 0.75:
        f, h = 2 * f, h - 1
    return float(64 - h) * float.fromhex("0x1.62e42fefa39efp-1") - twice_atanh((f - 1) / (f + 1))


def shuffle(m, keys, tweak, x):
    """Section 6."""
    a = math.isqrt(m - 1) + 1
    b = -(-m // a)
    while True:
        left, right = x % a, x // a
        for r in range(0, 24 if m <= 256 else 8, 2):
            left = (left + (mix(keys[r] + G * tweak + right) * a >> 64)) % a
            right = (right + (mix(keys[r + 1] + G * tweak + left) * b >> 64)) % b
        x = left + a * right
        if x < m:
            return x


class Reference:
    """All draws of sections 4 to 8."""

    def __init__(self, p, seed, scheme, length=0, labels=None):
        labels = [0] * len(p) if labels is None else list(labels)
        self.seed, self.scheme = seed, scheme
        self.rows = [[i for i in range(len(p)) if labels[i] == label] for label in sorted(set(labels))]
        self.w = [whole_numbers([p[i] for i in rows]) for rows in self.rows]
        self.groups = len(self.rows)
        most = self.groups * min(sum(x > 0 for x in w) for w in self.w)
        usual = most if scheme == "without-replacement" else len(p) // self.groups * self.groups
        self.length = 0 if scheme == "with-replacement" else length or usual
        self.orders = {}

    def keys(self, epoch, purpose):
        return [number(self.seed, epoch, purpose, r) for r in range(24)]

    def order(self, epoch, g):
        if (epoch, g) not in self.orders:
            times = [(exponential(number(self.seed, epoch, 1, row)) / float(w), row)
                     for row, w in zip(self.rows[g], self.w[g]) if w > 0]
            self.orders[epoch, g] = [row for _, row in sorted(times)]
        return self.orders[epoch, g]

    def systematic(self, epoch, g, b):
        m = self.length // self.groups
        t = shuffle(m, self.keys(epoch, 3), g, b)
        x = (WORD * t + mix(number(self.seed, epoch, 2, 0) + G * g)) // m
        end = 0
        for row, w in zip(self.rows[g], self.w[g]):
            end += w
            if x < end:
                return row
        raise AssertionError("beyond the end")

    def draw(self, epoch, i):
        if self.length:
            epoch, i = epoch + i // self.length, i % self.length
        b, g = i, 0
        if self.groups > 1:
            b = i // self.groups
            g = shuffle(self.groups, self.keys(epoch, 4), b, i % self.groups)
        if self.scheme == "with-replacement":
            return self.rows[g][alias_draw(self.w[g], [number(self.seed, epoch, 0, i)])[0]]
        return self.order(epoch, g)[b] if self.scheme == "without-replacement" else self.systematic(epoch, g, b)

    def fingerprint(self):
        total = 0
        for rows, w in zip(self.rows, self.w):
            total = mix(total + sum(mix(wi + (row + 1) * G) for row, wi in zip(rows, w) if wi > 0))
        return total

    def state(self, epoch, position):
        kind = 1 + 2**32 * {"with-replacement": 1, "without-replacement": 2, "systematic": 3}[self.scheme]
        rows = sum(len(rows) for rows in self.rows)
        words = [int.from_bytes(b"DIVWSTRM", "little"), kind, self.seed, epoch, position, rows, self.length, self.groups,
                 self.fingerprint()]
        checksum = 0
        for word in words:
            checksum = (mix(checksum ^ word) + G) % WORD
        return struct.pack("<10Q", *words, checksum)


SMALL = [0.5, 0, 3, 1e-300, 0.125, 5e-324, 2.75, 0.1]
SMALL_LABELS = [7, -1, 7, 7, -1, 3, 3, -1]


class Draws(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, p, *flags):
        # weights.npy must sum to 1; all that follows is on what the command reads
        np.save(self.path("w.npy"), np.asarray(p))
        out = subprocess.run([COMMAND, "sample", self.path("w.npy"), *map(str, flags)], check=True,
                             stdout=subprocess.PIPE).stdout
        return [int(line) for line in out.split()]

    def weights(self, seed, n):
        random = np.random.default_rng(seed)
        p = random.random(n) ** 8 * (random.random(n) < 0.9)
        p[0] += 1e-3
        p /= p.sum()
        return p / p.sum() if p.sum() != 1 else p

    def test_draws_of_every_scheme_are_those_of_the_page(self):
        for seed, n in (1, 1), (2, 2), (3, 3), (4, 10), (5, 37), (6, 100):
            p = self.weights(seed, n)
            np.save(self.path("p.npy"), p)
            for scheme in "with-replacement", "without-replacement", "systematic":
                for length in (0, 3 * n + 1) if scheme == "systematic" else (0,):
                    reference = Reference(self.loaded(p), SEED + seed, scheme, length)
                    flags = ["--scheme", scheme, "--seed", SEED + seed, "--epoch", 3, "--start", 5, "--count", 40]
                    flags += ["--epoch-length", length] if length else []
                    self.assertEqual(self.command(p, *flags), [reference.draw(3, i) for i in range(5, 45)],
                                     (n, scheme, length))

    def loaded(self, p):
        """The weights as the command has them: scaled to sum 1 when they do not."""
        total = math.fsum(p)
        return [x / total for x in p] if total != 1 else list(p)

    def test_balanced_draws_of_every_scheme_are_those_of_the_page(self):
        p = self.loaded(self.weights(8, 60))
        labels = np.arange(60) * 7 % 60 // 17
        p = [x + 1e-4 for x in p]
        p = [x / math.fsum(p) for x in p]
        p = self.loaded(p)
        np.save(self.path("labels.npy"), labels)
        for scheme in "with-replacement", "without-replacement", "systematic":
            reference = Reference(p, 9, scheme, labels=labels)
            drawn = self.command(p, "--scheme", scheme, "--seed", 9, "--count", 200, "--labels",
                                 self.path("labels.npy"))
            self.assertEqual(drawn, [reference.draw(0, i) for i in range(200)], scheme)

    def test_states_are_those_of_the_page(self):
        p = self.loaded(self.weights(10, 50))
        for scheme in "with-replacement", "without-replacement", "systematic":
            state = self.path(scheme)
            self.command(p, "--scheme", scheme, "--seed", 11, "--epoch", 2, "--start", 3, "--count", 9, "--world", 2,
                         "--state", state)
            with open(state, "rb") as file:
                self.assertEqual(file.read(), Reference(p, 11, scheme).state(2, 3 + 18))


def print_golden_values():
    """What docs/sampler.md and the tests in C have."""
    print("w", *("%016x" % x for x in whole_numbers(SMALL)))
    for scheme, length in ("with-replacement", 0), ("without-replacement", 0), ("systematic", 0), ("systematic", 20):
        for labels in None, SMALL_LABELS:
            if labels and length == 20:
                length = 21
            reference = Reference(SMALL, SEED, scheme, length, labels)
            print(scheme, length, "labels" if labels else "", "fingerprint %016x" % reference.fingerprint())
            for epoch, first in (0, 0), (3, 7):
                print("   ", epoch, first, *(reference.draw(epoch, first + i) for i in range(24)))
    thousand = [1 + i * i % 97 for i in range(1000)]
    for scheme in "without-replacement", "systematic":
        reference = Reference(thousand, 2026, scheme)
        print(scheme, "thousand fingerprint %016x" % reference.fingerprint())
        for epoch, first in (0, 0), (1, 990):
            print("   ", epoch, first, *(reference.draw(epoch, first + i) for i in range(16)))
    print("state", Reference(SMALL, SEED, "systematic").state(3, 7).hex())


if __name__ == "__main__":
    if os.environ.get("GOLDEN"):
        print_golden_values()
    else:
        unittest.main()
