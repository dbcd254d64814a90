"""path: the curve of diversity against effective examples; and solve --initial, which starts where old weights are."""
import csv
import json
import math
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import unittest
import xml.etree.ElementTree

from command import CommandTest, Terminal, floats, idx, npy, read_npy, run, wholes

COLUMNS = ["balance", "entropy_weight", "vendi_score", "vendi_score_low", "vendi_score_high", "entropy", "effective_examples",
           "gap", "objective_value", "global_gap", "seconds", "iterations", "stop_reason"]


class Path(CommandTest):
    def points(self, *arguments):
        return self.json("path", self.data, *arguments)["points"]

    def test_points_are_what_solve_gives(self):
        for flags in ([], ["--objective", "log"], ["--order", "2"], ["--center", "--components", "5"],
                      ["--max-weight", "2"]):
            points = self.points("--balances", "1,0,0.3,0.8", *flags)
            self.assertEqual([point["balance"] for point in points], [0, 0.3, 0.8, 1])
            for point in points:
                report = self.json("solve", self.data, "--balance", point["balance"], *flags)
                self.assertAlmostEqual(point["objective_value"], report["objective_value"], delta=2e-5)
                self.assertEqual(set(COLUMNS), set(point))
                self.assertLessEqual(point["gap"], 1e-6)
                self.assertAlmostEqual(point["effective_examples"], math.exp(point["entropy"]), 9)
        self.assertEqual(self.points("--balances", "0")[0]["entropy_weight"], "inf")

    def test_points_cover_the_curve_evenly(self):
        report = self.json("path", self.data)
        points = report["points"]
        self.assertEqual((len(points), points[0]["balance"], points[-1]["balance"]), (11, 0, 1))
        self.assertEqual((report["n"], report["dimension"], report["kernel"], report["order"], report["objective"]),
                         (60, 8, "cosine", 1, "published"))
        steps = [math.hypot(a["entropy"] - b["entropy"], math.log(a["vendi_score"] / b["vendi_score"]))
                 for a, b in zip(points, points[1:])]
        self.assertLess(max(steps), 2 * sum(steps) / len(steps))
        for a, b in zip(points, points[1:]):
            self.assertLess(a["balance"], b["balance"])
            self.assertLess(a["vendi_score"], b["vendi_score"])
            self.assertGreater(a["entropy"], b["entropy"])
        for point in points:  # numbers that one would type
            self.assertLessEqual(len("%.15g" % point["balance"]), 7)
        self.assertEqual(len(self.points("--points", 4)), 4)

    def test_the_table_csv_and_weights_agree_with_json(self):
        text = self.succeed("path", self.data, "--balances", "0.25,0.75", "--csv", self.path("c.csv"), "--output",
                            self.path("w"), "--json")
        points = json.loads(text)["points"]
        with open(self.path("c.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), COLUMNS)
        for row, point in zip(rows, points):
            for key in set(COLUMNS) - {"seconds", "stop_reason"}:
                self.assertEqual(float(row[key]), point[key], key)
            self.assertEqual(row["stop_reason"], "converged")
        self.assertEqual(sorted(os.listdir(self.path("w"))),
                         ["weights-%s.%s" % (b, e) for b in ("0.25", "0.75") for e in ("json", "npy")])
        for point in points:
            name = os.path.join(self.path("w"), "weights-%g" % point["balance"])
            p = read_npy(name + ".npy", "<f8")
            self.assertAlmostEqual(-math.fsum(q * math.log(q) for q in p if q > 0), point["entropy"], 9)
            with open(name + ".json") as file:
                self.assertEqual(json.load(file)["balance"], point["balance"])
        table = self.succeed("path", self.data, "--balances", "0.25,0.75", "--csv", self.path("c.csv"), "--output",
                             self.path("w"), "--order", "2")
        lines = table.splitlines()
        self.assertIn("Vendi Score", table)
        self.assertRegex(table, r"order +2\n")
        self.assertTrue(any(re.match(r" +0\.25 ", line) for line in lines), table)
        self.assertIn(self.path("c.csv"), table)
        self.assertNotIn("jump", table)

    def test_a_stop_that_is_none_is_said_behind_its_point(self):
        self.assertRegex(self.succeed("path", self.data, "--max-iterations", 1, "--balances", "0.9"),
                         r"\n +0\.9 .*  max_iterations\n")

    def test_copies_jump_and_the_table_says_where(self):
        rows = [bytes(j == i for j in range(21)) for i in range(20)] + [bytes(20) + b"\1"] * 5000
        path = self.keep("copies.idx", idx((5020, 21), b"".join(rows)))
        text = self.succeed("path", path, "--points", 8, "--plot", self.path("c.svg"))
        self.assertEqual(text.count("a jump: none of the weights between"), 1)
        above, below = re.search(r"\n +(\S+) [^\n]*\n +a jump[^\n]*\n +(\S+) ", text).groups()
        self.assertLess(abs(float(above) / float(below) - 1), 0.02)
        with open(self.path("c.gp")) as file:
            self.assertIn("a jump, at balance %.3g" % float(below), file.read())
        for flags in (["--objective", "log", "--points", 8],  # G does not jump
                      ["--balances", above + "," + below]):  # what lies between is not known
            self.assertNotIn("a jump", self.succeed("path", path, *flags))

    def test_a_curve_that_is_a_point_says_that_there_is_no_more(self):
        path = self.keep("axes.npy", floats([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
        self.assertIn("points             2: no balance between them gives anything new", self.succeed("path", path))

    def test_flags_are_checked(self):
        for sentence, *flags in [
                ("--balances is 0,1.5, expected numbers from 0 to 1, separated by commas", "--balances", "0,1.5"),
                ("--balances is 0,,1, expected numbers", "--balances", "0,,1"),
                ("--balances is 0.5,, expected numbers", "--balances", "0.5,"),
                ("--balances is nan, expected numbers", "--balances", "nan"),
                ("--balances is empty, expected numbers", "--balances", ""),
                ("--points is 1, expected a whole number from 2 to 10000", "--points", 1),
                ("--points and --balances are given, expected one or the other", "--points", 3, "--balances", "1"),
                ("--output is w.csv, expected the name of a folder", "--output", "w.csv"),
                ("--output is a.b/w.json, expected the name of a folder", "--output", "a.b/w.json"),
                ("--plot is c.pdf, expected a name that ends in .png or .svg", "--plot", "c.pdf"),
                ("--plot is .png, expected a name", "--plot", ".png"),
                ("--plot is it's.png, expected a name", "--plot", "it's.png"),
                ("--order is 0, expected", "--order", 0),
                ("--method accelerated has no gradient", "--order", "inf", "--method", "accelerated"),
                ("--classes is given but --labels is missing", "--classes", "1")]:
            with self.subTest(flags=flags):
                self.refuse(2, sentence, "path", self.data, *flags)
        self.refuse(1, "missing.npy", "path", self.path("missing.npy"))
        for flag, name in ("--csv", "c.csv"), ("--plot", "c.png"), ("--output", "w"):
            self.refuse(1, "No such file", "path", self.data, flag, os.path.join(self.out, "no", name))
        self.refuse(1, "would be overwritten", "path", self.data, "--csv", self.data)
        self.refuse(1, "would be written twice", "path", self.data, "--csv", self.path("c.gp"), "--plot",
                    self.path("c.png"))
        self.refuse(1, "is all zeros", "path", self.keep("zero.npy", floats([[0.0, 0.0], [0.0, 1.0]])), "--output",
                    self.path("w"))
        self.refuse(1, "w: cannot be written: it is there and no regular file", "path", self.data, "--csv",
                    self.path("w"), "--output", self.path("w"))

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_the_picture_is_drawn_and_its_script_stays(self):
        for flags in [], ["--objective", "log"], ["--balances", "0.5"]:
            self.succeed("path", self.data, "--plot", self.path("c.png"), *flags)
            with open(self.path("c.png"), "rb") as file:
                self.assertEqual(struct.unpack(">II", file.read(24)[16:]), (700, 440))
            text = self.succeed("path", self.data, "--plot", self.path("c.svg"), *flags)
            self.assertIn("plot               " + self.path("c.svg"), text)
            drawn = "".join(xml.etree.ElementTree.parse(self.path("c.svg")).getroot().itertext())
            for word in ["effective examples", "Vendi Score", "the best weights at balance"]:
                self.assertIn(word, drawn)
        self.assertEqual(sorted(os.listdir(self.out)), ["c.gp", "c.png", "c.svg"])
        os.remove(self.path("c.svg"))
        subprocess.run(["gnuplot", "c.gp"], cwd=self.out, check=True)
        self.assertIn("c.svg", os.listdir(self.out))

    def test_without_gnuplot_the_script_is_written_and_one_sentence_says_what_to_install(self):
        os.mkdir(self.path("empty"))
        result = run("path", self.data, "--points", 3, "--plot", self.path("c.png"),
                     env={**os.environ, "PATH": self.path("empty")})
        self.assertEqual(result.returncode, 0)
        self.assertIn("no gnuplot (apt-get install gnuplot-nox)", result.stderr)
        with open(self.path("c.gp")) as file:
            script = file.read()
        self.assertEqual(len(re.findall(r'^\S+ \S+ "', script, re.M)), 3)
        self.assertNotIn("c.png", os.listdir(self.out))

    def test_ctrl_c_keeps_the_points_so_far(self):
        source = random.Random(2)
        rows = struct.pack("<180000d", *(source.gauss(0, 1) * (1 + j) for _ in range(1500) for j in range(120)))
        terminal = Terminal("path", self.keep("long.npy", npy("<f8", (1500, 120), rows)), "--balances", "0,1",
                            "--tolerance", "1e-13", "--max-iterations", 10**9, "--csv", self.path("c.csv"), "--output",
                            self.path("w"))
        terminal.wait_for(b"point 2 of 2 ")
        terminal.process.send_signal(signal.SIGINT)
        status, output, seen = terminal.finish()
        self.assertEqual(status, 130)
        self.assertIn("interrupted after 1 points", seen)
        self.assertRegex(output, r"\n +0 +inf ")
        self.assertNotIn("nothing new", output)
        with open(self.path("c.csv")) as file:
            self.assertEqual(len(file.readlines()), 2)
        self.assertEqual(sorted(os.listdir(self.path("w"))), ["weights-0.json", "weights-0.npy"])


class Start(CommandTest):
    """Fifty of the sixty examples, then all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = cls.keep("ids.txt", "".join("example %d\n" % i for i in range(60)).encode())
        cls.chosen = sorted(random.Random(5).sample(range(60), 50))
        cls.rows_file = cls.keep("chosen.npy", wholes(cls.chosen))

    def setUp(self):
        super().setUp()
        self.succeed("solve", self.data, "--ids", self.names, "--rows", self.rows_file, "--output", self.path("w.npy"),
                     "--rows-output", self.path("r.npy"), "--ids-output", self.path("i.txt"))
        self.initial = ["--initial", self.path("w.npy")]

    def started(self, *arguments):
        """The report, and what is said on stderr."""
        result = run("solve", self.data, *self.initial, *arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout), result.stderr

    def test_the_same_examples_are_done_at_once(self):
        for flags in [], ["--initial-rows", self.path("r.npy")]:
            report, said = self.started("--rows", self.rows_file, *flags)
            self.assertEqual(report["iterations"], 1)
            self.assertEqual(said, "divweights: %s: has weights for 50 of 50 examples\n" % self.path("w.npy"))

    def test_rows_and_ids_find_their_weights_in_any_order(self):
        backwards = self.keep("backwards.npy", wholes(self.chosen[::-1]))
        report, _ = self.started("--rows", backwards, "--initial-rows", self.path("r.npy"))
        self.assertEqual(report["iterations"], 1)
        report, said = self.started("--rows", backwards, "--ids", self.names, "--initial-ids", self.path("i.txt"))
        self.assertEqual(report["iterations"], 1)
        self.assertIn("has weights for 50 of 50 examples", said)

    def test_examples_without_a_weight_start_at_the_mean(self):
        cold = self.json("solve", self.data)
        for flags in ["--initial-rows", self.path("r.npy")], ["--ids", self.names, "--initial-ids", self.path("i.txt")]:
            report, said = self.started(*flags)
            self.assertIn("has weights for 50 of 60 examples; the others start at the mean weight\n", said)
            self.assertAlmostEqual(report["objective_value"], cold["objective_value"], delta=1e-5)
            self.assertLessEqual(report["iterations"], cold["iterations"])
        old = read_npy(self.path("w.npy"), "<f8")
        whole = [1 / 50] * 60
        for row, weight in zip(self.chosen, old):
            whole[row] = weight
        total = sum(whole)
        same = run("solve", self.data, "--initial", self.keep("whole.npy", floats([q / total for q in whole])),
                   "--trace", self.path("a.csv"))
        self.assertEqual(same.returncode, 0)
        self.started("--initial-rows", self.path("r.npy"), "--trace", self.path("b.csv"))
        with open(self.path("a.csv")) as a, open(self.path("b.csv")) as b:
            first, second = ([float(x) for x in file.read().splitlines()[1].split(",")[:4]] for file in (a, b))
        for x, y in zip(first, second):
            self.assertAlmostEqual(x, y, 9)

    def test_of_rows_that_occur_twice_the_first_counts(self):
        twice = self.keep("twice.npy", floats([0.7, 0.1, 0.1, 0.1]))
        rows = self.keep("tworows.npy", wholes([3, 3, 4, 4]))
        result = run("solve", self.data, "--rows", self.keep("two.npy", wholes([3, 4])), "--initial", twice,
                     "--initial-rows", rows, "--trace", self.path("t.csv"))
        self.assertIn("2 of 2", result.stderr)
        with open(self.path("t.csv")) as file:
            entropy = float(file.read().splitlines()[1].split(",")[2])
        self.assertAlmostEqual(entropy, -(7 / 8) * math.log(7 / 8) - (1 / 8) * math.log(1 / 8), 9)

    def test_weights_are_brought_up_to_date_in_place(self):
        self.started("--initial-rows", self.path("r.npy"), "--output", self.path("w.npy"), "--rows-output",
                     self.path("r.npy"))
        self.assertEqual(len(read_npy(self.path("w.npy"), "<f8")), 60)
        self.assertEqual(read_npy(self.path("r.npy"), "<i8"), list(range(60)))

    def test_what_cannot_be_matched_is_refused(self):
        few = self.keep("few.npy", wholes([1, 2, 3]))
        for sentence, *flags in [
                ("w.npy: holds 50 weights for 60 selected examples, expected --initial-rows or --initial-ids",),
                ("few.npy: holds 3 rows, expected 50, one for each weight of", "--initial-rows", few),
                ("ids.txt: holds 60 ids, expected 50", "--ids", self.names, "--initial-ids", self.names),
                ("w.npy: has a weight for none of the 60 selected examples", "--initial-rows",
                 self.keep("others.npy", wholes(range(100, 150)))),
                ("missing.npy", "--initial-rows", self.path("missing.npy"))]:
            with self.subTest(sentence=sentence):
                self.refuse(1, sentence, "solve", self.data, *self.initial, *flags)
        self.refuse(1, "missing.npy", "solve", self.data, "--initial", self.path("missing.npy"))
        for sentence, *flags in [
                ("--initial-rows is given but --initial is missing", "--initial-rows", few),
                ("--initial-ids is given but --initial is missing", "--initial-ids", self.names),
                ("--initial-ids is given but --ids is missing", *self.initial, "--initial-ids", self.names),
                ("expected one or the other", *self.initial, "--initial-ids", self.names, "--initial-rows", few)]:
            self.refuse(2, sentence, "solve", self.data, *flags)

    def test_known_weights_that_are_all_zero_are_refused(self):
        zero = self.keep("z.npy", floats([0.0] * 59 + [1.0]))
        rows = self.keep("zr.npy", wholes(list(range(59)) + [100]))
        result = run("solve", self.data, "--initial", zero, "--initial-rows", rows)
        self.assertEqual(result.returncode, 1)
        self.assertIn("all 60 weights are 0, expected a positive one", result.stderr)
