"""What the tests of the command share: files made by hand, running the command, and a set of sixty examples."""
import array
import json
import math
import os
import pty
import random
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))
TIMEOUT = 60


# ---- files ----

def npy(descr, shape, data=b""):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, tuple(shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def floats(rows):
    """A .npy of float64 with these rows (or, for plain numbers, one axis)."""
    if not isinstance(rows[0], (list, tuple)):
        return npy("<f8", (len(rows),), struct.pack("<%dd" % len(rows), *rows))
    flat = [value for row in rows for value in row]
    return npy("<f8", (len(rows), len(rows[0])), struct.pack("<%dd" % len(flat), *flat))


def wholes(values):
    return npy("<i8", (len(values),), struct.pack("<%dq" % len(values), *values))


def idx(shape, data):
    return struct.pack(">BBBB%dI" % len(shape), 0, 0, 8, len(shape), *shape) + bytes(data)


def read_npy(path, descr):
    """The numbers of a one-axis .npy with the element type that is expected."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<H", content[8:10])[0]
    header = content[10:10 + length].decode()
    assert content[:6] == b"\x93NUMPY" and "'descr': '%s'" % descr in header, header
    return list(array.array({"<f8": "d", "<i8": "q"}[descr], content[10 + length:]))


def normalised(rows):
    return [[value / math.sqrt(sum(v * v for v in row)) for value in row] for row in rows]


def vendi_of_two(p, cosine):
    """The Vendi Score of two examples, from the eigenvalues of a 2 x 2 matrix."""
    root = math.sqrt(1 - 4 * p * (1 - p) * (1 - cosine * cosine))
    return math.exp(-sum(mu * math.log(mu) for mu in ((1 + root) / 2, (1 - root) / 2) if mu > 0))


# ---- running ----

def run(*arguments, **options):
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, timeout=TIMEOUT, text=True,
                          **options)


class Terminal:
    """A run of the command with stderr on a terminal."""

    def __init__(self, *arguments, stdout=subprocess.PIPE, **environment):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([COMMAND, *map(str, arguments)], stdout=stdout, stderr=slave,
                                        env={**os.environ, "TERM": "xterm", **environment})
        os.close(slave)
        self.until = time.monotonic() + TIMEOUT
        self.seen = b""

    def read(self):
        if not select.select([self.master], [], [], max(0, self.until - time.monotonic()))[0]:
            self.process.kill()
            raise AssertionError("the command did not end: %r" % self.seen)
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # Linux says so when the other side has closed
            piece = b""
        self.seen += piece
        return piece

    def wait_for(self, text):
        while text not in self.seen:
            if not self.read():
                raise AssertionError("%r did not show: %r" % (text, self.seen))

    def interrupt(self):
        """Ctrl-C as soon as the solve has begun; the status, stdout and stderr of the end."""
        self.wait_for(b"VS ")
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def finish(self):
        while self.read():
            pass
        output = ""
        if self.process.stdout is not None:
            with self.process.stdout as file:
                output = file.read().decode()
        os.close(self.master)
        return self.process.wait(TIMEOUT), output, self.seen.decode()


class CommandTest(unittest.TestCase):
    """Sixty examples of three classes: 40 near one direction, 15 near another, 5 all over the place."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="divweights-test-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        source = random.Random(1)
        spread, cls.labels = [0.2] * 40 + [0.3] * 15 + [2] * 5, [0] * 40 + [1] * 15 + [7] * 5
        cls.rows = [[(j == label) * 2 + s * source.gauss(0, 1) for j in range(8)]
                    for s, label in zip(spread, cls.labels)]
        order = source.sample(range(60), 60)
        cls.rows, cls.labels = [cls.rows[i] for i in order], [cls.labels[i] for i in order]
        cls.data, cls.label_file = cls.keep("data.npy", floats(cls.rows)), cls.keep("labels.npy", wholes(cls.labels))

    @classmethod
    def keep(cls, name, content):
        path = os.path.join(cls.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def setUp(self):
        self.out = tempfile.mkdtemp(dir=self.folder)

    def path(self, name):
        return os.path.join(self.out, name)

    def succeed(self, *arguments):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def json(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json"))

    def solved(self, *arguments):
        """Solves the sixty examples into self.out; the weights."""
        self.succeed("solve", self.data, "--output", self.path("w.npy"), *arguments)
        return read_npy(self.path("w.npy"), "<f8")

    def refuse(self, status, sentence, *arguments):
        """The command fails with one sentence, says nothing on stdout, and leaves no file behind."""
        before = sorted(os.listdir(self.out))
        result = run(*arguments)
        lines = result.stderr.splitlines()
        self.assertEqual((result.returncode, result.stdout), (status, ""), (arguments, result.stderr))
        self.assertIn(sentence, lines[0])
        self.assertEqual(len(lines), 2 if status == 2 else 1, result.stderr)
        if status == 2:
            self.assertRegex(lines[1], r"^see: divweights( \w+)? --help$")
        self.assertEqual(sorted(os.listdir(self.out)), before)
