"""examples/trainer against the installed library, and the scripts that compare runs of it, on made digits.

    BUILD=build/release python3 tests/examples/test_trainer.py
"""
import csv
import json
import os
import pty
import re
import shutil
import signal
import statistics
import struct
import subprocess
import time
import unittest

import numpy

from installed import FLAGS, ROOT, TIMEOUT, WARNINGS, Example, Scratch, run

COUNT = 400
BATCH = 128
HEADING = 48  # bytes of a checkpoint before the state of the stream


def setUpModule():
    global path
    scratch = Scratch()
    unittest.addModuleCleanup(scratch.remove)
    path = scratch.path
    scratch.build("trainer")
    digits = os.path.join(scratch.build("made_digits"), "make_digits")
    run(digits, "--count", COUNT, "--images", path("images.idx"), "--labels", path("labels.idx"))
    run(digits, "--count", 30, "--images", path("few.idx"), "--labels", path("few_labels.idx"))
    command("solve", path("images.idx"), "--output", path("weights.npy"))
    command("solve", path("images.idx"), "--labels", path("labels.idx"), "--classes", "1,7", "--output",
            path("some.npy"), "--rows-output", path("rows.npy"))
    trainer("--steps", 200, "--checkpoint", path("trained"))


def command(*arguments):
    return run(path("prefix/bin/divweights"), *arguments)


def trainer(*arguments, images="images.idx", **options):
    return run(path("trainer/trainer"), path(images), *arguments, **options)


def content(name):
    with open(path(name), "rb") as file:
        return file.read()


def images_and_labels():
    images = numpy.frombuffer(content("images.idx"), numpy.uint8, offset=16).reshape(-1, 28, 28)
    return images, numpy.frombuffer(content("labels.idx"), numpy.uint8, offset=8)


def shares(said):
    """What was printed of every label: its shares of the examples and of the batches, in percent."""
    found = re.findall(r"label (\d+) +([0-9.]+) % of the examples +([0-9.]+) % of the batches", said)
    return {int(label): (float(examples), float(batches)) for label, examples, batches in found}


def loss(said):
    return float(re.search(r"loss +([0-9.]+)", said).group(1))


