"""README.md is true: its quickstart ends as shown, its commands run, its C program compiles and runs, its pictures exist.

The quickstart runs in a copy of the sources, since it builds and writes below them.
"""
import glob
import os
import re
import shutil
import subprocess
import unittest

import numpy

from installed import ROOT, Scratch, run
from test_tutorial import same_text

BUILDING = "cmake "  # blocks that build and install: what Scratch does, and tests/package


def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, readme(), flags=re.S | re.M)


class Readme(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        self.environment = {**os.environ, "PATH": self.scratch.path("prefix/bin") + os.pathsep + os.environ["PATH"]}
        rows = numpy.random.default_rng(0).standard_normal((200, 16)).astype(numpy.float32)
        numpy.save(self.scratch.path("embeddings.npy"), rows)
        numpy.save(self.scratch.path("generated.npy"), rows[::2] + 0.1)

    def test_commands_run_in_the_order_shown(self):
        count = 0
        for text in blocks("sh"):
            if BUILDING not in text:
                run("sh", "-euc", text, cwd=self.scratch.folder, env=self.environment)
                count += len(text.splitlines())
        self.assertGreaterEqual(count, 4)
        self.assertTrue(os.path.exists(self.scratch.path("weights.npy")))

    def test_the_program_compiles_without_a_warning_and_runs(self):
        (source,) = blocks("c")
        with open(self.scratch.path("readme.c"), "w", encoding="utf-8") as file:
            file.write(source)
        (library,) = {os.path.dirname(path) for path in
                      glob.glob(self.scratch.path("prefix", "**", "libdivweights.so"), recursive=True)}
        flags = os.environ.get("EXAMPLE_FLAGS", "").split()
        run("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", *flags, self.scratch.path("readme.c"), "-o",
            self.scratch.path("readme"), "-I" + self.scratch.path("prefix/include"), "-L" + library, "-ldivweights",
            "-Wl,-rpath," + library)
        printed = run(self.scratch.path("readme"), cwd=self.scratch.folder)
        before, after, gap = re.fullmatch(r"Vendi Score (\S+) -> (\S+), gap (\S+) nats\n", printed).groups()
        self.assertGreater(float(after), float(before))
        self.assertLessEqual(float(gap), 1e-6)
        failed = run(self.scratch.path("readme"), "missing.npy", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("missing.npy", failed.stderr)

    @unittest.skipIf("sanitize" in os.environ.get("EXAMPLE_FLAGS", ""), "it has a release build of its own")
    def test_the_quickstart_ends_as_shown_and_the_pictures_can_be_made(self):
        copy = self.scratch.path("copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", "quickstart", ".git", "__pycache__"))
        done = subprocess.run(["sh", "examples/quickstart.sh"], cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stdout)
        (shown,) = blocks("text")
        printed = done.stdout[done.stdout.index(shown.splitlines()[0]):].splitlines()
        same_text(self, printed[:len(shown.splitlines())], shown.splitlines())
        pictures = os.path.join(copy, "docs", "pictures")
        with open(os.path.join(pictures, "make.sh"), encoding="utf-8") as script:
            made = re.search(r'"docs/pictures: (.+)"', script.read()).group(1).split(", ")
        for name in made:
            os.remove(os.path.join(pictures, name))
        run("sh", "docs/pictures/make.sh", cwd=copy, env={**os.environ, "PICTURE_STEPS": "20"})
        for name in made:
            self.assertGreater(os.path.getsize(os.path.join(pictures, name)), 1000, name)
        for name in "weights.npy", "draws.npy", "sheet.png", "plots/classes.svg":
            self.assertTrue(os.path.exists(os.path.join(copy, "quickstart", name)), name)

    def test_links_and_pictures_are_there(self):
        for target in re.findall(r"\]\(([^)#]+)\)", readme()):
            self.assertTrue(target.startswith("https:") or os.path.exists(os.path.join(ROOT, target)), target)


if __name__ == "__main__":
    unittest.main()
