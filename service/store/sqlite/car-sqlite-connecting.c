/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/store/sqlite/car-sqlite-connecting.h>

/* CAR_SQLITE_CONNECTED_BY_KEY has the same. */
static gboolean
is_connected_by_key (const char *collection)
{
  static const char *const collections[] = { "hostname", "ipaddress", "macaddress", NULL };

  return g_strv_contains (collections, collection);
}

const char *
car_sqlite_get_stored_connecting_id (const char *collection,
                                     const char *key,
                                     const char *node_id,
                                     const char *connecting_id)
{
  const char *usual = is_connected_by_key (collection) ? key : node_id;

  return strcmp (connecting_id, usual) != 0 ? connecting_id : NULL;
}

char *
car_sqlite_dup_connecting_id (const char *collection, const char *alias)
{
  return is_connected_by_key (collection)
             ? g_strdup_printf ("coalesce (%s.connecting_id, substr (%s.node_id, %s.key_at))", alias, alias,
                                alias)
             : g_strdup_printf ("coalesce (%s.connecting_id, %s.node_id)", alias, alias);
}

/* A key is indexed with its source before it, and all sources may have it. What one source and a key make may also be another source
 * and another key. */
void
car_sqlite_append_connected (GString *sql,
                             const char *collection,
                             const char *alias,
                             const char *comparison,
                             const char *value,
                             const char *from)
{
  g_string_append_printf (sql, "(%s.connecting_id %s OR (%s.connecting_id IS NULL AND ", alias, comparison,
                          alias);
  if (is_connected_by_key (collection))
    g_string_append_printf (sql,
                            "%s.node_id IN (SELECT s.key || '/' || %s FROM source s%s)"
                            " AND substr (%s.node_id, %s.key_at) %s",
                            alias, value, from, alias, alias, comparison);
  else
    g_string_append_printf (sql, "%s.node_id %s", alias, comparison);
  g_string_append (sql, "))");
}
