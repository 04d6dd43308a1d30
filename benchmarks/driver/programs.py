# SPDX-License-Identifier: Apache-2.0
"""The programs that are compared: how they are built, and what they need."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent.parent
ROOT = SOURCE.parent
BUILD = pathlib.Path(
    os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "creche/bench"

# What Debian installs, whatever else comes first in the user's PATH.
DEBIAN_PATH = {**os.environ, "PATH": "/usr/bin:/bin"}

C_FLAGS = ["-O2", "-Wall", "-Wextra"]
CXX_FLAGS = ["-std=c++20", *C_FLAGS]


def run(*command, **options):
    """Runs a step of a build; what it says is shown if it fails."""
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Program:
    """A program measures works: `command` --list | WORK | echo | storm |
    copy FROM TO."""

    name: str
    title: str
    # Files without which it cannot be built: then it is missing.
    needs: list
    # The Debian packages that say which version it is.
    packages: list
    command: list
    build: callable
    # Google Benchmarks that it has besides, as a program of its own.
    benchmarks: pathlib.Path = None

    def missing(self):
        """Why it cannot be built here, or nothing."""
        for pattern in self.needs:
            if not any(pathlib.Path("/").glob(pattern.lstrip("/"))):
                return f"there is no {pattern}"
        return ""

    def versions(self):
        """Of its packages, as Debian numbers them."""
        found = []
        for package in self.packages:
            done = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Version}", package],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                check=False)
            found.append(f"{package} {done.stdout or 'unknown'}")
        return ", ".join(found)

    def works(self):
        """The names of the works that it lists itself."""
        return run(*self.command, "--list").split()


def _build_creche(source, directory, flags):
    """Builds the programs of the creche in `source`, and copies them from Bazel's
    output, which the next build overwrites."""
    flags = ["--config=opt", *flags]
    targets = ["//benchmarks:budgets", "//benchmarks:side_by_side"]
    subprocess.run(["bazel", "build", *flags, *targets], cwd=source, check=True)
    built = subprocess.run(
        ["bazel", "info", *flags, "bazel-bin"], cwd=source,
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    directory.mkdir(parents=True, exist_ok=True)
    for target in targets:
        name = target.split(":")[1]
        (directory / name).unlink(missing_ok=True)
        shutil.copy(pathlib.Path(built.stdout.strip()) / "benchmarks" / name, directory)


def _creche_program(name, title, compiler, flags, build=None):
    directory = BUILD / name
    return Program(
        name, title, [f"/usr/bin/{compiler}", "/usr/include/benchmark/benchmark.h"],
        [compiler, "libabsl-dev", "liburing-dev"], [directory / "side_by_side"],
        build or (lambda: _build_creche(ROOT, directory, flags)),
        benchmarks=directory / "budgets")


def earlier(program, commit):
    """`program`, which is a creche, as it was at `commit`."""
    hashed = run("git", "rev-parse", "--verify", "--short", f"{commit}^{{commit}}",
                 cwd=ROOT).strip()
    compiler, flags = CRECHES[program]
    name = f"{program}-{hashed}"

    def build():
        # One folder for all commits, so that Bazel builds only what differs.
        source = BUILD / "earlier-source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        archive = BUILD / "earlier.tar"
        run("git", "archive", "--output", archive, hashed, cwd=ROOT)
        run("tar", "-xf", archive, "-C", source)
        _build_creche(source, BUILD / name, flags)

    return _creche_program(name, f"{program} at {hashed}", compiler, flags, build)


def _compile(name, compiler, flags, sources, libraries=()):
    def build():
        paths = [path for source in sources for path in sorted(SOURCE.glob(source))]
        run(compiler, *flags, *paths, "-o", BUILD / name, *libraries)
    return build


def _with_c(name, compiler, sources, c_sources, libraries=()):
    """C++ and files in C that it shares with others."""
    objects = [BUILD / f"{name}-{source}.o" for source in c_sources]

    def build():
        for source, made in zip(c_sources, objects):
            run("gcc", *C_FLAGS, "-c", SOURCE / "peers" / source, "-o", made)
        _compile(name, compiler, CXX_FLAGS, sources, [*objects, *libraries])()
    return build


def _with_allocations(name, compiler, sources, libraries=()):
    return _with_c(name, compiler, sources, ["allocations.c"], libraries)


def _build_tokio():
    source = BUILD / "tokio-source"  # Cargo writes beside what it builds.
    shutil.copytree(SOURCE / "peers/tokio", source, dirs_exist_ok=True)
    run("cargo", "build", "--quiet", "--release", "--offline",
        "--config", "cargo-config.toml", "--target-dir", BUILD / "cargo",
        cwd=source, env=DEBIAN_PATH)


def _build_go():
    run("go", "build", "-o", BUILD / "go", ".", cwd=SOURCE / "peers/go",
        env={**DEBIAN_PATH, "GOCACHE": str(BUILD / "go-cache"), "GOFLAGS": "-mod=mod"})


_build_uring = _compile(
    "uring", "gcc", C_FLAGS, ["peers/uring/*.c"], ["-luring", "-lpthread"])

LOAD = BUILD / "load"
build_load = _compile("load", "gcc", C_FLAGS, ["load/*.c"])

# By the names of the programs: the compiler, and the flags that choose it.
CRECHES = {
    "creche": ("g++", []),
    "creche-clang": ("clang-19", ["--config=clang"]),
}

PROGRAMS = [
    _creche_program("creche", "creche (g++)", *CRECHES["creche"]),
    _creche_program("creche-clang", "creche (clang)", *CRECHES["creche-clang"]),
    # The same program again. It may be the only one of the two that is asked for.
    Program("creche-epoll", "creche (epoll)", ["/usr/bin/g++"],
            ["g++", "libabsl-dev", "liburing-dev"],
            ["env", "CRECHE_BACKEND=epoll", BUILD / "creche" / "side_by_side"],
            lambda: _build_creche(ROOT, BUILD / "creche", [])),
    Program("limit", "limit (g++)", ["/usr/bin/g++"], ["g++"], [BUILD / "limit"],
            _with_allocations("limit", "g++", ["peers/limit/*.cc"])),
    Program("limit-clang", "limit (clang)", ["/usr/bin/clang++-19"], ["clang-19"],
            [BUILD / "limit-clang"],
            _with_allocations("limit-clang", "clang++-19", ["peers/limit/*.cc"])),
    Program("uring", "C on io_uring", ["/usr/include/liburing.h"], ["gcc", "liburing-dev"],
            [BUILD / "uring"], _build_uring),
    # The same program, as another server.
    Program("uring-multishot", "the same, multishot", ["/usr/include/liburing.h"],
            ["gcc", "liburing-dev"], [BUILD / "uring", "multishot"], _build_uring),
    Program("epoll", "C on epoll", ["/usr/include/openssl/ssl.h"], ["gcc", "libssl-dev"],
            [BUILD / "epoll"],
            _compile("epoll", "gcc", C_FLAGS, ["peers/epoll/*.c", "peers/tls.c"],
                     ["-lssl", "-lcrypto", "-lpthread"])),
    Program("asio", "Boost.Asio", ["/usr/include/boost/asio.hpp"],
            ["g++", "libboost1.81-dev", "libssl-dev"], [BUILD / "asio"],
            _with_c("asio", "g++", ["peers/asio/*.cc"], ["allocations.c", "tls.c"],
                    ["-lssl", "-lcrypto", "-lpthread"])),
    Program("libuv", "libuv", ["/usr/include/uv.h"], ["gcc", "libuv1-dev"],
            [BUILD / "libuv"],
            _compile("libuv", "gcc", C_FLAGS, ["peers/libuv/*.c"], ["-luv"])),
    Program("tokio", "Tokio", ["/usr/bin/cargo", "/usr/share/cargo/registry/tokio-1*"],
            ["rustc", "librust-tokio-dev"], [BUILD / "cargo/release/tokio-peer"],
            _build_tokio),
    Program("go", "Go", ["/usr/bin/go"], ["golang-go"], [BUILD / "go"], _build_go),
    Program("trio", "Trio", ["/usr/lib/python3/dist-packages/trio"],
            ["python3", "python3-trio"],
            ["/usr/bin/python3", SOURCE / "peers/trio/trio_peer.py"], lambda: None),
]
