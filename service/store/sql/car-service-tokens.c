/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "server/car-server-http.h"
#include "service/store/car-service-error.h"
#include "service/store/sql/car-service-sql.h"
#include "service/store/sql/car-service-tokens.h"

void
car_service_token_free (CarServiceToken *self)
{
  g_free (self->name);
  g_free (self->digest);
  g_strfreev (self->sources);
  g_free (self);
}

char *
car_service_token_to_digest (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

gboolean
car_service_tokens_add (CarServiceStore *store,
                        const char *name,
                        const char *token,
                        gboolean read_only,
                        const char *const *sources,
                        GError **error)
{
  g_autofree char *digest = car_service_token_to_digest (token);
  g_autofree char *lines = g_strjoinv ("\n", (char **) sources);

  if (!car_service_store_run (
          store, error,
          "INSERT INTO token (name, digest, read_only, sources, made_at) VALUES (?, ?, ?, ?, ?)"
          " ON CONFLICT (name) DO NOTHING",
          "ssisi", name, digest, (gint64) read_only, lines, g_get_real_time () / 1000))
    return FALSE;
  if (car_service_store_get_changes (store) > 0)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 409,
               _ ("There is a token %s already: revoke it first, or give another name"), name);
  return FALSE;
}

gboolean
car_service_tokens_revoke (CarServiceStore *store, const char *name, GError **error)
{
  if (!car_service_store_run (store, error, "DELETE FROM token WHERE name = ?", "s", name))
    return FALSE;
  if (car_service_store_get_changes (store) > 0)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 404,
               _ ("There is no token %s: see those that there are with car-service token list"), name);
  return FALSE;
}

GPtrArray *
car_service_tokens_list (CarServiceStore *store, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) car_service_token_free);
  CarServiceRow *rows = car_service_store_select (
      store, &problem, "SELECT name, digest, read_only, sources, made_at, used_at FROM token ORDER BY name",
      "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      CarServiceToken *token = g_new0 (CarServiceToken, 1);

      token->name = g_strdup (car_service_row_get_text (rows, 0));
      token->digest = g_strdup (car_service_row_get_text (rows, 1));
      token->read_only = car_service_row_get_integer (rows, 2) != 0;
      token->sources = g_strsplit (car_service_row_get_text (rows, 3), "\n", -1);
      token->made_at = car_service_row_get_integer (rows, 4);
      token->used_at = car_service_row_get_integer (rows, 5);
      g_ptr_array_add (tokens, token);
    }

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&tokens) : NULL;
}

/* Looks at all of them, in a time that tells nothing of which it is. There are a few. */
gboolean
car_service_tokens_find (CarServiceStore *store, const char *digest, CarServiceToken **found, GError **error)
{
  g_autoptr (GPtrArray) tokens = car_service_tokens_list (store, error);
  guint at = G_MAXUINT;

  *found = NULL;
  if (tokens == NULL)
    return FALSE;
  for (guint i = 0; i < tokens->len; i++)
    {
      const CarServiceToken *token = tokens->pdata[i];

      if (car_server_is_secret (token->digest, digest, strlen (digest)))
        at = i;
    }
  if (at != G_MAXUINT)
    *found = g_ptr_array_steal_index (tokens, at);

  return TRUE;
}

gboolean
car_service_tokens_note_use (CarServiceStore *store, const char *name, gint64 now, GError **error)
{
  return car_service_store_run (store, error, "UPDATE token SET used_at = ? WHERE name = ?", "is", now, name);
}

gboolean
car_service_token_check_source (const CarServiceToken *self, const char *source, GError **error)
{
  if (self == NULL || *self->sources == NULL || g_strv_contains ((const char *const *) self->sources, source))
    return TRUE;

  g_autofree char *own = g_strjoinv (", ", self->sources);
  g_set_error (error, CAR_SERVICE_ERROR, 403, "The token %s may write %s alone, not the source %s",
               self->name, own, source);
  return FALSE;
}
