/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/sqlite/car-sqlite-regroup.h"

/* Numbers that were met, in order. */
typedef struct
{
  GArray *list;
  GHashTable *known;
} Ids;

/* Texts that were met, in order. */
typedef struct
{
  GPtrArray *list;
  GHashTable *known;
} Texts;

struct _CarSqliteRegroup
{
  Ids users;
  Ids accounts;
  Texts names; /* of accounts */
};

const char *const car_sqlite_regroup_collections[] = { "user", "account" };
const guint car_sqlite_regroup_n_collections = G_N_ELEMENTS (car_sqlite_regroup_collections);

static void
ids_clear (Ids *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->list, g_array_unref);
}

static void
texts_clear (Texts *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ids, ids_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Texts, texts_clear)

static void
ids_init (Ids *self)
{
  self->list = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

static void
texts_init (Texts *self)
{
  self->list = g_ptr_array_new_with_free_func (g_free);
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
ids_add (Ids *self, gint64 id)
{
  if (g_hash_table_contains (self->known, &id))
    return;
  g_array_append_val (self->list, id);
  g_hash_table_add (self->known, g_memdup2 (&id, sizeof id));
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

static CarSqliteRegroup *
need (CarSqliteStore *store)
{
  if (store->regroup == NULL)
    {
      store->regroup = g_new0 (CarSqliteRegroup, 1);
      ids_init (&store->regroup->users);
      ids_init (&store->regroup->accounts);
      texts_init (&store->regroup->names);
    }
  return store->regroup;
}

void
car_sqlite_regroup_free (CarSqliteRegroup *self)
{
  ids_clear (&self->users);
  ids_clear (&self->accounts);
  texts_clear (&self->names);
  g_free (self);
}

void
car_sqlite_regroup_note_vertex (CarSqliteStore *store,
                                const char *collection,
                                gint64 id,
                                const char *connecting_id)
{
  if (g_str_equal (collection, "user"))
    ids_add (&need (store)->users, id);
  else if (g_str_equal (collection, "account"))
    texts_add (&need (store)->names, connecting_id);
}

void
car_sqlite_regroup_note_edge (CarSqliteStore *store, const char *collection, gint64 user, gint64 account)
{
  if (!g_str_equal (collection, "user_account"))
    return;
  ids_add (&need (store)->users, user);
  ids_add (&need (store)->accounts, account);
}

/* Adds what a statement with one number finds in its first column. */
static gboolean
add_ids (CarSqliteStore *store, Ids *to, const char *sql, gint64 parameter, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, sql, "i", parameter);

  while (rows != NULL && car_service_row_next (rows, &problem))
    ids_add (to, car_service_row_get_integer (rows, 0));

  return car_service_rows_ended (&problem, error);
}

static gboolean
add_texts (CarSqliteStore *store, Texts *to, const char *sql, gint64 parameter, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, sql, "i", parameter);

  while (rows != NULL && car_service_row_next (rows, &problem))
    texts_add (to, car_service_row_get_text (rows, 0));

  return car_service_rows_ended (&problem, error);
}

static gboolean
add_name_of_account (CarSqliteStore *store, Texts *to, gint64 account, GError **error)
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
    ids_add (&need (store)->users, id);
}

#define NUMBER(collection) "(SELECT id FROM collection WHERE name = '" collection "')"

/* The names of a user's accounts. */
static gboolean
add_names_of_user (CarSqliteStore *store, Texts *to, gint64 user, GError **error)
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
add_users_of_name (CarSqliteStore *store, Ids *to, const char *name, gboolean *shared, GError **error)
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
      ids_add (to, user);
    }

  return car_service_rows_ended (&problem, error);
}

/* All that are the same person as this user. */
static gboolean
find_group (CarSqliteStore *store, gint64 user, Ids *members, GError **error)
{
  g_auto (Texts) names = { NULL };
  guint n_names = 0;

  texts_init (&names);
  ids_add (members, user);
  for (guint i = 0; i < members->list->len; i++)
    {
      if (!add_names_of_user (store, &names, g_array_index (members->list, gint64, i), error))
        return FALSE;
      for (; n_names < names.list->len; n_names++)
        {
          g_auto (Ids) users = { NULL };
          gboolean shared;

          ids_init (&users);
          if (!add_users_of_name (store, &users, names.list->pdata[n_names], &shared, error))
            return FALSE;
          for (guint j = 0; !shared && j < users.list->len; j++)
            ids_add (members, g_array_index (users.list, gint64, j));
        }
    }
  return TRUE;
}

/* The first of the members by their names; NULL where none is there any more, or with an error. */
static char *
find_first (CarSqliteStore *store, const Ids *members, GError **error)
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
name_group (CarSqliteStore *store, const Ids *members, GError **error)
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
add_alike (CarSqliteStore *store, Ids *users, gint64 user, GError **error)
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
find_touched (CarSqliteStore *store, CarSqliteRegroup *noted, Ids *users, GError **error)
{
  gboolean shared;

  for (guint i = 0; i < noted->users.list->len; i++)
    ids_add (users, g_array_index (noted->users.list, gint64, i));
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
regroup (CarSqliteStore *store, CarSqliteRegroup *noted, GError **error)
{
  g_auto (Ids) users = { NULL };
  g_auto (Ids) done = { NULL };

  ids_init (&users);
  ids_init (&done);
  if (!find_touched (store, noted, &users, error))
    return FALSE;
  for (guint i = 0; i < users.list->len; i++)
    {
      g_auto (Ids) members = { NULL };
      const gint64 user = g_array_index (users.list, gint64, i);

      if (g_hash_table_contains (done.known, &user))
        continue;
      ids_init (&members);
      if (!find_group (store, user, &members, error) || !name_group (store, &members, error))
        return FALSE;
      for (guint j = 0; j < members.list->len; j++)
        ids_add (&done, g_array_index (members.list, gint64, j));
    }

  return TRUE;
}

gboolean
car_sqlite_regroup_users (CarSqliteStore *store, GError **error)
{
  CarSqliteRegroup *noted = g_steal_pointer (&store->regroup);

  if (noted == NULL)
    return TRUE;

  const gboolean done = regroup (store, noted, error);
  car_sqlite_regroup_free (noted);
  return done;
}
