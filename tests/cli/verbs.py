"""What solve, score, sample and inspect compute and write."""
import gzip
import json
import math
import os
import random
import signal
import struct
import subprocess
import unittest

from command import COMMAND, TIMEOUT, CommandTest, floats, idx, normalised, read_npy, run, vendi_of_two, wholes

PARAMETERS = ("bandwidth", "degree", "offset", "nu", "clipped")  # of the kernel
SOLVE_KEYS = {"n", "dimension", "rank", "kernel", *PARAMETERS, "order", "balance", "objective", "method", "precision",
              "vendi_score_uniform",
              "vendi_score", "entropy", "effective_examples", "objective_value", "entropy_weight", "certified_value",
              "upper_bound", "gap", "error_bar", "global_upper_bound", "global_gap", "iterations", "solves", "row_passes",
              "stop_reason", "seconds", "seconds_read", "max_weight", "min_weight", "least_effective_examples",
              "groups_bounded", "excluded", "quality"}
SCORE_KEYS = {"n", "dimension", "rank", "kernel", *PARAMETERS, "order", "vendi_score", "vendi_score_uniform", "approximation",
              "residual", "vendi_score_low", "vendi_score_high", "truncated_score", "truncated_low", "truncated_high", "entropy",
              "effective_examples", "computed_from"}


UMASK = os.umask(0)
os.umask(UMASK)


