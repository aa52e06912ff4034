/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-extension.h"

/* Count this up when the schema below changes. Then the service takes the new one. */
#define VERSION 1

static const char schema[] =
    "{\"vertices\": ["
    "   {\"name\": \"site\", \"properties\": {"
    "     \"name\": {\"type\": \"text\", \"indexed\": true, \"required\": true, \"description\": \"name of "
    "the site\"},"
    "     \"address\": {\"type\": \"text\", \"description\": \"where the site is\"}}},"
    "   {\"name\": \"asset\", \"properties\": {"
    "     \"initial_value\": {\"type\": \"numeric\", \"description\": \"what the asset was worth when it was "
    "new\"}}}],"
    " \"edges\": [{\"end1\": \"site\", \"end2\": \"asset\"}]}";

CarSchemaExtension *
reference_extension_new (GError **error)
{
  return car_schema_extension_new ("reference-connector", "libcar", VERSION, schema, error);
}
