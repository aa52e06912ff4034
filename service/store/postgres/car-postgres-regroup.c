/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/postgres/car-postgres-private.h"

static CarServiceTouched *
need (CarPostgresStore *store)
{
  if (store->touched == NULL)
    store->touched = car_service_touched_new ();
  return store->touched;
}

/* What a vertex and its like are connected by. */
#define NAME(vertex)                                                                                         \
  "coalesce (" vertex ".connecting_id, (SELECT key FROM source WHERE id = " vertex                           \
  ".source) || '/' || " vertex ".key)"

/* The vertices of a collection that are connected by i.name. */
#define OF_NAME(collection)                                                                                  \
  " CROSS JOIN LATERAL (SELECT v.id, v.source FROM vertex v WHERE v.connecting_id = i.name COLLATE \"C\""    \
  "   AND v.collection = " collection " UNION ALL SELECT v.id, v.source FROM source s"                       \
  "   JOIN vertex v ON v.source = s.id AND v.collection = " collection                                       \
  "    AND v.key = substr (i.name, length (s.key) + 2) AND v.connecting_id IS NULL"                          \
  "   WHERE starts_with (i.name, s.key || '/'))"

gboolean
car_postgres_regroup_note_vertices (CarPostgresStore *store, gint64 source, const GArray *ids, GError **error)
{
  const gint64 users = car_postgres_get_collection (store, "user");
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (store), &problem,
      "SELECT v.id, v.collection, " NAME (
          "v") " FROM unnest ($1) i (id)"
               " JOIN vertex v ON v.source = $2 AND v.id = i.id WHERE v.collection = $3 OR v.collection = $4",
      "Iiii", ids, source, users, car_postgres_get_collection (store, "account"));

  while (rows != NULL && car_service_row_next (rows, &problem))
    if (car_service_row_get_integer (rows, 1) == users)
      car_service_ids_add (&need (store)->users, car_service_row_get_integer (rows, 0));
    else
      car_service_texts_add (&need (store)->names, car_service_row_get_text (rows, 2));

  return car_service_rows_ended (&problem, error);
}

gboolean
car_postgres_regroup_note_collection (CarPostgresStore *store,
                                      const char *collection,
                                      gint64 source,
                                      const GArray *ids,
                                      GError **error)
{
  return (strcmp (collection, "user") != 0 && strcmp (collection, "account") != 0) ||
         car_postgres_regroup_note_vertices (store, source, ids, error);
}

void
car_postgres_regroup_note_edge (CarPostgresStore *store, const char *collection, gint64 user, gint64 account)
{
  if (strcmp (collection, "user_account") != 0)
    return;
  car_service_ids_add (&need (store)->users, user);
  car_service_ids_add (&need (store)->accounts, account);
}

static gboolean
add_ids (CarServiceIds *to, CarServiceRow *rows, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows == NULL)
    return FALSE;
  while (car_service_row_next (rows, &problem))
    car_service_ids_add (to, car_service_row_get_integer (rows, 0));

  return car_service_rows_ended (&problem, error);
}

static gboolean
add_texts (CarServiceTexts *to, CarServiceRow *rows, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows == NULL)
    return FALSE;
  while (car_service_row_next (rows, &problem))
    car_service_texts_add (to, car_service_row_get_text (rows, 0));

  return car_service_rows_ended (&problem, error);
}

/* A vertex is found by its number alone: sources are few. */
#define OF_IDS " FROM unnest ($1) i (id) CROSS JOIN source s JOIN vertex v ON v.source = s.id AND v.id = i.id"

static gboolean
add_names_of_accounts (CarPostgresStore *store,
                       CarServiceTexts *to,
                       const CarServiceIds *accounts,
                       GError **error)
{
  return add_texts (to,
                    car_service_store_select (CAR_SERVICE_STORE (store), error, "SELECT " NAME ("v") OF_IDS,
                                              "I", accounts->list),
                    error);
}

/* ---- Groups ---- */

