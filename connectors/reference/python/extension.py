# SPDX-License-Identifier: Apache-2.0
"""What the asset server has and CAR's own model has not: sites, and the initial value of an asset."""

from gi.repository import Car

# Count this up when the schema below changes. Then the service takes the new one.
VERSION = 1

SCHEMA = {
    "vertices": [
        {
            "name": "site",
            "properties": {
                "name": {"type": "text", "indexed": True, "required": True, "description": "name of the site"},
                "address": {"type": "text", "description": "where the site is"},
            },
        },
        {
            "name": "asset",
            "properties": {
                "initial_value": {"type": "numeric", "description": "what the asset was worth when it was new"},
            },
        },
    ],
    "edges": [{"end1": "site", "end2": "asset"}],
}


def make_extension() -> Car.SchemaExtension:
    return Car.SchemaExtension.new("reference-connector", "libcar", VERSION, SCHEMA)
