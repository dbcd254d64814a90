"""The progress bar and signals."""
import array
import json
import math
import os
import random
import re
import signal
import subprocess
import tempfile
import time
import unittest

from command import COMMAND, TIMEOUT, CommandTest, Terminal, npy, read_npy, run


class Watching(CommandTest):
    """The progress bar and signals. The long solve would take seconds; here it is stopped at its first iterations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = random.Random(2)
        rows = array.array("d", [source.gauss(0, 1) * (1 + j) for _ in range(1500) for j in range(120)])
        cls.long = ["solve", cls.keep("long.npy", npy("<f8", (1500, 120), rows.tobytes())), "--balance", 1,
                    "--tolerance", "1e-13", "--max-iterations", 10**9]

    def test_the_bar_is_drawn_on_a_terminal_only(self):
        status, output, seen = Terminal("solve", self.data).finish()
        self.assertEqual(status, 0)
        self.assertRegex(seen, r"VS [\d.]+  H [\d.]+  gap \S+ \[#*\.*\] [\d.]+ s")
        self.assertTrue(seen.endswith("\r\x1b[K"))
        self.assertNotIn("\x1b", output)
        self.assertEqual(run("solve", self.data).stderr, "")
        self.assertEqual(Terminal("solve", self.data, TERM="dumb").finish()[2], "")

    def test_the_bar_is_redrawn_at_most_ten_times_a_second(self):
        began = time.monotonic()
        status, _, seen = Terminal(*self.long[:-1], 100).finish()
        self.assertEqual(status, 0)
        self.assertLessEqual(seen.count(" gap "), 10 * (time.monotonic() - began) + 1)

    def test_a_signal_keeps_the_best_weights_and_says_so(self):
        for number, flags in (signal.SIGINT, ["--json"]), (signal.SIGTERM, []):
            with self.subTest(signal=number):
                out = tempfile.mkdtemp(dir=self.out)
                files = {f: os.path.join(out, f) for f in ("w.npy", "w.json", "r.npy", "t.csv")}
                terminal = Terminal(*self.long, *flags, "--output", files["w.npy"], "--rows-output", files["r.npy"],
                                    "--trace", files["t.csv"])
                terminal.wait_for(b"VS ")
                terminal.process.send_signal(number)
                status, output, seen = terminal.finish()
                self.assertEqual(status, 128 + number)
                self.assertIn("stopping with the best weights so far", seen)
                self.assertRegex(seen, r"interrupted at gap \S+ nats")
                self.assertIn(files["w.npy"], seen)
                self.assertIn(files["w.json"], seen)
                self.assertEqual(sorted(os.listdir(out)), sorted(files))
                with open(files["w.json"]) as file:
                    report = json.load(file)
                self.assertEqual(report["stop_reason"], "cancelled")
                self.assertGreater(report["gap"], 1e-13)
                self.assertAlmostEqual(math.fsum(read_npy(files["w.npy"], "<f8")), 1, 12)
                self.assertEqual(read_npy(files["r.npy"], "<i8"), list(range(1500)))
                with open(files["t.csv"]) as file:
                    self.assertEqual(file.read()[-1], "\n")
                if flags:
                    self.assertEqual(json.loads(output), report)
                else:
                    self.assertIn("interrupted before the tolerance", output)

    def test_without_output_the_loss_is_said(self):
        status, _, seen = Terminal(*self.long).interrupt()
        self.assertEqual(status, 130)
        self.assertIn("the weights are lost", seen)

    def test_a_file_that_cannot_be_written_after_all_is_an_error_and_costs_no_other(self):
        for lost, kept in ("--trace", "--output"), ("--output", "--trace"):
            gone = tempfile.mkdtemp(dir=self.out)
            terminal = Terminal(*self.long, lost, os.path.join(gone, "lost.npy"), kept, self.path(kept))
            terminal.wait_for(b"VS ")
            os.rmdir(gone)
            status, output, seen = terminal.interrupt()
            self.assertEqual((status, output), (1, ""))
            self.assertIn("lost.", seen)
            self.assertIn("cannot be", seen)
            self.assertTrue(os.path.exists(self.path(kept)))

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "there is no /proc to see the threads")
    def test_threads_are_as_many_as_asked_for_or_as_openblas_is_told(self):
        for flags, least, most in (["--threads", 3], 3, 5), ([], 1, 1):  # BLAS and our loops have two more each
            terminal = Terminal(*self.long, *flags, OPENBLAS_NUM_THREADS="1")
            terminal.wait_for(b"VS ")
            with open("/proc/%d/status" % terminal.process.pid) as file:
                threads = int(re.search(r"Threads:\s+(\d+)", file.read())[1])
            self.assertEqual(terminal.interrupt()[0], 130)
            self.assertTrue(least <= threads <= most, threads)

    def test_a_second_signal_ends_at_once(self):
        read_end, write_end = os.pipe()  # full, so that the command cannot end by itself
        os.set_blocking(write_end, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(write_end, bytes(4096))
        os.set_blocking(write_end, True)
        terminal = Terminal(*self.long, stdout=write_end)
        terminal.wait_for(b"VS ")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for(b"ends at once")
        terminal.process.send_signal(signal.SIGINT)
        self.assertEqual(terminal.finish()[0], -signal.SIGINT)
        os.close(read_end)
        os.close(write_end)

    def test_ctrl_c_while_reading_ends_at_once(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        process = subprocess.Popen([COMMAND, "solve", pipe], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(pipe, "wb"):  # opens when the command does
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=TIMEOUT)
        self.assertEqual((process.returncode, *output), (-signal.SIGINT, b"", b""))

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "there is no /proc to see when the solve begins")
    def test_a_reader_of_stderr_that_has_gone_does_not_take_the_weights_along(self):
        process = subprocess.Popen([COMMAND, *map(str, self.long), "--output", self.path("w.npy")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        process.stderr.close()
        ignored, until = 0, time.monotonic() + 5
        while not ignored >> (signal.SIGPIPE - 1) & 1 and time.monotonic() < until:
            with open("/proc/%d/status" % process.pid) as file:
                ignored = int(re.search(r"^SigIgn:\s*(\w+)", file.read(), re.M).group(1), 16)
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)
        self.assertEqual(sorted(os.listdir(self.out)), ["w.json", "w.npy"])
