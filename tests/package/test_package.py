"""The package as its users meet it: installed, then found by CMake and pkg-config, or built within their project.

    DIVWEIGHTS_BUILD=build/release python3 tests/package/test_package.py

Everything goes into a scratch folder; nothing is downloaded.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("DIVWEIGHTS_BUILD", os.path.join(SOURCE, "build", "release")))


def run(*command, **environment):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise AssertionError("%s\n%s" % (" ".join(command), done.stdout))
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="divweights-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        # Installed and then moved, since a package may be: nothing in it knows where it was made.
        run("cmake", "--install", BUILD, "--prefix", cls.path("first"))
        os.rename(cls.path("first"), cls.path("prefix"))
        cls.prefix = cls.path("prefix")

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)

    def consume(self, name, how, *options, programs=("in_c", "in_cpp")):
        build = self.path(name)
        run("cmake", "-S", HERE, "-B", build, "-DHOW=" + how, "-DCMAKE_BUILD_TYPE=Debug", *options)
        run("cmake", "--build", build, "--parallel", str(os.cpu_count()))
        for program in programs:
            self.assertIn("divweights 0.", run(os.path.join(build, program)))
        return build

    def pkg_config(self, *arguments):
        folders = [root for root, _, files in os.walk(self.prefix) if "divweights.pc" in files]
        return run("pkg-config", *arguments, "divweights", PKG_CONFIG_PATH=folders[0]).split()

    def library_folder(self):
        return self.pkg_config("--variable=libdir")[0]

    def needed(self, program):
        return run("readelf", "-d", program)

    def test_find_package_gives_the_shared_library(self):
        build = self.consume("found", "find_package", "-DCMAKE_PREFIX_PATH=" + self.prefix)
        self.assertIn("libdivweights.so.", self.needed(os.path.join(build, "in_c")))

    def test_find_package_gives_the_static_library_too(self):
        build = self.consume("static", "find_package", "-DWITH_STATIC=ON", "-DCMAKE_PREFIX_PATH=" + self.prefix,
                             programs=["in_c_static"])
        self.assertNotIn("libdivweights", self.needed(os.path.join(build, "in_c_static")))

    def test_the_shared_library_asks_for_no_package_that_only_it_uses(self):
        self.consume("alone", "find_package", "-DCMAKE_PREFIX_PATH=" + self.prefix,
                     *("-DCMAKE_DISABLE_FIND_PACKAGE_%s=ON" % name for name in ("OpenBLAS", "LAPACKE", "ZLIB")))

    def test_add_subdirectory(self):
        self.consume("sub", "add_subdirectory", "-DDIVWEIGHTS_SOURCE=" + SOURCE)

    def test_fetch_content(self):
        self.consume("fetched", "FetchContent", "-DDIVWEIGHTS_SOURCE=" + SOURCE, "-DBUILD_SHARED_LIBS=OFF")

    def test_a_static_build_installs_a_static_library_under_the_usual_name(self):
        build, prefix = self.path("only_static"), self.path("static_prefix")
        run("cmake", "-S", SOURCE, "-B", build, "-DBUILD_SHARED_LIBS=OFF", "-DDIVWEIGHTS_BUILD_TESTS=OFF",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_INSTALL_PREFIX=" + prefix)
        run("cmake", "--build", build, "--parallel", str(os.cpu_count()), "--target", "install")
        consumer = self.consume("of_static", "find_package", "-DCMAKE_PREFIX_PATH=" + prefix)
        self.assertNotIn("libdivweights", self.needed(os.path.join(consumer, "in_c")))

    def test_pkg_config_shared_and_static(self):
        source, folder = os.path.join(HERE, "consumer.c"), self.library_folder()
        self.assertTrue(folder.startswith(self.prefix) or os.path.realpath(folder).startswith(self.prefix), folder)
        run("cc", source, "-o", self.path("shared_program"), *self.pkg_config("--cflags", "--libs"))
        self.assertIn("ok", run(self.path("shared_program"), LD_LIBRARY_PATH=folder))
        # The static library alone, as on a machine that has no other.
        shutil.copytree(self.prefix, self.path("archive"))
        archive = folder.replace(self.prefix, self.path("archive"))
        for name in os.listdir(archive):
            if ".so" in name:
                os.remove(os.path.join(archive, name))
        flags = [flag.replace(self.prefix, self.path("archive")) for flag in
                 self.pkg_config("--static", "--cflags", "--libs")]
        run("cc", source, "-o", self.path("static_program"), *flags)
        self.assertIn("ok", run(self.path("static_program")))

    def test_the_installed_command_finds_its_library(self):
        self.assertRegex(run(os.path.join(self.prefix, "bin", "divweights"), "--version"), r"0\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
