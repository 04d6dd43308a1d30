"""header_tests: each public header compiles alone, and twice in a row.

An x_inl.h does not: it is the end of x.h, which includes it.
"""

load("@rules_cc//cc:defs.bzl", "cc_test")

def header_tests(name, targets):
    """A test of all public headers of the targets; it passes if it builds.

    Args:
      name: of the test.
      targets: cc_library targets. Their headers are looked up, not listed.
    """
    _include_each_twice(
        name = name + "_sources",
        testonly = True,
        targets = targets,
    )
    cc_test(
        name = name,
        size = "small",
        srcs = [":" + name + "_sources"],
        deps = targets,
    )

def _include_each_twice_impl(ctx):
    includes = {}
    for target in ctx.attr.targets:
        headers = target[CcInfo].compilation_context.direct_public_headers
        stripped = [_below_stripped_prefix(header) for header in headers]
        stripped = [include for include in stripped if include]
        for include in stripped or [header.short_path for header in headers]:
            if not include.endswith("_inl.h"):
                includes[include] = True

    sources = []
    for include in sorted(includes):
        name = include.replace("/", "_").replace(".h", ".cc")
        source = ctx.actions.declare_file(ctx.label.name + "/" + name)
        line = '#include "%s"\n' % include
        ctx.actions.write(source, line + line)
        sources.append(source)

    main = ctx.actions.declare_file(ctx.label.name + "/main.cc")
    ctx.actions.write(main, "int main() {}\n")
    return [DefaultInfo(files = depset(sources + [main]))]

def _below_stripped_prefix(header):
    # A header of a target with strip_include_prefix is there twice: by its own
    # path and as <package>/_virtual_includes/<target>/<path to include>.
    _, _, below = header.short_path.partition("_virtual_includes/")
    return below.partition("/")[2]

_include_each_twice = rule(
    implementation = _include_each_twice_impl,
    attrs = {"targets": attr.label_list(providers = [CcInfo])},
)
