"""Help, bad usage, and every kind of bad input: one clear sentence, status 1 or 2, no file left behind."""
import gzip
import math
import os
import re
import shutil

from command import CommandTest, floats, idx, npy, run, wholes

SELECTION = ["--array", "--labels", "--classes", "--rows", "--limit"]
KERNEL = ["--center", "--components", "--kernel", "--bandwidth", "--degree", "--offset", "--power", "--nu", "--bits",
          "--normalise", "--clip-negative", "--rank", "--residual", "--approximation", "--approximation-seed"]
CONSTRAINTS = ["--max-weight", "--min-weight", "--group-bounds", "--exclude", "--quality"]
SOLVER = [*CONSTRAINTS, "--order", "--method", "--precision", "--tolerance", "--max-iterations", "--max-solves"]
FLAGS = {
    "solve": SELECTION + ["--ids"] + KERNEL + ["--balance", "--objective", "--entropy-weight", "--effective-examples", *SOLVER,
                          "--initial", "--initial-rows", "--initial-ids", "--checkpoint", "--checkpoint-seconds",
                          "--checkpoint-iterations", "--resume", "--max-memory", "--dry-run", "--threads", "--trace",
                          "--output", "--rows-output", "--ids-output", "--table", "--json"],
    "path": SELECTION + ["--ids"] + KERNEL + ["--balances", "--points", "--objective", *SOLVER, "--threads", "--csv", "--plot",
                         "--output", "--json"],
    "score": SELECTION + KERNEL + ["--weights", "--order", "--truncate", "--new", "--share", "--top", "--output", "--table",
                                   "--max-memory", "--threads", "--json"],
    "sample": ["--count", "--scheme", "--epoch-length", "--labels", "--temperature", "--uniform", "--seed", "--epoch",
               "--start", "--rank", "--world", "--blocks", "--state", "--rows", "--ids", "--output"],
    "inspect": SELECTION + ["--ids", "--weights", "--heaviest", "--example", "--order", "--contact-sheet", "--image-shape", "--plots", "--trace",
                            *KERNEL, "--json"],
    "evaluate": ["--metrics", "--weights", "--generated-weights", *SELECTION, "--generated-array", "--ddof", "--save-stats",
                 "--load-stats", "--k", "--mmd-kernel", "--mmd-degree", "--mmd-bandwidth", "--kid-block", *KERNEL[2:], "--order",
                 "--resamples", "--sample-size", "--seed", "--threads", "--json"],
}

