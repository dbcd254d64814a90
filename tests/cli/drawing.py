"""Schemes, ranks, states and balance of sample. What the draws are, tests/recheck/test_draws.py computes again."""
import math
import os
import random
import subprocess
import unittest

from command import COMMAND, CommandTest, floats, read_npy, run, wholes


class Drawing(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = random.Random(5)
        p = [source.random() ** 3 for _ in range(500)]
        p[7] = p[8] = 0
        total = math.fsum(p)
        cls.p = [x / total for x in p]
        cls.weights = cls.keep("weights.npy", floats(cls.p))
        cls.labels = [i % 5 * 10 for i in range(500)]
        cls.label_file = cls.keep("draw-labels.npy", wholes(cls.labels))

    def draws(self, *flags):
        return [int(line) for line in self.succeed("sample", self.weights, *flags).split()]

    def test_ranks_of_any_world_make_one_sequence(self):
        for scheme in "with-replacement", "without-replacement", "systematic":
            common = ["--scheme", scheme, "--seed", 4, "--epoch", 2]
            whole = self.draws(*common, "--count", 900)  # also over the end of an epoch
            for world in 1, 2, 3, 8:
                for rank in range(world):
                    mine = self.draws(*common, "--count", 20, "--rank", rank, "--world", world)
                    self.assertEqual(mine, whole[rank:20 * world:world])
                    start = 40 + (rank - 40) % world
                    mine = self.draws(*common, "--start", 40, "--count", 20, "--rank", rank, "--world", world)
                    self.assertEqual(mine, whole[start:start + 20 * world:world])
                    mine = self.draws(*common, "--start", 40, "--count", 20, "--rank", rank, "--world", world,
                                      "--blocks")
                    self.assertEqual(mine, whole[40 + 20 * rank:60 + 20 * rank])

    def test_epochs_end_where_they_say(self):
        first = self.draws("--scheme", "without-replacement", "--count", 498)
        self.assertEqual(sorted(first), [i for i in range(500) if i not in (7, 8)])
        self.assertEqual(self.draws("--scheme", "without-replacement", "--count", 498 + 10)[498:],
                         self.draws("--scheme", "without-replacement", "--epoch", 1, "--count", 10))
        for length in 100, 500, 1234:
            counts = [0] * 500
            for i in self.draws("--scheme", "systematic", "--epoch-length", length, "--count", length):
                counts[i] += 1
            for count, p in zip(counts, self.p):
                self.assertLess(abs(count - length * p), 1)

    def test_labels_take_turns(self):
        for scheme in "with-replacement", "without-replacement", "systematic":
            drawn = self.draws("--scheme", scheme, "--labels", self.label_file, "--count", 1000)
            for block in range(0, 1000, 5):
                self.assertEqual(sorted(self.labels[i] for i in drawn[block:block + 5]), [0, 10, 20, 30, 40])

    def test_temperature_and_mixing_change_the_weights(self):
        count = 50000
        power = [x ** 0.5 for x in self.p]
        for flags, p in [(["--temperature", 0.5], [x / sum(power) for x in power]),
                         (["--uniform", 0.3], [0.7 * x + 0.3 / 500 for x in self.p]),
                         (["--temperature", 0], [(x > 0) / 498 for x in self.p]),
                         (["--temperature", 0.5, "--uniform", 1], [1 / 500] * 500)]:
            counts = [0] * 500
            for i in self.draws(*flags, "--count", count, "--scheme", "systematic", "--epoch-length", count):
                counts[i] += 1
            for i, (seen, q) in enumerate(zip(counts, p)):
                self.assertLess(abs(seen - count * q), 1 + 1e-6, (flags, i))

    def test_states_go_on_where_a_run_ended(self):
        for scheme in "with-replacement", "without-replacement", "systematic":
            state = self.path(scheme + ".state")
            common = ["--scheme", scheme, "--seed", 9]
            whole = self.draws(*common, "--epoch", 1, "--start", 30, "--count", 900)
            drawn = self.draws(*common, "--epoch", 1, "--start", 30, "--count", 100, "--state", state)
            for world, count in (1, 50), (2, 60), (3, 40), (1, 510):
                parts = []
                with open(state, "rb") as file:
                    before = file.read()
                for rank in range(world):
                    with open(state, "wb") as file:
                        file.write(before)
                    flags = ["--count", count, "--rank", rank, "--world", world, "--state", state]
                    self.succeed("sample", self.weights, *common, *flags, "--output", self.path("part.npy"))
                    parts.append(read_npy(self.path("part.npy"), "<i8"))
                window = [None] * (count * world)
                first = 30 + len(drawn)
                for rank, part in enumerate(parts):
                    window[(rank - first) % world::world] = part
                drawn += window
            self.assertEqual(drawn, whole[:len(drawn)])

    def test_states_of_other_runs_are_refused(self):
        state = self.path("run.state")
        draw = ["sample", self.weights, "--count", 5, "--state", state]
        self.succeed(*draw)
        other = self.keep("other.npy", floats([1 / 500] * 500))
        self.refuse(1, state + ": belongs to a sampler with other weights (fingerprint ", "sample", other, *draw[2:])
        self.refuse(1, "belongs to a sampler with seed 0, expected 1", *draw, "--seed", 1)
        self.refuse(1, "belongs to a sampler with-replacement, expected one systematic", *draw, "--scheme", "systematic")
        self.refuse(2, "--epoch and --start are for a new run", *draw, "--start", 5)
        self.refuse(2, "--epoch and --start are for a new run", *draw, "--epoch", 5)
        with open(state, "rb") as file:
            content = file.read()
        self.assertEqual(len(content), 80)
        for damaged, sentence in (content[:40], "has 80 bytes, not 40"), (content + b"x", "has 80 bytes, not at least 81"), \
                (b"x" * 80, "is no state of a stream"), (content[:30] + b"\xff" + content[31:], "is damaged"):
            with open(state, "wb") as file:
                file.write(damaged)
            self.refuse(1, state + ": ", *draw)
            self.refuse(1, sentence, *draw)
            with open(state, "rb") as file:
                self.assertEqual(file.read(), damaged)  # and it is left alone
        self.refuse(1, self.out + ": ", "sample", self.weights, "--count", 5, "--state", self.out)
        self.refuse(1, "nowhere", "sample", self.weights, "--count", 5, "--state", self.path("nowhere/run.state"))

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_state_does_not_move_when_the_draws_could_not_be_written(self):
        state = self.path("run.state")
        with open("/dev/full", "w") as full:
            self.assertEqual(run("sample", self.weights, "--count", 5, "--state", state, stdout=full).returncode, 1)
        self.assertFalse(os.path.exists(state))

    def test_what_does_not_fit_together_is_refused(self):
        draw = ["sample", self.weights, "--count", 2]
        self.refuse(2, "--rank is 2, expected less than --world, 2", *draw, "--rank", 2, "--world", 2)
        self.refuse(2, "--epoch-length is for --scheme without-replacement and systematic", *draw, "--epoch-length", 9)
        self.refuse(2, "--scheme is random, expected with-replacement|without-replacement|systematic", *draw,
                    "--scheme", "random")
        self.refuse(2, "--world is 0", *draw, "--world", 0)
        self.refuse(2, "--uniform is 1.5", *draw, "--uniform", 1.5)
        self.refuse(2, "--temperature is inf", *draw, "--temperature", "inf")
        self.refuse(2, "for each of --world ranks", *draw, "--world", 2, "--start", 2**63 - 4)
        self.refuse(1, "epoch_length is 499, expected 1 to 498, as no row comes twice", *draw, "--scheme",
                    "without-replacement", "--epoch-length", 499)
        self.refuse(1, "expected a multiple of 5, the number of labels", *draw, "--scheme", "systematic", "--labels",
                    self.label_file, "--epoch-length", 7)
        self.refuse(1, "lies beyond epoch 2^32 - 1", *draw, "--scheme", "systematic", "--epoch", 2**32 - 1, "--start",
                    499)
        few = self.keep("few.npy", wholes([1, 2]))
        self.refuse(1, "few.npy: holds 2 labels, expected 500", *draw, "--labels", few)

    def test_a_long_run_to_a_pipe_takes_constant_memory(self):
        def peak(count):
            process = subprocess.Popen([COMMAND, "sample", self.weights, "--count", str(count), "--output", "-"],
                                       stdout=subprocess.PIPE)
            size = 0
            while block := process.stdout.read(1 << 20):
                size += len(block)
            process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual((process.returncode, size), (0, 8 * count))
            return usage.ru_maxrss  # KiB

        self.assertLess(peak(5000000), peak(10) + 4096)
