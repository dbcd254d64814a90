"""The pictures of inspect: contact sheets pixel by pixel, the data of plots number by number, gnuplot present or not."""
import csv
import math
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import unittest
import xml.etree.ElementTree
import zlib

from command import COMMAND, CommandTest, floats, idx, npy, run, wholes

HEIGHT, WIDTH, COUNT = 6, 5, 12
PICTURES = ["classes", "sorted_weights", "spectrum", "steps"]


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def png_width(path):
    return struct.unpack(">I", read_bytes(path)[16:20])[0]


def read_png(path):
    """Rows of bytes of an 8-bit PNG, and its channels (1 or 3)."""
    content = read_bytes(path)
    assert content[:8] == b"\x89PNG\r\n\x1a\n", content[:8]
    at, chunks = 8, {}
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at:at + 8])
        data = content[at + 8:at + 8 + length]
        assert zlib.crc32(kind + data) == struct.unpack(">I", content[at + 8 + length:at + 12 + length])[0], kind
        chunks[kind] = chunks.get(kind, b"") + data
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8 and colour in (0, 2) and b"IEND" in chunks
    step = 3 if colour == 2 else 1
    lines, rows, above = zlib.decompress(chunks[b"IDAT"]), [], bytes(width * step)
    for y in range(height):
        line = bytearray(lines[y * (width * step + 1):][:width * step + 1])
        above = unfilter(line[0], line[1:], above, step)
        rows.append(bytes(above))
    return rows, step


