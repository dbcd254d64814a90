"""Programs built as a reader builds them, outside of the project, against what `cmake --install` gives.

BUILD says where the library was built; EXAMPLE_FLAGS, what to compile programs with, as the library was (sanitizers).
"""
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
CMAKE = os.environ.get("CMAKE", "cmake")
FLAGS = os.environ.get("EXAMPLE_FLAGS", "")
WARNINGS = "-Wall -Wextra -Wshadow -Werror"
TIMEOUT = 120


def run(*arguments, check=True, **options):
    """What a program printed; with check=False the finished process, whatever became of it."""
    done = subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                          text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError("%s ended with %d:\n%s%s" % (arguments, done.returncode, done.stdout, done.stderr))
    return done.stdout if check else done


class Scratch:
    """A folder with an installed library, and programs built against it; removed at the end."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="divweights-examples-")
        run(CMAKE, "--install", BUILD, "--prefix", self.path("prefix"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def build(self, name):
        """Configures and builds examples/NAME; the folder that its program is in."""
        run(CMAKE, "-S", os.path.join(ROOT, "examples", name), "-B", self.path(name),
            "-DCMAKE_PREFIX_PATH=" + self.path("prefix"),
            "-DCMAKE_C_FLAGS=%s -Wstrict-prototypes -Wmissing-prototypes %s" % (WARNINGS, FLAGS),
            "-DCMAKE_CXX_FLAGS=%s %s" % (WARNINGS, FLAGS))
        run(CMAKE, "--build", self.path(name))
        return self.path(name)

    def remove(self):
        shutil.rmtree(self.folder)
