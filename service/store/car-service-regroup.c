/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/store/car-service-regroup.h>

#define OPEN "9223372036854775807"

/* Texts that were met, in order. */
typedef struct
{
  GPtrArray *list;
  GHashTable *known;
} Texts;

static void
texts_clear (Texts *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Texts, texts_clear)

static void
texts_init (Texts *self)
{
  self->list = g_ptr_array_new_with_free_func (g_free);
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
texts_add (Texts *self, const char *text)
{
  char *copy;

  if (g_hash_table_contains (self->known, text))
    return;
  copy = g_strdup (text);
  g_ptr_array_add (self->list, copy);
  g_hash_table_add (self->known, copy);
}

/* Adds what a statement with one parameter finds in its first column. */
static gboolean
add_found (CarServiceStore *store, Texts *to, const char *sql, const char *parameter, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (store, &problem, sql, "s", parameter);

  while (rows != NULL && car_service_store_next (store, rows, &problem))
    texts_add (to, car_service_store_get_text (rows, 0));

  return car_service_store_ended (&problem, error);
}

static gboolean
add_noted (CarServiceStore *store, Texts *to, const char *kind, GError **error)
{
  return add_found (store, to, "SELECT value FROM regroup WHERE kind = ?", kind, error);
}

static gboolean
add_names_of_account (CarServiceStore *store, Texts *to, const char *account, GError **error)
{
  return add_found (store, to,
                    "SELECT connecting_id FROM vertex INDEXED BY vertex_node WHERE node_id = ?"
                    " AND collection = 'account' AND t2 = " OPEN,
                    account, error);
}

/* The names of a user's accounts. */
static gboolean
add_names_of_user (CarServiceStore *store, Texts *to, const char *user, GError **error)
{
  return add_found (store, to,
                    "SELECT account.connecting_id FROM edge INDEXED BY edge_from"
                    " JOIN vertex account INDEXED BY vertex_node ON account.node_id = edge.to_id"
                    "  AND account.collection = 'account' AND account.t2 = " OPEN
                    " WHERE edge.from_id = ? AND edge.collection = 'user_account' AND edge.t2 = " OPEN,
                    user, error);
}

/* The users of all accounts of a name, and whether one of these accounts has several. */
static gboolean
add_users_of_name (CarServiceStore *store,
                   Texts *to,
                   const char *account_name,
                   gboolean *shared,
                   GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *last_account = NULL;
  g_autofree char *last_user = NULL;
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      "SELECT edge.to_id, edge.from_id FROM vertex account INDEXED BY vertex_connecting"
      " JOIN edge INDEXED BY edge_to ON edge.to_id = account.node_id AND edge.collection = 'user_account'"
      "  AND edge.t2 = " OPEN
      " WHERE account.connecting_id = ? AND account.collection = 'account' AND account.t2 = " OPEN
      " ORDER BY edge.to_id",
      "s", account_name);

  *shared = FALSE;
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      const char *account = car_service_store_get_text (rows, 0);
      const char *user = car_service_store_get_text (rows, 1);

      *shared |= g_strcmp0 (account, last_account) == 0 && g_strcmp0 (user, last_user) != 0;
      g_free (last_account);
      g_free (last_user);
      last_account = g_strdup (account);
      last_user = g_strdup (user);
      texts_add (to, user);
    }

  return car_service_store_ended (&problem, error);
}

/* All that are the same person as this user. */
static gboolean
find_group (CarServiceStore *store, const char *user, Texts *members, GError **error)
{
  g_auto (Texts) names = { NULL };
  guint n_names = 0;

  texts_init (&names);
  texts_add (members, user);
  for (guint i = 0; i < members->list->len; i++)
    {
      if (!add_names_of_user (store, &names, members->list->pdata[i], error))
        return FALSE;
      for (; n_names < names.list->len; n_names++)
        {
          g_auto (Texts) users = { NULL };
          gboolean shared;

          texts_init (&users);
          if (!add_users_of_name (store, &users, names.list->pdata[n_names], &shared, error))
            return FALSE;
          for (guint j = 0; !shared && j < users.list->len; j++)
            texts_add (members, users.list->pdata[j]);
        }
    }
  return TRUE;
}

/* The group is called after the first of its members, by their ids. */
static gboolean
name_group (CarServiceStore *store, const Texts *members, GError **error)
{
  const char *first = members->list->pdata[0];

  for (guint i = 1; i < members->list->len; i++)
    if (strcmp (members->list->pdata[i], first) < 0)
      first = members->list->pdata[i];
  for (guint i = 0; i < members->list->len; i++)
    if (!car_service_store_run (
            store, error,
            "UPDATE vertex INDEXED BY vertex_node SET connecting_id = ?1 WHERE node_id = ?2"
            " AND collection = 'user' AND t2 = " OPEN " AND connecting_id <> ?1",
            "ss", first, (const char *) members->list->pdata[i]))
      return FALSE;
  return TRUE;
}

/* The users whose group may have changed: those of the accounts, and those that were in one group with them. */
static gboolean
find_touched (CarServiceStore *store, Texts *users, GError **error)
{
  g_auto (Texts) accounts = { NULL };
  g_auto (Texts) names = { NULL };
  gboolean shared;

  texts_init (&accounts);
  texts_init (&names);
  if (!add_noted (store, users, "user", error) || !add_noted (store, &accounts, "account", error) ||
      !add_noted (store, &names, "name", error))
    return FALSE;
  for (guint i = 0; i < accounts.list->len; i++)
    if (!add_names_of_account (store, &names, accounts.list->pdata[i], error))
      return FALSE;
  for (guint i = 0; i < names.list->len; i++)
    if (!add_users_of_name (store, users, names.list->pdata[i], &shared, error))
      return FALSE;
  for (guint i = 0, n = users->list->len; i < n; i++)
    if (!add_found (
            store, users,
            "SELECT alike.node_id FROM vertex mine INDEXED BY vertex_node"
            " JOIN vertex alike INDEXED BY vertex_connecting ON alike.connecting_id = mine.connecting_id"
            "  AND alike.collection = 'user' AND alike.t2 = " OPEN
            " WHERE mine.node_id = ? AND mine.collection = 'user' AND mine.t2 = " OPEN,
            users->list->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean
car_service_regroup_users (CarServiceStore *store, GError **error)
{
  g_auto (Texts) users = { NULL };
  g_autoptr (GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  texts_init (&users);
  if (!find_touched (store, &users, error))
    return FALSE;
  for (guint i = 0; i < users.list->len; i++)
    {
      g_auto (Texts) members = { NULL };

      if (g_hash_table_contains (done, users.list->pdata[i]))
        continue;
      texts_init (&members);
      if (!find_group (store, users.list->pdata[i], &members, error) || !name_group (store, &members, error))
        return FALSE;
      for (guint j = 0; j < members.list->len; j++)
        g_hash_table_add (done, g_strdup (members.list->pdata[j]));
    }
  return car_service_store_run (store, error, "DELETE FROM regroup", "");
}
