# SPDX-License-Identifier: Apache-2.0
"""tools/check_links: which links it takes for broken."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOL = 'tools/check_links'


class CheckLinksTest(unittest.TestCase):

    def check(self, text):
        """What the tool says of a tree with a document that has this text."""
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            subprocess.run(['git', 'init', '-q', root], check=True)
            (root / 'tools').mkdir()
            shutil.copy(TOOL, root / 'tools')
            (root / 'code.h').write_text('// As OtherName().\nvoid Name(int x);\n')
            (root / 'other.md').write_text('# A `heading`, here\n')
            (root / 'document.md').write_text(text)
            done = subprocess.run(['python3', root / TOOL],
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def test_takes_what_is_there(self):
        self.assertEqual(
            self.check('[a](code.h) [b](other.md#a-heading-here) [c](https://x.org/y)\n'
                       '[`Name()`](code.h) [`Class::Name()`](code.h) [`Gone()`, once](code.h)\n'
                       '```\n[d](nowhere.md)\n```\n`[e](nowhere.md)`\n'),
            (0, '6 links in 2 documents, 0 broken\n'))

    def test_finds_what_is_not_there(self):
        for link, problem in (
                ('[a](nowhere.md)', 'leads nowhere'),
                ('[a](../elsewhere.md)', 'leads out of this tree'),
                ('[a](other.md#no-heading)', 'names no heading there'),
                ('<img src="nowhere.svg">', 'leads nowhere')):
            status, said = self.check(link)
            self.assertEqual(status, 1, link)
            self.assertIn(problem, said)

    def test_looks_for_a_function_by_its_whole_name(self):
        for link in ('[`Gone()`](code.h)', '[`Class::Gone()`](code.h)',
                     '[`ame()`](code.h)', '[`x()`](code.h)'):
            status, said = self.check(link)
            self.assertEqual(status, 1, link)
            self.assertIn('code.h has no ', said)


if __name__ == '__main__':
    unittest.main()