/* Users who are one, as far as it is known: each leads to another one, or to itself. */
typedef struct
{
  CarPostgresStore *store;
  CarServiceIds users;
  CarServiceTexts names;
  GHashTable *leads; /* gint64 of `users` */
} Groups;

static void
groups_clear (Groups *self)
{
  car_service_ids_clear (&self->users);
  car_service_texts_clear (&self->names);
  g_clear_pointer (&self->leads, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Groups, groups_clear)

static gint64
find_leader (Groups *self, gint64 user)
{
  const gint64 *next;

  while ((next = g_hash_table_lookup (self->leads, &user)) != NULL && *next != user)
    user = *next;

  return user;
}

static void
join (Groups *self, gint64 first, gint64 second)
{
  const gint64 a = find_leader (self, first);
  const gint64 b = find_leader (self, second);

  if (a != b)
    g_hash_table_insert (self->leads, g_memdup2 (&a, sizeof a), g_memdup2 (&b, sizeof b));
}

/* The users of all accounts of one name. */
typedef struct
{
  GArray *users;
  gint64 account; /* the last */
  gint64 user;    /* the last */
  gboolean shared;
} OneName;

static void
end_name (Groups *self, OneName *name)
{
  for (guint i = 0; !name->shared && i < name->users->len; i++)
    {
      const gint64 user = g_array_index (name->users, gint64, i);

      car_service_ids_add (&self->users, user);
      join (self, user, g_array_index (name->users, gint64, 0));
    }
  g_array_set_size (name->users, 0);
  name->account = 0;
  name->shared = FALSE;
}

/* Of the names from `first` on: an account that has several users makes its name shared, and that joins nobody. */
static gboolean
add_users_of_names (Groups *self, guint first, GError **error)
{
  g_autoptr (GPtrArray) some = g_ptr_array_new ();
  g_autoptr (GArray) users = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) problem = NULL;
  OneName name = { .users = users };
  gint64 last = 0;

  for (guint i = first; i < self->names.list->len; i++)
    g_ptr_array_add (some, self->names.list->pdata[i]);

  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (self->store), &problem,
      "SELECT i.n, e.to_vertex, e.from_vertex FROM unnest ($1) WITH ORDINALITY i (name, n)" OF_NAME (
          "$2") " a JOIN edge e ON e.source = a.source AND e.to_vertex = a.id AND e.collection = $3 ORDER BY "
                "1, 2, 3",
      "Sii", some, car_postgres_get_collection (self->store, "account"),
      car_postgres_get_collection (self->store, "user_account"));
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const gint64 n = car_service_row_get_integer (rows, 0);
      const gint64 account = car_service_row_get_integer (rows, 1);
      const gint64 user = car_service_row_get_integer (rows, 2);

      if (n != last)
        end_name (self, &name);
      name.shared |= account == name.account && user != name.user;
      name.account = account;
      name.user = user;
      g_array_append_val (users, user);
      last = n;
    }
  end_name (self, &name);

  return car_service_rows_ended (&problem, error);
}

/* The names of the accounts of the users from `first` on. */
static gboolean
add_names_of_users (Groups *self, guint first, GError **error)
{
  g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (gint64));

  g_array_append_vals (some, &g_array_index (self->users.list, gint64, first), self->users.list->len - first);

  return add_texts (&self->names,
                    car_service_store_select (
                        CAR_SERVICE_STORE (self->store), error,
                        "SELECT " NAME ("a") OF_IDS
                        " JOIN edge e ON e.source = v.source AND e.collection = $2 AND e.from_vertex = v.id"
                        " JOIN vertex a ON a.source = e.source AND a.id = e.to_vertex",
                        "Ii", some, car_postgres_get_collection (self->store, "user_account")),
                    error);
}

/* All that are one person with those who are known, and with those, and so on. */
static gboolean
complete (Groups *self, GError **error)
{
  guint n_users = 0;
  guint n_names = 0;

  while (n_users < self->users.list->len)
    {
      const guint first = n_users;

      n_users = self->users.list->len;
      if (!add_names_of_users (self, first, error) || !add_users_of_names (self, n_names, error))
        return FALSE;
      n_names = self->names.list->len;
    }

  return TRUE;
}