class Solve(CommandTest):
    def test_json_has_the_documented_keys_and_is_the_saved_report(self):
        report = self.json("solve", self.data, "--output", self.path("w.npy"))
        self.assertEqual(SOLVE_KEYS - set(report), set())
        with open(self.path("w.json")) as file:
            self.assertEqual(json.load(file), report)
        self.assertEqual(sorted(os.listdir(self.out)), ["w.json", "w.npy"])
        for key, value in [("n", 60), ("dimension", 8), ("rank", 8), ("kernel", "cosine"), ("balance", 0.5),
                           ("objective", "published"), ("method", "accelerated"), ("stop_reason", "converged")]:
            self.assertEqual(report[key], value, key)
        self.assertLessEqual(report["gap"], 1e-6)
        self.assertGreater(report["vendi_score"], report["vendi_score_uniform"])

    def test_weights_are_probabilities_that_give_the_entropy_of_the_report(self):
        p = self.solved()
        with open(self.path("w.json")) as file:
            report = json.load(file)
        self.assertEqual(len(p), 60)
        self.assertGreaterEqual(min(p), 0)
        self.assertAlmostEqual(math.fsum(p), 1, 12)
        self.assertAlmostEqual(-math.fsum(q * math.log(q) for q in p if q > 0), report["entropy"], 9)

    def test_two_examples_reach_the_optimum_found_by_hand(self):
        path = self.keep("pair.npy", floats([[1, 0], [3, 4]]))
        report = self.json("solve", path, "--balance", 1, "--tolerance", "1e-9")
        self.assertAlmostEqual(report["vendi_score"], vendi_of_two(0.5, 0.6), 8)

    def test_the_table_names_scores_proof_and_files(self):
        text = self.succeed("solve", self.data, "--output", self.path("w.npy"), "--rows-output", self.path("r.npy"),
                            "--trace", self.path("t.csv"))
        for word in ["examples", "Vendi Score", "->", "entropy", "effective examples", "lambda", "objective J", "gap", "error bar",
                     "proven", "iterations", "converged", "seconds", "w.npy", "w.json", "r.npy", "t.csv"]:
            self.assertIn(word, text)
        self.assertIn("--output FILE keeps them", self.succeed("solve", self.data))

    def test_balance_0_is_uniform_and_says_so_in_both_forms(self):
        report = self.json("solve", self.data, "--balance", 0, "--output", self.path("w.npy"))
        self.assertEqual((report["gap"], report["entropy_weight"], report["error_bar"]), (0, "inf", 0))
        self.assertIsNone(report["certified_value"])
        self.assertIsNone(report["upper_bound"])
        for q in read_npy(self.path("w.npy"), "<f8"):
            self.assertAlmostEqual(q, 1 / 60, 15)
        self.assertEqual(self.json("solve", self.data, "--balance", 1)["error_bar"], 2)  # nothing is known of them
        self.assertIn("the most even weights are the best", self.succeed("solve", self.data, "--balance", 0))

    def test_more_balance_is_more_diversity_and_less_entropy(self):
        reports = [self.json("solve", self.data, "--balance", b) for b in (0.2, 0.5, 0.9, 1)]
        for less, more in zip(reports, reports[1:]):
            self.assertLess(less["vendi_score"], more["vendi_score"])
            self.assertGreater(less["entropy"], more["entropy"])

    def test_tolerance_iterations_and_solves_are_kept_to(self):
        self.assertLessEqual(self.json("solve", self.data, "--tolerance", "1e-10")["gap"], 1e-10)
        report = self.json("solve", self.data, "--max-iterations", 2)
        self.assertEqual((report["stop_reason"], report["iterations"]), ("max_iterations", 2))
        self.assertIn("--max-iterations", self.succeed("solve", self.data, "--max-iterations", 2))

    def test_copies_need_more_than_one_solve_and_get_it(self):
        rows = [bytes(j == i for j in range(51)) for i in range(50)] + [bytes(50) + b"\1"] * 20000
        path = self.keep("copies.idx", idx((20050, 51), b"".join(rows)))
        report = self.json("solve", path, "--balance", 0.2)
        self.assertAlmostEqual(report["objective_value"], 13.571006, delta=1e-4)  # from the closed form
        self.assertGreater(report["solves"], 1)
        alone = self.json("solve", path, "--balance", 0.2, "--max-solves", 1)
        self.assertEqual(alone["solves"], 1)
        self.assertLess(alone["objective_value"], 8.2)
        self.assertGreaterEqual(alone["global_upper_bound"], 13.571005)

    def test_accepted_values_of_the_choices_and_threads_change_nothing(self):
        plain = self.json("solve", self.data)
        for flags in (["--objective", "published"], ["--order", "1"], ["--order=1.0"], ["--method", "auto"],
                      ["--method", "accelerated"], ["--kernel", "cosine"], ["--threads", 1], ["--threads", 2]):
            report = self.json("solve", self.data, *flags)
            self.assertAlmostEqual(report["objective_value"], plain["objective_value"], 6)

    def test_orders_objectives_and_methods_are_those_of_the_report(self):
        for order in 0.5, 1, 2, 5, "inf":
            report = self.json("solve", self.data, "--order", order, "--balance", 0.6)
            self.assertEqual(report["order"], order)
            self.assertLessEqual(report["gap"], 1e-6)
            self.assertAlmostEqual(report["objective_value"], 0.6 * report["vendi_score"] + 0.4 * report["entropy"], 9)
            self.assertLessEqual(report["global_gap"], 0.6 * report["vendi_score"] * 1.01e-6)
        report = self.json("solve", self.data, "--objective", "log", "--balance", 0.8)
        self.assertEqual(report["objective"], "log")
        self.assertAlmostEqual(report["entropy_weight"], 0.25, 12)
        same = self.json("solve", self.data, "--entropy-weight", 0.25)
        self.assertAlmostEqual(same["objective_value"], report["objective_value"], 6)
        self.assertEqual(self.json("solve", self.data, "--method", "interior-point")["method"], "interior-point")
        report = self.json("solve", self.data, "--method", "adam", "--max-iterations", 20)
        self.assertEqual((report["method"], report["solves"], report["stop_reason"]), ("adam", 1, "max_iterations"))
        text = run("solve", self.data, "--order", "inf", "--objective", "log").stdout
        self.assertIn("objective G", text)
        self.assertRegex(text, r"order +inf")

    def test_linear_of_normalised_rows_is_cosine(self):
        path = self.keep("unit.npy", floats(normalised(self.rows)))
        report = self.json("solve", path, "--kernel", "linear")
        self.assertEqual(report["kernel"], "linear")
        self.assertAlmostEqual(report["objective_value"], self.json("solve", self.data)["objective_value"], 6)

    def test_rows_then_classes_then_limit_and_rows_output_keeps_their_numbers(self):
        chosen = [i for i in range(59, -1, -1) if i % 3 != 0]
        rows = self.keep("chosen.npy", wholes(chosen))
        expected = [i for i in chosen if self.labels[i] in (1, 7)][:6]
        flags = ["--rows", rows, "--labels", self.label_file, "--classes", "1,7", "--limit", 6]
        report = self.json("solve", self.data, *flags, "--output", self.path("w.npy"), "--rows-output",
                           self.path("r.npy"))
        self.assertEqual(report["n"], 6)
        self.assertEqual(read_npy(self.path("r.npy"), "<i8"), expected)
        alone = self.keep("alone.npy", floats([self.rows[i] for i in expected]))
        self.assertAlmostEqual(report["objective_value"], self.json("solve", alone)["objective_value"], 9)
        self.assertEqual(self.json("solve", self.data, "--limit", 1000)["n"], 60)

    def test_trace_has_a_line_per_iteration_that_ends_at_the_report(self):
        report = self.json("solve", self.data, "--trace", self.path("t.csv"))
        with open(self.path("t.csv")) as file:
            header, *lines = [line.rstrip("\n").split(",") for line in file]
        self.assertEqual(header, ["iteration", "vendi_score", "entropy", "objective", "gap", "seconds"])
        self.assertEqual([int(line[0]) for line in lines], list(range(1, len(lines) + 1)))
        self.assertGreaterEqual(len(lines), report["iterations"])
        if report["solves"] == 1:
            self.assertEqual(float(lines[-1][3]), report["objective_value"])
        self.assertEqual(os.listdir(self.out), ["t.csv"])
        self.assertEqual(os.stat(self.path("t.csv")).st_mode & 0o777, 0o666 & ~UMASK)

    def test_outputs_replace_old_files_whole(self):
        for name in "w.npy", "w.json", "r.npy", "t.csv":
            with open(self.path(name), "w") as file:
                file.write("old" * 100000)
        self.solved("--rows-output", self.path("r.npy"), "--trace", self.path("t.csv"))
        self.assertEqual(sorted(os.listdir(self.out)), ["r.npy", "t.csv", "w.json", "w.npy"])
        for name in os.listdir(self.out):
            self.assertLess(os.path.getsize(self.path(name)), 10000, name)

    def test_idx_with_labels_gzipped_or_not_gives_the_same(self):
        pixels = [random.Random(i).randrange(1, 256) for i in range(20 * 6)]
        images, labels = idx((20, 2, 3), pixels), idx((20,), [i % 3 for i in range(20)])
        values = []
        for name, pack in ("plain", bytes), ("packed", gzip.compress):
            report = self.json("solve", self.keep(name + "-images", pack(images)), "--labels",
                               self.keep(name + "-labels", pack(labels)), "--classes", "0,2")
            self.assertEqual((report["n"], report["dimension"]), (13, 6))
            values.append(report["objective_value"])
        self.assertEqual(*values)

    def test_real_digits_reach_the_published_optimum(self):
        here = os.path.dirname(os.path.abspath(__file__))
        for folder in os.environ.get("DIVWEIGHTS_DATA", ""), os.path.join(here, "..", "..", "..", "shared", "data"):
            images = os.path.join(folder, "t10k-images-idx3-ubyte.gz")
            if os.path.exists(images):
                break
        else:
            self.skipTest("t10k-images-idx3-ubyte.gz is neither in $DIVWEIGHTS_DATA nor in ../shared/data")
        labels = os.path.join(folder, "t10k-labels-idx1-ubyte.gz")
        report = self.json("solve", images, "--labels", labels, "--classes", "0,1", "--limit", 500)
        self.assertAlmostEqual(report["objective_value"], 13.760667, delta=1.3e-5)
        self.assertAlmostEqual(report["vendi_score_uniform"], 12.735924, delta=1e-6)
        self.assertLessEqual(report["iterations"], 30)


