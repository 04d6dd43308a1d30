"""An emulated machine, which boots a kernel and says what its tests say."""

import os
import re
import select
import subprocess
import time

from debian import run

_HERE = os.path.dirname(os.path.realpath(__file__))

# What the machine needs before it sees any files: its disks and their formats.
# (ext4 asks for crc32c by a name that is no module's.)
_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "9pnet_virtio", "9p")


def make_archive(files):
  """A cpio archive, as the kernel unpacks it, of (name, mode, contents)."""
  archive = bytearray()
  for inode, (name, mode, data) in enumerate(files + [("TRAILER!!!", 0, b"")], 1):
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    archive += b"070701" + b"".join(b"%08X" % field for field in fields)
    archive += name.encode() + b"\0"
    archive += b"\0" * (-len(archive) % 4) + data
    archive += b"\0" * (-len(archive) % 4)
  return archive


def make_first_files(kernel, script):
  """What the machine has in memory when it boots."""
  modules = kernel.modules(_MODULES)
  order = " ".join(name + ".ko" for name, _ in modules)
  with open("/bin/busybox", "rb") as busybox:
    files = [("bin/busybox", 0o100755, busybox.read())]
  with open(os.path.join(_HERE, "init"), "rb") as init:
    files += [("init", 0o100755, init.read())]
  files += [("tests", 0o100644, script.encode()),
            ("modules/order", 0o100644, order.encode())]
  files += [("modules/%s.ko" % name, 0o100644, data) for name, data in modules]
  directories = [(name, 0o040755, b"")
                 for name in ("bin", "dev", "modules", "root")]
  return make_archive(directories + files)


class Machine:
  """One boot: a QEMU, and what it says."""

  def __init__(self, kernel, script, directory, accelerator):
    self.console = os.path.join(directory, "console")
    first_files = os.path.join(directory, "initrd")
    with open(first_files, "wb") as file:
      file.write(make_first_files(kernel, script))
    disk = os.path.join(directory, "disk")
    with open(disk, "wb") as file:
      file.truncate(1 << 30)
    run("mkfs.ext4", "-q", "-F", disk)
    # Emulated processors share one thread: QEMU 7.2 loses some kernels otherwise.
    processor = {"kvm": ("-accel", "kvm", "-cpu", "host"),
                 "tcg": ("-accel", "tcg,thread=single", "-cpu", "max")}
    command = [
        os.environ.get("QEMU", "qemu-system-x86_64"), "-M", "q35",
        *processor[accelerator], "-smp", "2", "-m", "1536",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", kernel.image, "-initrd", first_files,
        # What protects against other users of a processor is slow to emulate, and a
        # busy machine is too slow for the check of the timer.
        "-append", "console=ttyS0 panic=-1 loglevel=4 mitigations=off no_timer_check",
        "-serial", "file:" + self.console, "-serial", "stdio",
        "-drive", "if=virtio,format=raw,cache=unsafe,file=" + disk,
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-rng-pci",
    ]
    self._process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    self._unread = b""

  def read_line(self, seconds):
    """The next line; None after the last one, or if none comes in time."""
    end = time.monotonic() + seconds
    output = self._process.stdout
    while b"\n" not in self._unread:
      left = end - time.monotonic()
      if left <= 0 or not select.select([output], [], [], left)[0]:
        return None
      data = os.read(output.fileno(), 65536)
      if not data:
        return None
      self._unread += data
    line, self._unread = self._unread.split(b"\n", 1)
    return line.decode(errors="replace").rstrip("\r")

  def stop(self):
    self._process.kill()
    self._process.wait()

  def complaints(self):
    """What the kernel says of its own faults, and its last words."""
    with open(self.console, errors="replace") as file:
      lines = file.read().splitlines()
    faults = re.compile(r"BUG|WARNING:|Oops|panic|insmod|mount:|blocked for more|"
                        r"Out of memory|general protection|RIP:")
    return [line for line in lines if faults.search(line)][:20] or lines[-5:]
