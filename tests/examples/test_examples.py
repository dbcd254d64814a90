"""The example programs, each built by its own CMake project against the installed library, on made digits.

    BUILD=build/release python3 tests/examples/test_examples.py

Standard library only.
"""
import json
import os
import re
import signal
import struct
import subprocess
import unittest

from installed import TIMEOUT, Example, Scratch, run

COUNT = 400


def setUpModule():
    global path
    scratch = Scratch()
    unittest.addModuleCleanup(scratch.remove)
    path = scratch.path
    for name in ("01_score", "02_solve", "03_training_loop"):
        scratch.build(name)
    digits = os.path.join(scratch.build("made_digits"), "make_digits")
    run(digits, "--count", COUNT, "--images", path("images.idx"), "--labels", path("labels.idx"))
    run(digits, "--count", 30, "--images", path("few.idx"), "--labels", path("few_labels.idx"))
    command("solve", path("images.idx"), "--output", path("weights.npy"))
    command("solve", path("few.idx"), "--output", path("few.npy"))


def command(*arguments):
    """The command that was installed: another way to the same numbers."""
    return run(path("prefix/bin/divweights"), *arguments)


class Score(Example):
    program = property(lambda self: path("01_score/score"))

    def test_prints_what_the_command_prints(self):
        known = json.loads(command("score", path("images.idx"), "--weights", path("weights.npy"), "--json"))
        lines = run(self.program, path("images.idx"), path("weights.npy")).splitlines()
        self.assertEqual(lines[0], "%d examples of 784 numbers" % COUNT)
        self.assertEqual(lines[-2].split()[-2:], ["%.4f" % known["vendi_score_uniform"], "%.1f" % COUNT])
        self.assertEqual(lines[-1].split()[-2:],
                         ["%.4f" % known["vendi_score"], "%.1f" % known["effective_examples"]])

    def test_without_weights_it_prints_one_score(self):
        self.assertEqual(len(run(self.program, path("images.idx")).splitlines()), 4)

    def test_bad_files_are_named(self):
        self.fails(run(self.program, path("none.npy"), check=False), 1, path("none.npy"))
        self.fails(run(self.program, check=False), 2, "usage")
        done = run(self.program, path("labels.idx"), path("weights.npy"), check=False)
        self.assertEqual(done.returncode, 1)

    def test_weights_of_other_examples_are_refused(self):
        command("solve", path("images.idx"), "--limit", 5, "--output", path("five.npy"))
        done = run(self.program, path("images.idx"), path("five.npy"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("5 weights for %d examples" % COUNT, done.stderr)

    def test_no_memory_is_lost(self):
        self.no_memory_is_lost(self.program, path("few.idx"), path("few.npy"))
        with open(path("zero.npy"), "wb") as file:
            header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }".ljust(117) + "\n"
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(16))
        # A failure half way: the dataset is there, the kernel refuses it.
        done = self.no_memory_is_lost(self.program, path("zero.npy"), status=1)
        self.assertIn("row 0", done.stderr)


class Solve(Example):
    program = property(lambda self: path("02_solve/solve"))

    def test_writes_certified_weights_and_says_so(self):
        said = run(self.program, path("images.idx"), path("solved.npy"), "0.9")
        with open(path("solved.json")) as file:
            report = json.load(file)
        self.assertEqual(report["balance"], 0.9)
        self.assertLessEqual(report["gap"], 1e-6)
        self.assertIn("went from %.4f to %.4f" % (report["vendi_score_uniform"], report["vendi_score"]), said)
        self.assertIn("converged", said)
        self.assertIn("better by more than %.1e nats" % report["gap"], said)
        self.assertIn("above %.6f; these reach %.6f" % (report["global_upper_bound"], report["objective_value"]), said)

    def test_at_balance_0_nothing_is_left_to_prove(self):
        self.assertNotIn("nan", run(self.program, path("images.idx"), path("solved.npy"), "0"))

    def test_ctrl_c_keeps_the_best_weights_so_far(self):
        # Balance 1 takes many iterations; after a few lines of progress there is something to keep.
        with subprocess.Popen([self.program, path("images.idx"), path("cut.npy"), "1"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            for _ in range(5):
                process.stderr.readline()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 0)
        self.assertIn("cancelled", said)
        with open(path("cut.json")) as file:
            report = json.load(file)
        self.assertEqual(report["stop_reason"], "cancelled")
        self.assertGreater(report["vendi_score"], report["vendi_score_uniform"])

    def test_bad_balances_are_named(self):
        for text in ("much", "1.5", "0.5x", ""):
            done = run(self.program, path("images.idx"), path("bad.npy"), text, check=False)
            self.fails(done, 1, "1.5" if text == "1.5" else "BALANCE is " + text)
        self.assertFalse(os.path.exists(path("bad.npy")))

    def test_no_memory_is_lost(self):
        self.no_memory_is_lost(self.program, path("few.idx"), path("solved_few.npy"))


class TrainingLoop(Example):
    program = property(lambda self: path("03_training_loop/training_loop"))

    def train(self, steps, checkpoint, *labels):
        return run(self.program, path("images.idx"), path("weights.npy"), steps, path(checkpoint), *labels)

    def test_it_learns(self):
        said = self.train(300, "learned")
        losses = [float(loss) for loss in re.findall(r"loss ([0-9.]+)", said)]
        self.assertEqual(len(losses), 3)
        self.assertLess(losses[-1], losses[0])
        self.assertLess(losses[-1], 0.6)

    def test_stopping_and_going_on_gives_the_same_model(self):
        self.train(130, "whole")
        self.assertIn("from step 0", self.train(57, "pieces"))
        self.assertIn("from step 57", self.train(130, "pieces"))
        with open(path("whole"), "rb") as whole, open(path("pieces"), "rb") as pieces:
            self.assertEqual(whole.read(), pieces.read())

    def test_it_meets_what_the_command_draws(self):
        said = self.train(50, "shares", path("labels.idx"))
        draws = [int(line) for line in command("sample", path("weights.npy"), "--count", 50 * 64, "--seed", 1).split()]
        with open(path("labels.idx"), "rb") as file:
            labels = file.read()[8:]
        shares = re.findall(r"label (\d) +([0-9.]+) % of the file +([0-9.]+) % of the batches", said)
        self.assertEqual(len(shares), 10)
        for label, in_file, met in shares:
            count = sum(labels[draw] == int(label) for draw in draws)
            self.assertEqual(met, "%.1f" % (100 * count / len(draws)))
            self.assertEqual(in_file, "%.1f" % (100 * labels.count(int(label)) / COUNT))

    def test_bad_files_are_named(self):
        arguments = [path("images.idx"), path("weights.npy"), 3, path("images.idx")]
        done = run(self.program, *arguments, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("images.idx: is no checkpoint", done.stderr)
        arguments[1] = path("labels.idx")
        self.fails(run(self.program, *arguments, check=False), 1, path("labels.idx"))
        self.fails(run(self.program, *arguments[:2], "many", "c", check=False), 2, "usage")

    def test_no_memory_is_lost(self):
        self.no_memory_is_lost(self.program, path("few.idx"), path("few.npy"), 2, path("few_checkpoint"),
                               path("few_labels.idx"))


if __name__ == "__main__":
    unittest.main()
