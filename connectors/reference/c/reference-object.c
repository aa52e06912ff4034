/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-object.h"

#include <string.h>

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_DATA_PROCESSING,
               "the asset server answered what its API does not know: %s", problem);
  return FALSE;
}

ReferenceObjects *
reference_objects_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_object_unref);
}

ReferencePks *
reference_pks_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

gboolean
reference_objects_add (ReferenceObjects *objects, const char *collection, JsonNode *answer, GError **error)
{
  if (!JSON_NODE_HOLDS_ARRAY (answer))
    return fail (error, "no list of %s", collection);

  JsonArray *array = json_node_get_array (answer);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, "a list of %s with something else in it", collection);

      JsonObject *object = json_node_get_object (node);
      char *pk = reference_pk_from_node (collection, json_object_get_member (object, "pk"), error);
      if (!pk)
        return FALSE;
      g_hash_table_replace (objects, pk, json_object_ref (object));
    }
  return TRUE;
}

char *
reference_pk_from_node (const char *collection, JsonNode *node, GError **error)
{
  if (node && JSON_NODE_HOLDS_VALUE (node))
    {
      if (json_node_get_value_type (node) == G_TYPE_INT64 && json_node_get_int (node) > 0)
        return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
      if (json_node_get_value_type (node) == G_TYPE_STRING && *json_node_get_string (node))
        return g_strdup (json_node_get_string (node));
    }
  fail (error, "one of its %s has no pk", collection);
  return NULL;
}

const char *
reference_object_get_text (JsonObject *object, const char *member, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_get_string (node);

  fail (error, "“%s” is no text", member);
  return NULL;
}

/* http://HOST/assets/1/ leads to 1. */
static char *
get_link (JsonNode *node)
{
  if (!node || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;

  g_autofree char *url = g_strdup (json_node_get_string (node));
  if (g_str_has_suffix (url, "/"))
    url[strlen (url) - 1] = '\0';

  const char *slash = strrchr (url, '/');
  return slash && slash[1] ? g_uri_unescape_string (slash + 1, NULL) : NULL;
}

static gboolean
add_link (GStrvBuilder *links, JsonNode *node, const char *member, GError **error)
{
  g_autofree char *link = get_link (node);
  if (!link)
    return fail (error, "“%s” is no link", member);

  g_strv_builder_add (links, link);
  return TRUE;
}

GStrv
reference_object_get_links (JsonObject *object, const char *member, GError **error)
{
  g_autoptr (GStrvBuilder) links = g_strv_builder_new ();
  JsonNode *node = json_object_get_member (object, member);

  if (node && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; i < json_array_get_length (array); i++)
        if (!add_link (links, json_array_get_element (array, i), member, error))
          return NULL;
    }
  else if (!(node && JSON_NODE_HOLDS_NULL (node)) && !add_link (links, node, member, error))
    return NULL;

  return g_strv_builder_end (links);
}
