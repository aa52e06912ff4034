/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/postgres/car-postgres-private.h"

/* What holds now is in `vertex` and `edge`: one row an object, which keeps its id from version to version. What held once is in
 * `vertex_history` and `edge_history`, by the same ids; the end of a version, t2, is the beginning of the next. History is parted
 * by the month of t2, so that what is old enough can be dropped whole. An object that was closed and comes again gets a new id. An
 * edge ends in vertices of its own source, by their ids, and is closed with them: what holds never ends in what does not.
 *
 * `source` is in every key, so that an engine that spreads the database over machines (Citus) can do it by source: an object and
 * all that joins it are then in one place. A vertex's id for others is SOURCE/KEY; connecting_id is NULL where it is that
 * (car-service-keys.h). Collections and sources are numbers, by their tables. Keys are compared byte by byte (the collation "C"),
 * as SQLite compares them.
 *
 * A body is `json`, which keeps its spelling. PostgreSQL reads nothing of an object that has a \u0000 in it: car_json() gives it to
 * read with U+FFFD in its place.
 *
 * `moment` has, for each transaction that brought new objects, the first ids that it gave: what was added between two moments is
 * found by id. `seen` has, for each page of a full import, the ids of all that it brought, changed or not: the end of the import
 * closes the others. To mark the rows themselves would write each of them again. */

#define COLUMNS_OF_VERTEX                                                                                    \
  "id bigint NOT NULL, t1 bigint NOT NULL, reported_at bigint NOT NULL, source integer NOT NULL,"            \
  " collection smallint NOT NULL, key text COLLATE \"C\" NOT NULL, connecting_id text COLLATE \"C\","        \
  " body json NOT NULL"
#define COLUMNS_OF_EDGE                                                                                      \
  "id bigint NOT NULL, t1 bigint NOT NULL, reported_at bigint NOT NULL, from_vertex bigint NOT NULL,"        \
  " to_vertex bigint NOT NULL, source integer NOT NULL, collection smallint NOT NULL,"                       \
  " external_id text COLLATE \"C\" NOT NULL, body json NOT NULL"

#define NAMES_OF_VERTEX "id, t1, reported_at, source, collection, key, connecting_id, body"
#define NAMES_OF_EDGE "id, t1, reported_at, from_vertex, to_vertex, source, collection, external_id, body"

