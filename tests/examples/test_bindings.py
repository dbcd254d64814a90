"""The examples in Python and in C++, on the installed library and made digits: they draw what the command draws, and
stopping and going on changes nothing.

    BUILD=build/release python3 tests/examples/test_bindings.py

Needs NumPy. What needs PyTorch is skipped where this python3 has none, and all that is Python in a sanitizer build.
"""
import gc
import importlib
import importlib.util
import os
import re
import shutil
import sys
import unittest

import numpy

from installed import FLAGS, ROOT, Scratch, run

COUNT, BATCH = 400, 64
PYTHON = os.path.join(ROOT, "examples", "python")


def setUpModule():
    global path
    scratch = Scratch()
    unittest.addModuleCleanup(scratch.remove)
    path = scratch.path
    digits = os.path.join(scratch.build("made_digits"), "make_digits")
    run(digits, "--count", COUNT, "--images", path("images.idx"), "--labels", path("labels.idx"))
    command("solve", path("images.idx"), "--output", path("weights.npy"))
    scratch.build("cpp")
    scratch.build("03_training_loop")
    with open(path("images.idx"), "rb") as file:
        numpy.save(path("rows.npy"), numpy.frombuffer(file.read()[16:], numpy.uint8).reshape(COUNT, 28, 28))


def command(*arguments):
    return run(path("prefix/bin/divweights"), *arguments)


def installed_library():
    return next(os.path.join(folder, "libdivweights.so") for folder, _, files in os.walk(path("prefix"))
                if "libdivweights.so" in files)


def drawn(*flags):
    """What the command draws with the weights."""
    return [int(line) for line in command("sample", path("weights.npy"), "--seed", 1, *flags).split()]


def same_within_proof(one, other):
    """Another number of threads rounds differently and ends elsewhere: within the error bars, far below this."""
    numpy.testing.assert_array_less(numpy.abs(one - other).sum(), 5e-3)


def losses(said):
    return [float(loss) for loss in re.findall(r"loss ([0-9.]+)", said)]


def bytes_of(name):
    with open(path(name), "rb") as file:
        return file.read()


class Loop(unittest.TestCase):
    """A program that is called with rows, weights, steps and a checkpoint."""

    def train(self, steps, checkpoint, weights="weights.npy", check=True):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if not FLAGS:
            environment["DIVWEIGHTS_LIBRARY"] = installed_library()
        return run(*self.program(), path(weights), steps, path(checkpoint), env=environment, check=check)

    def goes_on(self, first, last):
        """Trains at once and in two pieces; the names of the two checkpoints."""
        self.train(last, self.id() + ".whole")
        self.assertIn("from step 0", self.train(first, self.id() + ".pieces"))
        self.assertIn("from step %d" % first, self.train(last, self.id() + ".pieces"))
        return self.id() + ".whole", self.id() + ".pieces"


