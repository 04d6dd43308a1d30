"""What Debian's Bazel 4 would download before it builds any C++.

Other releases of Bazel bring these repositories along or fetch them. Debian 12
builds its Bazel without them and without a network; it has the Java and the
protocol buffer rules as packages, and the C++ rules are part of that Bazel and
need only be found under their usual names.
"""

def bundled_rules():
    """Declares the repositories that Bazel 4's own BUILD files refer to."""
    if not _is_debians_bazel_4():
        return
    _declare(_native_cc_rules, name = "rules_cc")
    _declare(_packaged_rules, name = "rules_java", folder = "java")
    _declare(_packaged_rules, name = "rules_proto", folder = "proto")
    _declare(_no_coverage_tools, name = "remote_coverage_tools")

def _is_debians_bazel_4():
    # Debian's builds report no version; those that know modules are newer.
    return not native.bazel_version and not hasattr(native, "module_name")

def _declare(rule, name, **attrs):
    if not native.existing_rule(name):
        rule(name = name, **attrs)

def _native_cc_rules_impl(repository_ctx):
    exports = repository_ctx.path(Label("//bazel/system_deps:native_cc_rules.bzl"))
    repository_ctx.file("cc/BUILD.bazel", "")
    repository_ctx.symlink(exports, "cc/defs.bzl")
    repository_ctx.symlink(exports, "cc/find_cc_toolchain.bzl")

_native_cc_rules = repository_rule(implementation = _native_cc_rules_impl)

def _packaged_rules_impl(repository_ctx):
    folder = repository_ctx.attr.folder
    source = repository_ctx.path("/usr/share/bazel/rules/" + folder)
    if not source.exists:
        fail("{} is missing; install it with: apt install bazel-rules-{}".format(source, folder))
    for entry in source.readdir():
        repository_ctx.symlink(entry, entry.basename)

_packaged_rules = repository_rule(
    implementation = _packaged_rules_impl,
    local = True,
    attrs = {"folder": attr.string(mandatory = True)},
)

# Every test names these two as tools, but only `bazel coverage` runs them.
_NO_COVERAGE_TOOLS = """
package(default_visibility = ["//visibility:public"])

filegroup(name = "coverage_report_generator")

filegroup(name = "lcov_merger")
"""

def _no_coverage_tools_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", _NO_COVERAGE_TOOLS)

_no_coverage_tools = repository_rule(implementation = _no_coverage_tools_impl)
