"""Constraints on the weights, effective examples and quality, from the command line."""
import json
import math

from command import CommandTest, floats, npy, read_npy, run, wholes


class Constraints(CommandTest):
    def bounds(self, text):
        return self.keep("bounds.csv", text.encode())

    def masses(self, p):
        return {label: math.fsum(q for q, l in zip(p, self.labels) if l == label) for label in (0, 1, 7)}

    def report(self):
        with open(self.path("w.json")) as file:
            return json.load(file)

    def test_caps_and_floors_are_multiples_of_the_even_share(self):
        p = self.solved("--balance", 1)
        self.assertGreater(max(p), 2 / 60)
        self.assertLess(min(p), 0.5 / 60)
        p = self.solved("--balance", 1, "--max-weight", 2, "--min-weight", 0.5)
        self.assertLessEqual(max(p), 2 / 60)
        self.assertGreaterEqual(min(p), 0.5 / 60)
        self.assertAlmostEqual(math.fsum(p), 1, 14)
        report = self.report()
        self.assertEqual((report["max_weight"], report["min_weight"], report["excluded"]), (2, 0.5, 0))
        self.assertLessEqual(report["gap"], 1e-6)
        half = self.keep("half.npy", wholes(range(30)))  # n is that of the selected rows
        self.assertLessEqual(max(self.solved("--balance", 1, "--max-weight", 2, "--rows", half)), 2 / 30)

    def test_nothing_asked_is_nothing_in_the_report(self):
        report = self.json("solve", self.data)
        self.assertEqual((report["max_weight"], report["min_weight"], report["groups_bounded"], report["excluded"]),
                         ("inf", 0, 0, 0))
        self.assertIsNone(report["least_effective_examples"])
        self.assertIsNone(report["quality"])

    def test_group_bounds_hold_and_may_have_heading_comments_and_empty_lines(self):
        text = "# shares of the labels\n\nlabel, lower, upper\n0,0.5,0.6\r\n  7 , 0 , 0.1\n#1,0,0\n" + "#" + 3000 * "x" + "\n"
        p = self.solved("--labels", self.label_file, "--group-bounds", self.bounds(text))
        masses = self.masses(p)
        self.assertGreaterEqual(masses[0], 0.5 - 1e-14)
        self.assertLessEqual(masses[0], 0.6 + 1e-14)
        self.assertLessEqual(masses[7], 0.1 + 1e-14)
        self.assertEqual(self.report()["groups_bounded"], 2)
        third = "\n".join("%d,0.3333333333,0.3333333333" % label for label in (0, 1, 7))
        masses = self.masses(self.solved("--labels", self.label_file, "--group-bounds", self.bounds(third)))
        for mass in masses.values():
            self.assertAlmostEqual(mass, 1 / 3, 9)
        self.assertAlmostEqual(math.fsum(masses.values()), 1, 14)

    def test_lines_that_are_no_bounds_are_named(self):
        for line in ("0,0.5", "zero,0,1", "0;0;1", "0,0,1,2", "0.5,0,1", "0,a,1", "0,0,b", "9" * 25 + ",0,1", "0,,1",
                     "label,lower,upper"):
            with self.subTest(line=line):
                self.refuse(1, "line 2 is \"%s\", expected label,lower,upper" % line[:60], "solve", self.data, "--labels",
                            self.label_file, "--group-bounds", self.bounds("1,0,1\n" + line + "\n"))
        self.refuse(1, "bounds.csv: holds no bounds", "solve", self.data, "--labels", self.label_file, "--group-bounds",
                    self.bounds("label,lower,upper\n# nothing\n"))
        self.refuse(1, "cannot be read: ", "solve", self.data, "--labels", self.label_file, "--group-bounds", self.folder)
        self.refuse(1, "group 1 has bounds 0.5 and 0.4", "solve", self.data, "--labels", self.label_file,
                    "--group-bounds", self.bounds("1,0.5,0.4\n"))
        self.refuse(1, "group 1 has bounds nan and", "solve", self.data, "--labels", self.label_file,
                    "--group-bounds", self.bounds("1,nan,1\n"))
        self.refuse(1, "group 1 has bounds twice", "solve", self.data, "--labels", self.label_file, "--group-bounds",
                    self.bounds("1,0,1\n1,0,1\n"))

    def test_excluded_rows_are_rows_of_the_input_and_have_weight_0(self):
        out = [3, 10, 59]
        rows = self.keep("rows.npy", wholes([59, 7, 3, 20, 21, 22]))
        p = self.solved("--exclude", self.keep("out.npy", wholes(out)))
        self.assertEqual([i for i, q in enumerate(p) if q == 0], out)
        p = self.solved("--exclude", self.path("../out.npy"), "--rows", rows)
        self.assertEqual([i for i, q in enumerate(p) if q == 0], [0, 2])
        self.assertEqual(self.report()["excluded"], 2)
        rest = self.keep("rest.npy", floats([row for i, row in enumerate(self.rows) if i not in out]))
        alone = self.json("solve", rest)
        report = self.json("solve", self.data, "--exclude", self.path("../out.npy"))
        self.assertAlmostEqual(report["objective_value"], alone["objective_value"], delta=1e-4)
        self.refuse(1, "none of the 1 excluded rows", "solve", self.data, "--exclude", self.keep("no.npy", wholes([99])))

    def test_effective_examples_are_a_number_or_a_share(self):
        report = self.json("solve", self.data, "--effective-examples", "30", "--tolerance", "1e-9")
        self.assertAlmostEqual(report["effective_examples"], 30, 6)
        self.assertEqual((report["objective"], report["balance"]), ("effective-examples", None))
        self.assertAlmostEqual(report["least_effective_examples"], 30, 9)
        self.assertAlmostEqual(report["objective_value"], report["vendi_score"], 12)
        self.assertGreater(report["entropy_weight"], 0)
        share = self.json("solve", self.data, "--effective-examples", "50%", "--tolerance", "1e-9")
        self.assertAlmostEqual(share["vendi_score"], report["vendi_score"], 8)
        text = self.succeed("solve", self.data, "--effective-examples", "30")
        self.assertRegex(text, r"objective VS +\d")
        everything = self.json("solve", self.data, "--effective-examples", "100%")
        self.assertEqual((everything["gap"], everything["entropy_weight"], everything["upper_bound"]), (0, "inf", None))
        self.refuse(1, "61 effective examples are asked for, but there can be 60 at most", "solve", self.data,
                    "--effective-examples", "61")
        for bad in "0", "0.5", "-3", "x", "30%%", "30 %", "0%", "101%", "nan", "inf", "1e999", "%":
            with self.subTest(bad=bad):
                self.refuse(2, "--effective-examples is %s, expected a number of at least 1, or a share like 30%%" % bad,
                            "solve", self.data, "--effective-examples", bad)

    def test_quality_is_one_score_for_each_row_of_the_input_or_each_selected_one(self):
        scores = [1 + (i % 7) for i in range(60)]
        chosen = [5, 6, 13, 20, 48, 55]
        rows = self.keep("rows.npy", wholes(chosen))
        flags = ["--rows", rows, "--objective", "log", "--balance", 0.9]
        whole = self.json("solve", self.data, *flags, "--quality", self.keep("q60.npy", floats(scores)))
        picked = self.json("solve", self.data, *flags, "--quality",
                           self.keep("q6.npy", floats([scores[i] for i in chosen])))
        self.assertEqual(whole["objective_value"], picked["objective_value"])
        p = self.solved(*flags, "--quality", self.path("../q6.npy"))
        mean = math.fsum(q * scores[i] for q, i in zip(p, chosen))
        self.assertAlmostEqual(whole["quality"], mean, 12)
        self.assertAlmostEqual(whole["objective_value"],
                               0.9 * math.log(mean * whole["vendi_score"]) + 0.1 * whole["entropy"], 12)
        self.assertRegex(self.succeed("solve", self.data, *flags, "--quality", self.path("../q6.npy")),
                         r"mean quality +\d")
        small = self.keep("q32.npy", npy("<f4", (6, 1), b"\0\0\x80?" * 6))  # a column of float32 ones
        self.assertAlmostEqual(self.json("solve", self.data, *flags, "--quality", small)["quality"], 1, 12)

    def test_scores_that_cannot_be_used(self):
        def refuse(sentence, scores, *flags):
            self.refuse(1, sentence, "solve", self.data, *flags, "--quality", self.keep("q.npy", floats(scores)))

        refuse("holds 59 scores, expected 60, one for each selected row", [1] * 59)
        refuse("score 3 is -1, expected a finite number of at least 0", [1, 1, 1, -1] + [1] * 56)
        refuse("score 0 is nan", [math.nan] + [1] * 59)
        refuse("has rows of 2 numbers, expected one score a row", [[1, 2]] * 60)
        refuse("no example that may have weight has a quality score above 0", [0] * 60)
        for order in 2, 40, "inf":
            self.succeed("solve", self.data, "--order", order, "--quality", self.keep("q.npy", floats([1] * 60)))

    def test_bounds_that_no_weights_keep_are_refused_with_the_reason(self):
        self.refuse(1, "leave a total mass of 0 to 0.5, expected a range that holds 1", "solve", self.data,
                    "--max-weight", 0.5)
        self.refuse(1, "group 7 shall have a mass of at least 0.5, but its examples can have 0.0833333 at most", "solve",
                    self.data, "--max-weight", 1, "--labels", self.label_file, "--group-bounds", self.bounds("7,0.5,1"))

    def test_contradictions_and_missing_files(self):
        for other in ["--balance", 0.5], ["--entropy-weight", 1], ["--objective", "log"]:
            self.refuse(2, "--effective-examples takes the place of %s" % other[0], "solve", self.data,
                        "--effective-examples", 30, *other)
        self.refuse(2, "--group-bounds is given but --labels is missing", "solve", self.data, "--group-bounds", "b.csv")
        absent = self.path("absent")
        self.refuse(1, absent + ": cannot be read: No such file", "solve", self.data, "--labels", self.label_file,
                    "--group-bounds", absent)
        for flag in "--exclude", "--quality":
            self.refuse(1, absent, "solve", self.data, flag, absent)
        for flag, values in {"--max-weight": ["0", "-1", "nan", "x"], "--min-weight": ["-1", "1.5", "nan"]}.items():
            for value in values:
                self.refuse(2, "%s is %s" % (flag, value), "solve", self.data, flag, value)

    def test_files_of_constraints_are_never_overwritten(self):
        bounds = self.bounds("1,0,1\n")
        for flags in (["--labels", self.label_file, "--group-bounds", bounds], ["--exclude", bounds],
                      ["--quality", bounds]):
            self.refuse(1, "would be overwritten", "solve", self.data, *flags, "--trace", bounds)

    def test_constraints_work_together_at_every_order(self):
        bounds = self.bounds("0,0.3,0.4\n7,0.1,0.1\n")
        out = self.keep("out.npy", wholes([i for i in range(60) if self.labels[i] == 1][:4]))
        for order in 0.5, 1, 2, 5, "inf":
            p = self.solved("--order", order, "--effective-examples", "60%", "--max-weight", 3, "--min-weight", 0.2,
                            "--labels", self.label_file, "--group-bounds", bounds, "--exclude", out)
            report, masses = self.report(), self.masses(p)
            self.assertLessEqual(report["gap"], 1e-6)
            self.assertEqual(report["stop_reason"], "converged")
            self.assertAlmostEqual(masses[7], 0.1, 13)
            self.assertLessEqual(masses[0], 0.4 + 1e-13)
            self.assertLessEqual(max(p), 3 / 60)
            self.assertEqual(sum(q == 0 for q in p), 4)
            self.assertGreaterEqual(min(q for q in p if q > 0), 0.2 / 60)
            self.assertGreaterEqual(report["effective_examples"], 36 * (1 - 1e-9))
            inspected = run("inspect", self.path("w.npy")).stdout
            self.assertIn("objective VS", inspected)
        self.assertEqual(len(read_npy(self.path("w.npy"), "<f8")), 60)
