"""BoringSSL as Debian has it, for Android's tools: //:tls can be tested with it."""

load(":system_library.bzl", "system_library")

# Debian puts it where no program finds it by itself.
_FOLDER = "/usr/lib/x86_64-linux-gnu/android"

_FIND = "-L%s -Wl,-rpath,%s " % (_FOLDER, _FOLDER)

def android_boringssl():
    """Declares @android_boringssl, with the targets that ssl_lib and crypto_lib need."""
    system_library(
        name = "android_boringssl",
        debian_package = "android-libboringssl-dev",
        include = ["android/openssl"],
        include_dirs = ["android"],
        targets = {
            ":ssl": _FIND + "-lssl -lcrypto",
            ":crypto": _FIND + "-lcrypto",
        },
    )
