# SPDX-License-Identifier: Apache-2.0
"""CMakeLists.txt builds what BUILD.bazel builds: the same sources, on the same of Abseil."""

import pathlib
import re
import unittest


def glob(patterns, exclude=()):
    root = pathlib.Path('.')
    found = {str(path) for pattern in patterns for path in root.glob(pattern)}
    return sorted(found - {str(path) for pattern in exclude for path in root.glob(pattern)})


def bazel_libraries():
    """The arguments of each library in BUILD.bazel, by its name."""
    libraries = {}

    def library(name, srcs=(), deps=(), **_):
        libraries[name] = {'srcs': set(srcs), 'deps': set(deps)}

    def ignore(*_, **__):
        pass

    # A BUILD file is Python of a kind.
    exec(pathlib.Path('BUILD.bazel').read_text(),  # pylint: disable=exec-used
         {'glob': glob, 'cc_library': library, 'creche_cc_library': library,
          'load': ignore, 'package': ignore, 'licenses': ignore,
          'exports_files': ignore, 'filegroup': ignore})
    return libraries


def with_dependencies(libraries, name):
    """The names of a library and of all that it uses."""
    names = {name}
    for dependency in libraries[name]['deps']:
        if dependency.startswith(':'):
            names |= with_dependencies(libraries, dependency[1:])
    return names


def sources(libraries, names):
    return {source for name in names for source in libraries[name]['srcs']
            if source.endswith('.cc')}


class CMakeTest(unittest.TestCase):

    def setUp(self):
        self.libraries = bazel_libraries()
        self.cmake = pathlib.Path('CMakeLists.txt').read_text()
        self.core = with_dependencies(self.libraries, 'creche')
        self.components = dict(
            re.findall(r'^creche_component\((\w+) ([\w/]+) ', self.cmake, re.MULTILINE))

    def test_the_core_is_what_bazels_creche_is(self):
        [optional] = re.findall(r'EXCLUDE REGEX "/lib/\(([\w|]+)\)/"', self.cmake)
        built = {source for source in glob(['lib/*.cc', 'lib/*/*.cc'])
                 if source.split('/')[1] not in optional.split('|')}
        self.assertEqual(built, sources(self.libraries, self.core))

    def test_each_component_is_a_target_of_bazel(self):
        self.assertIn('tls', self.components)
        for name, folder in self.components.items():
            self.assertEqual(set(glob([f'lib/{folder}/*.cc'])),
                             sources(self.libraries, [name]), name)

    def test_each_target_of_bazel_with_sources_is_built(self):
        built = self.core | set(self.components)
        self.assertEqual({name for name in self.libraries
                          if sources(self.libraries, [name]) and name not in built}, set())

    def test_the_headers_of_components_are_not_the_cores(self):
        [folders] = re.findall(r'REGEX "/creche/\(([\w|]+)\)\$" EXCLUDE', self.cmake)
        [excluded] = re.findall(r'EXCLUDE REGEX "/lib/\(([\w|]+)\)/"', self.cmake)
        self.assertEqual(folders, excluded)

    def test_it_links_the_same_of_abseil(self):
        [listed] = re.findall(r'^set\(abseil ([\w ]+)\)', self.cmake, re.MULTILINE)
        labels = {label for name in self.core | set(self.components)
                  for label in self.libraries[name]['deps']
                  if label.startswith('@com_google_absl//')}
        self.assertEqual(set(listed.split()),
                         {re.split('[:/]', label)[-1] for label in labels})


if __name__ == '__main__':
    unittest.main()
