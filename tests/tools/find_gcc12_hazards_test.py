# SPDX-License-Identifier: Apache-2.0
"""tools/find_gcc12_hazards finds what it should, no more, and nothing in what
people copy from here."""

import pathlib
import re
import subprocess
import tempfile
import unittest

TOOL = 'tools/find_gcc12_hazards'
SAMPLES = pathlib.Path('tests/tools/gcc12')


def run(*paths):
    done = subprocess.run(['python3', TOOL, *map(str, paths)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


class FindGcc12HazardsTest(unittest.TestCase):

    def test_finds_each_bad_line_and_says_what_it_is(self):
        bad = SAMPLES / 'bad.cc'
        expected = {}
        for number, line in enumerate(bad.read_text().split('\n'), 1):
            marked = re.search(r'// HAZARD: (.*)', line)
            if marked:
                expected[number] = marked[1]
        status, output = run(bad)
        self.assertEqual(status, 1)
        found = {}
        for line in output.splitlines():
            path, number, rest = line.split(':', 2)
            self.assertEqual(path, str(bad))
            found[int(number)] = rest
        self.assertEqual(sorted(found), sorted(expected))
        for number, what in expected.items():
            self.assertIn(what, found[number].split(' in an expression')[0])

    def test_lets_good_code_pass(self):
        self.assertEqual(run(SAMPLES / 'good.cc'), (0, ''))

    def test_knows_classes_of_other_files(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / 'a.h').write_text('struct A { A(); std::string s; };\n')
            use = root / 'b.cc'
            use.write_text('Task<> F() { co_await G(A{}); }\n')
            self.assertEqual(run(use)[0], 1)
            self.assertEqual(run(root)[0], 0)

    def test_nothing_in_the_examples_and_documents(self):
        self.assertEqual(run('examples', 'docs', 'tests/docs'), (0, ''))


if __name__ == '__main__':
    unittest.main()
