"""The C++ rules built into Bazel 4, under the names that rules_cc exports."""

load(
    "@bazel_tools//tools/cpp:toolchain_utils.bzl",
    _find_cpp_toolchain = "find_cpp_toolchain",
)

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite

find_cpp_toolchain = _find_cpp_toolchain

def use_cc_toolchain(mandatory = False):
    # Bazel 4 finds the C++ toolchain by an attribute, not by its type.
    return []
