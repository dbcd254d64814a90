"""Folders of shards, .npz, ids, centring and principal components, as NumPy and Python's own zipfile write and see them."""
import csv
import gzip
import io
import json
import math
import os
import random
import zipfile
from unittest import mock

import numpy

from command import CommandTest, floats, npy, read_npy, run, wholes


def vendi_score(rows):
    """The Vendi Score of order 1 of cosine similarity, from singular values."""
    rows = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    mu = numpy.linalg.svd(rows, compute_uv=False)**2 / len(rows)
    mu = mu[mu > 1e-15]
    return math.exp(-float(numpy.sum(mu * numpy.log(mu))))


def lines(path):
    with open(path, newline="") as file:
        return file.read().split("\n")


class FormatTest(CommandTest):
    def scored(self, *arguments):
        return self.json("score", *arguments)["vendi_score"]

    def keep_ids(self, name, ids, end="\n"):
        return self.keep(name, "".join(text + end for text in ids).encode())


class Shards(FormatTest):
    def setUp(self):
        super().setUp()
        self.shards = self.path("shards")
        os.mkdir(self.shards)

    def put(self, name, rows, pack=bytes):
        with open(os.path.join(self.shards, name), "wb") as file:
            file.write(pack(floats(rows) if rows else npy("<f8", (0, 8))))

    def test_a_folder_is_the_file_that_its_shards_were_cut_from(self):
        cuts = [0, 1, 1, 18, 19, 25, 26, 27, 28, 29, 40, 41, 60]
        for k, (first, last) in enumerate(zip(cuts, cuts[1:])):
            name, pack = ("part-%d.npy", bytes) if k % 2 else ("part-%d.npy.gz", gzip.compress)
            self.put(name % k, self.rows[first:last], pack)
        self.put(".part-0.npy", self.rows[:1])
        self.put("notes.txt", self.rows[:1])
        chosen = [i for i in range(59, 0, -4)]
        rows = self.keep("every-fourth.npy", wholes(chosen))
        for flags in ([], ["--labels", self.label_file, "--classes", "1,7"], ["--rows", rows], ["--limit", 23]):
            seen = {}
            for source in self.data, self.shards, self.shards + "/":
                self.succeed("solve", source, *flags, "--output", self.path("w.npy"), "--rows-output",
                             self.path("r.npy"))
                seen[source] = [read_npy(self.path("w.npy"), "<f8"), read_npy(self.path("r.npy"), "<i8")]
            self.assertEqual(seen[self.data], seen[self.shards])
            self.assertEqual(seen[self.data], seen[self.shards + "/"])
        self.assertEqual(seen[self.data][1], list(range(23)))
        self.assertEqual(self.json("inspect", self.shards)["n"], 60)

    def test_shards_that_do_not_fit_are_named_with_both_values(self):
        self.put("part-9.npy", self.rows[:5])
        self.put("part-10.npy", [row[:7] for row in self.rows[5:]])
        for verb in "solve", "score", "inspect":
            result = run(verb, self.shards)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertRegex(result.stderr, r"part-10\.npy: has rows of 7 numbers, expected 8 as in .*part-9\.npy\n")
        numpy.save(os.path.join(self.shards, "part-10.npy"), numpy.zeros((3, 8), numpy.float32))
        self.assertIn("part-10.npy: holds float32, expected float64 as in", run("solve", self.shards).stderr)

    def test_a_folder_has_no_named_arrays(self):
        self.put("a.npy", self.rows)
        self.refuse(1, "is a folder, and has no array named a", "solve", self.shards, "--array", "a")


