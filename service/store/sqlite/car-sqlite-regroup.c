/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/sqlite/car-sqlite-regroup.h"

const char *const car_sqlite_regroup_collections[] = { "user", "account" };
const guint car_sqlite_regroup_n_collections = G_N_ELEMENTS (car_sqlite_regroup_collections);

static CarServiceTouched *
need (CarSqliteStore *store)
{
  if (store->touched == NULL)
    store->touched = car_service_touched_new ();
  return store->touched;
}

void
car_sqlite_regroup_note_vertex (CarSqliteStore *store,
                                const char *collection,
                                gint64 id,
                                const char *connecting_id)
{
  if (g_str_equal (collection, "user"))
    car_service_ids_add (&need (store)->users, id);
  else if (g_str_equal (collection, "account"))
    car_service_texts_add (&need (store)->names, connecting_id);
}

void
car_sqlite_regroup_note_edge (CarSqliteStore *store, const char *collection, gint64 user, gint64 account)
{
  if (!g_str_equal (collection, "user_account"))
    return;
  car_service_ids_add (&need (store)->users, user);
  car_service_ids_add (&need (store)->accounts, account);
}

/* Adds what a statement with one number finds in its first column. */
static gboolean
add_ids (CarSqliteStore *store, CarServiceIds *to, const char *sql, gint64 parameter, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, sql, "i", parameter);

  while (rows != NULL && car_service_row_next (rows, &problem))
    car_service_ids_add (to, car_service_row_get_integer (rows, 0));

  return car_service_rows_ended (&problem, error);
}

static gboolean
add_texts (CarSqliteStore *store, CarServiceTexts *to, const char *sql, gint64 parameter, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, sql, "i", parameter);

  while (rows != NULL && car_service_row_next (rows, &problem))
    car_service_texts_add (to, car_service_row_get_text (rows, 0));

  return car_service_rows_ended (&problem, error);
}

static gboolean
add_name_of_account (CarSqliteStore *store, CarServiceTexts *to, gint64 account, GError **error)
{
  return add_texts (store, to, "SELECT coalesce (connecting_id, node_id) FROM vertex WHERE id = ?", account,
                    error);
}

/* Where the database fails here, it fails the transaction too. */
void
car_sqlite_regroup_note_closed (CarSqliteStore *store, const char *collection, gint64 id)
{
  if (g_str_equal (collection, "account"))
    add_name_of_account (store, &need (store)->names, id, NULL);
  else if (g_str_equal (collection, "user"))
    car_service_ids_add (&need (store)->users, id);
}

#define NUMBER(collection) "(SELECT id FROM collection WHERE name = '" collection "')"

/* The names of a user's accounts. */
static gboolean
add_names_of_user (CarSqliteStore *store, CarServiceTexts *to, gint64 user, GError **error)
{
  return add_texts (
      store, to,
      "SELECT coalesce (account.connecting_id, account.node_id) FROM vertex user"
      " JOIN edge INDEXED BY edge_from ON edge.collection = " NUMBER (
          "user_account") " AND edge.source = user.source AND edge.from_vertex = user.id"
                          " JOIN vertex account ON account.id = edge.to_vertex WHERE user.id = ?",
      user, error);
}

/* The users of all accounts of a name, and whether one of these accounts has several. */
static gboolean
add_users_of_name (CarSqliteStore *store,
                   CarServiceIds *to,
                   const char *name,
                   gboolean *shared,
                   GError **error)
{
  g_autoptr (GError) problem = NULL;
  gint64 last_account = 0;
  gint64 last_user = 0;
  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (store), &problem,
      "SELECT edge.to_vertex, edge.from_vertex FROM (SELECT id FROM vertex WHERE connecting_id = ?1"
      "  AND collection = " NUMBER ("account") " UNION ALL SELECT id FROM vertex WHERE collection = " NUMBER (
          "account") "  AND node_id = ?1 AND connecting_id IS NULL) account"
                     " CROSS JOIN edge INDEXED BY edge_to ON edge.to_vertex = account.id"
                     "  AND edge.collection = " NUMBER ("user_account") " ORDER BY edge.to_vertex",
      "s", name);

  *shared = FALSE;
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const gint64 account = car_service_row_get_integer (rows, 0);
      const gint64 user = car_service_row_get_integer (rows, 1);

      *shared |= account == last_account && user != last_user;
      last_account = account;
      last_user = user;
      car_service_ids_add (to, user);
    }

  return car_service_rows_ended (&problem, error);
}

