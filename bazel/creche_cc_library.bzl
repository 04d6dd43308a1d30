"""creche_cc_library: a cc_library whose headers are below include/."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def creche_cc_library(name, hdrs, visibility = ["//visibility:public"], **kwargs):
    """A part of the library that users can depend on.

    strip_include_prefix rather than includes: it exposes the target's own
    headers only, and our headers stay subject to our warnings.
    """
    cc_library(
        name = name,
        hdrs = hdrs,
        strip_include_prefix = "include",
        visibility = visibility,
        **kwargs
    )