/* One for each version of the tables, which leads from the one before to it. What was published is never changed. */
static const char *const migrations[] = {
  /* ---- 1 ---- */
  "CREATE FUNCTION car_json (body json) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
  "  CASE WHEN strpos (body::text, '\\u0000') = 0 THEN body"
  "  ELSE regexp_replace (body::text, '(?<!\\\\)((\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g')::json END;"
  "CREATE FUNCTION car_member (body json, name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
  "  car_json (body) ->> name;"
  "CREATE FUNCTION car_number (body json, name text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE "
  "RETURN"
  "  CASE WHEN json_typeof (car_json (body) -> name) = 'number' AND car_json (body) ->> name !~ "
  "'[eE].?[0-9]{4}'"
  "  THEN (car_json (body) ->> name)::numeric END;"
  "CREATE FUNCTION car_boolean (body json, name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE "
  "RETURN"
  "  CASE car_json (body) ->> name WHEN 'true' THEN 1 WHEN 'false' THEN 0 END;"
  "CREATE FUNCTION car_part (body json, name text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
  "  nullif ((car_json (body) -> name)::jsonb, 'null');"
  "CREATE FUNCTION car_jsonb (value text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
  "  nullif (car_json (value::json)::jsonb, 'null');"

  /* What is no address is null. PostgreSQL 15 tells it by failing alone. */
  "CREATE FUNCTION car_inet (value text) RETURNS inet LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE AS $$"
  " BEGIN IF value !~ '^[0-9a-fA-F:.]+(/[0-9]+)?$' OR value ~ '^[0-9.]*/|^[0-9]+$' AND value !~ "
  "'^([0-9]+\\.){3}[0-9]+'"
  " THEN RETURN NULL; END IF; RETURN value::inet; EXCEPTION WHEN invalid_text_representation THEN RETURN "
  "NULL; END $$;"
  "CREATE FUNCTION car_macaddr (value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
  "  CASE WHEN value ~* '^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^[0-9a-f]{12}$|^([0-9a-f]{4}[.-]){2}[0-9a-f]{4}$"
  "|^[0-9a-f]{6}[:-][0-9a-f]{6}$' THEN value::macaddr::text END;"

  /* An address's key is REGION/ADDRESS. */
  "CREATE FUNCTION car_address (key text) RETURNS text LANGUAGE sql IMMUTABLE RETURN"
  "  CASE WHEN car_inet (substring (key FROM '[^/]*$')) IS NOT NULL THEN substring (key FROM '[^/]*$')"
  "  WHEN starts_with (key, '0/') THEN substr (key, 3) ELSE key END;"
  "CREATE FUNCTION car_region (key text) RETURNS text LANGUAGE sql IMMUTABLE RETURN"
  "  CASE WHEN car_address (key) = key THEN '0'"
  "  ELSE left (key, length (key) - length (car_address (key)) - 1) END;"

  "CREATE TABLE setting (name text COLLATE \"C\" PRIMARY KEY, value text NOT NULL);"

  /* Of edges: the collections of their ends. */
  "CREATE TABLE collection (id smallint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
  "  name text COLLATE \"C\" UNIQUE NOT NULL, from_collection smallint, to_collection smallint);"
  "CREATE INDEX collection_from ON collection (from_collection);"

  /* reported_at: the time of the report of the last full import that ended: what holds was there then. */
  "CREATE TABLE source (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
  "  key text COLLATE \"C\" UNIQUE NOT NULL, name text, description text, product_link text, properties text,"
  "  model_state_id text NOT NULL DEFAULT '', body text, generation bigint NOT NULL DEFAULT 0,"
  "  reported_at bigint NOT NULL DEFAULT 0);"

  "CREATE TABLE session (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
  "  source text COLLATE \"C\" NOT NULL, report text COLLATE \"C\", end_job bigint NOT NULL DEFAULT 0);"
  "CREATE INDEX session_source ON session (source, report);"
  "CREATE TABLE report (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
  "  source text COLLATE \"C\" NOT NULL, key text COLLATE \"C\" NOT NULL, begun_at bigint NOT NULL,"
  "  reported_at bigint NOT NULL, UNIQUE (source, key));"

  "CREATE TABLE vertex (" COLUMNS_OF_VERTEX ", PRIMARY KEY (source, id), UNIQUE (source, collection, key));"
  "CREATE INDEX vertex_connecting ON vertex (connecting_id, collection) WHERE connecting_id IS NOT NULL;"
  /* An index takes the beginnings of names, which are far shorter. */
  "CREATE INDEX vertex_name ON vertex (left ((car_member (body, 'name')) COLLATE \"C\", 500), collection)"
  "  WHERE car_member (body, 'name') IS NOT NULL;"
  "CREATE TABLE vertex_history (" COLUMNS_OF_VERTEX ", t2 bigint NOT NULL) PARTITION BY RANGE (t2);"
  "CREATE INDEX vertex_history_id ON vertex_history (source, id);"
  "CREATE INDEX vertex_history_key ON vertex_history (source, collection, key);"
  "CREATE INDEX vertex_history_connecting ON vertex_history (connecting_id, collection)"
  "  WHERE connecting_id IS NOT NULL;"
  "CREATE INDEX vertex_history_closed ON vertex_history (t2);"

  "CREATE TABLE edge (" COLUMNS_OF_EDGE ","
  "  PRIMARY KEY (source, collection, from_vertex, to_vertex, external_id), UNIQUE (source, id));"
  "CREATE INDEX edge_to ON edge (source, to_vertex, collection);"
  "CREATE TABLE edge_history (" COLUMNS_OF_EDGE ", t2 bigint NOT NULL) PARTITION BY RANGE (t2);"
  "CREATE INDEX edge_history_id ON edge_history (source, id);"
  "CREATE INDEX edge_history_from ON edge_history (source, from_vertex, collection);"
  "CREATE INDEX edge_history_to ON edge_history (source, to_vertex, collection);"
  "CREATE INDEX edge_history_closed ON edge_history (t2);"
  "CREATE SEQUENCE vertex_id; CREATE SEQUENCE edge_id;"

  /* All that ever held, for what is asked of an earlier moment. */
  "CREATE VIEW vertex_ever AS SELECT " NAMES_OF_VERTEX ", " CAR_POSTGRES_OPEN " AS t2 FROM vertex"
  "  UNION ALL SELECT " NAMES_OF_VERTEX ", t2 FROM vertex_history;"
  "CREATE VIEW edge_ever AS SELECT " NAMES_OF_EDGE ", " CAR_POSTGRES_OPEN " AS t2 FROM edge"
  "  UNION ALL SELECT " NAMES_OF_EDGE ", t2 FROM edge_history;"

  "CREATE TABLE moment (t1 bigint PRIMARY KEY, vertex bigint NOT NULL, edge bigint NOT NULL);"
  "CREATE TABLE seen (source integer NOT NULL, vertices bigint[] NOT NULL, edges bigint[] NOT NULL);"
  "CREATE INDEX seen_source ON seen (source);"
  "CREATE TABLE held (source integer NOT NULL, collection smallint NOT NULL, n bigint NOT NULL,"
  "  PRIMARY KEY (source, collection));"

  /* A tag is its source's, and stays. Of these there are few: their versions are in one table. */
  "CREATE TABLE tag (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, source text COLLATE \"C\" NOT "
  "NULL,"
  "  name text COLLATE \"C\" NOT NULL, node_id text COLLATE \"C\" NOT NULL, t1 bigint NOT NULL,"
  "  t2 bigint NOT NULL, reported_at bigint NOT NULL, UNIQUE (source, name));"
  "CREATE INDEX tag_name ON tag (name);"
  "CREATE TABLE tagging (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, collection smallint NOT "
  "NULL,"
  "  source text COLLATE \"C\" NOT NULL, vertex bigint NOT NULL, vertex_id text COLLATE \"C\" NOT NULL,"
  "  tag bigint NOT NULL REFERENCES tag (id), tag_id text COLLATE \"C\" NOT NULL,"
  "  external_id text COLLATE \"C\", properties text, t1 bigint NOT NULL, t2 bigint NOT NULL,"
  "  reported_at bigint NOT NULL);"
  "CREATE INDEX tagging_vertex ON tagging (vertex, tag);"
  "CREATE INDEX tagging_node ON tagging (vertex_id, collection);"
  "CREATE INDEX tagging_tag ON tagging (tag);"
  "CREATE INDEX tagging_closed ON tagging (t2) WHERE t2 <> " CAR_POSTGRES_OPEN ";"

  "CREATE TABLE job (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, kind text NOT NULL,"
  "  source text COLLATE \"C\", status text NOT NULL, error text, status_code bigint, warnings text, body "
  "bytea,"
  "  created_at bigint NOT NULL);"
  "ALTER TABLE job ALTER body SET STORAGE EXTERNAL;"
  "CREATE INDEX job_waiting ON job (id, source) WHERE status = 'RUNNING';"
  "CREATE TABLE extension (key text COLLATE \"C\" PRIMARY KEY, owner text, version text NOT NULL,"
  "  body text NOT NULL);"
  /* The sources are lines; '' is all sources. */
  "CREATE TABLE token (name text COLLATE \"C\" PRIMARY KEY, digest text NOT NULL, read_only bigint NOT NULL,"
  "  sources text NOT NULL, made_at bigint NOT NULL, used_at bigint NOT NULL DEFAULT 0);",
};

