"""The tutorial, from its first command to its last, on the installed library.

    BUILD=build/release python3 tests/examples/test_tutorial.py

Runs what docs/pages/tutorial.md shows: ```python blocks become files (their first line is the name), ```sh blocks are
run, and a ```text block is what the block before it printed, up to a line "...". Numbers may differ in their last digits, and where they
say how far a solve got or how long it took, they may differ altogether.
"""
import os
import re
import sys
import unittest

from installed import ROOT, Scratch, run

NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
TRAINING = "step "  # whose losses follow the batches, and so the last digits of the weights
LOOSE = ("gap ", "error bar ", "global bound ", "iterations ", "solves ", "seconds ")


def blocks():
    with open(os.path.join(ROOT, "docs", "pages", "tutorial.md"), encoding="utf-8") as file:
        return re.findall(r"^```(\w+)\n(.*?)^```$", file.read(), flags=re.S | re.M)


def same_line(test, printed, shown):
    test.assertEqual(re.sub(NUMBER, "#", printed).split(), re.sub(NUMBER, "#", shown).split())
    if not shown.startswith(LOOSE):
        share = 2e-2 if shown.startswith(TRAINING) else 2e-3
        for one, other in zip(re.findall(NUMBER, printed), re.findall(NUMBER, shown)):
            one, other = float(one), float(other)
            test.assertAlmostEqual(one, other, delta=share * abs(other) + 0.1 * ("%" in shown), msg=printed)


def same_text(test, printed, shown):
    """The same words and, but for the last digits and what varies by machine, the same numbers; ... ends what is shown."""
    if shown[-1] == "...":
        shown.pop()
        del printed[len(shown):]
    test.assertEqual(len(printed), len(shown), printed)
    for one, other in zip(printed, shown):
        same_line(test, one, other)


class Tutorial(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        folders = [self.scratch.path("prefix/bin"), self.scratch.build("made_digits"),
                   self.scratch.build("03_training_loop"), os.path.dirname(sys.executable)]
        self.work = self.scratch.path("work")
        os.mkdir(self.work)
        self.environment = {**os.environ, "PATH": os.pathsep.join(folders + [os.environ["PATH"]])}

    def test_every_command_prints_what_is_shown(self):
        printed, commands = None, 0
        for kind, text in blocks():
            if kind == "python":
                with open(os.path.join(self.work, text.split()[1]), "w", encoding="utf-8") as file:
                    file.write(text)
            elif kind == "sh":
                printed = run("sh", "-euc", text, cwd=self.work, env=self.environment)
                commands += 1
            else:
                self.assertEqual(kind, "text")
                same_text(self, printed.splitlines(), text.splitlines())
        self.assertGreater(commands, 10)


if __name__ == "__main__":
    unittest.main()
