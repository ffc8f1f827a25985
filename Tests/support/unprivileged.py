"""Brokers for whom the modes of files count, also where the tests run as root."""

import os
import shutil

from support.processes import Broker

#: Root without capabilities is bound by modes like anybody else.
PREFIX = (["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 and shutil.which("setpriv") else [])


class Unprivileged(Broker):
    """A broker that is bound by the modes of files."""

    def _command(self):
        return PREFIX + super()._command()
