# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a car-service of its own, which the variables of a connector name. Usage: with-service.py COMMAND…"""

import os
import subprocess
import sys

from local_service import run_service

with run_service() as service:
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **service.environment}).returncode)
