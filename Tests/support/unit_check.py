"""What a page's `systemctl` does in a test: looks whether the unit would start a broker, as a user of its own."""

import subprocess
import sys

unit, rembus = sys.argv[1:3]
keys = dict(line.strip().split("=", 1) for line in open(unit) if "=" in line and not line.startswith("#"))
program, *arguments = keys["ExecStart"].split()
assert program.endswith("/rembus") and keys["User"] == "rembus", keys
assert keys["UMask"] == "0077" and keys["StateDirectoryMode"] == "0700", keys
folder = keys["Environment"].removeprefix("REMBUS_DIR=")
assert folder == f"/var/lib/{keys['StateDirectory']}", folder
subprocess.run([rembus, *arguments, "--print-config"], check=True, stdout=subprocess.DEVNULL)