/* Of each leader the first of the ids, by their bytes, of those who follow; *users and *names: all that are there, with them. */
static gboolean
name_groups (Groups *self, GArray *users, GPtrArray *names, GError **error)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (self->store), &problem,
                                "SELECT v.id, s.key || '/' || v.key" OF_IDS, "I", self->users.list);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const gint64 user = car_service_row_get_integer (rows, 0);
      const char *id = car_service_row_get_text (rows, 1);
      const gint64 leader = find_leader (self, user);
      const char *known = g_hash_table_lookup (first, &leader);

      g_array_append_val (users, user);
      if (known == NULL || strcmp (id, known) < 0)
        g_hash_table_insert (first, g_memdup2 (&leader, sizeof leader), g_strdup (id));
    }
  for (guint i = 0; i < users->len; i++)
    {
      const gint64 leader = find_leader (self, g_array_index (users, gint64, i));

      g_ptr_array_add (names, g_strdup (g_hash_table_lookup (first, &leader)));
    }

  return car_service_rows_ended (&problem, error);
}

/* A group is called after the first of its members. */
static gboolean
write_groups (Groups *self, GError **error)
{
  g_autoptr (GArray) users = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  return name_groups (self, users, names, error) &&
         car_service_store_run (
             CAR_SERVICE_STORE (self->store), error,
             "UPDATE vertex v SET connecting_id = nullif (i.name, s.key || '/' || v.key)"
             " FROM unnest ($1, $2) i (id, name) CROSS JOIN source s WHERE v.source = s.id AND v.id = i.id"
             " AND v.connecting_id IS DISTINCT FROM nullif (i.name, s.key || '/' || v.key)",
             "IS", users, names);
}

/* The users who were one with these so far. */
static gboolean
add_alike (Groups *self, GError **error)
{
  g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (gint64));

  g_array_append_vals (some, self->users.list->data, self->users.list->len);

  return add_ids (&self->users,
                  car_service_store_select (CAR_SERVICE_STORE (self->store), error,
                                            "SELECT a.id FROM (SELECT DISTINCT " NAME (
                                                "v") " AS name" OF_IDS ") i" OF_NAME ("$2") " a",
                                            "Ii", some, car_postgres_get_collection (self->store, "user")),
                  error);
}

/* The users of accounts of these names, whether they are shared or not. */
static gboolean
add_touched (Groups *self, const CarServiceTexts *names, GError **error)
{
  return add_ids (
      &self->users,
      car_service_store_select (
          CAR_SERVICE_STORE (self->store), error,
          "SELECT e.from_vertex FROM unnest ($1) i (name)" OF_NAME (
              "$2") " a JOIN edge e ON e.source = a.source AND e.to_vertex = a.id AND e.collection = $3",
          "Sii", names->list, car_postgres_get_collection (self->store, "account"),
          car_postgres_get_collection (self->store, "user_account")),
      error);
}

static gboolean
regroup (CarPostgresStore *store, CarServiceTouched *noted, GError **error)
{
  g_auto (Groups) groups = { .store = store };

  car_service_ids_init (&groups.users);
  car_service_texts_init (&groups.names);
  groups.leads = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  for (guint i = 0; i < noted->users.list->len; i++)
    car_service_ids_add (&groups.users, g_array_index (noted->users.list, gint64, i));

  return add_names_of_accounts (store, &noted->names, &noted->accounts, error) &&
         add_touched (&groups, &noted->names, error) && add_alike (&groups, error) &&
         complete (&groups, error) && write_groups (&groups, error);
}

gboolean
car_postgres_regroup_users (CarPostgresStore *store, GError **error)
{
  CarServiceTouched *noted = g_steal_pointer (&store->touched);

  if (noted == NULL)
    return TRUE;

  const gboolean done = regroup (store, noted, error);
  car_service_touched_free (noted);
  return done;
}