def unfilter(kind, line, above, step):
    for x in range(len(line)):
        a, b, c = (line[x - step] if x >= step else 0), above[x], (above[x - step] if x >= step else 0)
        nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        line[x] = line[x] + (0, a, b, (a + b) // 2, nearest)[kind] & 255
    return line


def find_image(rows, channels, image, width):
    """(x, y, scale) of an enlarged image in the picture; None when it is not there."""
    lines = [image[k:k + width * channels] for k in range(0, len(image), width * channels)]
    for scale in range(1, 60):
        enlarged = [b"".join(line[k:k + channels] * scale for k in range(0, len(line), channels)) for line in lines]
        for y, row in enumerate(rows):
            x = row.find(enlarged[0])
            if x >= 0 and all(rows[y + scale * i + j][x:x + len(part)] == part for i, part in enumerate(enlarged)
                              for j in range(scale)):
                return x // channels, y, scale
    return None


class Pictures(CommandTest):
    """Twelve random images; image i weighs more than image i + 5, modulo 12."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = random.Random(3)
        cls.images = [bytes(source.randrange(1, 256) for _ in range(HEIGHT * WIDTH)) for _ in range(COUNT)]
        cls.pixels = b"".join(cls.images)
        cls.order = [5 * k % COUNT for k in range(COUNT)]  # heaviest first
        rank = sorted(range(COUNT), key=lambda i: cls.order[i])
        total = sum(2.0 ** -k for k in range(COUNT))
        cls.p = [2.0 ** -rank[i] / total for i in range(COUNT)]
        cls.weights = cls.keep("w.npy", floats(cls.p))
        cls.idx = cls.keep("images.idx", idx((COUNT, HEIGHT, WIDTH), cls.pixels))
        cls.flat = cls.keep("flat.npy", npy("|u1", (COUNT, HEIGHT * WIDTH), cls.pixels))
        cls.classes = cls.keep("classes.npy", wholes([-3, 40, 40] * 4))

    def folder_of(self, name):
        path = self.path(name)
        os.mkdir(path)
        return path

    def table(self, *names):
        """The rows of a .csv below self.out as dictionaries of numbers."""
        with open(os.path.join(self.out, *names), newline="") as file:
            return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


class ContactSheet(Pictures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "without libpng" in run("inspect", cls.idx, "--weights", cls.weights, "--contact-sheet",
                                   os.path.join(cls.folder, "try.png")).stderr:
            raise unittest.SkipTest("the command was built without libpng")

    def sheet(self, *arguments):
        self.succeed("inspect", *arguments, "--contact-sheet", self.path("sheet.png"))
        return self.path("sheet.png")

    def pixels_of(self, *arguments):
        return read_png(self.sheet(*arguments))

    def test_heaviest_come_first_then_the_lightest_below_every_pixel_as_it_is(self):
        rows, channels = self.pixels_of(self.idx, "--weights", self.weights, "--heaviest", 3)
        places = [find_image(rows, channels, self.images[i], WIDTH) for i in self.order]
        self.assertEqual([place is None for place in places], [False] * 3 + [True] * 6 + [False] * 3)
        (x0, y0, scale), right, rightmost = places[:3]
        self.assertGreater(scale, 10)
        self.assertTrue(x0 < right[0] < rightmost[0])
        self.assertEqual([(y, s) for _, y, s in places[:3]], [(y0, scale)] * 3)
        below = y0 + scale * HEIGHT
        self.assertEqual([x for x, _, _ in places[:-4:-1]], [x for x, _, _ in places[:3]])  # the very lightest first
        self.assertTrue(all(y > below for _, y, _ in places[-3:]))
        for x, y, _ in places[:3] + places[-3:]:  # a frame, then a weight in black on white
            self.assertEqual(rows[y - 1][x - 1], rows[y + scale * HEIGHT][x + scale * WIDTH])
            text = b"".join(row[x:x + scale * WIDTH] for row in rows[y + scale * HEIGHT + 2:][:20])
            self.assertTrue(min(text) < 40 and 0.5 < text.count(255) / len(text) < 0.99)
        self.assertEqual((rows[0], rows[-1]), (b"\xff" * len(rows[0]),) * 2)

    def test_the_same_weight_is_written_the_same_way_and_another_differently(self):
        def label(weights, name):
            rows, _ = self.pixels_of(self.idx, "--weights", self.keep(name, floats(weights)), "--heaviest", 1)
            x, y, scale = find_image(rows, 1, self.images[weights.index(max(weights))], WIDTH)
            return [row[x:x + scale * WIDTH] for row in rows[y + scale * HEIGHT + 2:][:20]]
        one, other, third = ([0.5 if k == i else 0.5 / 11 for k in range(COUNT)] for i in range(3))
        third[2] += 1e-2 / COUNT  # 6.01x, not 6.00x
        third[0] -= 1e-2 / COUNT
        self.assertEqual(label(one, "one.npy"), label(other, "other.npy"))
        self.assertNotEqual(label(one, "one.npy"), label(third, "third.npy"))

    def test_small_weights_are_written_with_an_exponent_and_zeros_as_zero(self):
        few = self.keep("few.npy", floats([1 - 0.011, 0.01, 1e-3, 1e-12] + [0] * 7 + [1e-300]))
        rows, _ = self.pixels_of(self.idx, "--weights", few, "--heaviest", COUNT)
        widths = []
        for image in (4, 3, 11):  # 0x, 1e-11x, 1e-299x
            x, y, scale = find_image(rows, 1, self.images[image], WIDTH)
            text = [row[x:x + scale * WIDTH] for row in rows[y + scale * HEIGHT + 2:][:20]]
            columns = [j for j in range(scale * WIDTH) if any(line[j] < 128 for line in text)]
            widths.append(columns[-1] - columns[0])
        self.assertEqual(widths, sorted(set(widths)))

    def test_a_sheet_is_about_900_pixels_wide(self):
        weights = "--weights", self.weights
        for heaviest in 5, 7, 12:
            width = png_width(self.sheet(self.idx, *weights, "--heaviest", heaviest))
            self.assertTrue(840 <= width <= 900, width)
        wide = self.keep("wide.npy", npy("|u1", (COUNT, 2, 1000), bytes([9]) * COUNT * 2000))
        self.assertEqual(png_width(self.sheet(wide, *weights)), 1040)
        tall = self.keep("tall.npy", npy("|u1", (COUNT, 300, 1), bytes([9]) * COUNT * 300))
        self.assertLessEqual(png_width(self.sheet(tall, *weights)), 900)

    def test_shapes_come_from_the_file_or_from_the_flag(self):
        expected = read_bytes(self.sheet(self.idx, "--weights", self.weights))
        for path, *flags in [
                (self.flat, "--image-shape", "6x5"), (self.flat, "--image-shape", "6x5x1"),
                (self.keep("npy.npy", npy("|u1", (COUNT, HEIGHT, WIDTH), self.pixels)),),
                (self.keep("one.idx", idx((COUNT, HEIGHT, WIDTH, 1), self.pixels)),)]:
            self.assertEqual(read_bytes(self.sheet(path, *flags, "--weights", self.weights)), expected)
        rows, _ = self.pixels_of(self.idx, "--image-shape", "5x6", "--weights", self.weights)
        self.assertIsNotNone(find_image(rows, 1, self.images[0], 6))

    def test_colours(self):
        path = self.keep("colour.npy", npy("|u1", (COUNT, 2, 5, 3), self.pixels))
        rows, channels = self.pixels_of(path, "--weights", self.weights)
        self.assertEqual(channels, 3)
        self.assertIsNotNone(find_image(rows, 3, self.images[self.order[0]], 5))
        expected = read_bytes(self.path("sheet.png"))
        self.assertEqual(read_bytes(self.sheet(self.flat, "--image-shape", "2x5x3", "--weights", self.weights)), expected)

    def test_selected_rows_keep_their_images(self):
        chosen = [11, 2, 4]
        rows, _ = self.pixels_of(self.idx, "--rows", self.keep("rows.npy", wholes(chosen)), "--heaviest", 1, "--weights",
                             self.keep("three.npy", floats([0.125, 0.75, 0.125])))
        self.assertIsNotNone(find_image(rows, 1, self.images[2], WIDTH))
        self.assertIsNotNone(find_image(rows, 1, self.images[11], WIDTH))  # of equal ones the first
        self.assertIsNone(find_image(rows, 1, self.images[4], WIDTH))

    def test_the_table_names_the_sheet_and_json_stays_json(self):
        text = self.succeed("inspect", self.idx, "--weights", self.weights, "--contact-sheet", self.path("s.png"))
        self.assertIn("contact sheet      " + self.path("s.png"), text)
        self.assertEqual(self.json("inspect", self.idx, "--weights", self.weights, "--contact-sheet",
                                   self.path("s.png"))["n"], COUNT)

    def test_what_cannot_be_shown_is_refused(self):
        weights = "--weights", self.weights
        first = self.keep("first.npy", npy("|u1", (COUNT, 3, 2, 5), self.pixels))
        deep = self.keep("deep.idx", idx((COUNT, 2, 5, 3, 1), self.pixels))
        numbers = self.keep("numbers.npy", floats([list(map(float, image)) for image in self.images]))
        many = self.keep("many.idx", idx((4000, 2, 2), [7] * 16000))
        even = self.keep("even.npy", floats([1 / 4000] * 4000))
        for sentence, *arguments in [
                ("flat.npy: has rows of 30, expected images", self.flat, *weights),
                ("first.npy: has rows of 3 x 2 x 5, expected", first, *weights),
                ("deep.idx: has rows of 2 x 5 x 3 x 1, expected", deep, *weights),
                ("is 5 x 5 x 1, which is 25 numbers, expected 30", self.flat, "--image-shape", "5x5", *weights),
                ("is 6 x 5 x 3, which is 90 numbers, expected 30", self.idx, "--image-shape", "6x5x3", *weights),
                ("numbers.npy: holds float64, expected images of uint8", numbers, "--image-shape", "6x5", *weights),
                ("expected at most 100 million", many, "--heaviest", 4000, "--weights", even)]:
            with self.subTest(sentence=sentence):
                self.refuse(1, sentence, "inspect", *arguments, "--contact-sheet", self.path("sheet.png"))

    def test_files_that_cannot_be_written_are_refused(self):
        for path in os.path.join(self.out, "no", "s.png"), os.path.join(self.idx, "s.png"), self.folder, "/dev/null":
            self.refuse(1, path + ": cannot be written", "inspect", self.idx, "--weights", self.weights,
                        "--contact-sheet", path)
        for path in self.idx, self.weights:
            self.refuse(1, "would be overwritten", "inspect", self.idx, "--weights", self.weights, "--contact-sheet",
                        path)

    def test_no_picture_of_examples_that_cannot_be_used(self):
        zero = self.keep("zero.idx", idx((COUNT, HEIGHT, WIDTH), bytes(30) + self.pixels[30:]))
        result = run("inspect", zero, "--weights", self.weights, "--contact-sheet", self.path("s.png"), "--plots",
                     self.path("plots"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("row 0 is all zeros", result.stderr)
        self.assertEqual(os.listdir(self.out), [])


class PictureFlags(Pictures):
    def test_flags_that_need_another_say_which(self):
        sheet, plots = ["--contact-sheet", self.path("s.png")], ["--plots", self.path("plots")]
        for sentence, *flags in [
                ("--contact-sheet is given but --weights is missing", *sheet),
                ("--plots is given but --weights is missing", *plots),
                ("--image-shape is given but --contact-sheet is missing", "--image-shape", "6x5"),
                ("--trace is given but --plots is missing", "--trace", "t.csv", "--weights", self.weights),
                ("--heaviest is 0", "--heaviest", 0, "--weights", self.weights, *sheet)]:
            self.refuse(2, sentence, "inspect", self.idx, *flags)
        self.refuse(2, "--weights are for examples", "inspect", self.weights, "--weights", self.weights, *sheet)

    def test_image_shapes_are_two_lengths_or_three(self):
        for value in ["28", "28x", "x28", "28x28x2", "28x28x4", "0x28", "28x-1", "70000x1", "28x28x3x1", "axb", "",
                      "28,28", "28X28", " 28x28", "28 x28", "28xx28", "9" * 30 + "x1"]:
            with self.subTest(value=value):
                self.refuse(2, "HEIGHTxWIDTH", "inspect", self.idx, "--weights", self.weights, "--image-shape", value,
                            "--contact-sheet", self.path("s.png"))


class Plots(Pictures):
    def setUp(self):
        super().setUp()
        self.plots = self.path("plots")
        self.solved("--trace", self.path("t.csv"))
        self.flags = ["--weights", self.path("w.npy"), "--labels", self.label_file, "--trace", self.path("t.csv")]

    def command(self, path, *more):
        """A gnuplot of ours, or none, in front of everything else."""
        return subprocess.run([COMMAND, "inspect", self.data, *self.flags, "--plots", self.plots, *more],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, "PATH": path})

    def gnuplot(self, script, interpreter="/bin/sh"):
        folder = self.folder_of("bin")
        path = os.path.join(folder, "gnuplot")
        with open(path, "w") as file:
            file.write("#!%s\n%s\n" % (interpreter, script))
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return folder

    def assert_data_alone(self, *more):
        self.assertEqual(sorted(os.listdir(self.plots)),
                         sorted([name + end for name in PICTURES for end in (".csv", ".gp")] + list(more)))

    def test_without_gnuplot_the_data_are_written_and_one_sentence_says_what_to_install(self):
        result = self.command(self.folder_of("empty"))
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"^divweights: .*plots: .*no gnuplot \(apt-get install gnuplot-nox\)\n$")
        self.assertIn("plots              " + self.plots, result.stdout)
        self.assert_data_alone()

    def test_data_are_those_of_the_weights(self):
        self.command(self.folder_of("empty"))
        p = self.solved()
        rows = self.table("plots", "sorted_weights.csv")
        self.assertEqual([row["rank"] for row in rows], list(range(1, 61)))
        self.assertEqual([row["weight"] for row in rows], sorted(p, reverse=True))
        for row in rows:
            self.assertAlmostEqual(row["times_uniform"], 60 * row["weight"], 12)
        rows = self.table("plots", "classes.csv")
        self.assertEqual([(row["class"], row["examples"]) for row in rows], [(0, 40), (1, 15), (7, 5)])
        for row in rows:
            self.assertAlmostEqual(row["share"], row["examples"] / 60, 15)
            self.assertAlmostEqual(row["weighted"], sum(q for q, l in zip(p, self.labels) if l == row["class"]), 12)
        with open(self.path("t.csv")) as trace, open(os.path.join(self.plots, "steps.csv")) as copy:
            self.assertEqual(copy.read(), trace.read())

    def test_spectra_are_those_of_two_examples_by_hand(self):
        pair, weights = self.keep("pair.npy", floats([[1, 0], [3, 4]])), self.keep("p.npy", floats([0.25, 0.75]))
        run("inspect", pair, "--weights", weights, "--plots", self.plots)
        before, after = [0.8, 0.2], [(1 + s * math.sqrt(1 - 0.75 * 0.64)) / 2 for s in (1, -1)]
        for row, rank, x, y in zip(self.table("plots", "spectrum.csv"), (1, 2), before, after):
            self.assertEqual(row["rank"], rank)
            self.assertAlmostEqual(row["uniform"], x, 14)
            self.assertAlmostEqual(row["weighted"], y, 14)
        self.assertFalse({"classes.csv", "steps.csv"} & set(os.listdir(self.plots)))  # neither labels nor trace

    def test_the_kernel_is_the_one_that_is_named(self):
        self.refuse(1, "norm", "inspect", self.data, *self.flags, "--kernel", "linear", "--plots", self.plots)

    def test_many_weights_are_thinned_out(self):
        n = 20000
        ones = self.keep("ones.npy", npy("|u1", (n, 2), bytes([1]) * 2 * n))
        run("inspect", ones, "--weights", self.keep("even.npy", floats([1 / n] * n)), "--plots", self.plots)
        ranks = [row["rank"] for row in self.table("plots", "sorted_weights.csv")]
        self.assertEqual(ranks, sorted(set(ranks)))
        self.assertEqual((ranks[:5], ranks[-1]), ([1, 2, 3, 4, 5], n))
        self.assertTrue(2000 < len(ranks) <= 5000)

    def test_gnuplot_is_started_where_the_data_are_without_a_terminal_and_for_a_minute_at_most(self):
        result = self.command(self.gnuplot(
            "import os, signal, sys\n"
            "print(*sys.argv[1:], os.getcwd(), repr(sys.stdin.read()), 50 < signal.alarm(0) <= 60, sep='\\n',"
            " file=open('seen', 'w'))", sys.executable))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(os.path.join(self.plots, "seen")) as file:
            self.assertEqual(file.read().split("\n")[:-1],
                             ["--default-settings", "sorted_weights.gp", "spectrum.gp", "steps.gp", "classes.gp",
                              os.path.realpath(self.plots), "''", "True"])
        self.assert_data_alone("seen")

    def test_a_gnuplot_that_fails_is_an_error_and_leaves_its_words_but_no_picture(self):
        os.mkdir(self.plots)
        with open(os.path.join(self.plots, "steps.svg"), "w") as old:
            old.write("of another solve")
        result = self.command(self.gnuplot("echo half >sorted_weights.png; echo out of ink >&2; exit 3"))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertRegex(result.stderr, r"^divweights: .*: holds the data, but gnuplot failed; .*gnuplot.log.*\n$")
        self.assert_data_alone("gnuplot.log")
        with open(os.path.join(self.plots, "gnuplot.log")) as log:
            self.assertEqual(log.read(), "out of ink\n")

    def test_a_gnuplot_that_does_not_end_is_stopped(self):
        result = self.command(self.gnuplot("kill -ALRM $$"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("gnuplot was stopped after 60 seconds", result.stderr)

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_gnuplot_draws_every_plot_as_svg_and_png(self):
        self.assertIn("plots", self.succeed("inspect", self.data, *self.flags, "--plots", self.plots))
        self.assert_data_alone(*[name + end for name in PICTURES for end in (".svg", ".png")])
        words = {"classes": ["class", "share (%)", "of the examples", "of the weight"],
                 "sorted_weights": ["examples, heaviest first (rank)", "weight (multiples of uniform)"],
                 "spectrum": ["eigenvalue, largest first (rank)", "uniform: Vendi Score", "diversity weights"],
                 "steps": ["step", "Vendi Score", "entropy (nats)", "gap (nats)"]}
        for name in PICTURES:
            root = xml.etree.ElementTree.parse(os.path.join(self.plots, name + ".svg")).getroot()
            self.assertEqual(root.get("width"), "700")
            text = "".join(root.itertext())
            for word in words[name]:
                self.assertIn(word, text)
            self.assertEqual(png_width(os.path.join(self.plots, name + ".png")), 700)

    def test_a_parent_that_ignores_its_children_does_not_hide_the_failure(self):
        bin_folder = self.gnuplot("exit 3")
        result = subprocess.run(["/bin/sh", "-c", 'trap "" CHLD; exec "$@"', "sh", COMMAND, "inspect", self.data,
                                 *self.flags, "--plots", self.plots], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, timeout=60, env={**os.environ, "PATH": bin_folder})
        self.assertEqual(result.returncode, 1)
        self.assertIn("gnuplot failed", result.stderr)

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_one_example_and_no_steps_can_be_drawn(self):
        one, p = self.keep("one.npy", floats([[1.0, 2.0]])), self.keep("p1.npy", floats([1.0]))
        self.succeed("solve", one, "--trace", self.path("one.csv"))
        self.succeed("inspect", one, "--weights", p, "--plots", self.plots, "--trace", self.path("one.csv"))
        self.assertIn("steps.png", os.listdir(self.plots))
        self.succeed("solve", one, "--balance", 0, "--trace", self.path("none.csv"))
        self.succeed("inspect", one, "--weights", p, "--plots", self.path("other"), "--trace", self.path("none.csv"))
        self.assertNotIn("steps.csv", os.listdir(self.path("other")))

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_a_trace_may_lie_where_its_plot_goes(self):
        os.mkdir(self.plots)
        trace = os.path.join(self.plots, "steps.csv")
        shutil.copy(self.path("t.csv"), trace)
        self.succeed("inspect", self.data, "--weights", self.path("w.npy"), "--plots", self.plots, "--trace", trace)
        with open(self.path("t.csv")) as old, open(trace) as new:
            self.assertEqual(new.read(), old.read())

    def test_a_long_trace_is_read_whole(self):
        with open(self.path("t.csv")) as file:
            header, *lines = file.read().splitlines(True)
        trace = self.keep("long.csv", (header + "".join(lines * 400)).encode())
        self.assertGreater(os.path.getsize(trace), 1 << 18)
        run("inspect", self.data, "--weights", self.path("w.npy"), "--plots", self.plots, "--trace", trace)
        self.assertEqual(len(self.table("plots", "steps.csv")), 400 * len(lines))

    def test_traces_that_are_none_are_refused_before_anything_is_made(self):
        header, line = "iteration,vendi_score,entropy,objective,gap,seconds\n", "1,2,3,4,5,6\n"
        for sentence, content in [
                ("does not begin with \"iteration,", ""), ("does not begin with", "a,b\n1,2\n"),
                ("line 3 is not understood, expected 6 numbers", header + line + "1,2,3,4,5\n"),
                ("line 2 is not understood", header + "1,2,3,4,five,6\n"),
                ("line 2 is not understood", header + line.strip() + ",7\n"),
                ("line 2 is not understood", header + "1,2,3,4,5,\n6\n"),
                ("line 3 is not understood", header + line + "1,2,3")]:
            trace = self.keep("bad.csv", content.encode())
            self.refuse(1, "bad.csv: " + sentence, "inspect", self.data, "--weights", self.path("w.npy"), "--plots",
                        self.plots, "--trace", trace)
        self.refuse(1, "missing.csv: cannot be opened", "inspect", self.data, "--weights", self.path("w.npy"),
                    "--plots", self.plots, "--trace", self.path("missing.csv"))
        self.refuse(1, self.folder + ": cannot be read: Is a directory", "inspect", self.data, "--weights",
                    self.path("w.npy"), "--plots", self.plots, "--trace", self.folder)

    def test_folders_that_cannot_be_made_or_written_are_refused(self):
        for path, sentence in [(self.path("no") + "/plots", "no/plots: cannot be made: No such file"),
                               (self.data, "sorted_weights.csv: cannot be written: Not a directory")]:
            self.refuse(1, sentence, "inspect", self.data, "--weights", self.path("w.npy"), "--plots", path)
