# SPDX-License-Identifier: Apache-2.0
"""Where and when a run took place."""

import os
import pathlib
import platform
import subprocess
import time

from driver.programs import ROOT


def _first_match(path, key):
    for line in pathlib.Path(path).read_text(errors="replace").splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def _commit():
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.strip() or "unknown"


def facts(command, rounds, seconds):
    """Lines for the head of the report."""
    memory = int(_first_match("/proc/meminfo", "MemTotal").split()[0]) >> 20
    load = os.getloadavg()[0]
    return [
        f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} by `{command}` in "
        f"{seconds / 60:.0f} minutes, {rounds} rounds, creche at {_commit()}: "
        f"{_first_match('/proc/cpuinfo', 'model name')}, {os.cpu_count()} processors, "
        f"{memory} GiB, Linux {platform.release()}; load average at the end {load:.1f}.",
    ]