class Usage(CommandTest):
    def test_help_names_every_verb_and_the_version_is_told(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            text = self.succeed(*arguments)
            for word in [*FLAGS, "exit status", "examples:"]:
                self.assertIn(word, text)
        self.assertRegex(self.succeed("--version"), r"^divweights \d+\.\d+\.\d+\n$")

    def test_help_of_a_verb_names_exactly_its_flags_and_fits_80_columns(self):
        for verb, flags in FLAGS.items():
            text = self.succeed(verb, "--help")
            self.assertEqual(re.findall(r"^  (--[a-z-]+)", text, re.M), flags, verb)
            self.assertEqual(text, self.succeed("help", verb))
            self.assertEqual(text, self.succeed(verb, "-h"))
            self.assertIn("exit status", text)
            self.assertGreaterEqual(text.count("\n  divweights " + verb), 2)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_help_states_the_defaults_that_the_report_shows(self):
        text, report = self.succeed("solve", "--help"), self.json("solve", self.data)
        for name, value in ("balance", "0.5"), ("tolerance", "1e-6"), ("order", "1"):
            self.assertRegex(re.sub(r"\s+", " ", text), r"--%s \S+ [^-]*\(default %s" % (name, value))
            self.assertEqual(report[name], float(value))

    def test_bad_usage_is_status_2_with_a_hint(self):
        for sentence, arguments in [
                ("a verb is missing", []),
                ("frobnicate is no verb", ["frobnicate"]),
                ("frobnicate is no verb", ["help", "frobnicate"]),
                ("INPUT is missing", ["solve"]),
                ("INPUT is missing", ["score", ""]),
                ("WEIGHTS is missing", ["sample", "--count", 3]),
                ("--count is missing", ["sample", self.data]),
                ("other.npy is one argument too many", ["solve", self.data, "other.npy"]),
                ("--frobnicate is no flag", ["solve", self.data, "--frobnicate"]),
                ("--frobnicate=3 is no flag", ["inspect", self.data, "--frobnicate=3"]),
                ("-x is no flag", ["score", self.data, "-x"]),
                ("--bal is no flag of this verb, but --balance is", ["solve", self.data, "--bal", "0.5"]),
                ("--tol=1 is no flag of this verb, but --tolerance is", ["solve", self.data, "--tol=1"]),
                ("--balance needs a value", ["solve", self.data, "--balance"]),
                ("--entropy-weight takes the place of --balance",
                 ["solve", self.data, "--entropy-weight", 1, "--balance", 0.5]),
                ("--entropy-weight takes the place of --objective",
                 ["solve", self.data, "--entropy-weight", 1, "--objective", "log"]),
                ("--order is 0, expected a number above 0, or inf", ["solve", self.data, "--order", 0]),
                ("--order is -1, expected a number above 0, or inf", ["solve", self.data, "--order", "-1"]),
                ("--method accelerated has no gradient",
                 ["solve", self.data, "--order", "inf", "--method", "accelerated"]),
                ("--method adam has no gradient", ["solve", self.data, "--order", "inf", "--method", "adam"]),
                ("--json takes no value", ["solve", self.data, "--json=yes"]),
                ("--output is empty", ["solve", self.data, "--output", ""]),
                ("--classes is given but --labels is missing", ["solve", self.data, "--classes", "0"]),
                ("--ids-output is given but --ids is missing", ["solve", self.data, "--ids-output", "ids.txt"]),
                ("--array is empty, expected a name", ["solve", self.data, "--array", ""]),
                ("--output is w.csv, expected a name that ends in .npy: --table", ["solve", self.data, "--output", "w.csv"]),
                ("--rows-output is r.txt, expected a name that ends in .npy: --table",
                 ["solve", self.data, "--rows-output", "r.txt"]),
                ("--output is g.json, expected a name that ends in .npy: --table",
                 ["score", self.data, "--new", self.data, "--output", "g.json"]),
                ("--output is i.txt, expected a name that ends in .npy: without --output",
                 ["sample", self.data, "--count", 2, "--output", "i.txt"]),
                ("--output is ids.npy, expected a name that ends in .txt",
                 ["sample", self.data, "--count", 2, "--ids", "ids.txt", "--output", "ids.npy"]),
                ("--output is -, expected a name that ends in .txt",
                 ["sample", self.data, "--count", 2, "--ids", "ids.txt", "--output", "-"]),
                ("--classes is given but --labels is missing", ["score", self.data, "--classes", "0"]),
                ("--classes is given but --labels is missing", ["inspect", self.data, "--classes", "0"]),
                ("--start plus --count", ["sample", self.data, "--count", 2, "--start", 2**63 - 1])]:
            with self.subTest(arguments=arguments):
                self.refuse(2, sentence, *arguments)

    def test_values_out_of_range_are_status_2_and_named_with_what_is_accepted(self):
        bad = {
            "--balance": ("a number from 0 to 1", ["1.5", "-0.1", "nan", "inf", "half", "0.5x", " 0.5", "", "1e999"]),
            "--tolerance": ("a number from 1e-13 to 1", ["0", "-1", "2", "1e-14", "nan", "1e-400"]),
            "--max-iterations": ("a whole number of at least 1", ["0", "-3", "1e3", "1.5", "9" * 30]),
            "--max-solves": ("a whole number from 1 to 64", ["0", "65"]),
            "--threads": ("a whole number from 1 to 1024", ["0", "1025", "all"]),
            "--limit": ("a whole number of at least 1", ["0", "-1", "ten"]),
            "--components": ("a whole number of at least 1", ["0", "-1", "all"]),
            "--kernel": ("cosine|linear|gaussian|laplacian|matern|polynomial|cosine-power|arc-cosine|tanimoto|precomputed", ["rbf", "cos", "cosine|linear", ""]),
            "--objective": ("expected published|log", ["sqrt"]),
            "--method": ("auto|accelerated|interior-point|adam", ["newton"]),
            "--order": ("a number above 0, or inf", ["0", "-1", "nan"]),
            "--entropy-weight": ("a number of at least 1e-09", ["0", "-1"]),
            "--classes": ("whole numbers separated by commas", ["a", "0,", ",0", "0,,1", "0;1", "0.5", "", "9" * 30]),
        }
        kernels = {
            "--bandwidth": ("a number above 0, median, median= and a seed, or vendi= and a number above 1", ["0", "-1", "mean", "vendi=1", "median=", "median=-1", "median=0.5"]),
            "--degree": ("a whole number from 1 to 64 for --kernel polynomial", ["-1", "0", "65", "two"]),
        }
        for flag, (accepted, values) in kernels.items():
            for value in values:
                kernel = "gaussian" if flag == "--bandwidth" else "polynomial"
                self.refuse(2, accepted, "score", self.data, "--kernel", kernel, "%s=%s" % (flag, value))
        for kernel, flag in (("cosine", "--bandwidth=1"), ("gaussian", "--degree=2"), ("matern", "--power=3"),
                             ("tanimoto", "--center"), ("precomputed", "--components=3"), ("linear", "--bits")):
            self.refuse(2, "%s is given, which does not go with --kernel %s" % (flag.split("=")[0], kernel), "score",
                        self.data, "--kernel", kernel, flag)
        self.refuse(1, "is a matrix of 60 x 8, expected as many rows as columns", "score", self.data, "--kernel",
                    "precomputed")
        for flag, (accepted, values) in bad.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    shown = "%s is %s" % (flag, value or "empty")
                    self.refuse(2, shown, "solve", self.data, flag, value, "--output", self.path("w.npy"))
                    self.refuse(2, accepted, "solve", self.data, "%s=%s" % (flag, value))
        for flag, value in ("--count", "-1"), ("--seed", "-1"), ("--epoch", 2**32), ("--start", "-1"):
            with self.subTest(flag=flag):
                self.refuse(2, "%s is %s" % (flag, value), "sample", self.data, "--count", 1, flag, value)
        self.refuse(2, "of at least 0, or inf", "score", self.data, "--order", "-1")
        self.refuse(2, "--heaviest is -1", "inspect", self.data, "--heaviest", "-1")


class BadInput(CommandTest):
    def refuse_everywhere(self, sentence, path, *flags):
        for verb in "solve", "score", "inspect":
            with self.subTest(verb=verb, file=os.path.basename(path)):
                output = ["--output", self.path("w.npy"), "--trace", self.path("t.csv")] if verb == "solve" else []
                self.refuse(1, sentence, verb, path, *flags, *output)

    def test_files_that_are_not_what_they_should_be(self):
        good, image = floats(self.rows), idx((4, 2), range(8))
        for name, sentence, content in [
                ("empty.npy", "empty.npy: ", b""),
                ("short.npy", "short.npy: truncated", good[:-8]),
                ("header.npy", "header.npy: truncated", good[:40]),
                ("short.idx", "short.idx: truncated", image[:-1]),
                ("header.idx", "header.idx: truncated", image[:9]),
                ("short.npy.gz", "short.npy.gz: truncated", gzip.compress(good)[:-20]),
                ("inside.npy.gz", "inside.npy.gz: truncated", gzip.compress(good[:-8])),
                ("short.idx.gz", "short.idx.gz: truncated", gzip.compress(image)[:-9]),
                ("trailing.npy", "trailing.npy: ", good + b"x"),
                ("text.csv", "text.csv: ", b"1,2,3\n4,5,6\n"),
                ("magic.npy", "magic.npy: ", b"\x93NUMPX" + good[6:]),
                ("object.npy", "object.npy: ", npy("|O", (2, 2), b"\x80" * 32)),
                ("complex.npy", "complex.npy: ", npy("<c16", (2, 2), bytes(64))),
                ("whole.npy", "whole.npy: holds int64", npy("<i8", (2, 2), bytes(32))),
                ("huge.npy", "huge.npy: ", npy("<f8", (10**15, 1), bytes(64))),
                ("overflow.npy", "overflow.npy: ", npy("<f8", (2**62, 2**62), bytes(64))),
                ("no-rows.npy", "no-rows.npy: has 0 rows", npy("<f8", (0, 3))),
                ("no-columns.npy", "no-columns.npy: has 3 rows of 0 numbers", npy("<f8", (3, 0)))]:
            self.refuse_everywhere(sentence, self.keep(name, content))

    def test_files_that_are_not_there(self):
        for path in self.path("missing.npy"), self.out:
            self.refuse_everywhere(path + ": ", path)
            self.refuse(1, path + ": ", "sample", path, "--count", 3)
            self.refuse(1, path + ": ", "score", self.data, "--weights", path)
            self.refuse(1, path + ": ", "solve", self.data, "--labels", path)
            self.refuse(1, path + ": ", "solve", self.data, "--rows", path)
            weights = self.keep("two.npy", floats([0.5, 0.5]))
            self.refuse(1, path + ": ", "sample", weights, "--count", 1, "--rows", path)
            self.refuse(1, path + ": ", "inspect", weights, "--labels", path)
            for verb in "solve", "inspect":
                self.refuse(1, path + ": ", verb, self.data, "--ids", path)
            for arguments in ["sample", weights, "--count", 1], ["inspect", weights]:
                self.refuse(1, path + ": ", *arguments, "--ids", path)

    def test_values_that_cannot_be_used(self):
        nan, zero = [row[:] for row in self.rows], [row[:] for row in self.rows]
        nan[7][3], zero[9] = math.nan, [0] * 8
        for path, sentence in [(self.keep("nan.npy", floats(nan)), "row 7"),
                               (self.keep("zero.npy", floats(zero)), "row 9")]:
            for verb in "solve", "score":
                self.refuse(1, sentence, verb, path)
            result = run("inspect", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn("examples           60", result.stdout)  # what is known is printed all the same
            self.assertIn(sentence, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1)
        self.refuse(1, "norm", "solve", self.data, "--kernel", "linear")

    def test_selections_that_do_not_fit(self):
        few = self.keep("few.npy", wholes([0, 1, 2]))
        beyond = self.keep("beyond.npy", wholes([0, 60]))
        nothing = self.keep("nothing.npy", wholes([]))
        for sentence, *flags in [
                ("has 3 labels, expected 60", "--labels", few),
                ("is 5, expected a label that some row has", "--labels", self.label_file, "--classes", "0,5"),
                ("rows[1] is 60, expected 0 to 59", "--rows", beyond),
                ("count is 0", "--rows", nothing)]:
            self.refuse_everywhere(sentence, self.data, *flags)

    def test_weights_that_do_not_fit(self):
        three, negative = self.keep("three.npy", floats([0.5, 0.25, 0.25])), self.keep("minus.npy", floats([1.5, -0.5]))
        self.refuse(1, "holds 3 weights, expected 60", "score", self.data, "--weights", three)
        self.refuse(1, "holds 3 weights, expected 60", "inspect", self.data, "--weights", three)
        self.refuse(1, "minus.npy: ", "sample", negative, "--count", 3)
        self.refuse(1, "holds 60 numbers, expected 3", "sample", three, "--count", 3, "--rows", self.label_file)
        self.refuse(1, "holds 60 labels for 3 weights", "inspect", three, "--labels", self.label_file)
        self.refuse(1, "holds 60 numbers, expected 3", "inspect", three, "--rows", self.label_file)
        beyond = self.keep("beyond3.npy", wholes([0, 1, 60]))
        self.refuse(1, "names row 60", "inspect", three, "--labels", self.label_file, "--rows", beyond)
        self.refuse(2, "--classes, --limit and --weights are for examples", "inspect", three, "--limit", 2)
        with open(self.path("w.json"), "w") as file:
            file.write("{damaged")
        with open(self.path("w.npy"), "wb") as file:
            file.write(floats([0.5, 0.5]))
        self.refuse(1, "w.json: ", "inspect", self.path("w.npy"))

    def test_outputs_that_cannot_be_written_are_refused_before_the_work(self):
        copy = os.path.join(self.folder, "weights-for-sample.npy")
        shutil.copy(self.keep("two.npy", floats([0.5, 0.5])), copy)
        for path in os.path.join(self.out, "no", "x.npy"), os.path.join(self.data, "x.npy"), self.folder, "/dev/null":
            for flag in "--output", "--rows-output", "--trace", "--table":
                # the input is no file of examples: a sentence about the output shows which was asked first
                self.refuse(1, path + ": cannot be written", "solve", self.label_file, flag, path)
            self.refuse(1, path + ": cannot be written", "sample", copy, "--count", 3, "--output", path)

    def test_outputs_never_replace_inputs_or_each_other(self):
        for path in self.data, os.path.join(self.folder, ".", "data.npy"):
            self.refuse(1, "would be overwritten", "solve", self.data, "--output", path)
        self.refuse(1, "would be overwritten", "solve", self.data, "--labels", self.label_file, "--trace",
                    self.label_file)
        self.refuse(1, "written twice", "solve", self.data, "--output", self.path("w.npy"), "--trace",
                    self.path("w.json"))
        with open(self.data, "rb") as file:
            self.assertEqual(file.read(), floats(self.rows))
