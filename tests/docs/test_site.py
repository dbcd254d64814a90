"""The documentation site: it is made without a warning, complete, and works from a folder without a network.

    BUILD=build/release python3 tests/docs/test_site.py

Exit status 77, skipped: Doxygen or MathJax is not installed.
"""
import html.parser
import os
import re
import subprocess
import sys
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
CMAKE = os.environ.get("CMAKE", "cmake")
SITE = os.path.join(BUILD, "docs", "html")


class Page(html.parser.HTMLParser):
    """What a page refers to, what can be referred to in it, and its text outside of code."""

    def __init__(self, name):
        super().__init__()
        self.links, self.parts, self.anchors, self.text = [], [], set(), ""
        self.code = 0
        with open(os.path.join(SITE, name), encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors.update(given[key] for key in ("id", "name") if given.get(key))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag in ("script", "link", "img", "object", "iframe"):
            self.parts += [given[key] for key in ("src", "href", "data") if given.get(key)]
        self.code += tag in ("script", "code", "tt", "pre") or given.get("class") == "fragment"

    def handle_endtag(self, tag):
        self.code -= tag in ("script", "code", "tt", "pre")

    def handle_data(self, data):
        if self.code == 0:
            self.text += data


def setUpModule():
    global pages
    done = subprocess.run([CMAKE, "--build", BUILD, "--target", "docs"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if "The site needs" in done.stdout:
        print(done.stdout)
        sys.stdout.flush()
        os._exit(77)
    if done.returncode != 0 or "warning:" in done.stdout:
        raise AssertionError("the target docs:\n" + done.stdout)
    pages = {name: Page(name) for name in sorted(os.listdir(SITE)) if name.endswith(".html")}


def sources():
    """The names of the pages that are written by hand."""
    return sorted(name[:-3] for folder in ("docs", "docs/pages")
                  for name in os.listdir(os.path.join(ROOT, folder)) if name.endswith(".md"))


class Site(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for name, page in pages.items():
            for link in page.links:
                target = urllib.parse.urlparse(link)
                if target.scheme in ("https", "javascript") or link == "#":
                    continue
                with self.subTest(page=name, link=link):
                    path = urllib.parse.unquote(target.path) or name
                    self.assertTrue(os.path.exists(os.path.join(SITE, path)))
                    if target.fragment and path in pages:
                        self.assertIn(urllib.parse.unquote(target.fragment), pages[path].anchors)

    def test_nothing_is_fetched_from_a_network(self):
        for name, page in pages.items():
            for part in page.parts:
                if part == "javascript:void(0)":
                    continue
                with self.subTest(page=name, part=part):
                    self.assertEqual(urllib.parse.urlparse(part).scheme, "")
                    self.assertTrue(os.path.exists(os.path.join(SITE, part)))

    def test_every_page_is_in_the_menu(self):
        with open(os.path.join(SITE, "navtreedata.js"), encoding="utf-8") as file:
            menu = file.read()
        for name in sources():
            with self.subTest(page=name):
                self.assertIn('"%s.html"' % name, menu)

    def test_every_header_is_in_the_menu(self):
        with open(os.path.join(SITE, "navtreedata.js"), encoding="utf-8") as file:
            menu = file.read()
        for name in os.listdir(os.path.join(ROOT, "include", "divweights")):
            if name != "divweights.h":  # includes the others, and has nothing of its own
                self.assertIn('"%s"' % name, menu)

    def test_formulas_are_formulas(self):
        self.assertGreater(pages["mathematics.html"].text.count("\\["), 20)
        for name in sources():
            with self.subTest(page=name):
                text = re.sub(r"\\\(.*?\\\)|\\\[.*?\\\]", "", pages[name + ".html"].text, flags=re.S)
                self.assertNotRegex(text, r"\$|\\f|\\lambda|\\mathrm")

    def test_formulas_are_drawn_here(self):
        for part in ("MathJax.js", "jax/output/SVG/jax.js", "jax/output/SVG/fonts/TeX/Main/Regular/Main.js"):
            self.assertTrue(os.path.exists(os.path.join(SITE, "mathjax", part)), part)


if __name__ == "__main__":
    unittest.main()
