# SPDX-License-Identifier: Apache-2.0
"""The names of the Python package car_framework, 3.x and 4.x, on libcar: its connectors run as they are.

The names are theirs; libcar does the work, through the module _engine."""

__version__ = "4.0.2"