class Cpp(Loop):
    def program(self):
        return path("cpp/training_loop"), path("images.idx")

    def test_it_learns_what_the_program_in_c_learns(self):
        c = run(path("03_training_loop/training_loop"), path("images.idx"), path("weights.npy"), 300, path("c"))
        # The same rule from the same start in double instead of float: other draws would change the second digit.
        for one, other in zip(losses(self.train(300, "cpp_model")), losses(c)):
            self.assertAlmostEqual(one, other, delta=1e-4)
        self.assertEqual(len(losses(c)), 3)

    def test_stopping_and_going_on_gives_the_same_model(self):
        whole, pieces = self.goes_on(57, 130)
        self.assertEqual(bytes_of(whole), bytes_of(pieces))

    def test_weights_are_solved_for_where_there_are_none(self):
        self.assertIn("Vendi Score", self.train(1, "cpp_solved", "cpp_weights.npy"))
        same_within_proof(numpy.load(path("cpp_weights.npy")), numpy.load(path("weights.npy")))

    def test_failures_are_sentences(self):
        done = self.train(3, "cpp_none", "labels.idx", check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("labels.idx", done.stderr)
        with open(path("cpp_damaged"), "wb") as file:
            file.write(bytes(90))
        self.assertIn("cpp_damaged: is no checkpoint", self.train(3, "cpp_damaged", check=False).stderr)
        self.assertEqual(self.train("many", "cpp_none", check=False).returncode, 2)

    @unittest.skipIf(FLAGS or shutil.which("valgrind") is None, "valgrind is not installed, or the build is sanitised")
    def test_no_memory_is_lost(self):
        numpy.save(path("few.npy"), numpy.load(path("rows.npy"))[:30])
        valgrind = ("env", "OPENBLAS_NUM_THREADS=1", "valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99")
        run(*valgrind, path("cpp/training_loop"), path("few.npy"), path("few_weights.npy"), 2, path("few_model"))
        done = run(*valgrind, path("cpp/training_loop"), path("few.npy"), path("weights.npy"), 2, path("few_model"),
                   check=False)
        self.assertEqual(done.returncode, 1, done.stderr)


class PythonLoop(Loop):
    @classmethod
    def setUpClass(cls):
        os.environ["DIVWEIGHTS_LIBRARY"] = installed_library()
        if PYTHON not in sys.path:
            sys.path.insert(0, PYTHON)
        cls.divw = importlib.import_module("divweights")
        cls.rows = numpy.load(path("rows.npy"), mmap_mode="r")
        cls.weights = cls.divw.Weights(path("weights.npy"))

    def stream(self, *arguments, scheme="with-replacement", **options):
        return self.divw.Stream(self.divw.Sampler(self.weights.values, 1, scheme), *arguments, **options)


@unittest.skipIf(FLAGS, "python3 is not sanitised")
class Python(PythonLoop):
    def program(self):
        return sys.executable, os.path.join(PYTHON, "training_loop.py"), path("rows.npy")

    def test_it_is_found_by_pkg_config(self):
        folder = os.path.join(os.path.dirname(installed_library()), "pkgconfig")
        environment = {name: value for name, value in os.environ.items() if name != "DIVWEIGHTS_LIBRARY"}
        said = run(sys.executable, "-c", "import divweights; print(divweights.library_path())", cwd=PYTHON,
                   env={**environment, "PKG_CONFIG_PATH": folder})
        self.assertTrue(os.path.samefile(said.strip(), installed_library()) or said.strip().startswith("lib"), said)

    def test_rows_are_read_where_they_are(self):
        rows = numpy.array(self.rows)
        dataset = self.divw.Dataset(rows)
        rows[7] = 255 - rows[7]
        numpy.testing.assert_array_equal(dataset.read(), rows.reshape(COUNT, -1))
        every_second = self.divw.Dataset(rows.reshape(COUNT, -1)[::2, 5:])
        numpy.testing.assert_array_equal(every_second.read(3, 4), rows.reshape(COUNT, -1)[::2, 5:][3:7])

    def test_arrays_that_would_need_a_copy_are_refused(self):
        flat = self.rows.reshape(COUNT, -1)
        for rows, words in ((flat.T, "side by side"), (flat[::-1], "side by side"), (self.rows[:, ::2], "contiguous"),
                            (flat.astype(">f4"), ">f4"), (flat.astype(int), "<i8")):
            with self.assertRaisesRegex(ValueError, words):
                self.divw.Dataset(rows)

    def test_solving_in_python_gives_the_weights_of_the_command(self):
        seen = []
        self.divw.set_threads()  # as the command does
        with self.divw.Dataset(self.rows) as dataset, self.divw.Kernel(dataset) as kernel:
            solver = self.divw.Solver(balance=0.5, progress=lambda *values: seen.append(values))
            weights = solver.solve(kernel)
            self.assertAlmostEqual(kernel.vendi_score(weights.values), weights.vendi_score, delta=1e-9)
        numpy.testing.assert_allclose(weights.values, self.weights.values, rtol=1e-6)
        with self.assertRaisesRegex(self.divw.Error, "threads is 0, expected 1 to 1024"):
            self.divw.set_threads(0)
        self.assertEqual(weights.stop_reason, "converged")
        self.assertEqual([values[0] for values in seen], list(range(1, len(seen) + 1)))

    def test_what_an_object_lent_outlives_it(self):
        rows = numpy.array(self.rows)
        kernel = self.divw.Kernel(self.divw.Dataset(rows))
        expected = kernel.vendi_score()
        del rows
        weights = self.divw.Weights(path("weights.npy"))
        values = weights.values
        sampler = self.divw.Sampler(values, 1)
        stream = self.divw.Stream(sampler, BATCH)
        weights.close()
        sampler.close()
        gc.collect()
        self.assertEqual(kernel.vendi_score(), expected)
        self.assertAlmostEqual(values.sum(), 1, delta=1e-12)
        self.assertEqual(stream.next_batch().tolist(), drawn("--count", BATCH))
        with self.assertRaisesRegex(self.divw.Error, "sampler is NULL"):
            sampler.draw(0, 1)

    def test_every_scheme_and_rank_draws_what_the_command_draws(self):
        for scheme in "with-replacement", "without-replacement", "systematic":
            for rank in 0, 2:
                stream = self.stream(10, rank, 3, scheme=scheme)
                batches = numpy.concatenate([stream.next_batch() for _ in range(5)])
                self.assertEqual(batches.tolist(), drawn("--count", 50, "--scheme", scheme, "--rank", rank, "--world", 3))

    def test_an_exception_while_it_solves_comes_through(self):
        def stop(*_):
            raise KeyError("enough")
        with self.assertRaisesRegex(KeyError, "enough"):
            self.divw.Solver(progress=stop).solve(self.divw.Kernel(self.divw.Dataset(self.rows)))

    def test_stopping_and_going_on_gives_the_same_model(self):
        with numpy.load(path(self.goes_on(57, 130)[0])) as whole, numpy.load(path(self.id() + ".pieces")) as pieces:
            for name in "W", "step", "state":
                numpy.testing.assert_array_equal(whole[name], pieces[name])

    def test_it_learns(self):
        found = losses(self.train(300, "python_model", "python_weights.npy"))
        self.assertEqual(len(found), 3)
        self.assertLess(found[-1], 0.6)
        same_within_proof(numpy.load(path("python_weights.npy")), self.weights.values)

    def test_failures_are_sentences(self):
        numpy.save(path("five.npy"), numpy.full(5, 0.2))
        done = self.train(3, "python_none", "five.npy", check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("5 weights for %d rows" % COUNT, done.stderr)


@unittest.skipIf(FLAGS, "python3 is not sanitised")
@unittest.skipIf(importlib.util.find_spec("torch") is None, "this python3 has no PyTorch (Debian: python3-torch)")
class Torch(PythonLoop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.torch = importlib.import_module("torch")
        cls.batches = importlib.import_module("weighted_batches").WeightedBatches

    def program(self):
        return sys.executable, os.path.join(PYTHON, "torch_loop.py"), path("rows.npy")

    def loader(self, batches, workers=2):
        """A DataLoader of the row numbers themselves."""
        return self.torch.utils.data.DataLoader(range(COUNT), batch_sampler=batches, num_workers=workers)

    def test_two_ranks_cover_an_epoch_without_overlap(self):
        sampler = self.divw.Sampler(numpy.full(COUNT, 1 / COUNT), 5, "without-replacement")
        met = []
        for rank in 0, 1:
            batches = self.batches(self.divw.Stream(sampler, 25, rank, 2), COUNT // 50)
            met += [int(row) for batch in self.loader(batches) for row in batch]
        self.assertEqual(sorted(met), list(range(COUNT)))

    def test_it_resumes_after_what_was_trained_on_with_other_ranks_and_batches(self):
        batches, met = self.batches(self.stream(20, scheme="without-replacement"), 12), []
        for step, batch in enumerate(self.loader(batches)):  # the workers are four batches ahead
            met += batch.tolist()
            batches.trained()
            if step == 4:
                break
        ranks = [self.batches(self.stream(5, rank, 2, scheme="without-replacement"), 14, batches.state)
                 for rank in (0, 1)]
        for pair in zip(*(self.loader(batches, workers=0) for batches in ranks)):
            met += numpy.stack(pair, axis=1).reshape(-1).tolist()  # strided: the ranks take turns
        self.assertEqual(met, drawn("--count", 240, "--scheme", "without-replacement"))

    def test_going_through_it_again_goes_on(self):
        batches = self.batches(self.stream(BATCH), 2)
        met = []
        for _ in range(2):
            for batch in self.loader(batches, workers=0):
                met += batch.tolist()
                batches.trained()
        self.assertEqual(met, drawn("--count", 4 * BATCH))

    def test_stopping_and_going_on_gives_the_same_model(self):
        whole, pieces = (self.torch.load(path(name)) for name in self.goes_on(7, 20))
        self.assertEqual((whole["step"], whole["state"]), (pieces["step"], pieces["state"]))
        for name, tensor in whole["model"].items():
            self.assertTrue(self.torch.equal(tensor, pieces["model"][name]), name)


if __name__ == "__main__":
    unittest.main()