class Score(CommandTest):
    def test_json_has_exactly_the_documented_keys(self):
        scores = self.json("score", self.data)
        self.assertEqual(set(scores), SCORE_KEYS)
        self.assertEqual((scores["n"], scores["dimension"], scores["rank"], scores["kernel"], scores["order"]),
                         (60, 8, 8, "cosine", 1))
        self.assertEqual(scores["vendi_score"], scores["vendi_score_uniform"])
        self.assertAlmostEqual(scores["entropy"], math.log(60), 12)
        self.assertAlmostEqual(scores["effective_examples"], 60, 9)

    def test_scores_of_two_examples_are_those_found_by_hand(self):
        pair, weights = self.keep("pair.npy", floats([[1, 0], [3, 4]])), self.keep("p.npy", floats([0.25, 0.75]))
        scores = self.json("score", pair, "--weights", weights)
        self.assertAlmostEqual(scores["vendi_score_uniform"], vendi_of_two(0.5, 0.6), 12)
        self.assertAlmostEqual(scores["vendi_score"], vendi_of_two(0.25, 0.6), 12)
        self.assertAlmostEqual(self.json("score", pair, "--order", "inf")["vendi_score"], 1 / 0.8, 12)
        self.assertEqual(self.json("score", pair, "--order", "inf")["order"], "inf")
        self.assertAlmostEqual(self.json("score", pair, "--order", "2")["vendi_score"], 1 / 0.68, 12)
        self.assertAlmostEqual(self.json("score", pair, "--order", "0")["vendi_score"], 2, 12)

    def test_weights_score_what_their_report_says(self):
        report = self.json("solve", self.data, "--labels", self.label_file, "--classes", "0,7", "--limit", 30,
                           "--output", self.path("w.npy"))
        scores = self.json("score", self.data, "--labels", self.label_file, "--classes", "0,7", "--limit", 30,
                           "--weights", self.path("w.npy"), "--threads", 1)
        for key in "n", "rank", "vendi_score", "vendi_score_uniform", "entropy", "effective_examples":
            self.assertAlmostEqual(scores[key], report[key], 9, key)

    def test_linear_and_the_table(self):
        unit = self.keep("unit.npy", floats(normalised(self.rows)))
        self.assertAlmostEqual(self.json("score", unit, "--kernel", "linear")["vendi_score"],
                               self.json("score", self.data)["vendi_score"], 9)
        self.solved()
        text = self.succeed("score", self.data, "--weights", self.path("w.npy"))
        for word in "examples", "rank", "cosine", "uniform weights", "given weights", "effective examples":
            self.assertIn(word, text)


