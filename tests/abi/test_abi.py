"""The binary interface: what is exported, what the headers say, and what may appear in a signature.

    DIVWEIGHTS_LIBRARY=build/release/libdivweights.so python3 tests/abi/test_abi.py

symbols.txt is the whole list of exported names. A change of it is a change of the interface: names may be added.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "..", "..", "include")
HEADERS = sorted(glob.glob(os.path.join(INCLUDE, "divweights", "*.h")))
LIBRARY = os.environ.get("DIVWEIGHTS_LIBRARY", "build/release/libdivweights.so")

# A parameter or a result is a number of fixed width, a pointer to one, to text, bytes or an opaque object, or (as a
# parameter) a list of strings or one of the library's function types.
NUMBER = r"(?:double|int32_t|int64_t|uint64_t|divw_status)"
POINTER = r"(?:const )?(?:void|char|float|%s|divw_\w+) \*" % NUMBER
STRINGS = r"(?:const char \*const \*|char \*\*\*)"
RESULT = re.compile(r"(?:void|%s|%s)" % (NUMBER, POINTER))
PARAMETER = re.compile(r"(?:%s |divw_\w+_fn |%s|%s\*?)\w+" % (NUMBER, STRINGS, POINTER))
DECLARATION = re.compile(r"DIVW_API ([^;()]*?)\b(divw_\w+)\(([^;]*?)\);")
CALLBACK = re.compile(r"typedef ([^;()]*?)\(\*(divw_\w+_fn)\)\(([^;]*?)\);")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code_of(header):
    """The header without comments and preprocessor lines, on one line."""
    text = re.sub(r"/\*.*?\*/", " ", read(header), flags=re.S)
    text = re.sub(r"^#.*(?:\\\n.*)*$", "", text, flags=re.M)
    return re.sub(r"\s+", " ", text)


def all_matches(pattern):
    return [match.groups() for header in HEADERS for match in pattern.finditer(code_of(header))]


def compilers(names):
    return [name for name in names if shutil.which(name)]


class Exports(unittest.TestCase):
    def setUp(self):
        self.listed = read(os.path.join(HERE, "symbols.txt")).split()

    def check(self, names):
        names, listed = set(names), set(self.listed)
        self.assertEqual(self.listed, sorted(listed))
        self.assertEqual(sorted(names - listed), [], "these are not in tests/abi/symbols.txt")
        self.assertEqual(sorted(listed - names), [], "only tests/abi/symbols.txt has these")

    def test_the_library_exports_exactly_what_symbols_txt_lists(self):
        table = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, stdout=subprocess.PIPE, text=True)
        self.check(line.split()[-1] for line in table.stdout.splitlines())

    def test_the_headers_declare_exactly_what_symbols_txt_lists(self):
        self.check(name for _, name, _ in all_matches(DECLARATION))

    def test_the_name_that_programs_record_holds_the_version_of_the_interface(self):
        dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.assertRegex(dynamic, r"SONAME.*\[libdivweights\.so\.\d+\]")


class Signatures(unittest.TestCase):
    def check(self, name, result, parameters):
        self.assertTrue(RESULT.fullmatch(result.strip()), "%s returns %s" % (name, result))
        for parameter in parameters.split(",") if parameters != "void" else []:
            self.assertTrue(PARAMETER.fullmatch(parameter.strip()), "%s takes %s" % (name, parameter))

    def test_functions_take_and_give_only_plain_numbers_and_pointers(self):
        functions = all_matches(DECLARATION) + all_matches(CALLBACK)
        self.assertGreater(len(functions), 60)
        for result, name, parameters in functions:
            self.check(name, result, parameters)

    def test_every_object_is_opaque_and_no_type_is_hidden_in_a_pointer(self):
        code = " ".join(code_of(header) for header in HEADERS)
        self.assertEqual(re.findall(r"(?:struct|union)\s+\w*\s*\{", code), [])
        typedefs = [text for text in re.findall(r"typedef ([^;]*);", code) if "(*" not in text]
        for text in typedefs:
            self.assertRegex(text, r"^(struct (divw_\w+) \2|int32_t divw_status)$")
        self.assertGreater(len(typedefs), 5)

    def test_every_constant_has_its_number_written_down(self):
        code = " ".join(code_of(header) for header in HEADERS)
        self.assertEqual(len(re.findall(r"\benum\b", code)), len(re.findall(r"\benum \{", code)), "a named enum")
        for body in re.findall(r"enum \{([^}]*)\}", code):
            for constant in body.split(","):
                self.assertRegex(constant.strip(), r"^DIVW_\w+ = -?\d+$")

    def test_nothing_else_is_included_or_defined_in_a_header(self):
        for header in HEADERS:
            for included in re.findall(r"^#include (.*)$", read(header), flags=re.M):
                self.assertRegex(included, r"^<(stdint\.h|divweights/\w+\.h)>$", header)
            forbidden = re.findall(r"\b(?:inline|static|long|size_t|bool|va_list)\b|\.\.\.", code_of(header))
            self.assertEqual(forbidden, [], header)


class Comments(unittest.TestCase):
    def test_every_declaration_has_a_comment_that_says_since_when(self):
        for header in HEADERS:
            text = read(header)
            for match in re.finditer(r"^(DIVW_API|typedef|enum)\b[^\n]*", text, flags=re.M):
                before = text[:match.start()].rstrip()
                self.assertTrue(before.endswith("*/"), match.group())
                self.assertRegex(before[before.rindex("/**"):], r"@since \d+\.\d+", match.group())


class Headers(unittest.TestCase):
    def test_every_header_compiles_alone_as_c_and_as_cpp(self):
        languages = [("c", standard, compilers(["gcc", "clang"])) for standard in ("c99", "c11", "c17")]
        languages += [("c++", standard, compilers(["g++", "clang++"])) for standard in ("c++11", "c++20")]
        with tempfile.TemporaryDirectory() as folder:
            for language, standard, found in languages:
                self.assertTrue(found, "no compiler for " + language)
                # Each header in a file of its own, so that none leans on one before it.
                sources = []
                for header in HEADERS:
                    name = os.path.basename(header)
                    sources.append(os.path.join(folder, name + (".c" if language == "c" else ".cpp")))
                    with open(sources[-1], "w", encoding="utf-8") as file:
                        file.write("#include <divweights/%s>\nextern int unused_%s;\n" % (name, name[:-2]))
                for compiler in found:
                    subprocess.run([compiler, "-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
                                    "-fsyntax-only", "-I", INCLUDE, *sources], check=True)


if __name__ == "__main__":
    unittest.main()
