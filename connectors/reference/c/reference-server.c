/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-server.h"

#include <string.h>

#include "reference-http.h"

/* Longer request lines are refused by some servers, and by what stands in front of them; the address comes on top. */
#define MAX_PATH 1700

struct _ReferenceServer
{
  CarAssetServer parent_instance;

  ReferenceHttp *http;
};

G_DEFINE_FINAL_TYPE (ReferenceServer, reference_server, CAR_TYPE_ASSET_SERVER)

static gboolean
reference_server_test_connection (CarAssetServer *server, GCancellable *cancellable, GError **error)
{
  g_autofree char *state = reference_server_get_state (REFERENCE_SERVER (server), cancellable, error);

  return state != NULL;
}

static void
reference_server_finalize (GObject *object)
{
  ReferenceServer *self = REFERENCE_SERVER (object);

  g_clear_pointer (&self->http, reference_http_free);

  G_OBJECT_CLASS (reference_server_parent_class)->finalize (object);
}

static void
reference_server_class_init (ReferenceServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = reference_server_finalize;
  CAR_ASSET_SERVER_CLASS (klass)->test_connection = reference_server_test_connection;
}

static void
reference_server_init (ReferenceServer *self)
{
}

CarAssetServer *
reference_server_new (const char *url, const char *username, const char *password, GError **error)
{
  g_autoptr (ReferenceHttp) http = reference_http_new (url, username, password, error);
  if (!http)
    return NULL;

  ReferenceServer *self = g_object_new (REFERENCE_TYPE_SERVER, NULL);
  self->http = g_steal_pointer (&http);
  return CAR_ASSET_SERVER (self);
}

static gboolean
read_objects (ReferenceServer *self,
              const char *collection,
              const char *path,
              ReferenceObjects *objects,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (JsonNode) answer = reference_http_get (self->http, path, NULL, cancellable, error);

  return answer && reference_objects_add (objects, collection, answer, error);
}

ReferenceObjects *
reference_server_read_all (ReferenceServer *self,
                           const char *collection,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (ReferenceObjects) objects = reference_objects_new ();
  g_autofree char *path = g_strconcat ("/", collection, "/", NULL);

  return read_objects (self, collection, path, objects, cancellable, error) ? g_steal_pointer (&objects)
                                                                            : NULL;
}

gboolean
reference_server_read (ReferenceServer *self,
                       const char *collection,
                       ReferencePks *pks,
                       ReferenceObjects *objects,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GString) path = g_string_new (NULL);
  GHashTableIter iter;
  gpointer pk;

  g_hash_table_iter_init (&iter, pks);
  while (g_hash_table_iter_next (&iter, &pk, NULL))
    {
      g_autofree char *escaped = g_uri_escape_string (pk, NULL, FALSE);

      if (path->len > 0 && path->len + strlen (escaped) > MAX_PATH)
        {
          if (!read_objects (self, collection, path->str, objects, cancellable, error))
            return FALSE;
          g_string_truncate (path, 0);
        }
      if (path->len == 0)
        g_string_printf (path, "/%s/?pk=%s", collection, escaped);
      else
        g_string_append_printf (path, ",%s", escaped);
    }
  return path->len == 0 || read_objects (self, collection, path->str, objects, cancellable, error);
}

char *
reference_server_get_state (ReferenceServer *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonNode) answer = reference_http_get (self->http, "/model_state_id/", NULL, cancellable, error);
  if (!answer)
    return NULL;

  JsonNode *state = JSON_NODE_HOLDS_OBJECT (answer)
                        ? json_object_get_member (json_node_get_object (answer), "model_state_id")
                        : NULL;
  GType type = state && JSON_NODE_HOLDS_VALUE (state) ? json_node_get_value_type (state) : G_TYPE_INVALID;
  if (type == G_TYPE_STRING && *json_node_get_string (state))
    return json_node_dup_string (state);
  if (type == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (state));

  g_set_error_literal (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_DATA_PROCESSING,
                       "the asset server does not tell its model_state_id: is -server the address of one?");
  return NULL;
}

static gboolean
set_not_possible (const char *reason, GError **error)
{
  g_set_error_literal (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE, reason);
  return FALSE;
}

/* A server that was set up anew counts from the beginning again. */
static gboolean
check_range (const char *from, const char *to, GError **error)
{
  guint64 first, last;

  if (!g_ascii_string_to_unsigned (from, 10, 0, G_MAXUINT64, &first, NULL) ||
      !g_ascii_string_to_unsigned (to, 10, 0, G_MAXUINT64, &last, NULL))
    return set_not_possible ("the save point is none of this asset server's", error);
  if (first > last)
    return set_not_possible ("the asset server has seen fewer changes than at the last import", error);
  return TRUE;
}

JsonObject *
reference_server_get_delta (ReferenceServer *self,
                            const char *from,
                            const char *to,
                            GCancellable *cancellable,
                            GError **error)
{
  if (!check_range (from, to, error))
    return NULL;

  guint status;
  g_autoptr (GError) failure = NULL;
  g_autofree char *path = g_strdup_printf ("/delta/?from=%s&to=%s", from, to);
  g_autoptr (JsonNode) answer = reference_http_get (self->http, path, &status, cancellable, &failure);

  if (!answer && status == 404)
    {
      set_not_possible ("the asset server has forgotten what changed since the last import", error);
      return NULL;
    }
  if (!answer)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }

  JsonObject *object = JSON_NODE_HOLDS_OBJECT (answer) ? json_node_get_object (answer) : NULL;
  JsonNode *delta = object ? json_object_get_member (object, "delta") : NULL;
  if (delta && JSON_NODE_HOLDS_OBJECT (delta))
    return json_node_dup_object (delta);
  if (object && !delta)
    return json_object_new ();

  g_set_error_literal (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_DATA_PROCESSING,
                       "what the asset server answered is no delta");
  return NULL;
}
