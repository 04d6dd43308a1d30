"""creche_cc_library: a cc_library whose headers are below include/."""

load("@rules_cc//cc:defs.bzl", "cc_library")

# g++ takes what is local to another source than the first for a header's.
_JOIN = """
    {
        echo '#if defined(__GNUC__) && !defined(__clang__)'
        echo '#pragma GCC diagnostic ignored "-Wsubobject-linkage"'
        echo '#endif'
        for source in $(SRCS); do
            echo "#line 1 \\"$$source\\""
            cat "$$source"
        done
    } > $@
"""

def _one_or_all(name, sources):
    """The sources, or one file that has all of them."""
    if not sources:
        return []
    joined = name + "_unity.cc"
    native.genrule(
        name = name + "_unity",
        srcs = sources,
        outs = [joined],
        cmd = _JOIN,
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    return select({
        "//bazel:unity": [joined],
        "//conditions:default": sources,
    })

def creche_cc_library(name, hdrs = [], srcs = [], visibility = ["//visibility:public"], **kwargs):
    """A layer of the library.

    strip_include_prefix rather than includes: it exposes the target's own
    headers only, and our headers stay subject to our warnings.

    With --config=unity the sources are compiled as one: what takes the time are
    the headers, which they share.
    """
    sources = [source for source in srcs if source.endswith(".cc")]
    cc_library(
        name = name,
        srcs = [source for source in srcs if source not in sources] +
               _one_or_all(name, sources),
        hdrs = hdrs,
        strip_include_prefix = "include" if hdrs else None,
        visibility = visibility,
        **kwargs
    )
