"""Line and branch coverage of src, from what a coverage build left behind, by gcc's own gcov.

    python3 tests/support/coverage.py build/coverage [--missing]

Every source is compiled once (the objects are shared by the library and all test programs), so the counts of one
build are those of all tests together. --missing lists the lines that never ran.
"""
import glob
import json
import os
import subprocess
import sys


def reports(build):
    """gcov's JSON, one object per translation unit."""
    notes = glob.glob(os.path.join(build, "**", "*.gcno"), recursive=True)
    notes = [os.path.abspath(note) for note in notes if "CMakeFiles/test_" not in note]
    for note in sorted(notes):
        done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", note], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=os.path.dirname(note))
        for line in done.stdout.splitlines():
            yield json.loads(line)


def counts(build, root):
    """For every file of src: {line: times it ran}, and [times each branch was taken]."""
    files = {}
    for report in reports(build):
        for file in report["files"]:
            path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]), root)
            if not path.startswith("src" + os.sep):
                continue
            lines, branches = files.setdefault(path, ({}, []))
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
                branches += [branch["count"] for branch in line["branches"]]
    return files


def share(hits):
    return "%6.1f%% of %5d" % (100 * sum(hit > 0 for hit in hits) / len(hits) if hits else 100, len(hits))


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    files = counts(sys.argv[1], root)
    all_lines, all_branches = [], []
    print("\n%-28s %15s %15s" % ("", "lines", "branches"))
    for path, (lines, branches) in sorted(files.items()):
        print("%-28s %15s %15s" % (path, share(lines.values()), share(branches)))
        all_lines += lines.values()
        all_branches += branches
        if "--missing" in sys.argv:
            missing = [str(number) for number, hit in sorted(lines.items()) if hit == 0]
            print("    " + " ".join(missing) if missing else "", end="\n" if missing else "")
    print("%-28s %15s %15s" % ("src", share(all_lines), share(all_branches)))


if __name__ == "__main__":
    main()