/* What marks the database as ours, and has the version of its tables. */
#define MARK "car_service"

/* Of the schema where our tables are: whether the mark is there, and how much else that belongs to no extension. */
static gboolean
look (CarPostgresStore *self, gboolean *marked, gint64 *others, GError **error)
{
  CarServiceRow *row = car_service_store_get (
      CAR_SERVICE_STORE (self), error,
      "SELECT count (*) FILTER (WHERE relname = '" MARK "'), count (*) FILTER (WHERE relname <> '" MARK "')"
      " FROM pg_class WHERE relnamespace = current_schema ()::regnamespace"
      " AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT FROM pg_depend"
      "  WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')",
      "");
  if (row == NULL)
    return FALSE;

  *marked = car_service_row_get_integer (row, 0) > 0;
  *others = car_service_row_get_integer (row, 1);
  car_service_row_end (row);

  return TRUE;
}

static gboolean
read_version (CarPostgresStore *self, gint64 *version, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (CAR_SERVICE_STORE (self), error, "SELECT version::bigint FROM " MARK, "");
  if (row == NULL)
    return FALSE;

  *version = car_service_row_get_integer (row, 0);
  car_service_row_end (row);

  return TRUE;
}

static gboolean
migrate (CarPostgresStore *self, gint64 version, GError **error)
{
  const gint64 last = G_N_ELEMENTS (migrations);

  if (version > last)
    {
      g_set_error (
          error, CAR_SERVICE_ERROR, 500,
          _ ("The database %s was made by another version of car-service (its tables are of version %" PRId64
             ", this program knows %d): use that version, or give another --database"),
          self->name, version, (int) last);
      return FALSE;
    }
  if (version == last)
    return TRUE;

  if (version > 0)
    g_message ("The tables of the database %s are of version %" G_GINT64_FORMAT
               ": they are brought to version %" G_GINT64_FORMAT,
               self->name, version, last);
  for (gint64 i = version; i < last; i++)
    if (!car_postgres_execute (self, migrations[i], error))
      return FALSE;

  return car_service_store_run (CAR_SERVICE_STORE (self), error, "UPDATE " MARK " SET version = ?1", "i",
                                last);
}

