"""The kernels of Debian, from its packages."""

import glob
import lzma
import os
import re
import shutil
import subprocess
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_KERNELS = os.path.join(_ROOT, "build", "kernels")
_MIRROR = "http://deb.debian.org/debian"

# Where a package may have the kernel itself.
_IMAGES = ("/boot/vmlinuz-*", "/usr/lib/modules/*/vmlinuz", "/usr/lib/linux/*/vmlinuz*")


def run(*command, **options):
  return subprocess.run(command, check=True, **options)


def output_of(*command):
  return run(*command, stdout=subprocess.PIPE, text=True).stdout


def fail(message):
  sys.exit("test_on_kernel: " + message)


def download(suite):
  """The newest kernel of a Debian suite, as the files of its packages."""
  directory = os.path.join(_KERNELS, suite)
  for part in ("lists/partial", "archives/partial"):
    os.makedirs(os.path.join(directory, part), exist_ok=True)
  sources = os.path.join(directory, "sources.list")
  with open(sources, "w") as file:
    file.write("deb %s %s main\n" % (_MIRROR, suite))
  # Lists of its own: this machine's are left alone.
  options = ["-o", "Dir::Etc::sourcelist=" + sources,
             "-o", "Dir::Etc::sourceparts=-",
             "-o", "Dir::State::lists=" + directory + "/lists",
             "-o", "Dir::Cache=" + directory,
             "-o", "APT::Sandbox::User=root"]
  run("apt-get", *options, "-qq", "update")
  found = output_of("apt-cache", *options, "pkgnames", "linux-image-").split()
  found = [name for name in found
           if re.fullmatch(r"linux-image-[0-9][^-]*(-[0-9]+)?-amd64", name)]
  if not found:
    fail("Debian's suite '%s' has no kernel for amd64" % suite)
  newest = max(found, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
  depends = output_of("apt-cache", *options, "depends", newest)
  names = [newest] + re.findall(
      r"^ *Depends: (linux-(?:base|binary|modules)-\d\S+)", depends, re.MULTILINE)
  run("apt-get", *options, "-qq", "download", *names, cwd=directory)
  return [max(glob.glob(glob.escape(directory + "/" + name) + "_*.deb"),
              key=os.path.getmtime) for name in names]


class Kernel:
  """The unpacked packages of one."""

  def __init__(self, packages):
    self.name = os.path.basename(packages[0])[:-len(".deb")]
    self._root = os.path.join(_KERNELS, "unpacked", self.name)
    if not os.path.isdir(self._root):
      self._unpack(packages)
    self.version = os.path.basename(glob.glob(self._root + "/lib/modules/*")[0])
    images = [image for pattern in _IMAGES
              for image in glob.glob(self._root + pattern)]
    if not images:
      fail("there is no kernel in " + " ".join(packages))
    self.image = images[0]

  def _unpack(self, packages):
    partial = self._root + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    for package in packages:
      run("dpkg-deb", "--extract", package, partial)
    # Newer packages have everything below usr.
    if not os.path.isdir(partial + "/lib/modules"):
      os.symlink("usr/lib", partial + "/lib")
    versions = glob.glob(partial + "/lib/modules/*")
    if not versions:
      fail("there are no modules in " + " ".join(packages))
    run("depmod", "--basedir", partial, os.path.basename(versions[0]))
    os.rename(partial, self._root)

  def modules(self, names):
    """(name, contents) of what these need, each after what it needs."""
    found = {}
    for wanted in names:
      # Says "insmod PATH" or "builtin NAME" for each; nothing for the unknown.
      steps = subprocess.run(
          ["modprobe", "--dirname", self._root, "--set-version", self.version,
           "--show-depends", wanted],
          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
      for path in re.findall(r"^insmod (\S+)", steps, re.MULTILINE):
        name = re.sub(r"\.ko(\.xz|\.zst)?$", "", os.path.basename(path))
        found.setdefault(name, path)
    return [(name, read_module(path)) for name, path in found.items()]


def read_module(path):
  if path.endswith(".xz"):
    return lzma.open(path).read()
  if path.endswith(".zst"):
    return run("zstd", "-dcq", path, stdout=subprocess.PIPE).stdout
  with open(path, "rb") as file:
    return file.read()