/* All that are the same person as this user. */
static gboolean
find_group (CarSqliteStore *store, gint64 user, CarServiceIds *members, GError **error)
{
  g_auto (CarServiceTexts) names = { NULL };
  guint n_names = 0;

  car_service_texts_init (&names);
  car_service_ids_add (members, user);
  for (guint i = 0; i < members->list->len; i++)
    {
      if (!add_names_of_user (store, &names, g_array_index (members->list, gint64, i), error))
        return FALSE;
      for (; n_names < names.list->len; n_names++)
        {
          g_auto (CarServiceIds) users = { NULL };
          gboolean shared;

          car_service_ids_init (&users);
          if (!add_users_of_name (store, &users, names.list->pdata[n_names], &shared, error))
            return FALSE;
          for (guint j = 0; !shared && j < users.list->len; j++)
            car_service_ids_add (members, g_array_index (users.list, gint64, j));
        }
    }
  return TRUE;
}

/* The first of the members by their names; NULL where none is there any more, or with an error. */
static char *
find_first (CarSqliteStore *store, const CarServiceIds *members, GError **error)
{
  g_autofree char *first = NULL;

  for (guint i = 0; i < members->list->len; i++)
    {
      CarServiceRow *row;

      if (!car_service_store_find (CAR_SERVICE_STORE (store), &row, error,
                                   "SELECT node_id FROM vertex WHERE id = ?", "i",
                                   g_array_index (members->list, gint64, i)))
        return NULL;
      if (row == NULL)
        continue;

      const char *node_id = car_service_row_get_text (row, 0);
      if (first == NULL || strcmp (node_id, first) < 0)
        {
          g_free (first);
          first = g_strdup (node_id);
        }
      car_service_row_end (row);
    }

  return g_steal_pointer (&first);
}

/* The group is called after the first of its members, by their ids. */
static gboolean
name_group (CarSqliteStore *store, const CarServiceIds *members, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *first = find_first (store, members, &problem);

  for (guint i = 0; first != NULL && problem == NULL && i < members->list->len; i++)
    car_service_store_run (CAR_SERVICE_STORE (store), &problem,
                           "UPDATE vertex SET connecting_id = nullif (?1, node_id)"
                           " WHERE id = ?2 AND connecting_id IS NOT nullif (?1, node_id)",
                           "si", first, g_array_index (members->list, gint64, i));

  return car_service_rows_ended (&problem, error);
}

/* The users that were one with this user so far. */
static gboolean
add_alike (CarSqliteStore *store, CarServiceIds *users, gint64 user, GError **error)
{
  return add_ids (
      store, users,
      "WITH mine (name) AS (SELECT coalesce (connecting_id, node_id) FROM vertex WHERE id = ?1)"
      " SELECT id FROM vertex WHERE connecting_id = (SELECT name FROM mine)"
      "  AND collection = " NUMBER ("user") " UNION ALL SELECT id FROM vertex WHERE collection = " NUMBER (
          "user") "  AND node_id = (SELECT name FROM mine) AND connecting_id IS NULL",
      user, error);
}

/* The users whose group may have changed: those of the accounts, and those that were in one group with them. */
static gboolean
find_touched (CarSqliteStore *store, CarServiceTouched *noted, CarServiceIds *users, GError **error)
{
  gboolean shared;

  for (guint i = 0; i < noted->users.list->len; i++)
    car_service_ids_add (users, g_array_index (noted->users.list, gint64, i));
  for (guint i = 0; i < noted->accounts.list->len; i++)
    if (!add_name_of_account (store, &noted->names, g_array_index (noted->accounts.list, gint64, i), error))
      return FALSE;
  for (guint i = 0; i < noted->names.list->len; i++)
    if (!add_users_of_name (store, users, noted->names.list->pdata[i], &shared, error))
      return FALSE;
  for (guint i = 0, n = users->list->len; i < n; i++)
    if (!add_alike (store, users, g_array_index (users->list, gint64, i), error))
      return FALSE;

  return TRUE;
}

static gboolean
regroup (CarSqliteStore *store, CarServiceTouched *noted, GError **error)
{
  g_auto (CarServiceIds) users = { NULL };
  g_auto (CarServiceIds) done = { NULL };

  car_service_ids_init (&users);
  car_service_ids_init (&done);
  if (!find_touched (store, noted, &users, error))
    return FALSE;
  for (guint i = 0; i < users.list->len; i++)
    {
      g_auto (CarServiceIds) members = { NULL };
      const gint64 user = g_array_index (users.list, gint64, i);

      if (g_hash_table_contains (done.known, &user))
        continue;
      car_service_ids_init (&members);
      if (!find_group (store, user, &members, error) || !name_group (store, &members, error))
        return FALSE;
      for (guint j = 0; j < members.list->len; j++)
        car_service_ids_add (&done, g_array_index (members.list, gint64, j));
    }

  return TRUE;
}

gboolean
car_sqlite_regroup_users (CarSqliteStore *store, GError **error)
{
  CarServiceTouched *noted = g_steal_pointer (&store->touched);

  if (noted == NULL)
    return TRUE;

  const gboolean done = regroup (store, noted, error);
  car_service_touched_free (noted);
  return done;
}