static gboolean
prepare (CarPostgresStore *self, GError **error)
{
  gboolean marked;
  gint64 others;
  gint64 version = 0;

  if (!look (self, &marked, &others, error))
    return FALSE;
  if (!marked && others > 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500,
                   _ ("%s is another program's database: give another --database; it was not touched"),
                   self->name);
      return FALSE;
    }
  if (!marked &&
      !car_postgres_execute (
          self, "CREATE TABLE " MARK " (version integer NOT NULL); INSERT INTO " MARK " VALUES (0)", error))
    return FALSE;

  return read_version (self, &version, error) && migrate (self, version, error);
}

gboolean
car_postgres_prepare_tables (CarPostgresStore *self, GError **error)
{
  if (!car_postgres_execute (self, "BEGIN", error))
    return FALSE;
  if (prepare (self, error) && car_postgres_execute (self, "COMMIT", error))
    return TRUE;

  car_postgres_end_rows (self);
  car_postgres_execute (self, "ROLLBACK", NULL);
  return FALSE;
}

/* A table of its own first, which becomes a part then: that does not wait for those who read the history. */
static gboolean
need_part (CarPostgresStore *self, const char *table, GDateTime *begin, GError **error)
{
  g_autofree char *part =
      g_strdup_printf ("%s_%04d_%02d", table, g_date_time_get_year (begin), g_date_time_get_month (begin));
  CarServiceRow *row;

  if (!car_service_store_find (CAR_SERVICE_STORE (self), &row, error,
                               "SELECT 1 FROM pg_class WHERE relnamespace = current_schema ()::regnamespace"
                               " AND relname = ?1",
                               "s", part))
    return FALSE;
  if (row != NULL)
    {
      car_service_row_end (row);
      return TRUE;
    }

  g_autofree char *sql = g_strdup_printf (
      "CREATE TABLE %s (LIKE %s INCLUDING ALL);"
      "ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%" G_GINT64_FORMAT ") TO (%" G_GINT64_FORMAT ")",
      part, table, table, part, self->month_begin, self->month_end);
  return car_postgres_execute (self, sql, error);
}

gboolean
car_postgres_need_parts (CarPostgresStore *self, gint64 at, GError **error)
{
  if (at >= self->month_begin && at < self->month_end)
    return TRUE;

  g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (at / 1000);
  g_autoptr (GDateTime) begin =
      g_date_time_new_utc (g_date_time_get_year (moment), g_date_time_get_month (moment), 1, 0, 0, 0);
  g_autoptr (GDateTime) end = g_date_time_add_months (begin, 1);

  self->month_begin = g_date_time_to_unix (begin) * 1000;
  self->month_end = g_date_time_to_unix (end) * 1000;
  if (need_part (self, "vertex_history", begin, error) && need_part (self, "edge_history", begin, error))
    return TRUE;

  self->month_end = 0;
  return FALSE;
}

static gboolean
read_collections (CarPostgresStore *self, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (self), &problem, "SELECT name, id FROM collection", "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    g_hash_table_insert (self->collections, g_strdup (car_service_row_get_text (rows, 0)),
                         GSIZE_TO_POINTER ((gsize) car_service_row_get_integer (rows, 1)));

  return car_service_rows_ended (&problem, error);
}

/* A number never changes. What is not known may have come since. */
gint64
car_postgres_get_collection (CarPostgresStore *self, const char *collection)
{
  gpointer number = g_hash_table_lookup (self->collections, collection);

  if (number == NULL && read_collections (self, NULL))
    number = g_hash_table_lookup (self->collections, collection);

  return (gint64) GPOINTER_TO_SIZE (number);
}

gboolean
car_postgres_find_source (CarPostgresStore *self, const char *key, gint64 *source, GError **error)
{
  CarServiceRow *row;

  *source = 0;
  if (!car_service_store_find (CAR_SERVICE_STORE (self), &row, error, "SELECT id FROM source WHERE key = ?",
                               "s", key))
    return FALSE;
  if (row != NULL)
    {
      *source = car_service_row_get_integer (row, 0);
      car_service_row_end (row);
    }

  return TRUE;
}

/* Only one connection writes objects, so nobody comes between. */
#define BLOCK 10000

gboolean
car_postgres_take_ids (CarPostgresStore *self, CarPostgresIds *ids, gint64 n, gint64 *first, GError **error)
{
  if (ids->end == 0 || ids->end - ids->next < n)
    {
      CarServiceRow *row = car_service_store_get (
          CAR_SERVICE_STORE (self), error, "SELECT setval (?1::regclass, nextval (?1::regclass) + ?2) - ?2",
          "si", ids->sequence, MAX (n, BLOCK));
      if (row == NULL)
        return FALSE;

      ids->next = car_service_row_get_integer (row, 0);
      ids->end = ids->next + MAX (n, BLOCK);
      car_service_row_end (row);
    }
  *first = ids->next;
  ids->next += n;

  return TRUE;
}
