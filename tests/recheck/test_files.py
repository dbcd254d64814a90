"""Files as NumPy writes them, and damaged ones: what the library reads is what NumPy reads, to the last bit.

    DIVWEIGHTS_LIBRARY=build/release/libdivweights.so python3 tests/recheck/test_files.py
"""
import gzip
import io
import os
import random
import re
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python"))
from divweights import Dataset, Error  # noqa: E402

DTYPES = ("<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "|u1")
SHAPES = ((40, 3), (7,), (1, 1), (3, 1, 2, 5), (300, 200))


def npy(array, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def values(shape, dtype, order="C"):
    """Any bit pattern at all, NaN and subnormal ones among them."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    content = np.random.default_rng(size).bytes(size)
    return np.asarray(np.frombuffer(content, dtype).reshape(shape), order=order)


def as_rows(array):
    with np.errstate(invalid="ignore"):
        return array.reshape(len(array), -1).astype(np.float64)


class FileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="divweights-files-")
        cls.addClassCleanup(folder.cleanup)
        cls.path = os.path.join(folder.name, "data")

    def read(self, content):
        """The rows that the library finds in a file of this content."""
        with open(self.path, "wb") as file:
            file.write(content)
        with Dataset.load(self.path) as dataset:
            return dataset.read()

    def check(self, content, array):
        rows, expected = self.read(content), as_rows(array)
        self.assertEqual(rows.shape, expected.shape)
        self.assertTrue(np.array_equal(rows, expected, equal_nan=True))


class Formats(FileTest):
    def test_every_type_order_version_and_shape_of_npy(self):
        for dtype in DTYPES:
            for shape in SHAPES:
                for order in "CF":
                    array = values(shape, dtype, order)
                    with self.subTest(dtype=dtype, shape=shape, order=order):
                        self.check(npy(array), array)
                        self.check(npy(array, (2, 0)), array)
                        self.check(npy(array, (3, 0)), array)
                        self.check(gzip.compress(npy(array), 1), array)

    def test_every_type_of_idx(self):
        for code, dtype in ((8, "|u1"), (13, ">f4"), (14, ">f8")):
            for shape in SHAPES:
                array = values(shape, dtype)
                with self.subTest(dtype=dtype, shape=shape):
                    content = bytes([0, 0, code, len(shape)]) + np.array(shape, ">u4").tobytes() + array.tobytes()
                    self.check(content, array)
                    self.check(gzip.compress(content, 1), array)


class Damage(FileTest):
    """Headers changed at random: the library may refuse what NumPy takes, but never reads what NumPy refuses, and
    where both read, they read the same."""

    SPACES = [" ", "  ", "\t", "\n", "\r", "\f", "\v", "\0", "#", "\\\n", ""]
    TOKENS = ["'<f8'", "'>f8'", "'|u1'", "'<f4'", "'<u1'", "'=f8'", "'f8'", "'d'", "'<i8'", "'|O'", "'|b1'", "'<c8'",
              "'<f16'", "'V8'", "''", "b'<f8'", "u'<f8'", "r'<f8'", "'\\x3cf8'", "'<' 'f8'", "'<f8", "'\u00e9'",
              "True", "False", "None", "1", "0", "06", "6", "4", "-6", "+6", "6_0", "0x6", "6L", "6.0", "24", "1, 24",
              "3, 8", "9999999999999999999", "(", ")", "()", "[", "]", ",", ":", "{", "}", "'descr'", "'shape'",
              "'shape': (4, 6),", "'descr': '<f8',", "'extra': 1,", "*", "lambda: 0"]

    def mutate_token(self, source, tokens):
        at, kind = source.randrange(len(tokens)), source.random()
        if kind < 0.5:
            tokens.insert(at, source.choice(self.SPACES))
        elif kind < 0.65:
            tokens[at] = tokens[at].replace("'", '"')
        elif kind < 0.85:
            tokens[at] = source.choice(self.TOKENS)
        elif kind < 0.9:
            tokens.insert(at, source.choice(self.TOKENS))
        elif kind < 0.95:
            del tokens[at]
        else:
            tokens[at] += chr(source.randrange(256))

    def mutate(self, source, content):
        """A few changes in the header; its length field mostly follows."""
        length = int.from_bytes(content[8:10], "little")
        header, data = content[10:10 + length].decode(), content[10 + length:]
        tokens = re.findall(r"'\w*'|'[^']*'|\w+|\S|\s+", header.rstrip())
        for _ in range(source.randint(1, 3)):
            self.mutate_token(source, tokens)
        text = "".join(tokens).encode(source.choice(("latin-1", "utf-8")))
        text += b" " * source.randrange(20) + (b"\n" if source.random() < 0.9 else b"")
        length = len(text) + (source.choice((-1, 1, 64)) if source.random() < 0.05 else 0)
        version = source.choice((b"\1\0",) * 6 + (b"\2\0", b"\3\0", b"\1\1", b"\4\0"))
        return content[:6] + version + length.to_bytes(2 if version[0] < 2 else 4, "little") + text + data

    def test_what_is_read_from_a_damaged_file_is_what_numpy_reads(self):
        source = random.Random(1)
        seeds = [npy(values(shape, dtype, order)) for shape in ((6, 4), (4, 6), (24,), (2, 3, 4))
                 for dtype in ("<f8", "|u1", ">f2") for order in "CF"]
        both = refused = stricter = 0
        for _ in range(8000):
            content = self.mutate(source, source.choice(seeds))
            try:
                rows = self.read(content)
            except Error:
                rows = None
            try:
                array = np.load(io.BytesIO(content), max_header_size=1 << 16)
            except Exception:  # NumPy's own refusals are of many kinds
                array = None
            if rows is None:
                refused, stricter = refused + 1, stricter + (array is not None)
                continue
            self.assertIsNotNone(array, content)
            both += 1
            expected = as_rows(array)
            self.assertEqual(rows.shape, expected.shape, content)
            self.assertTrue(np.array_equal(rows, expected, equal_nan=True), content)
        print("both read %d, the library refused %d, of which NumPy reads %d" % (both, refused, stricter))
        self.assertGreater(min(both, refused), 500)


if __name__ == "__main__":
    unittest.main()
