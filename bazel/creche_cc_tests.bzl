# SPDX-License-Identifier: Apache-2.0
"""creche_cc_tests: the GoogleTests of a package, one for each *_test.cc."""

load("@rules_cc//cc:defs.bzl", "cc_test")

# What every test may use without saying so.
_COMMON_DEPS = [
    "@com_google_absl//absl/status",
    "@com_google_absl//absl/status:statusor",
    "@com_google_absl//absl/strings",
    "@com_google_absl//absl/time",
    "@com_google_absl//absl/types:span",
    "@com_google_googletest//:gtest",
    "@com_google_googletest//:gtest_main",
    "//tests/support:tsan_suppressions",
]

def creche_cc_tests(deps, hdrs = [], data = {}, shards = {}, sizes = {}, tags = {}):
    """Makes a cc_test of each *_test.cc, named after it.

    Args:
      deps: what they all use, besides parts of Abseil, and GoogleTest.
      hdrs: headers of the package that they share.
      data: from a file to the data of its test.
      shards: from a file to its shard_count.
      sizes: from a file to the size of its test: by default small, so a minute.
      tags: from a file to the tags of its test.
    """
    for source in native.glob(["*_test.cc"]):
        cc_test(
            name = source[:-len(".cc")],
            size = sizes.get(source, "small"),
            srcs = [source] + hdrs,
            data = data.get(source, []),
            shard_count = shards.get(source),
            tags = tags.get(source, []),
            deps = deps + _COMMON_DEPS,
        )
