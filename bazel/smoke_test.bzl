"""smoke_test: an example runs, ends well, and says what it should."""

load(":shell_quote.bzl", "shell_quote")

def smoke_test(name, size = "small", **attrs):
    """Runs a program and checks its exit status and what it prints.

    Args:
      name: of the test.
      size: as of every test.
      **attrs: see _smoke_test.
    """
    _smoke_test(name = name, size = size, **attrs)

def _smoke_test_impl(ctx):
    runner = ctx.file._runner
    words = [runner.short_path]
    for pattern in ctx.attr.expect:
        words += ["--expect", pattern]
    if ctx.attr.interrupt_when:
        words += ["--interrupt-when", ctx.attr.interrupt_when]
    words += ["--exit-status", str(ctx.attr.exit_status)]
    words += ["--", ctx.executable.binary.short_path] + ctx.attr.arguments

    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = "#!/bin/sh\nexec %s\n" % " ".join([shell_quote(word) for word in words]),
        is_executable = True,
    )
    runfiles = ctx.runfiles(files = [runner, ctx.executable.binary])
    runfiles = runfiles.merge(ctx.attr.binary[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = script, runfiles = runfiles)]

_smoke_test = rule(
    implementation = _smoke_test_impl,
    test = True,
    attrs = {
        "binary": attr.label(mandatory = True, executable = True, cfg = "target"),
        "arguments": attr.string_list(),
        "expect": attr.string_list(
            doc = "Extended regular expressions; each must match a line of stdout.",
        ),
        "exit_status": attr.int(default = 0),
        "interrupt_when": attr.string(
            doc = "For a program that runs until Ctrl-C: the regular expression " +
                  "of the line of stdout after which to send it SIGINT.",
        ),
        "_runner": attr.label(
            default = "//bazel:smoke_test.sh",
            allow_single_file = True,
        ),
    },
)