class Sample(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.p = [0.5, 0, 0.25, 0.125, 0.125]
        cls.weights = cls.keep("weights.npy", floats(cls.p))

    def draws(self, *flags, weights=None):
        return [int(line) for line in self.succeed("sample", weights or self.weights, *flags).split()]

    def test_pieces_are_one_long_run(self):
        whole = self.draws("--count", 20000, "--seed", 3)
        self.assertEqual(len(whole), 20000)
        self.assertEqual(self.draws("--count", 0), [])
        pieces, start = [], 0
        for count in 1, 8191, 8192, 3616:
            pieces += self.draws("--count", count, "--start", start, "--seed", 3)
            start += count
        self.assertEqual(pieces, whole)

    def test_seed_and_epoch_choose_the_sequence(self):
        runs = [self.draws("--count", 50, *flags) for flags in
                (["--seed", 0], ["--seed", 1], ["--seed", 2**63 - 1], ["--epoch", 1], ["--epoch", 2**32 - 1])]
        self.assertEqual(len(set(map(tuple, runs))), len(runs))
        self.assertEqual(self.draws("--count", 50, "--epoch", 0), runs[0])

    def test_draws_follow_the_weights_and_never_meet_a_zero(self):
        count = 40000
        draws = self.draws("--count", count)
        for i, q in enumerate(self.p):
            self.assertLessEqual(abs(draws.count(i) - q * count), 5 * math.sqrt(count * q * (1 - q)), i)

    def test_all_outputs_hold_the_same_draws(self):
        text = self.draws("--count", 9000)
        self.assertEqual(self.succeed("sample", self.weights, "--count", 9000, "--output", self.path("i.npy")), "")
        self.assertEqual(read_npy(self.path("i.npy"), "<i8"), text)
        raw = subprocess.run([COMMAND, "sample", self.weights, "--count", "9000", "--output", "-"],
                             stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(list(struct.unpack("<9000q", raw)), text)
        self.assertEqual(os.listdir(self.out), ["i.npy"])

    def test_rows_are_numbers_of_the_original_file(self):
        rows = [i for i in range(60) if self.labels[i] in (1, 7)]
        self.solved("--labels", self.label_file, "--classes", "1,7", "--rows-output", self.path("r.npy"))
        flags = ["--count", 500, "--rows", self.path("r.npy")]
        positions, numbers = (self.draws(*f, weights=self.path("w.npy")) for f in (flags[:2], flags))
        self.assertEqual(numbers, [rows[i] for i in positions])
        self.succeed("sample", self.path("w.npy"), *flags, "--output", self.path("i.npy"))
        self.assertEqual(read_npy(self.path("i.npy"), "<i8"), numbers)

    def test_a_reader_that_stops_ends_the_command_quietly(self):
        for ignored in signal.SIG_DFL, signal.SIG_IGN:
            process = subprocess.Popen([COMMAND, "sample", self.weights, "--count", "10000000"], restore_signals=False,
                                       preexec_fn=lambda: signal.signal(signal.SIGPIPE, ignored),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(10)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            process.stderr.close()
            self.assertEqual(process.wait(TIMEOUT), -signal.SIGPIPE)

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk_behind_stdout_is_an_error(self):
        for arguments in (["sample", self.weights, "--count", 100000], ["sample", self.weights, "--count", 3],
                          ["solve", self.data, "--json"], ["score", self.data], ["inspect", self.data], ["--help"]):
            with open("/dev/full", "w") as full:
                result = run(*arguments, stdout=full)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn("standard output: cannot be written: No space left", result.stderr)


class Inspect(CommandTest):
    def test_examples_are_described(self):
        values = [value for row in self.rows for value in row]
        seen = self.json("inspect", self.data)
        self.assertEqual(seen, {"kind": "examples", "n": 60, "dimension": 8, "dtype": "float64", "bytes": 3840,
                                "minimum": min(values), "maximum": max(values), "zero_rows": 0, "not_finite": 0})
        self.assertEqual(self.json("inspect", self.data, "--limit", 4)["n"], 4)
        text = self.succeed("inspect", self.data)
        for word in "examples           60", "dimension          8", "float64":
            self.assertIn(word, text)

    def test_nan_and_zero_rows_are_counted(self):
        path = self.keep("bad.npy", floats([[1, math.nan], [math.inf, 2], [0, 0], [0, 0]]))
        result = run("inspect", path, "--json")
        seen = json.loads(result.stdout)
        self.assertEqual((seen["not_finite"], seen["zero_rows"], seen["minimum"], seen["maximum"]), (2, 2, 0, 2))
        self.assertEqual(result.returncode, 1)
        self.assertIn("row 0, column 1", result.stderr)
        nothing = run("inspect", self.keep("nan.npy", floats([[math.nan]])), "--json")
        self.assertIsNone(json.loads(nothing.stdout)["minimum"])

    def test_mass_per_class_before_and_after(self):
        p = self.solved()
        for arguments in [self.data, "--weights", self.path("w.npy")], [self.path("w.npy")]:
            seen = self.json("inspect", *arguments, "--labels", self.label_file)
            self.assertEqual([c["label"] for c in seen["classes"]], [0, 1, 7])
            for c in seen["classes"]:
                self.assertEqual(c["examples"], self.labels.count(c["label"]))
                self.assertAlmostEqual(c["share"], c["examples"] / 60, 15)
                self.assertAlmostEqual(c["weight"], sum(q for q, l in zip(p, self.labels) if l == c["label"]), 12)
        shares = self.json("inspect", self.data, "--labels", self.label_file, "--classes", "1,7")["classes"]
        self.assertEqual(shares, [{"label": 1, "examples": 15, "share": 0.75},
                                  {"label": 7, "examples": 5, "share": 0.25}])
        for arguments in [self.data, "--weights", self.path("w.npy")], [self.path("w.npy")]:
            text = self.succeed("inspect", *arguments, "--labels", self.label_file)
            for word in "effective examples", "weighted", "heaviest", "lightest":
                self.assertIn(word, text)

    def test_heaviest_and_lightest_are_named_by_their_row(self):
        rows = self.keep("odd.npy", wholes(range(1, 60, 2)))
        p = self.solved("--rows", rows)
        order = sorted(range(30), key=lambda i: -p[i])
        for arguments in [self.data, "--weights", self.path("w.npy")], [self.path("w.npy")]:
            seen = self.json("inspect", *arguments, "--rows", rows, "--labels", self.label_file, "--heaviest", 4)
            self.assertEqual([e["row"] for e in seen["heaviest"]], [2 * i + 1 for i in order[:4]])
            self.assertEqual([e["row"] for e in seen["lightest"]], [2 * i + 1 for i in order[:-5:-1]])
            for e in seen["heaviest"] + seen["lightest"]:
                self.assertEqual(e["weight"], p[e["row"] // 2])
                self.assertAlmostEqual(e["times_uniform"], 30 * e["weight"], 12)
                self.assertEqual(e["label"], self.labels[e["row"]])
        self.assertEqual(len(self.json("inspect", self.path("w.npy"))["heaviest"]), 5)
        self.assertEqual(len(self.json("inspect", self.path("w.npy"), "--heaviest", 99)["lightest"]), 30)
        self.assertEqual(self.json("inspect", self.path("w.npy"), "--heaviest", 0)["heaviest"], [])
        text = self.succeed("inspect", self.path("w.npy"), "--rows", rows, "--heaviest", 1)
        self.assertRegex(text, r"heaviest\n.*times uniform\n +%d " % (2 * order[0] + 1))

    def test_a_file_of_weights_is_recognised_with_its_report_and_without(self):
        self.solved()
        seen = self.json("inspect", self.path("w.npy"))
        with open(self.path("w.json")) as file:
            report = json.load(file)
        self.assertEqual((seen["kind"], seen["n"], seen["zero_weights"]), ("weights", 60, 0))
        self.assertEqual(seen["report"]["gap"], report["gap"])
        self.assertAlmostEqual(seen["effective_examples"], report["effective_examples"], 9)
        self.assertIn("Vendi Score", self.succeed("inspect", self.path("w.npy")))
        bare = self.json("inspect", self.keep("bare.npy", floats([0.5, 0, 0.5])))
        self.assertEqual((bare["kind"], bare["zero_weights"], bare["report"]), ("weights", 1, None))
        self.assertAlmostEqual(bare["effective_examples"], 2, 12)
        self.assertIn("weights of zero    1", self.succeed("inspect", self.keep("bare.npy", floats([0.5, 0, 0.5]))))
        for other in [0.5, 0.6], [1.5, -0.5]:
            self.assertEqual(self.json("inspect", self.keep("other.npy", floats(other)))["kind"], "examples")
