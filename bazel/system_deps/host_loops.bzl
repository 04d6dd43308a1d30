"""The event loops that guests of the examples live in.

For //examples/guests only. Neither the library nor a workspace that depends on
it needs any of them, so they are no part of deps.bzl.
"""

load(":system_library.bzl", "system_library")

def host_loops():
    """Declares Asio, GLib, libuv and Qt 5."""
    system_library(
        name = "asio",
        debian_package = "libasio-dev",
        include = ["asio.hpp", "asio"],
        targets = {":asio": "-lpthread"},
    )
    system_library(
        name = "glib",
        debian_package = "libglib2.0-dev",
        include = ["glib-2.0", "glib-2.0/include/glibconfig.h"],
        include_dirs = ["glib-2.0", "glib-2.0/include"],
        targets = {":glib": "glib-2.0"},
    )
    system_library(
        name = "libuv",
        debian_package = "libuv1-dev",
        include = ["uv.h", "uv"],
        targets = {":uv": "libuv"},
    )
    system_library(
        name = "qt5",
        debian_package = "qtbase5-dev",
        include = ["qt5/QtCore"],
        include_dirs = ["qt5", "qt5/QtCore"],
        targets = {":core": "Qt5Core"},
    )
