# SPDX-License-Identifier: Apache-2.0
"""tools/check_include_loops: what it takes for a loop, and what not."""

import pathlib
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path('tools/check_include_loops').resolve()


def run(headers):
    """`headers`: what each includes. Gives the status and what is said."""
    with tempfile.TemporaryDirectory() as directory:
        for name, includes in headers.items():
            path = pathlib.Path(directory) / 'include' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(''.join('#include "%s"\n' % other for other in includes))
        done = subprocess.run(['python3', TOOL, 'include'], cwd=directory,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr


class CheckIncludeLoopsTest(unittest.TestCase):

    def test_one_way_is_no_loop(self):
        self.assertEqual(run({'a.h': ['b.h', 'c.h'], 'b.h': ['c.h'], 'c.h': []}), (0, ''))

    def test_a_header_that_includes_itself(self):
        self.assertEqual(run({'a.h': ['a.h']}), (1, 'a.h -> a.h\n'))

    def test_a_way_back_over_others(self):
        self.assertEqual(run({'a.h': ['x/b.h'], 'x/b.h': ['x/c.h'], 'x/c.h': ['a.h']}),
                         (1, 'a.h -> x/b.h -> x/c.h -> a.h\n'))

    def test_mechanics_that_come_last(self):
        self.assertEqual(run({'a.h': ['a_inl.h'], 'a_inl.h': ['a.h']}), (0, ''))

    def test_no_header_at_all(self):
        self.assertEqual(run({})[0], 1)


if __name__ == '__main__':
    unittest.main()