class Mathematics(unittest.TestCase):
    def test_gradients_are_those_of_finite_differences(self):
        sources = [os.path.join(ROOT, "examples", "trainer", name) for name in ("model.c", "adam.c", "random.c")]
        run("cc", "-O2", "-std=c11", *WARNINGS.split(), *FLAGS.split(), "-DREAL_IS_DOUBLE",
            "-I" + os.path.join(ROOT, "examples", "trainer"), os.path.join(ROOT, "tests", "examples", "gradients.c"),
            *sources, "-o", path("gradients"), "-lopenblas", "-lm")
        done = run("env", "OPENBLAS_NUM_THREADS=1", path("gradients"), check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("17962 parameters", done.stdout)


class Training(Example):
    def test_it_learns(self):
        shutil.copy(path("trained"), path("learned"))
        self.assertLess(loss(trainer("--steps", 210, "--checkpoint", path("learned"))), 0.4 * loss(trainer("--steps", 1)))

    def test_before_it_learns_every_pixel_costs_a_bit(self):
        self.assertAlmostEqual(loss(trainer("--steps", 1)), 784 * numpy.log(2), delta=10)

    def test_stopping_and_going_on_gives_the_same_bits(self):
        sampling = ("--samples", 20, "--seed", 3, "--weights", path("weights.npy"))
        trainer(*sampling, "--steps", 23, "--checkpoint", path("whole"), "--output", path("whole.npy"))
        for steps in 7, 16, 23:
            trainer(*sampling, "--steps", steps, "--checkpoint", path("pieces"), "--output", path("pieces.npy"))
        self.assertEqual(content("whole"), content("pieces"))
        self.assertEqual(content("whole.npy"), content("pieces.npy"))
        said = trainer(*sampling, "--steps", 23, "--checkpoint", path("pieces"), "--output", path("again.npy"))
        self.assertIn("23 of 128, 0 of them now", said)
        self.assertEqual(content("whole.npy"), content("again.npy"))

    def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(self):
        with subprocess.Popen([path("trainer/trainer"), path("images.idx"), "--steps", "1000000", "--checkpoint",
                               path("cut"), "--checkpoint-every", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            begun = time.monotonic()
            while not os.path.exists(path("cut")) and time.monotonic() < begun + TIMEOUT:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            said, complaint = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(said, "")
        (steps,) = struct.unpack_from("q", content("cut"), HEADING - 8)
        self.assertGreaterEqual(steps, 3)
        self.assertIn("interrupted after batch %d; the same command goes on from %s" % (steps, path("cut")), complaint)
        trainer("--steps", steps + 4, "--checkpoint", path("cut"))
        trainer("--steps", steps + 4, "--checkpoint", path("uncut"))
        self.assertEqual(content("cut"), content("uncut"))

    def test_an_epoch_holds_every_row_once(self):
        self.assertIn("batches    8 of 128", trainer("--epochs", 2))

    def test_nothing_is_shown_but_on_a_terminal(self):
        done = trainer("--steps", 3, check=False)
        self.assertEqual(done.stderr, "")
        ours, theirs = pty.openpty()
        subprocess.run([path("trainer/trainer"), path("images.idx"), "--steps", "3"], stdout=subprocess.DEVNULL,
                       stderr=theirs, check=True, timeout=TIMEOUT)
        os.close(theirs)
        shown = os.read(ours, 10000).decode()
        os.close(ours)
        self.assertIn("batch 3 of 3  loss ", shown)

    def test_no_memory_is_lost(self):
        self.no_memory_is_lost(path("trainer/trainer"), path("few.idx"), "--labels", path("few_labels.idx"), "--steps",
                               1, "--samples", 3, "--output", path("few.npy"), "--grid", path("few.png"),
                               "--checkpoint", path("few"))
        self.no_memory_is_lost(path("trainer/trainer"), path("few.idx"), "--weights", path("weights.npy"), status=1)


class Weights(Example):
    def test_batches_hold_what_the_command_draws(self):
        _, labels = images_and_labels()
        said = shares(trainer("--weights", path("weights.npy"), "--labels", path("labels.idx"), "--steps", 30, "--seed",
                              5))
        draws = [int(line) for line in command("sample", path("weights.npy"), "--count", 30 * BATCH, "--seed",
                                               5).split()]
        self.assertEqual(set(said), set(labels))
        for label, (examples, batches) in said.items():
            self.assertEqual(examples, round(100 * float(numpy.mean(labels == label)), 2))
            self.assertAlmostEqual(batches, 100 * float(numpy.mean(labels[draws] == label)), delta=0.0051)

    def test_class_mass_is_that_of_the_weights_or_of_the_data(self):
        _, labels = images_and_labels()
        p = numpy.load(path("weights.npy"))
        for flags, weight in ((("--weights", path("weights.npy")), p), ((), numpy.full(COUNT, 1 / COUNT))):
            said = shares(trainer(*flags, "--labels", path("labels.idx"), "--steps", 40))
            for label, (_, batches) in said.items():
                mass = weight[labels == label].sum()
                error = (mass * (1 - mass) / (40 * BATCH)) ** 0.5
                self.assertAlmostEqual(batches / 100, mass, delta=5 * error + 1e-4)
        ones = labels == 1
        self.assertLess(p[ones].sum(), 0.7 * ones.mean())  # so the two kinds of run did differ

    def test_rows_and_classes_are_those_of_solve(self):
        trainer("--weights", path("some.npy"), "--rows", path("rows.npy"), "--steps", 2, "--checkpoint", path("rows"))
        trainer("--weights", path("some.npy"), "--labels", path("labels.idx"), "--classes", "1,7", "--steps", 2,
                "--checkpoint", path("classes"))
        trainer("--weights", path("weights.npy"), "--steps", 2, "--checkpoint", path("all"))
        self.assertEqual(content("rows"), content("classes"))
        self.assertNotEqual(content("rows"), content("all"))

    def test_uniform_is_the_default_and_seeds_differ(self):
        trainer("--steps", 2, "--checkpoint", path("default"))
        trainer("--steps", 2, "--checkpoint", path("uniform"), "--weights", "uniform")
        trainer("--steps", 2, "--checkpoint", path("seed"), "--seed", 1)
        self.assertEqual(content("default"), content("uniform"))
        self.assertNotEqual(content("default"), content("seed"))


class Samples(Example):
    def test_they_have_type_shape_and_units_of_the_data(self):
        images, _ = images_and_labels()
        numpy.save(path("float.npy"), images * (1 / 255))
        numpy.save(path("rows_of_784.npy"), images.reshape(-1, 784))
        for name in "bytes", "float", "flat":
            shutil.copy(path("trained"), path("from_" + name))
        flags = ("--steps", 210, "--samples", 200, "--means")
        trainer(*flags, "--output", path("bytes_out.npy"), "--checkpoint", path("from_bytes"))
        trainer(*flags, "--output", path("float_out.npy"), "--checkpoint", path("from_float"), images="float.npy")
        trainer(*flags, "--output", path("flat_out.npy"), "--checkpoint", path("from_flat"), images="rows_of_784.npy")
        self.assertEqual(content("from_bytes"), content("from_float"))
        self.assertEqual(content("bytes_out.npy"), content("flat_out.npy"))
        numpy.savez(path("several.npz"), other=images[:3], images=images)
        shutil.copy(path("trained"), path("from_array"))
        trainer("--steps", 210, "--array", "images", "--checkpoint", path("from_array"), images="several.npz")
        self.assertEqual(content("from_bytes"), content("from_array"))
        made, made_float = numpy.load(path("bytes_out.npy")), numpy.load(path("float_out.npy"))
        self.assertEqual((made.shape, made.dtype), ((200, 28, 28), numpy.uint8))
        self.assertEqual((made_float.shape, made_float.dtype), ((200, 28, 28), numpy.float32))
        numpy.testing.assert_allclose(made_float, made / 255.0, atol=0.5001 / 255)
        self.assertLess(abs(numpy.log(made.mean() / images.mean())), numpy.log(2))
        self.assertGreater(made.std(axis=0).max(), 5)

    def test_without_means_pixels_are_drawn(self):
        flags = ("--steps", 200, "--samples", 200, "--checkpoint", path("trained"))
        trainer(*flags, "--output", path("drawn.npy"))
        trainer(*flags, "--output", path("mean.npy"), "--means")
        drawn, means = numpy.load(path("drawn.npy")), numpy.load(path("mean.npy")) / 255.0
        self.assertEqual(set(numpy.unique(drawn)), {0, 255})
        for weight in numpy.ones_like(means), means:  # sums of (drawn - mean) weight: five standard errors, and rounding
            error = numpy.sqrt((means * (1 - means) * weight ** 2).sum())
            self.assertLess(abs(((drawn / 255.0 - means) * weight).sum()), 5 * error + weight.sum() * 0.01 / 255)

    def test_the_grid_shows_them(self):
        trainer("--steps", 1, "--samples", 130, "--means", "--output", path("grid_in.npy"), "--grid", path("grid.png"))
        self.assertEqual(struct.unpack(">II", content("grid.png")[16:24]), (302, 242))
        run(path("trainer/grid"), path("same.png"), path("grid_in.npy"))
        self.assertEqual(content("grid.png"), content("same.png"))
        run(path("trainer/grid"), path("both.png"), path("grid_in.npy"), path("images.idx"))
        self.assertEqual(struct.unpack(">II", content("both.png")[16:24]), (302 + 16 + 302, 242))

    def test_rows_that_are_no_images_have_no_grid(self):
        numpy.save(path("odd.npy"), numpy.random.default_rng(0).random((50, 6)).astype(numpy.float32))
        trainer("--steps", 2, "--samples", 5, "--output", path("odd_out.npy"), images="odd.npy")
        self.assertEqual(numpy.load(path("odd_out.npy")).shape, (5, 6))
        self.fails(trainer("--steps", 2, "--samples", 5, "--grid", path("odd.png"), images="odd.npy", check=False), 1,
                   "6 numbers are no images")
        self.fails(run(path("trainer/grid"), path("x.png"), path("images.idx"), path("odd.npy"), check=False), 1,
                   path("odd.npy"))
        self.fails(run(path("trainer/grid"), path("x.png"), check=False), 2, "expected PICTURE.png")


class Errors(Example):
    def refused(self, *arguments, words, status=1, images="images.idx"):
        self.fails(trainer("--steps", 1, *arguments, images=images, check=False), status, *words)

    def test_files_are_named(self):
        self.refused(images="none.npy", words=[path("none.npy")])
        self.refused("--weights", path("none.npy"), words=[path("none.npy")])
        self.refused("--labels", path("none.idx"), words=[path("none.idx")])
        self.refused("--rows", path("none.npy"), words=[path("none.npy")])
        self.refused("--weights", path("some.npy"), words=["some.npy", "expected 400, one for each selected example"])
        self.refused("--labels", path("few_labels.idx"), words=["30", "400"])
        self.refused("--labels", path("labels.idx"), "--classes", "1,99", words=["99"])

    def test_numbers_outside_of_0_to_1_are_named(self):
        for value in 1.5, -0.25, float("nan"):
            rows = numpy.full((9, 4), 0.5)
            rows[6, 2] = value
            numpy.save(path("outside.npy"), rows)
            self.refused(images="outside.npy", words=["outside.npy: row 6 holds %g, expected" % value])

    def test_flags_are_named(self):
        for arguments, words in ((["--colour", "red"], ["--colour is no option"]),
                                 (["--seed"], ["--seed needs a value"]),
                                 (["--seed", "-1"], ["--seed is -1, expected a whole number from 0"]),
                                 (["--seed", "1x"], ["--seed is 1x"]),
                                 (["--threads", "0"], ["--threads is 0", "from 1 to 1024"]),
                                 (["--epochs", "3"], ["--epochs and --steps are both given"]),
                                 (["--classes", "1"], ["--labels is missing"]),
                                 (["--classes", "1,,2"], ["--classes is 1,,2"]),
                                 (["--samples", "5"], ["neither --output nor --grid"]),
                                 (["--means"], ["--samples is missing"]),
                                 (["more.npy"], ["INPUT is given twice"])):
            with self.subTest(arguments=arguments):
                self.refused(*arguments, words=words, status=2)
        self.fails(run(path("trainer/trainer"), check=False), 2, "INPUT is missing")
        self.assertIn("Usage: trainer INPUT", run(path("trainer/trainer"), "--help"))

    def test_outputs_are_tried_before_training(self):
        sampling = ("--samples", 2, "--steps", 10 ** 9)
        for flag in "--output", "--grid", "--checkpoint":
            output = [] if flag != "--checkpoint" else ["--output", path("never.npy")]
            for target, word in ((path("no/folder/x"), "cannot be written"), (path("prefix"), "cannot be written"),
                                 (path("images.idx"), "would be overwritten")):
                self.fails(trainer(*sampling, *output, flag, target, check=False), 1, target, word)
        self.assertFalse(os.path.exists(path("never.npy")))

    def test_a_checkpoint_of_another_run_is_refused(self):
        trainer("--steps", 1, "--checkpoint", path("own"))
        kept = content("own")
        here = ("--checkpoint", path("own"))
        self.refused(*here, "--seed", 4, words=["belongs to another run", "seed"])
        self.refused(*here, "--weights", path("weights.npy"), words=["belongs to another run", "weights"])
        numpy.save(path("narrow.npy"), numpy.full((COUNT, 5), 0.5))
        self.refused(*here, images="narrow.npy", words=["a model of 784-256-16", "expected 5-256-16"])
        self.assertEqual(content("own"), kept)

    def test_a_damaged_checkpoint_is_refused(self):
        trainer("--steps", 1, "--checkpoint", path("sound"))
        sound = content("sound")
        flipped = bytearray(sound)
        flipped[len(sound) // 2] ^= 4
        for damaged, word in ((b"", "is no checkpoint"), (b"x" * 100, "is no checkpoint"),
                              (sound[:-9], "ends too early"), (sound[:HEADING], "ends too early"),
                              (sound + b"0", "is damaged"), (bytes(flipped), "is damaged")):
            with open(path("damaged"), "wb") as file:
                file.write(damaged)
            self.refused("--checkpoint", path("damaged"), words=[path("damaged"), word])
            self.assertEqual(content("damaged"), damaged)


class Thin(Example):
    def test_it_keeps_the_first_of_every_class(self):
        _, labels = images_and_labels()
        run(path("trainer/thin"), path("labels.idx"), path("thin.npy"), "1=20", "7=3")
        expected = sorted([*numpy.flatnonzero(labels == 1)[:20], *numpy.flatnonzero(labels == 7)[:3]])
        self.assertEqual(numpy.load(path("thin.npy")).tolist(), expected)

    def test_what_is_not_there_is_named(self):
        thin = path("trainer/thin")
        self.fails(run(thin, path("labels.idx"), path("no.npy"), "7=1000", check=False), 1, "label 7", "1000")
        self.fails(run(thin, path("none.idx"), path("no.npy"), "7=1", check=False), 1, path("none.idx"))
        for wrong in "7", "7=0", "7=x", "=3":
            self.fails(run(thin, path("labels.idx"), path("no.npy"), wrong, check=False), 2, "is %s, expected" % wrong)
        self.fails(run(thin, path("labels.idx"), check=False), 2, "expected LABELS")
        self.assertFalse(os.path.exists(path("no.npy")))


class Scripts(Example):
    """In a copy of the sources, since they build below them; with the installed library, to save the time."""

    def script(self, name, *arguments, check=True):
        copy = path("copy")
        if not os.path.exists(copy):
            for folder in "examples", "cmake":
                shutil.copytree(os.path.join(ROOT, folder), os.path.join(copy, folder))
        environment = {**os.environ, "DIVWEIGHTS_PREFIX": path("prefix"), "CFLAGS": FLAGS}
        return run("sh", os.path.join(copy, "examples", name), *arguments, check=check, env=environment,
                   cwd=path())

    def test_compare_tabulates_what_evaluate_measures(self):
        said = self.script("compare.sh", "--count", 150, "--seeds", 2, "--steps", 40, "--samples", 90, "--output", "out")
        with open(path("out/table.txt"), encoding="utf-8") as file:
            table = file.read()
        self.assertIn(table, said)
        values = {}
        with open(path("out/results.csv"), newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                values.setdefault((row["kind"], row["name"]), []).append(float(row["value"]))
        self.assertEqual({len(seeds) for seeds in values.values()}, {2})
        for kind in "uniform", "weights":
            for seed in range(2):
                score = json.loads(command("score", path("out/%s_%d.npy" % (kind, seed)), "--json"))
                self.assertAlmostEqual(values[kind, "vendi_score_generated"][seed], score["vendi_score"], delta=1e-9)
            classes = [sum(values[kind, name]) / 2 for _, name in values
                       if _ == kind and name.startswith("class_") and name.endswith("_generated")]
            self.assertEqual(len(classes), 10)
            self.assertAlmostEqual(sum(classes), 1, delta=1e-9)
        self.assertNotEqual(values["uniform", "vendi_score_generated"], values["weights", "vendi_score_generated"])
        for title, name in (("Vendi Score  ", "vendi_score_generated"), ("recall", "recall"),
                            ("FID to data", "fid_to_data")):
            (line,) = [line for line in table.splitlines() if line.startswith(title)]
            shown = re.findall(r"([0-9.]+) \+- ([0-9.]+)", line)
            self.assertEqual(len(shown), 2)
            for (mean, deviation), kind in zip(shown, ("uniform", "weights")):
                digits = 0.51 * 10.0 ** -len(mean.partition(".")[2])
                self.assertAlmostEqual(float(mean), statistics.mean(values[kind, name]), delta=digits)
                self.assertAlmostEqual(float(deviation), statistics.stdev(values[kind, name]), delta=digits)
        self.assertEqual(struct.unpack(">II", content("out/grid.png")[16:24]), (620, 242))

    def test_compare_says_what_is_wrong(self):
        for arguments, status, word in ((["--colour", "red"], 2, "--colour is no option"),
                                        (["--seeds", "none"], 2, "--seeds is none"), (["--steps"], 2, "needs a value"),
                                        (["--labels", "x"], 2, "IMAGES"), (["none.npy"], 1, "none.npy")):
            self.fails(self.script("compare.sh", *arguments, check=False), status, word)
        self.fails(self.script("compare.sh", "--output", path("trainer"), check=False), 1, "is there already")
        done = self.script("compare.sh", "--count", 60, "--seeds", 1, "--steps", "x", "--output", "bad", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--steps is x, expected a whole number", done.stderr)

    def test_modes_shows_a_rare_class_and_a_long_tail(self):
        said = self.script("modes.sh", "--count", 100, "--seeds", 1, "--steps", 3)
        self.assertEqual(said.count("Vendi Score by seed"), 2)
        self.assertEqual(len(re.findall(r"^share of class", said, flags=re.M)), 12)
        self.assertRegex(said, r"share of class 0 +0\.0[4-6]0")
        self.fails(self.script("modes.sh", path("images.idx"), check=False), 2, "LABELS is missing")

    def test_compare_thins_classes(self):
        said = self.script("compare.sh", path("images.idx"), "--labels", path("labels.idx"), "--counts", "1=95 2=5",
                           "--seeds", 1, "--steps", 3, "--output", "thinned")
        self.assertIn("weights: 100 rows", said)
        self.assertEqual(re.findall(r"^share of class (\d) +([0-9.]+)", said, flags=re.M), [("1", "0.950"), ("2", "0.050")])
        self.fails(self.script("compare.sh", path("images.idx"), "--counts", "1=9", check=False), 2, "needs --labels")


if __name__ == "__main__":
    unittest.main()
