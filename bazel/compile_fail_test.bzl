"""compile_fail_test: misuse that the compiler must reject, for the right reason.

    compile_fail_test(
        name = "task_misuse_test",
        src = "task_misuse.cc",
        expect = {
            "AWAITED_TWICE": "use of deleted function|call to deleted",
            "DISCARDED": "ignoring return|nodiscard",
        },
        deps = ["//:core"],
    )

The source is correct code that has each misuse in an #ifdef. It must compile as
it stands, so that no case fails for a missing include or a typing error; with
the macro of a case defined it must not compile, and what the compiler says must
match the case's regular expression. A case that stands in `each_line`, too, is many
at once: the compiler must say it of each line of the source that matches.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cpp_toolchain", "use_cc_toolchain")
load(":shell_quote.bzl", "shell_quote")

# Warnings count as misuse that does not compile: [[nodiscard]] is one.
_COPTS = ["-Wall", "-Wextra", "-Werror", "-fdiagnostics-color=never"]

# clang stops after 20 errors, g++ does not.
_CLANG_COPTS = ["-ferror-limit=0"]

# Compiles, and leaves the compiler's output followed by its exit status.
_COMPILE = """
log=$1
shift
"$@" -o "$log.o" >"$log" 2>&1
status=$?
rm -f "$log.o"
echo "exit status $status" >>"$log"
"""

def compile_fail_test(name, size = "small", **attrs):
    """A source that compiles as it stands and fails to with each case defined.

    Args:
      name: of the test.
      size: as of every test.
      **attrs: see _compile_fail_test.
    """
    _compile_fail_test(name = name, size = size, tags = ["compiler"], **attrs)

def _compile_fail_test_impl(ctx):
    compiler, flags, environment, inputs = _compile_command(ctx)
    words = [
        ctx.file._checker.short_path,
        ctx.file.src.short_path,
        str(ctx.attr.within_lines),
    ]
    logs = []
    for case in [""] + sorted(ctx.attr.expect):
        log = ctx.actions.declare_file("%s.%s.log" % (ctx.label.name, case or "correct"))
        ctx.actions.run_shell(
            mnemonic = "CompileMisuse",
            progress_message = "Compiling %s %s" % (ctx.file.src.short_path, case),
            command = _COMPILE,
            arguments = [log.path, compiler] + flags +
                        (["-D" + case] if case else []) +
                        ["-c", ctx.file.src.path],
            env = environment,
            inputs = inputs,
            outputs = [log],
        )
        logs.append(log)
        words += [
            case,
            ctx.attr.expect.get(case, ""),
            ctx.attr.each_line.get(case, ""),
            log.short_path,
        ]

    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = "#!/bin/sh\nexec %s\n" % " ".join([shell_quote(word) for word in words]),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files = logs + [ctx.file._checker, ctx.file.src]),
    )]

def _compile_command(ctx):
    """The compiler, flags, environment and inputs of a target with these deps."""
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        # The test is no module of its own, so there is nothing to check.
        unsupported_features = ctx.disabled_features + ["layering_check", "module_maps"],
    )
    context = cc_common.merge_cc_infos(
        cc_infos = [dep[CcInfo] for dep in ctx.attr.deps],
    ).compilation_context
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + _COPTS,
        include_directories = context.includes,
        quote_include_directories = context.quote_includes,
        system_include_directories = context.system_includes,
        preprocessor_defines = context.defines,
    )
    compiler = cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    if "clang" in compiler:
        flags = flags + _CLANG_COPTS
    environment = cc_common.get_environment_variables(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    inputs = depset(
        [ctx.file.src],
        transitive = [context.headers, toolchain.all_files],
    )
    return compiler, flags, environment, inputs

_compile_fail_test = rule(
    implementation = _compile_fail_test_impl,
    test = True,
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".cc"]),
        "deps": attr.label_list(providers = [CcInfo]),
        "expect": attr.string_dict(
            mandatory = True,
            doc = "Macro of the case -> extended regular expression of the message.",
        ),
        "each_line": attr.string_dict(
            doc = "Macro of the case -> extended regular expression of the lines.",
        ),
        "within_lines": attr.int(
            doc = "If not 0: the message is among the first so many lines that the compiler prints, without those of the source that it shows.",
        ),
        "_cc_toolchain": attr.label(
            default = "@bazel_tools//tools/cpp:current_cc_toolchain",
        ),
        "_checker": attr.label(
            default = "//bazel:compile_fail_test.sh",
            allow_single_file = True,
        ),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain(),
)
