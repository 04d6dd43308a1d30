# SPDX-License-Identifier: Apache-2.0
"""tools/check_interface_first: what it finds, and that the library's headers pass."""

import pathlib
import subprocess
import tempfile
import unittest

TOOL = 'tools/check_interface_first'
INCLUDES = '// A header.\n\n#ifndef X_H_\n#define X_H_\n\n#include <string>\n\n'


def run(*paths):
    done = subprocess.run(['python3', TOOL, *map(str, paths)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


class CheckInterfaceFirstTest(unittest.TestCase):

    def check(self, text):
        with tempfile.TemporaryDirectory() as directory:
            header = pathlib.Path(directory) / 'x.h'
            header.write_text(INCLUDES + text)
            return run(header)

    def test_takes_the_interface_first(self):
        status, errors = self.check(
            'namespace creche {\n\n// A thing.\nclass Thing {\n};\n\n}  // namespace creche\n\n'
            '#include "creche/core/internal/thing_inl.h"\n')
        self.assertEqual((status, errors), (0, ''))

    def test_takes_no_mechanics_before_it(self):
        for internal in ('namespace internal {\n', 'namespace creche::internal {\n'):
            status, errors = self.check(
                internal + 'class Part;\n}\n\n// A thing.\nclass Thing {\n};\n')
            self.assertEqual(status, 1)
            self.assertIn('namespace internal, in line 8, comes before', errors)

    def test_takes_no_mechanics_between_two_names(self):
        status, errors = self.check(
            'namespace creche {\n\nstruct Options {\n};\n\nnamespace internal {\n'
            'class Part;\n}  // namespace internal\n\nvoid Do(Options options);\n\n}\n')
        self.assertEqual(status, 1)
        self.assertIn('the name in line 17 comes after namespace internal', errors)

    def test_takes_mechanics_at_the_end(self):
        status, errors = self.check(
            'namespace creche {\n\nvoid Do();\n\nnamespace internal {\n'
            'class Part;\n}  // namespace internal\n}  // namespace creche\n')
        self.assertEqual((status, errors), (0, ''))

    def test_takes_no_preface(self):
        status, errors = self.check('// Words.\n' * 40 + 'class Thing;\n')
        self.assertEqual(status, 1)
        self.assertIn('comes 41 lines after the includes', errors)
        self.assertEqual(self.check('// Words.\n' * 39 + 'class Thing;\n')[0], 0)

    def test_takes_no_header_that_is_too_long(self):
        self.assertIn('more than 400', self.check('class Thing;\n' * 394)[1])
        self.assertEqual(self.check('class Thing;\n' * 393)[0], 0)

    def test_the_public_headers_pass(self):
        status, errors = run()
        self.assertEqual((status, errors), (0, ''))


if __name__ == '__main__':
    unittest.main()
