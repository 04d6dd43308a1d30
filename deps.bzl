"""The libraries creche is built on, taken from the system's packages.

A WORKSPACE that depends on creche without a module registry needs only

    load("@creche//:deps.bzl", "creche_system_deps")
    creche_system_deps()

A repository that is already declared under the same name is left alone, so a
workspace that builds Abseil (or any of the others) from source declares it
first. With MODULE.bazel none of this is used.
"""

load("//bazel/system_deps:abseil.bzl", "ABSEIL_HEADERS", "ABSEIL_TARGETS")
load("//bazel/system_deps:bundled_rules.bzl", "bundled_rules")
load("//bazel/system_deps:system_library.bzl", "system_library")

def creche_system_deps():
    """Declares Abseil, GoogleTest, Google Benchmark, liburing, OpenSSL, libcurl and libpq."""
    _declare(
        name = "com_google_absl",
        debian_package = "libabsl-dev",
        include = ["absl"],
        targets = ABSEIL_TARGETS,
        headers = ABSEIL_HEADERS,
    )
    _declare(
        name = "com_google_googletest",
        debian_package = "libgmock-dev",
        include = ["gtest", "gmock"],
        targets = {
            # As in GoogleTest's own BUILD file, :gtest includes gmock.
            ":gtest": "gmock",
            ":gtest_main": "gmock_main",
        },
        deps = {":gtest_main": [":gtest"]},
    )
    _declare(
        name = "com_github_google_benchmark",
        debian_package = "libbenchmark-dev",
        include = ["benchmark"],
        targets = {
            ":benchmark": "-lbenchmark",
            ":benchmark_main": "-lbenchmark_main -lbenchmark",
        },
    )
    _declare(
        name = "liburing",
        debian_package = "liburing-dev",
        include = ["liburing.h", "liburing"],
        targets = {":uring": "liburing", ":liburing": "liburing"},
    )
    _declare(
        name = "openssl",
        debian_package = "libssl-dev",
        include = ["openssl"],
        targets = {":ssl": "libssl", ":crypto": "libcrypto"},
    )
    _declare(
        name = "curl",
        debian_package = "libcurl4-openssl-dev",
        include = ["curl"],
        targets = {":curl": "libcurl"},
    )
    _declare(
        name = "libpq",
        debian_package = "libpq-dev",
        include = ["postgresql"],
        targets = {":libpq": "libpq"},
    )
    bundled_rules()

def _declare(name, **attrs):
    if not native.existing_rule(name):
        system_library(name = name, **attrs)
