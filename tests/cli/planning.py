"""solve --dry-run and --max-memory: what the work will take is known before the rows are read."""
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import zipfile

from command import COMMAND, TIMEOUT, CommandTest, floats, npy, run, wholes


class Planning(CommandTest):
    def hole(self, n, d, fortran=False, rows=b""):
        """A file whose rows would take n d 4 bytes, of which the disk has none but the first few."""
        path = os.path.join(self.folder, "hole.npy")
        header = npy("<f4", (n, d))
        if fortran:
            header = header.replace(b"False", b"True ")
        with open(path, "wb") as file:
            file.write(header + rows)
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
        self.assertEqual(plan["streamed"], 0)
        self.assertEqual(plan["memory"], plan["memory_process"] + max(plan["memory_preparation"], plan["memory_rows"] + plan["memory_kernel"] + max(
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

    def test_only_the_rows_that_are_selected_are_read(self):
        n, d, first = 20000000, 500, 9
        hole = self.hole(n, d, rows=b"".join(struct.pack("<500f", *(float((i + j) % 7) for j in range(d))) for i in range(first)))
        rows = self.keep("few_rows.npy", wholes([8, 3, 1]))
        for flags, count in [(["--limit", first], first), (["--rows", rows], 3), (["--rows", rows, "--limit", 2], 2)]:
            self.assertEqual(self.json("solve", hole, *flags, "--max-memory", "60M")["n"], count)
            plan = self.json("solve", hole, *flags, "--max-memory", "60M", "--dry-run")
            self.assertEqual((plan["n"], plan["rows"], plan["streamed"]), (count, n, 0))
        self.assertEqual(self.json("score", hole, "--limit", first)["n"], first)
        self.succeed("inspect", hole, "--limit", first)
        self.succeed("evaluate", hole, self.keep("made.npy", npy("<f4", (2, d), struct.pack("<1000f", *range(1000)))),
                     "--limit", first, "--metrics", "vendi")

    def test_too_much_memory_is_refused_before_the_rows_are_read(self):
        hole = self.hole(20000000, 500)
        self.refuse(1, "more than the 640.00M of --max-memory: ", "solve", hole, "--max-memory", "640M")
        refusal = r"with the rows streamed, .*rows \d{3}\.\d\dM, kernel .*, and the solver \d"
        self.assertRegex(run("solve", hole, "--max-memory", "640M").stderr, refusal)
        columns = self.hole(20000000, 500, fortran=True) # cannot be streamed
        self.assertRegex(run("solve", columns, "--max-memory", "640M").stderr, r"rows 37\.\d\dG, kernel .*, and the solver \d")
        huge = self.hole(3000000000, 512)
        self.assertRegex(run("solve", huge, "--max-memory", "20G").stderr, r"may take \d{3}\.\d\dG of memory")
        self.refuse(1, "and the score", "score", hole, "--max-memory", "0.5G")

    def test_rows_that_do_not_fit_are_streamed_within_the_limit_to_the_same_weights(self):
        n, d = 40000, 1000
        rows = b"".join(os.urandom(16).replace(b"\0", b"\1") + bytes(d - 16) for _ in range(n))
        data = self.keep("large.npy", npy("|u1", (n, d)) + rows)
        weights, streamed = (os.path.join(self.folder, name) for name in ("weights.npy", "streamed.npy"))
        flags = ["solve", data, "--max-iterations", 3, "--max-solves", 1, "--json"]
        limit = self.json(*flags, "--dry-run")["memory"] - (20 << 20)
        self.assertEqual(self.json(*flags, "--output", weights)["streamed"], 0)
        self.assertEqual(self.json(*flags, "--max-memory", limit, "--dry-run")["streamed"], 1)
        # A child begins with the memory of its parent, so a small one starts the command.
        start = "import os, sys; os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ); sys.stderr.write(str(os.wait()[1]) + ' ')\n" \
                "import resource; sys.stderr.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))"
        result = subprocess.run([sys.executable, "-c", start, COMMAND, *map(str, flags), "--max-memory", str(limit),
                                 "--output", streamed], capture_output=True, text=True, timeout=TIMEOUT)
        status, kilobytes = map(int, result.stderr.split()[-2:])
        self.assertEqual((status, json.loads(result.stdout)["streamed"]), (0, 1))
        with open(weights, "rb") as one, open(streamed, "rb") as other:
            self.assertEqual(one.read(), other.read())
        if "SANITIZED" not in os.environ:
            self.assertLess(1024 * kilobytes, limit)
        score = self.json("score", data)
        self.assertEqual(self.json("score", data, "--max-memory", "60M"), score)
        with gzip.open(data + ".gz", "wb", compresslevel=1) as packed:
            packed.write(npy("|u1", (n, d)) + rows)
        self.refuse(1, "more than the 60.00M of --max-memory: ", "score", data + ".gz", "--max-memory", "60M")
        self.refuse(1, "Streaming the rows would take less, but ", "score", data + ".gz", "--max-memory", "60M")

    def test_a_stored_array_of_an_npz_is_streamed_and_a_compressed_one_is_not(self):
        n, d = 60000, 500
        content = npy("|u1", (n, d)) + b"".join(bytes([i % 251 + 1, i % 7 + 1]) + bytes(d - 2) for i in range(n))
        plain = self.keep("plain.npy", content)
        stored, packed = (os.path.join(self.folder, name) for name in ("stored.npz", "packed.npz"))
        for path, method in [(stored, zipfile.ZIP_STORED), (packed, zipfile.ZIP_DEFLATED)]:
            with zipfile.ZipFile(path, "w", method) as archive:
                archive.writestr("labels.npy", wholes([1, 2]))
                with archive.open("rows.npy", "w", force_zip64=True) as file:
                    file.write(content)
        limit = ["--max-memory", "48M"]
        score = self.json("score", plain)
        self.assertEqual(self.json("score", stored, "--array", "rows"), score)
        self.assertEqual(self.json("score", stored, "--array", "rows", *limit), score)
        self.assertEqual(self.json("solve", stored, "--array", "rows", "--max-memory", "60M", "--dry-run")["streamed"], 1)
        self.refuse(1, "more than the 48.00M of --max-memory: ", "score", packed, "--array", "rows", *limit)
        self.refuse(1, "Streaming the rows would take less, but " + packed + ": is compressed (npz)", "score", packed,
                    "--array", "rows", *limit)

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
        rows = [[((i * 7 + j * 3) % 11) + 1.0 + (i == j) for j in range(40)] for i in range(700)]
        data = self.keep("wide.npy", floats(rows))
        flags = ["solve", data, "--order", "5", "--balance", "0.9", "--max-solves", 1]
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
        for size in ("100000000", "1e9", "640M", "0.5G", "1T"):
            self.succeed("solve", self.data, "--max-memory", size)
        self.refuse(2, "--max-memory knows nothing of the rows of --new", "score", self.data, "--new", self.data,
                       "--max-memory", "1G")
