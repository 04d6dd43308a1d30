"""python_test: tests of the scripts, with nothing but the system's Python 3."""

load(":shell_quote.bzl", "shell_quote")

def python_test(name, size = "small", **attrs):
    """Runs the unittest cases of a file.

    Args:
      name: of the test.
      size: as of every test.
      **attrs: see _python_test.
    """
    _python_test(name = name, size = size, **attrs)

def _python_test_impl(ctx):
    # So that the file can import what is beside its directory.
    root = "/".join(ctx.file.src.short_path.split("/")[:-2])
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = "#!/bin/sh\nPYTHONPATH=%s exec python3 -B %s -v\n" % (
            shell_quote(root),
            shell_quote(ctx.file.src.short_path),
        ),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files = [ctx.file.src] + ctx.files.data),
    )]

_python_test = rule(
    implementation = _python_test_impl,
    test = True,
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".py"]),
        "data": attr.label_list(
            allow_files = True,
            doc = "What it imports.",
        ),
    },
)
