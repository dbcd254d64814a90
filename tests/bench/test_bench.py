"""divweights-bench and published.py on tiny sets: every table is valid and says what can be checked.

    BUILD=build/release python3 tests/bench/test_bench.py
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", "build/release")
BENCH = os.path.join(BUILD, "tests", "bench", "divweights-bench")


def run(*arguments, status=0):
    done = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def records(*arguments):
    return json.loads(run(*arguments, "--json"))["rows"]


def table(text):
    """The rows of a Markdown table, as dictionaries."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    assert set(lines[1]) == {"---"} and all(len(line) == len(lines[0]) for line in lines), text
    return [dict(zip(lines[0], line)) for line in lines[2:]]


class Bench(unittest.TestCase):
    def rows(self, name):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.npy")
            run("rows", "--set", name, "--output", path)
            return np.load(path)

    def test_methods_sweeps_orders_and_balances(self):
        sweep = ["methods", "--set", "mixture-80x6,digits-40", "--order", "1,inf", "--balance", "0,0.5,1"]
        rows = table(run(*sweep))
        self.assertEqual([(row["set"], row["q"]) for row in rows],
                         [(name, q) for name in ("mixture-80x6", "digits-40") for q in ("1", "inf")])
        for row in rows:
            self.assertRegex(row["0"], r"^0 / \d+ / [\d.e-]+$")
            self.assertRegex(row["0.5"], r"^\d+(\+\d+)? / \d+ / [\d.e-]+$")
        cells = records(*sweep)
        self.assertEqual(len(cells), 12)
        for cell in cells:
            self.assertLessEqual(cell["gap"], 1e-6)
            self.assertEqual(cell["stop_reason"], "converged")
            self.assertGreaterEqual(cell["row_passes"], 2 * cell["iterations"])

    def test_methods_says_what_was_not_reached(self):
        row, = table(run("methods", "--set", "mixture-300x8", "--order", 2, "--balance", "0.5,1", "--method",
                         "accelerated", "--max-iterations", 3))
        self.assertRegex(row["1"], r"^3 / \d+ / [\d.e-]+ gap \de[+-]\d\d$")
        cell, = records("methods", "--set", "mixture-800x64", "--order", 1, "--balance", 1, "--seconds", 0)
        self.assertEqual((cell["stop_reason"], cell["iterations"]), ("cancelled", 1))

    def test_iteration_and_solve_relate_to_the_floor(self):
        for floor in "single", "double":
            row, = records("iteration", "--set", "mixture-500x16", "--repeats", 3, "--floor", floor)
            self.assertEqual((row["n"], row["r"], row["repeats"], row["floor_in"]), (500, 16, 3, floor))
            self.assertAlmostEqual(row["iteration_floor"], row["iteration_ms"] / row["floor_ms"], 5)
            self.assertGreater(row["iteration_floor"], 0)
            self.assertTrue(0 < row["dsyevd_ms"] < row["floor_ms"] and row["syrk_ms"] > 0 and row["trmm_ms"] > 0)
        row, = records("solve", "--set", "mixture-500x16", "--repeats", 3)
        self.assertLessEqual(row["gap"], 1e-6)
        self.assertAlmostEqual(row["solve_iterations_x_floor"] * row["iterations"] * row["floor_ms"],
                               1e3 * row["solve_s"], delta=1e-3 * row["solve_s"])

    def test_bars_say_which_aims_are_met(self):
        rows = table(run("bars", "--divide", 2000, "--repeats", 1, "--max-iterations", 20))
        self.assertEqual(len(rows), 10)
        for row in rows:
            met = "" if row["aim"] == "null" else "yes" if float(row["value"]) <= float(row["aim"]) else "no"
            self.assertEqual(row["met"], met)
        self.assertEqual([row["set"] for row in rows if row["iterations"] != "null"],
                         ["digits-5", "mixture-50x512", "mixture-500x512"])
        ratios = [float(row["value"]) for row in rows if "x256" in row["set"]]
        spread, rounding = ratios.pop(), 0.0006
        self.assertGreaterEqual(spread, (max(ratios) - rounding) / (min(ratios) + rounding) - rounding)
        self.assertLessEqual(spread, (max(ratios) + rounding) / (min(ratios) - rounding) + rounding)

    def test_flags_that_a_case_would_ignore_are_refused(self):
        self.assertIn("--set is no flag of bars", run("bars", "--set", "mixture-5x2", status=2))
        self.assertIn("--divide is no flag of solve", run("solve", "--divide", 2, status=2))

    def test_mixtures_are_signed_long_tailed_and_begin_alike(self):
        large, small = self.rows("mixture-3000x8"), self.rows("mixture-50x8")
        self.assertEqual(large.dtype, np.float32)
        np.testing.assert_array_equal(large[:50], small)
        np.testing.assert_allclose(np.linalg.norm(large, axis=1), 1, atol=1e-6)
        self.assertTrue(0.3 < (large < 0).mean() < 0.7)
        size = np.sort(((large @ large.T) > 0.9).sum(axis=1))
        share = 1 / sum(k**-1.1 for k in range(1, 1001))
        self.assertTrue(0.9 * share < size[-1] / 3000 < 1.1 * share + 0.02)
        np.testing.assert_allclose(self.rows("mixture-50x8:float64"), small, atol=1e-7)
        halves = self.rows("mixture-50x8:uint8")
        self.assertEqual(halves.dtype, np.uint8)
        np.testing.assert_allclose(halves, np.clip(64 * np.sqrt(8) * small, 0, 255), atol=0.51)

    def test_made_digits_are_those_of_make_digits(self):
        """VS of uniform weights of the first 500: the table of docs/mathematics.md, section 8."""
        X = self.rows("digits-500").astype(float)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        mu = np.linalg.eigvalsh(X @ X.T / 500)
        mu = mu[mu > 1e-12]
        self.assertAlmostEqual(np.exp(-(mu * np.log(mu)).sum()), 13.841897, 5)

    def test_the_published_algorithm_takes_the_steps_of_method_adam(self):
        command = [sys.executable, os.path.join(HERE, "published.py"), "--build", BUILD, "--set", "mixture-60x5",
                   "--steps", "12", "--repeats", "1"]
        done = subprocess.run([*command, "--json"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        row, = json.loads(done.stdout)["rows"]
        self.assertLess(row["traces_differ"], 1e-9)
        self.assertGreater(row["J"], row["published_J"])
        done = subprocess.run([*command, "--measure", "2"], capture_output=True, text=True)
        row, = table(done.stdout)
        self.assertEqual(row["steps"], "12 (2 measured)")

    def test_bad_usage_is_status_2_and_named(self):
        for text, arguments in (("case is missing", []), ("fast is no case", ["fast"]),
                                ("--set needs a value", ["methods", "--set"]),
                                ("--sets a is no flag", ["methods", "--sets", "a"]),
                                ("cats-9 is no set", ["methods", "--set", "cats-9"]),
                                ("float16: is no type", ["methods", "--set", "digits-9:float16"]),
                                ("\",\" is no list", ["methods", "--set", "digits-9", "--balance", "0,"]),
                                ("--order is x", ["methods", "--set", "digits-9", "--order", "1,x"]),
                                ("--method is newton", ["methods", "--set", "digits-9", "--method", "newton"]),
                                ("--repeats is 0", ["solve", "--repeats", "0"]),
                                ("--set is missing", ["rows", "--output", "x.npy"]),
                                ("rows takes one --set", ["rows", "--set", "digits-9"])):
            with self.subTest(arguments=arguments):
                self.assertIn(text, run(*arguments, status=2))
        self.assertIn("cannot be written", run("rows", "--set", "digits-9", "--output", "/no/such/x.npy", status=1))
        self.assertIn("Usage:", run("--help"))


if __name__ == "__main__":
    unittest.main()
