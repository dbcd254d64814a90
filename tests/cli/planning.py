"""solve --dry-run and --max-memory: what the work will take is known before the rows are read."""
import os
import re
import subprocess

from command import COMMAND, TIMEOUT, CommandTest, floats, npy, run, wholes


class Planning(CommandTest):
    def hole(self, n, d):
        """A file whose rows would take n d 4 bytes, of which the disk has none."""
        path = os.path.join(self.folder, "hole.npy")
        header = npy("<f4", (n, d))
        with open(path, "wb") as file:
            file.write(header)
            file.truncate(len(header) + 4 * n * d)
        return path

    def test_a_dry_run_says_memory_and_time_and_writes_nothing(self):
        output = os.path.join(self.folder, "never.npy")
        text = self.succeed("solve", self.data, "--dry-run", "--output", output)
        for word in ("60 of 60", "float64", "at its height", "rows", "kernel", "solver", "accelerated"):
            self.assertIn(word, text)
        self.assertFalse(os.path.exists(output))
        plan = self.json("solve", self.data, "--dry-run")
        self.assertEqual((plan["n"], plan["rows"], plan["dtype"]), (60, 60, "float64"))
        self.assertEqual(plan["memory"], max(plan["memory_preparation"], plan["memory_rows"] + plan["memory_kernel"] + max(
            plan["memory_solver"], plan["memory_interior_point"])))
        for seconds in plan["seconds_per_iteration"].values():
            self.assertTrue(0 < seconds < 1)

    def test_methods_that_are_not_used_have_no_time(self):
        for method, expected in [("accelerated", {"accelerated"}), ("adam", {"adam"}),
                                 ("interior-point", {"interior-point"}), ("auto", {"accelerated", "interior-point"})]:
            plan = self.json("solve", self.data, "--dry-run", "--method", method)
            self.assertEqual(set(plan["seconds_per_iteration"]), expected)
            self.assertEqual(plan["memory_interior_point"] > 0, "interior-point" in expected)

    def test_the_rows_of_a_dry_run_are_not_read(self):
        plan = self.json("solve", self.hole(20000000, 500), "--dry-run")
        self.assertEqual((plan["n"], plan["dimension"]), (20000000, 500))
        self.assertGreater(plan["memory"], 4 * 20000000 * 500)

    def test_selection_is_counted_as_it_will_be_made(self):
        n = 1000
        labels = self.keep("many_labels.npy", wholes([i % 10 for i in range(n)]))
        rows = self.keep("some_rows.npy", wholes(list(range(0, n, 2))))
        hole = self.hole(n, 30)
        for flags, expected in [(["--classes", "0,4"], 200), (["--rows", rows], 500), (["--limit", 7], 7),
                                (["--classes", "0,4", "--rows", rows], 200),
                                (["--classes", "4", "--rows", rows, "--limit", 50], 50)]:
            self.assertEqual(self.json("solve", hole, "--labels", labels, *flags, "--dry-run")["n"], expected)
        self.refuse(1, "is 3, expected a label", "solve", hole, "--labels", labels, "--rows", rows, "--classes", 3, "--dry-run")

    def test_too_much_memory_is_refused_before_the_rows_are_read(self):
        hole = self.hole(20000000, 500)
        self.refuse(1, "more than the 640.00M of --max-memory: ", "solve", hole, "--max-memory", "640M")
        self.assertRegex(run("solve", hole, "--max-memory", "640M").stderr, r"rows 37\.\d\dG, kernel .*, and the solver \d")
        self.refuse(1, "and the score", "score", hole, "--max-memory", "0.5G")

    def test_the_figure_of_a_refusal_is_enough(self):
        for verb, flags in [("solve", []), ("solve", ["--method", "interior-point"]), ("solve", ["--order", "inf"]),
                            ("solve", ["--components", 2]), ("score", [])]:
            result = run(verb, self.data, *flags, "--max-memory", "5K")
            self.assertEqual(result.returncode, 1)
            figure = re.search(r"may take (\S+) of memory", result.stderr).group(1)
            self.succeed(verb, self.data, *flags, "--max-memory", figure)
            if verb == "solve":
                self.succeed(verb, self.data, *flags, "--max-memory", figure, "--dry-run")

    def test_interior_points_that_do_not_fit_are_done_without(self):
        rows = [[((i * 7 + j * 3) % 11) + 1.0 + (i == j) for j in range(6)] for i in range(700)]
        data = self.keep("wide.npy", floats(rows))
        flags = ["solve", data, "--order", "5", "--balance", "0.9"]
        self.assertEqual(self.json(*flags)["method"], "interior-point")
        plan = self.json(*flags, "--dry-run")
        less = plan["memory"] - 1
        self.assertEqual(self.json(*flags, "--max-memory", plan["memory"])["method"], "interior-point")
        self.assertEqual(self.json(*flags, "--max-memory", less)["method"], "accelerated")
        self.assertEqual(self.json(*flags, "--max-memory", less, "--dry-run")["memory_interior_point"], 0)
        less = self.json(*flags, "--method", "interior-point", "--dry-run")["memory"] - 1
        self.refuse(1, "and interior points", *flags, "--max-memory", less, "--method", "interior-point")

    def test_a_pipe_cannot_be_planned(self):
        with open(self.data, "rb") as file:
            content = file.read()
        result = subprocess.run([COMMAND, "solve", "/dev/stdin", "--dry-run"], input=content, capture_output=True,
                                timeout=TIMEOUT)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"is no regular file, expected one that can be read again", result.stderr)

    def test_sizes_that_are_none_are_bad_usage(self):
        for size in ("", "0", "-1", "M", "6M6", "6MB", "nan", "inf", "1e400", " 5M", "0.1"):
            self.refuse(2, "expected a number of bytes, or of K, M, G or T", "solve", self.data, "--max-memory", size)
        for size in ("1000000", "1e9", "640M", "0.5G", "1T"):
            self.succeed("solve", self.data, "--max-memory", size)
        self.refuse(2, "--max-memory knows nothing of the rows of --new", "score", self.data, "--new", self.data,
                       "--max-memory", "1G")
