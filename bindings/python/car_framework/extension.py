# SPDX-License-Identifier: Apache-2.0
"""What a connector imports beyond the service's own model."""


import collections


class SchemaExtension(collections.namedtuple("SchemaExtension", "key owner version schema")):
    """An extension, as get_schema_extension() of an app returns it; the schema is JSON text. The run sets it up."""
