"""examples/wgan-gp on a few made digits: it trains, and stopping and going on changes nothing on one thread.

    BUILD=build/release python3 tests/examples/test_wgan.py

Skipped where CMake finds no libtorch (Debian: libtorch-dev), and in a sanitizer build.
"""
import csv
import math
import os
import subprocess
import unittest

import numpy

from installed import CMAKE, FLAGS, ROOT, TIMEOUT, WARNINGS, Scratch, run

SAMPLES = 20


def setUpModule():
    global path
    if FLAGS:
        raise unittest.SkipTest("libtorch is not sanitised")
    scratch = Scratch()
    unittest.addModuleCleanup(scratch.remove)
    path = scratch.path
    done = run(CMAKE, "-S", os.path.join(ROOT, "examples", "wgan-gp"), "-B", path("wgan-gp"),
               "-DCMAKE_PREFIX_PATH=" + path("prefix"), "-DCMAKE_CXX_FLAGS=" + WARNINGS,
               "-DCMAKE_CXX_FLAGS_RELEASE=-O0", check=False)  # most of the time goes into torch's headers
    if "TorchConfig.cmake" in done.stderr:
        raise unittest.SkipTest("there is no libtorch (Debian: libtorch-dev)")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    subprocess.run([CMAKE, "--build", path("wgan-gp"), "--parallel", str(os.cpu_count())], check=True,
                   stdout=subprocess.DEVNULL, timeout=4 * TIMEOUT)
    run(os.path.join(scratch.build("made_digits"), "make_digits"), "--count", 100, "--images", path("images.idx"),
        "--labels", path("labels.idx"))


def train(name, *flags, check=True):
    arguments = ["--data", path("images.idx"), "--labels", path("labels.idx"), "--classes", "1,2", "--batch", 8,
                 "--critic-steps", 2, "--samples", SAMPLES, "--every", 1, "--output", path(name)]
    return run(path("wgan-gp/wgan-gp"), *arguments, *flags, check=check,
               env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})


def curve(name):
    with open(path(name, "curve.csv"), newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def without_seconds(rows):
    return [{**row, "seconds": 0} for row in rows]


def digits():
    labels = numpy.fromfile(path("labels.idx"), numpy.uint8, offset=8)
    return numpy.fromfile(path("images.idx"), numpy.uint8, offset=16).reshape(len(labels), -1)[
        (labels == 1) | (labels == 2)] / 255


def frechet(one, other):
    """The distance of two Gaussians by an eigen-decomposition and its square root, which the library does without."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    first, second = (numpy.cov(rows, rowvar=False, ddof=0) for rows in (one, other))
    values, vectors = numpy.linalg.eigh(first)
    root = vectors * numpy.sqrt(numpy.maximum(values, 0)) @ vectors.T
    both = numpy.sqrt(numpy.maximum(numpy.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return ((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum() + numpy.trace(first + second) - 2 * both


class Wgan(unittest.TestCase):
    def test_it_trains_and_measures(self):
        train("three", "--balance", 0.5, "--steps", 3)
        rows = curve("three")
        self.assertEqual([row["step"] for row in rows], [1, 2, 3])
        for row in rows:
            self.assertTrue(all(math.isfinite(value) for value in row.values()), row)
            self.assertAlmostEqual(row["share_1"] + row["share_2"], 1, delta=1e-6)
            self.assertAlmostEqual(row["fid_own"], row["fid_reference"], delta=1e-9)
        images = numpy.load(path("three/samples.npy"))
        self.assertEqual((images.shape, images.dtype), ((SAMPLES, 28, 28), numpy.uint8))
        with open(path("three/samples.png"), "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertAlmostEqual(frechet(digits(), images / 255), rows[-1]["fid_uniform"],
                               delta=0.01 * rows[-1]["fid_uniform"])  # they were rounded to bytes

    def test_stopping_and_going_on_gives_the_same_model(self):
        flags = ("--balance", 1, "--reference", 1, "--seed", 7)
        train("whole", *flags, "--steps", 4)
        train("pieces", *flags, "--steps", 1)
        train("pieces", *flags, "--steps", 4)
        self.assertEqual(without_seconds(curve("whole")), without_seconds(curve("pieces")))
        numpy.testing.assert_array_equal(numpy.load(path("whole/samples.npy")), numpy.load(path("pieces/samples.npy")))

    def test_weights_decide_what_the_critic_sees(self):
        n = len(digits())
        names = []
        for row in 0, 1:
            weights = numpy.zeros(n)
            weights[row] = 1
            numpy.save(path("only_%d.npy" % row), weights)
            names.append("drawing_%d" % row)
            train(names[-1], "--weights", path("only_%d.npy" % row), "--steps", 1)
        first, second = (curve(name)[0]["wasserstein_estimate"] for name in names)
        self.assertNotEqual(first, second)

    def test_the_convolutional_networks_train(self):
        train("convolutional", "--network", "convolutional", "--steps", 1)
        self.assertEqual(len(curve("convolutional")), 1)

    def test_failures_are_sentences(self):
        train("taken", "--steps", 1)
        numpy.save(path("five.npy"), numpy.full(5, 0.2))
        for status, words, flags in ((1, "holds another run", ("--seed", 1)), (2, "--balance is 2", ("--balance", 2)),
                                     (1, "5 weights for", ("--weights", path("five.npy"))),
                                     (2, "is no flag", ("--what", 1)), (2, "dense or convolutional", ("--network", "x")),
                                     (1, path("none.idx"), ("--data", path("none.idx")))):
            done = train("taken", *flags, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)

    def test_a_damaged_checkpoint_is_named(self):
        os.mkdir(path("damaged"))
        with open(path("damaged/checkpoint.pt"), "wb") as file:
            file.write(bytes(100))
        done = train("damaged", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged/checkpoint.pt: is no checkpoint", done.stderr)

    def test_the_script_skips_what_is_done(self):
        script = ["sh", os.path.join(ROOT, "examples", "wgan-gp", "experiment.sh"), path("images.idx"),
                  path("labels.idx"), "--pairs", "1,2", "--balances", "uniform 1", "--seeds", "0", "--steps", 1,
                  "--output", path("runs")]
        environment = {**os.environ, "WGAN_GP": path("wgan-gp/wgan-gp")}
        self.assertIn("2 runs to do", run(*script, env=environment))
        os.remove(path("runs/1,2/uniform/0/curve.csv"))
        said = run(*script, env=environment)
        self.assertIn("1 runs to do", said)
        self.assertRegex(said, r"vendi_score +[0-9.]+ +[0-9.]+\n")
        self.assertGreater(os.path.getsize(path("runs/1,2/curves.svg")), 1000)


if __name__ == "__main__":
    unittest.main()
