"""system_library: an installed C++ library as a Bazel repository.

The repository has the labels of the library's own BUILD files, so that targets
which depend on it need not know where it comes from. What to link is asked of
pkg-config, which the installed version answers for itself; a target whose
pkg-config module is not installed does not exist in the repository.

Layout of the repository:

    include/        a copy of the installed headers
    archives/       links to the libraries installed as an archive only
    BUILD.bazel     :headers, all headers; and the targets of the root package
    <package>/BUILD.bazel

The headers are copied because the installed ones lie below /usr/include, which
the compiler's own module map covers: linked ones could be included by every
target, whether it declares the dependency or not. In the copy each header
belongs to the target that owns it, and clang's layering check sees it.
"""

_BUILD_HEADER = """# Generated from the installed package {package}.
package(default_visibility = ["//visibility:public"])
"""

_LIBRARY = """
cc_library(
    name = "{name}",
    srcs = {archives},
    hdrs = {headers},
    linkopts = {linkopts},
    deps = {deps},
)
"""

_ALL_HEADERS = """
exports_files(glob(
    ["archives/**", "include/**"],
    allow_empty = True,
))

cc_library(
    name = "headers",
    hdrs = glob(["include/**"]),
    includes = {include_dirs},
)
"""

def _system_library_impl(repository_ctx):
    for name in repository_ctx.attr.include:
        _copy_header_tree(repository_ctx, name)

    link_flags = _link_flags_by_target(repository_ctx)
    owned = _headers_by_target(repository_ctx, link_flags.keys())
    include_dirs = [
        ("include/" + folder).rstrip("/")
        for folder in repository_ctx.attr.include_dirs
    ]
    packages = {"": _ALL_HEADERS.format(include_dirs = include_dirs)}
    for label, flags in link_flags.items():
        package, name = label.split(":")
        archives, linkopts = _split_archives(repository_ctx, flags)
        packages[package] = packages.get(package, "") + _LIBRARY.format(
            name = name,
            archives = archives,
            headers = repr(owned[label]) if package else 'glob(["include/**"])',
            linkopts = linkopts,
            deps = ["//:headers"] + repository_ctx.attr.deps.get(label, []),
        )

    header = _BUILD_HEADER.format(package = repository_ctx.attr.debian_package)
    for package, body in packages.items():
        path = package + "/BUILD.bazel" if package else "BUILD.bazel"
        repository_ctx.file(path, header + body, executable = False)
    repository_ctx.file(
        "WORKSPACE",
        "workspace(name = %r)\n" % repository_ctx.name,
        executable = False,
    )

def _copy_header_tree(repository_ctx, name):
    multiarch = _run(repository_ctx, ["gcc", "-print-multiarch"]).strip()
    for folder in [
        "/usr/include",
        # Where Debian puts headers that differ between architectures.
        "/usr/include/" + multiarch,
        "/usr/lib/" + multiarch,
    ]:
        source = folder + "/" + name
        if repository_ctx.path(source).exists:
            target = "include/" + name
            _run(repository_ctx, ["mkdir", "-p", target.rpartition("/")[0]])
            _run(repository_ctx, ["cp", "-RL", source, target])
            return
    fail("/usr/include/{name} is missing; install it with: apt install {package}".format(
        name = name,
        package = repository_ctx.attr.debian_package,
    ))

def _headers_by_target(repository_ctx, labels):
    """Maps each of the labels to the headers it owns.

    p:x owns p/x.h and the headers listed for it. What is left in p belongs to
    the target that is named like the package, if there is one.
    """
    owned = {}
    taken = {}
    for label in labels:
        package, name = label.split(":")
        listed = repository_ctx.attr.headers.get(label, [name + ".h"])
        owned[label] = []
        for header in listed:
            path = "include/{}/{}".format(package, header)
            if repository_ctx.path(path).exists:
                owned[label].append("//:" + path)
                taken[path] = True

    for label in labels:
        package, name = label.split(":")
        if name != package.split("/")[-1]:
            continue
        folder = repository_ctx.path("include/" + package)
        for header in sorted([entry.basename for entry in folder.readdir()]):
            path = "include/{}/{}".format(package, header)
            if path.endswith(".h") and path not in taken:
                owned[label].append("//:" + path)
    return owned

def _link_flags_by_target(repository_ctx):
    """Maps each label that the installed version has to its linker flags."""
    if not repository_ctx.which("pkg-config"):
        fail("pkg-config is missing; install it with: apt install pkg-config")
    link_flags = {}
    for label, link in repository_ctx.attr.targets.items():
        if link.startswith("-"):
            link_flags[label] = link.split(" ")
            continue
        found = repository_ctx.execute(["pkg-config", "--libs", link])
        if found.return_code == 0:
            link_flags[label] = [
                flag
                for flag in found.stdout.strip().split(" ")
                if flag and not flag.startswith("-L")
            ]
    return link_flags

# glibc contains these and keeps an empty archive for each.
_IN_LIBC = ["-ldl", "-lpthread", "-lrt"]

def _split_archives(repository_ctx, flags):
    """Separates libraries installed as an archive only from the linker flags.

    Bazel must know an archive as a file: it then goes into the executable once,
    where a flag would put it into every shared library on the way as well.
    """
    libc = _run(repository_ctx, ["gcc", "-print-file-name=libc.so"])
    library_dir = libc.rpartition("/")[0]
    archives = []
    linkopts = []
    for flag in flags:
        name = flag.replace("-l", "lib", 1)
        installed = "{}/{}".format(library_dir, name)
        has_archive = repository_ctx.path(installed + ".a").exists
        has_shared = repository_ctx.path(installed + ".so").exists
        if flag not in _IN_LIBC and has_archive and not has_shared:
            link = "archives/{}.a".format(name)
            if not repository_ctx.path(link).exists:
                repository_ctx.symlink(installed + ".a", link)
            archives.append("//:" + link)
        else:
            linkopts.append(flag)
    return archives, linkopts

def _run(repository_ctx, command):
    done = repository_ctx.execute(command)
    if done.return_code != 0:
        fail("{} failed: {}".format(" ".join(command), done.stderr))
    return done.stdout

system_library = repository_rule(
    implementation = _system_library_impl,
    doc = "An installed C++ library as a Bazel repository.",
    # Installed files change without Bazel's knowledge: look again whenever the
    # Bazel server starts.
    local = True,
    attrs = {
        "debian_package": attr.string(
            mandatory = True,
            doc = "Named in messages when something is missing.",
        ),
        "include": attr.string_list(
            mandatory = True,
            doc = "Files and folders below /usr/include.",
        ),
        "include_dirs": attr.string_list(
            default = [""],
            doc = "The folders below it that includes are relative to.",
        ),
        "targets": attr.string_dict(
            mandatory = True,
            doc = "package:name -> pkg-config module, or linker flags.",
        ),
        "deps": attr.string_list_dict(
            doc = "package:name -> targets whose archives come after its own.",
        ),
        "headers": attr.string_list_dict(
            doc = "package:name -> its headers, where they are not just name.h.",
        ),
    },
)
