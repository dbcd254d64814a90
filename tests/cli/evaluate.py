"""What evaluate measures, prints and writes. tests/recheck/test_evaluate.py has the numbers by another route."""
import json
import math
import os
import random

from command import CommandTest, floats, run, wholes

SIZES = {"n_reference", "effective_n_reference", "entropy", "effective_examples", "n_generated", "effective_n_generated",
         "dimension", "seed", "warnings"}
FID = {"fid", "ddof"}
KID = {"kid", "kid_interval", "kid_standard_error", "mmd_squared", "kid_kernel", "kid_degree", "kid_block"}
PRDC = {"precision", "recall", "density", "coverage", "precision_interval", "recall_interval", "density_interval",
        "coverage_interval", "k"}
PARAMETERS = {"bandwidth", "degree", "offset", "nu", "clipped"}  # null: the kernel has none
VENDI = {"kernel", *PARAMETERS, "approximation", "order", "resamples", "equal_n"} | {
    pattern % which for which in ("reference", "weighted", "generated")
    for pattern in ("vendi_score_%s", "vendi_score_%s_interval", "vendi_score_%s_equal_n", "renyi_entropy_%s",
                    "internal_diversity_%s")}


class Evaluate(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = random.Random(2)
        cls.made = [[value + source.gauss(0, 0.3) for value in cls.rows[i % 60]] for i in range(0, 120, 3)]
        cls.generated = cls.keep("generated.npy", floats(cls.made))
        cls.p = [1 + label for label in cls.labels]
        cls.p = [value / sum(cls.p) for value in cls.p]
        cls.weights = cls.keep("p.npy", floats(cls.p))

    def evaluate(self, *arguments):
        return self.json("evaluate", self.data, self.generated, *arguments)

    def test_json_has_the_documented_keys(self):
        self.assertEqual(set(self.evaluate()), SIZES | FID | KID | PRDC | VENDI)
        for metrics, keys in (("fid", FID), ("kid", KID), ("prdc", PRDC), ("vendi", VENDI), ("prdc,fid", FID | PRDC),
                              ("recall", PRDC), ("precision,density,coverage", PRDC), ("mmd", KID)):
            self.assertEqual(set(self.evaluate("--metrics", metrics)), SIZES | keys)
        report = self.evaluate("--labels", self.label_file)
        self.assertEqual(set(report), SIZES | FID | KID | PRDC | VENDI | {"modes"})
        for key in (FID | KID | PRDC | VENDI) - PARAMETERS:
            words = "ddof", "kernel", "kid_kernel", "approximation"
            kind = list if key.endswith("_interval") else str if key in words else (int, float)
            self.assertIsInstance(report[key], kind, key)

    def test_intervals_hold_their_numbers(self):
        report = self.evaluate("--weights", self.weights)
        for key in report:
            if key.endswith("_interval"):
                low, high = report[key]
                self.assertTrue(low <= report[key[:-len("_interval")]] <= high, key)
        for key in "precision", "recall", "coverage":
            self.assertTrue(0 <= report[key + "_interval"][0] and report[key + "_interval"][1] <= 1)

    def test_sizes_and_conventions_are_stated(self):
        report = self.evaluate("--weights", self.weights, "--k", 3, "--ddof", 1, "--order", 2, "--seed", 7, "--mmd-kernel",
                               "gaussian", "--mmd-bandwidth", 2.5, "--kid-block", 10, "--resamples", 5, "--kernel", "cosine",
                               "--sample-size", 30)
        for key, value in (("n_reference", 60), ("n_generated", 40), ("dimension", 8), ("k", 3), ("ddof", "1"), ("order", 2),
                           ("seed", 7), ("kid_kernel", "gaussian"), ("kid_bandwidth", 2.5), ("kid_block", 10),
                           ("resamples", 5), ("kernel", "cosine"), ("equal_n", 30), ("effective_n_generated", 40),
                           ("mmd_squared", None)):
            self.assertEqual(report[key], value, key)
        self.assertAlmostEqual(report["effective_n_reference"], 1 / math.fsum(q * q for q in self.p), 9)
        self.assertAlmostEqual(report["entropy"], -math.fsum(q * math.log(q) for q in self.p), 12)
        self.assertAlmostEqual(report["renyi_entropy_weighted"], math.log(report["vendi_score_weighted"]), 12)
        self.assertNotIn("kid_degree", report)

    def test_scores_are_those_of_score(self):
        report = self.evaluate("--weights", self.weights, "--order", 2)
        score = self.json("score", self.data, "--weights", self.weights, "--order", 2)
        self.assertAlmostEqual(report["vendi_score_reference"], score["vendi_score_uniform"], 12)
        self.assertAlmostEqual(report["vendi_score_weighted"], score["vendi_score"], 12)
        score = self.json("score", self.generated, "--order", 2)
        self.assertAlmostEqual(report["vendi_score_generated"], score["vendi_score"], 12)
        self.assertEqual(report["equal_n"], 40)
        self.assertAlmostEqual(report["vendi_score_generated_equal_n"], score["vendi_score"], 12)
        few = self.evaluate("--metrics", "vendi", "--sample-size", 5)
        for which in "reference", "weighted", "generated":
            self.assertLess(few["vendi_score_%s_equal_n" % which], few["vendi_score_" + which])

    def test_a_set_compared_with_itself(self):
        report = self.json("evaluate", self.data, self.data, "--weights", self.weights, "--generated-weights", self.weights)
        self.assertAlmostEqual(report["fid"], 0, 11)
        self.assertAlmostEqual(report["mmd_squared"], 0, 11)
        for key in "precision", "recall", "coverage":
            self.assertAlmostEqual(report[key], 1, 12)
        self.assertEqual(report["vendi_score_weighted"], report["vendi_score_generated"])

    def test_uniform_weights_are_no_weights(self):
        uniform = self.keep("uniform.npy", floats([1 / 60] * 60)), self.keep("flat.npy", floats([1 / 40] * 40))
        plain, weighted = self.evaluate(), self.evaluate("--weights", uniform[0], "--generated-weights", uniform[1])
        for key in ("fid", "kid", "mmd_squared", "precision", "recall", "density", "coverage", "vendi_score_weighted"):
            self.assertAlmostEqual(plain[key], weighted[key], 10, key)

    def test_the_seed_decides_what_is_drawn(self):
        flags = ["--kid-block", 20, "--metrics", "kid,vendi"]
        first, again, other = (self.evaluate(*flags, "--seed", seed) for seed in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first["kid"], other["kid"])
        self.assertNotEqual(first["vendi_score_reference_interval"], other["vendi_score_reference_interval"])
        self.assertEqual(first["vendi_score_reference"], other["vendi_score_reference"])

    def test_without_resamples_there_are_no_intervals_of_scores(self):
        report = self.evaluate("--resamples", 0, "--metrics", "vendi")
        self.assertEqual([key for key in report if "interval" in key or "equal_n" in key], [])
        self.assertIn("Vendi Score", self.succeed("evaluate", self.data, self.generated, "--resamples", 0))

    def test_modes_are_shares_of_classes(self):
        report = self.evaluate("--labels", self.label_file, "--weights", self.weights, "--metrics", "modes")
        self.assertEqual([mode["label"] for mode in report["modes"]], [0, 1, 7])
        self.assertEqual([mode["examples"] for mode in report["modes"]], [40, 15, 5])
        for name in "reference", "weighted", "generated":
            self.assertAlmostEqual(math.fsum(mode[name] for mode in report["modes"]), 1, 12)
        nearest = [min(range(60), key=lambda i, row=row: sum((a - b) ** 2 for a, b in zip(self.rows[i], row)))
                   for row in self.made]
        for mode in report["modes"]:
            self.assertAlmostEqual(mode["generated"],
                                   sum(self.labels[i] == mode["label"] for i in nearest) / len(self.made), 12)
        text = self.succeed("evaluate", self.data, self.generated, "--labels", self.label_file, "--metrics", "modes")
        self.assertRegex(text, r"class +examples +share +generated")

    def test_selections_are_of_the_reference(self):
        report = self.evaluate("--labels", self.label_file, "--classes", "0", "--limit", 20)
        self.assertEqual((report["n_reference"], report["n_generated"]), (20, 40))
        self.assertEqual([mode["label"] for mode in report["modes"]], [0])

    def test_statistics_are_kept_and_taken_for_the_reference(self):
        stats = self.path("stats.npz")
        whole = self.evaluate("--weights", self.weights, "--save-stats", stats, "--metrics", "fid")
        self.assertEqual(os.listdir(self.out), ["stats.npz"])
        alone = self.json("evaluate", self.generated, "--load-stats", stats)
        self.assertAlmostEqual(alone["fid"], whole["fid"], 11)
        self.assertEqual(alone["n_reference"], 60)
        self.assertAlmostEqual(alone["effective_n_reference"], whole["effective_n_reference"], 9)
        self.assertIsNone(alone["vendi_score_reference"])
        self.assertGreater(alone["vendi_score_generated"], 1)
        self.assertIn("statistics of 60 rows", self.succeed("evaluate", self.generated, "--load-stats", stats))
        other = run("evaluate", self.generated, "--load-stats", stats, "--ddof", 0, "--metrics", "fid")
        self.assertEqual(other.stderr, "divweights: warning: fid: the statistics in %s were made with --ddof effective, those "
                         "of the generated set are with --ddof 0\n" % stats)
        both = self.evaluate("--load-stats", stats, "--save-stats", self.path("again.npz"), "--metrics", "kid")
        self.assertNotIn("fid", both)
        self.assertTrue(os.path.exists(self.path("again.npz")))

    def test_few_rows_are_warned_about_on_stderr_and_in_the_report(self):
        few = self.keep("few.npy", floats(self.rows[:5]))
        done = run("evaluate", self.data, few, "--metrics", "fid,prdc", "--json")
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.splitlines(), ["divweights: warning: " + text for text in report["warnings"]])
        self.assertIn("fid: the effective sample size of the generated set is 5.0, below its 8 columns", done.stderr)
        self.assertIn("recall: not defined, since a set has no more than 5 rows", done.stderr)
        self.assertIsNone(report["recall"])
        self.assertNotIn("recall_interval", report)
        self.assertGreater(report["precision"], 0)

    def test_one_weight_of_1_leaves_what_is_defined(self):
        one = self.keep("one.npy", floats([0] * 59 + [1]))
        done = run("evaluate", self.data, self.generated, "--weights", one, "--json")
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)
        for key in "fid", "kid", "precision", "density", "coverage":
            self.assertIsNone(report[key], key)
        self.assertIn("has a covariance with --ddof 0 only", done.stderr)
        self.assertIn("the unbiased estimate needs two", done.stderr)
        self.assertAlmostEqual(report["vendi_score_weighted"], 1, 12)
        self.assertEqual(report["equal_n"], 1)
        report = json.loads(run("evaluate", self.data, self.generated, "--weights", one, "--ddof", 0, "--json").stdout)
        self.assertGreater(report["fid"], 0)
        refused = run("evaluate", self.data, self.generated, "--weights", one, "--save-stats", self.path("s.npz"))
        self.assertEqual((refused.returncode, os.listdir(self.out)), (1, []))
        self.assertIn("there are no statistics to write", refused.stderr)

    def test_the_table_says_what_the_json_says(self):
        text = self.succeed("evaluate", self.data, self.generated, "--weights", self.weights, "--labels", self.label_file)
        report = self.evaluate("--weights", self.weights)
        for word in ("reference", "60 rows", "generated", "40 rows", "effective n", "FID", "ddof effective", "KID",
                     "polynomial", "precision", "recall", "density", "coverage", "Vendi Score", "95 %", "at 40 rows",
                     "Renyi entropy", "internal diversity", "weighted", "class"):
            self.assertIn(word, text)
        for key in "fid", "kid", "precision", "vendi_score_weighted":
            self.assertIn("%.6g" % report[key], text)

    def test_bad_usage_is_status_2(self):
        data, made = self.data, self.generated
        for sentence, arguments in [
                ("REFERENCE is missing", []),
                ("GENERATED is missing", [data]),
                ("more.npy is one argument too many after " + made, [data, made, "more.npy"]),
                ("--metrics has fidd, expected some of fid, kid, prdc, vendi, modes", [data, made, "--metrics", "fidd"]),
                ("--metrics has empty", [data, made, "--metrics", "fid,"]),
                ("--metrics is empty", [data, made, "--metrics", ""]),
                ("--metrics has modes but --labels is missing", [data, made, "--metrics", "modes"]),
                ("--mmd-kernel is gaussian but --mmd-bandwidth is missing", [data, made, "--mmd-kernel", "gaussian"]),
                ("--weights is given but REFERENCE is missing", [made, "--load-stats", "s.npz", "--weights", "w.npy"]),
                ("need REFERENCE, not only statistics of it", [made, "--load-stats", "s.npz", "--metrics", "kid"]),
                ("--classes is given but --labels is missing", [data, made, "--classes", "0"]),
                ("--ddof is 2, expected 0|1|effective", [data, made, "--ddof", 2]),
                ("--k is 0, expected", [data, made, "--k", 0]),
                ("--mmd-degree is 21, expected", [data, made, "--mmd-degree", 21]),
                ("--mmd-bandwidth is 0, expected", [data, made, "--mmd-bandwidth", 0]),
                ("--resamples is -1, expected", [data, made, "--resamples", -1]),
                ("--order is -1, expected", [data, made, "--order", -1])]:
            with self.subTest(arguments=arguments):
                self.refuse(2, sentence, "evaluate", *arguments)

    def test_bad_input_is_status_1_with_one_sentence(self):
        narrow = self.keep("narrow.npy", floats([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]]))
        for sentence, arguments in [
                ("nowhere.npy: cannot be opened", ["nowhere.npy", self.generated]),
                ("nowhere.npy: cannot be opened", [self.data, "nowhere.npy"]),
                ("nowhere.npz: cannot be opened", [self.data, self.generated, "--load-stats", "nowhere.npz"]),
                ("is no zip archive", [self.data, self.generated, "--load-stats", self.data]),
                ("holds 60 weights, expected 40", [self.data, self.generated, "--generated-weights", self.weights]),
                ("rows of the reference have 8 numbers, generated ones have 2", [self.data, narrow, "--metrics", "fid"]),
                ("rows of the reference have 8 numbers, generated ones have 2", [self.data, narrow, "--metrics", "kid"]),
                ("block is 41, expected 2 to 40", [self.data, self.generated, "--kid-block", 41]),
                ("size is 50, expected 1 to 40", [self.data, self.generated, "--sample-size", 50, "--metrics", "vendi"]),
                ("samples is 1, expected 2", [self.data, self.generated, "--resamples", 1]),
                ("is read and would be overwritten", [self.data, self.generated, "--save-stats", self.generated]),
                ("cannot be written", [self.data, self.generated, "--save-stats", self.path("no/s.npz")])]:
            with self.subTest(arguments=arguments):
                self.refuse(1, sentence, "evaluate", *arguments)
        labels = self.keep("short.npy", wholes([1, 2]))
        self.refuse(1, "2", "evaluate", self.data, self.generated, "--labels", labels)
