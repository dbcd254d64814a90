"""The manual page: what --help says, in a form that man takes without complaint.

    DIVWEIGHTS=build/release/divweights MANPAGE=build/release/divweights.1 python3 tests/docs/test_manpage.py
"""
import os
import re
import shutil
import subprocess
import unittest

COMMAND = os.path.abspath(os.environ.get("DIVWEIGHTS", "build/release/divweights"))
PAGE = os.path.abspath(os.environ.get("MANPAGE", "build/release/divweights.1"))
VERBS = ("solve", "path", "score", "sample", "inspect", "evaluate")


def read_page():
    """The page without its marks, as one line."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^\.(TP|PP|br|nf|fi|SH|SS|B|I|TH)\b ?", "", text, flags=re.M)
    return " ".join(re.sub(r"\\f[BIR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\").split())


def help_of(*verb):
    return subprocess.run([COMMAND, *verb, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout


class ManualPage(unittest.TestCase):
    def test_it_says_what_help_says(self):
        page = read_page()
        self.assertTrue(page.startswith("DIVWEIGHTS 1 "), page[:60])
        for verb in VERBS:
            text = help_of(verb)
            about, flags = text.split("\nflags:\n")
            flags, examples = flags.split("\nexamples:\n")
            examples = examples.split("\n\nexit status:")[0]
            pieces = re.split(r"\n(?=  (?:-h, )?--)", flags) + about.split("\n\n")[2:] + examples.split("\n")
            self.assertGreater(len(pieces), 8)
            for piece in pieces:
                with self.subTest(verb=verb, piece=piece):
                    self.assertIn(" ".join(piece.split()), page)

    def test_every_verb_has_a_section(self):
        with open(PAGE, encoding="utf-8") as file:
            sections = re.findall(r"^\.S[HS] (.*)$", file.read(), flags=re.M)
        self.assertEqual(sections, ["NAME", "SYNOPSIS", "DESCRIPTION", *VERBS, "EXAMPLES", "EXIT STATUS", "FILES",
                                    "SEE ALSO"])

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_it_is_set_without_complaint(self):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", PAGE], stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