class Archives(FormatTest):
    def test_what_numpy_saves_is_read(self):
        rows = numpy.array(self.rows)
        expected = self.scored(self.data)
        for save in numpy.savez, numpy.savez_compressed:
            path = self.path("one.npz")
            save(path, rows)
            self.assertEqual(self.scored(path), expected)
            save(path, labels=numpy.array(self.labels), rows=rows, turned=numpy.asfortranarray(rows))
            for name in "rows", "turned":
                for verb in "solve", "score", "inspect":
                    self.assertEqual(self.json(verb, path, "--array", name)["n"], 60)
                self.assertEqual(self.scored(path, "--array", name), expected)
            self.refuse(1, "one.npz: holds 3 arrays, expected the name of the one to read: labels, rows, turned", "solve",
                        path)
            self.refuse(1, "has no array named row, expected the name of one of: labels, rows, turned", "score", path,
                        "--array", "row")
        self.refuse(1, "is no zip archive (npz), and has no array named rows", "solve", self.data, "--array", "rows")

    def test_zip64_and_other_programs(self):
        content = io.BytesIO(floats(self.rows))
        for force, limit, method in [(False, 1 << 31, zipfile.ZIP_DEFLATED), (True, 1 << 31, zipfile.ZIP_DEFLATED),
                                     (True, 0, zipfile.ZIP_DEFLATED), (True, 0, zipfile.ZIP_STORED)]:
            with mock.patch("zipfile.ZIP64_LIMIT", limit), \
                 zipfile.ZipFile(self.path("made.npz"), "w", method) as archive: # 0: all in 64 bits
                archive.writestr("README", "not an array")
                with archive.open("deep/er.npy", "w", force_zip64=force) as member:
                    member.write(content.getvalue())
            self.assertEqual(self.scored(self.path("made.npz")), self.scored(self.data))
            self.assertEqual(self.scored(self.path("made.npz"), "--array", "deep/er"), self.scored(self.data))

    def test_other_compression_and_damage_are_refused(self):
        for method, number in (zipfile.ZIP_BZIP2, 12), (zipfile.ZIP_LZMA, 14):
            with zipfile.ZipFile(os.path.join(self.folder, "other.npz"), "w", method) as archive:
                archive.writestr("a.npy", floats(self.rows))
            self.refuse(1, "is compressed by method %d of zip" % number, "score", os.path.join(self.folder, "other.npz"))
        packed = io.BytesIO()
        numpy.savez_compressed(packed, a=numpy.array(self.rows))
        source = random.Random(4)
        good, expected = packed.getvalue(), self.scored(self.data)
        for _ in range(40):  # every byte in turn is tests/test_npz.c's
            bad = bytearray(good)
            bad[source.randrange(len(bad))] ^= 1 << source.randrange(8)
            result = run("score", self.keep("bad.npz", bad), "--json")
            if result.returncode == 0:
                self.assertEqual(json.loads(result.stdout)["vendi_score"], expected)
            else:
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn("bad.npz: ", result.stderr)

    def test_a_bomb_is_refused_at_once(self):
        with zipfile.ZipFile(os.path.join(self.folder, "bomb.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.npy", npy("<f8", (2**40, 8), bytes(2**20)))
        self.refuse(1, "bomb.npz: truncated: the array takes", "score", os.path.join(self.folder, "bomb.npz"))


class Ids(FormatTest):
    NAMES = ["plain", "with space", "comma, in it", 'a "quote"', "\u00e4\u00f6\u00fc \u732b \U0001f431", "", "tab\there",
             "'single'", "=1+1", "plain"]

    def setUp(self):
        super().setUp()
        self.names = [self.NAMES[i % 10] + ("%d" % i if i % 10 != 9 else "") for i in range(60)]
        self.ids = self.keep_ids("names.txt", self.names)

    def test_ids_follow_their_rows_into_every_output(self):
        flags = ["--labels", self.label_file, "--classes", "1,7", "--ids", self.ids]
        text = self.succeed("solve", self.data, *flags, "--output", self.path("w.npy"), "--rows-output",
                            self.path("r.npy"), "--ids-output", self.path("ids.txt"), "--table", self.path("t.csv"))
        self.assertIn("ids                " + self.path("ids.txt"), text)
        self.assertIn("table              " + self.path("t.csv"), text)
        rows, p = read_npy(self.path("r.npy"), "<i8"), read_npy(self.path("w.npy"), "<f8")
        expected = [self.names[i] for i in rows]
        self.assertEqual(lines(self.path("ids.txt")), expected + [""])
        with open(self.path("t.csv"), newline="", encoding="utf-8") as file:
            header, *table = csv.reader(file)
        self.assertEqual(header, ["row", "id", "label", "weight", "marginal_diversity"])
        self.assertEqual([int(line[0]) for line in table], rows)
        self.assertEqual([line[1] for line in table], expected)
        self.assertEqual([int(line[2]) for line in table], [self.labels[i] for i in rows])
        self.assertEqual([float(line[3]) for line in table], p)
        # sum p_i D_i is log VS of the weights, up to the smoothing of the certificate
        with open(self.path("w.json")) as file:
            score = json.load(file)["vendi_score"]
        self.assertAlmostEqual(sum(q * float(line[4]) for q, line in zip(p, table)), math.log(score), 5)

    def test_a_table_without_labels_and_ids_has_empty_columns(self):
        self.succeed("solve", self.data, "--table", self.path("t.csv"))
        with open(self.path("t.csv"), newline="") as file:
            table = list(csv.DictReader(file))
        self.assertEqual([(line["row"], line["id"], line["label"]) for line in table],
                         [(str(i), "", "") for i in range(60)])

    def test_every_form_of_ids_is_the_same(self):
        wide = numpy.array(self.names)
        forms = [self.keep_ids("crlf.txt", self.names, "\r\n"), self.keep("bom.txt", b"\xef\xbb\xbf" + self.read(self.ids)),
                 self.keep("cut.txt", self.read(self.ids)[:-1]), self.keep("ids.txt.gz", gzip.compress(self.read(self.ids)))]
        for name, array in ("wide", wide), ("swapped", wide.astype(wide.dtype.newbyteorder())), (
                "bytes", numpy.array([name.encode() for name in self.names])):
            forms.append(self.path(name + ".npy"))
            numpy.save(forms[-1], array)
        forms.append(self.path("ids.npz"))
        numpy.savez(forms[-1], wide)
        for form in forms:
            self.succeed("solve", self.data, "--ids", form, "--ids-output", self.path("out.txt"), "--max-iterations", 1)
            self.assertEqual(lines(self.path("out.txt")), self.names + [""], form)

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    def test_ids_that_do_not_fit_are_refused(self):
        few, numbers = self.keep_ids("few.txt", ["a", "b"]), self.label_file
        for verb in "solve", "inspect":
            self.refuse(1, "few.txt: has 2 ids, expected 60, the number of rows", verb, self.data, "--ids", few)
            self.refuse(1, "holds int64 on 1 axes, expected ids: strings on 1 axis", verb, self.data, "--ids", numbers)
            self.refuse(1, "latin.txt: the id of row 1 is not valid Unicode", verb, self.data, "--ids",
                        self.keep("latin.txt", b"a\n\xe4\n"))
        three = self.keep("three.npy", floats([0.5, 0.25, 0.25]))
        self.refuse(1, "few.txt: holds 2 ids, expected 3, one for each weight", "sample", three, "--count", 1, "--ids", few)
        self.refuse(1, "few.txt: holds 2 ids for 3 weights", "inspect", three, "--ids", few)
        beyond = self.keep("beyond.npy", wholes([0, 1, 60]))
        for arguments in ["sample", three, "--count", 1], ["inspect", three]:
            self.refuse(1, "beyond.npy: names row 60, expected 0 to 59, the rows of", *arguments, "--rows", beyond, "--ids",
                        self.ids)

    def test_sample_writes_ids_in_place_of_numbers(self):
        rows = self.keep("odd.npy", wholes(range(1, 60, 2)))
        self.solved("--rows", rows, "--ids", self.ids, "--ids-output", self.path("ids.txt"), "--rows-output",
                    self.path("r.npy"))
        draw = ["sample", self.path("w.npy"), "--count", 9000, "--seed", 5]
        expected = [self.names[2 * int(i) + 1] for i in self.succeed(*draw).split()]
        for ids in (["--ids", self.path("ids.txt")], ["--ids", self.ids, "--rows", self.path("r.npy")]):
            self.assertEqual(self.succeed(*draw, *ids).split("\n"), expected + [""])
            self.assertEqual(self.succeed(*draw, *ids, "--output", self.path("drawn.txt")), "")
            self.assertEqual(lines(self.path("drawn.txt")), expected + [""])
        self.refuse(1, "would be overwritten", *draw, "--ids", self.path("ids.txt"), "--output", self.path("ids.txt"))
        self.assertEqual(self.succeed("sample", self.path("w.npy"), "--count", 0, "--ids", self.path("ids.txt")), "")

    def test_inspect_shows_ids_of_the_heaviest_and_lightest(self):
        rows = self.keep("odd.npy", wholes(range(1, 60, 2)))
        self.solved("--rows", rows)
        for arguments in [self.data, "--weights", self.path("w.npy")], [self.path("w.npy")]:
            seen = self.json("inspect", *arguments, "--rows", rows, "--ids", self.ids)
            for example in seen["heaviest"] + seen["lightest"]:
                self.assertEqual(example["id"], self.names[example["row"]])
            text = self.succeed("inspect", *arguments, "--rows", rows, "--ids", self.ids)
            self.assertRegex(text, r"times uniform  id\n")
            self.assertIn("  %s\n" % self.names[seen["heaviest"][0]["row"]].replace("\t", "?"), text)
        evil = self.keep_ids("evil.txt", ["\x1b[2J\\\"%d" % i for i in range(60)])
        seen = self.json("inspect", self.data, "--weights", self.keep("even.npy", floats([1 / 60] * 60)), "--ids", evil)
        self.assertEqual(seen["heaviest"][0]["id"], "\x1b[2J\\\"0")
        self.assertIn("  ?[2J\\\"0\n", self.succeed("inspect", self.data, "--weights", os.path.join(self.folder, "even.npy"),
                                                 "--ids", evil))

    def test_outputs_never_replace_the_ids(self):
        for flag in "--ids-output", "--table", "--trace":
            self.refuse(1, "names.txt: is read and would be overwritten", "solve", self.data, "--ids", self.ids, flag,
                        self.ids)
        self.refuse(1, "written twice", "solve", self.data, "--table", self.path("t"), "--trace", self.path("t"))


class Transforms(FormatTest):
    def sets(self):
        source = numpy.random.default_rng(8)
        for n, d in (60, 8), (200, 30), (12, 90), (25, 25):
            yield source.normal(size=(n, d)) * numpy.linspace(0.3, 2, d) + 4 * source.normal(size=d)

    def test_centring_and_components_are_those_of_numpy(self):
        for rows in self.sets():
            path = self.path("x.npy")
            for dtype, digits in (numpy.float64, 11), (numpy.float32, 11), (numpy.float16, 11):
                stored = rows.astype(dtype)
                numpy.save(path, stored)
                exact = stored.astype(numpy.float64)
                centred = exact - exact.mean(axis=0)
                self.assertAlmostEqual(self.scored(path), vendi_score(exact), digits)
                self.assertAlmostEqual(self.scored(path, "--center"), vendi_score(centred), digits)
                for k in 2, 5, min(rows.shape):
                    for flags, matrix in ([], exact), (["--center"], centred):
                        u, s, _ = numpy.linalg.svd(matrix, full_matrices=False)
                        if k == min(rows.shape) and flags and len(rows) <= rows.shape[1]:
                            continue  # the last component of centred rows is nothing but rounding
                        scores = self.json("score", path, "--components", k, *flags)
                        self.assertAlmostEqual(scores["vendi_score"], vendi_score(u[:, :k] * s[:k]), digits)
                        self.assertEqual(scores["dimension"], k)

    def test_the_mean_is_that_of_the_selected_rows(self):
        rows = numpy.array(self.rows) + 3
        path, chosen = self.keep("shifted.npy", floats(rows.tolist())), [i for i in range(60) if self.labels[i] != 0]
        flags = ["--labels", self.label_file, "--classes", "1,7", "--limit", 15]
        part = rows[chosen[:15]]
        self.assertAlmostEqual(self.scored(path, *flags, "--center"), vendi_score(part - part.mean(axis=0)), 11)

    def test_a_narrow_cone_is_opened(self):
        source = numpy.random.default_rng(2)
        path = self.path("cone.npy")
        numpy.save(path, (source.normal(size=(300, 20)) + 50).astype(numpy.float32))
        self.assertLess(self.scored(path), 1.01)
        self.assertGreater(self.scored(path, "--center"), 15)

    def test_solve_score_and_inspect_see_the_same_rows(self):
        ids = self.keep_ids("names.txt", ["n%d" % i for i in range(60)])
        flags = ["--center", "--components", 3]
        report = self.json("solve", self.data, *flags, "--ids", ids, "--output", self.path("w.npy"), "--table",
                           self.path("t.csv"), "--rows-output", self.path("r.npy"))
        self.assertEqual((report["dimension"], report["rank"]), (3, 3))
        self.succeed("inspect", self.data, *flags, "--weights", self.path("w.npy"), "--plots", self.path("plots"))
        scores = self.json("score", self.data, *flags, "--weights", self.path("w.npy"))
        for key in "n", "dimension", "rank", "vendi_score", "vendi_score_uniform":
            self.assertAlmostEqual(scores[key], report[key], 9, key)
        with open(self.path("t.csv"), newline="") as file:
            self.assertEqual([(line["row"], line["id"]) for line in csv.DictReader(file)],
                             [(str(i), "n%d" % i) for i in range(60)])
        self.assertEqual(read_npy(self.path("r.npy"), "<i8"), list(range(60)))

    def test_what_cannot_be_transformed_is_named(self):
        for verb in "solve", "score":
            self.refuse(1, "components is 9, expected 1 to 8, the smaller number of 60 rows and 8 columns", verb, self.data,
                        "--components", 9)
            self.refuse(1, "components is 6, expected 1 to 5, the smaller number of 5 rows and 8 columns", verb, self.data,
                        "--limit", 5, "--components", 6)
            equal = self.keep("equal.npy", floats([[0.1, 0.7]] * 9))
            self.refuse(1, "row 0 of the data is all zeros", verb, equal, "--center")
            bad = self.keep("nan.npy", floats([[1, 2], [3, math.inf]]))
            for flag in ["--center"], ["--components", 1]:
                self.refuse(1, "row 1, column 1 of the data is inf", verb, bad, *flag)
