/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/sqlite/car-sqlite-seen.h"
#include "service/store/sqlite/car-sqlite-store-private.h"

/* Vertices and edges, by CarSqliteKind. */
#define N_KINDS 2

struct _CarSqliteSession
{
  gint64 source;
  gboolean is_open;          /* the table has a row of it: the first one from its beginning */
  GByteArray *bits[N_KINDS]; /* a bit an id */
  GByteArray *page[N_KINDS]; /* of the page at hand, as the table has it */
  gint64 last[N_KINDS];      /* id in that page */
};

struct _CarSqliteSeen
{
  GHashTable *sessions; /* CarSqliteSession, by its source */
};

static void
session_free (gpointer data)
{
  CarSqliteSession *self = data;

  for (guint i = 0; i < N_KINDS; i++)
    {
      g_byte_array_unref (self->bits[i]);
      g_byte_array_unref (self->page[i]);
    }
  g_free (self);
}

static CarSqliteSession *
session_new (gint64 source)
{
  CarSqliteSession *self = g_new0 (CarSqliteSession, 1);

  self->source = source;
  for (guint i = 0; i < N_KINDS; i++)
    {
      self->bits[i] = g_byte_array_new ();
      self->page[i] = g_byte_array_new ();
    }
  return self;
}

void
car_sqlite_seen_free (CarSqliteSeen *self)
{
  g_hash_table_unref (self->sessions);
  g_free (self);
}

static void
set_bit (GByteArray *bits, gint64 id)
{
  guint at = (guint) (id / 8);

  if (at >= bits->len)
    {
      guint before = bits->len;

      g_byte_array_set_size (bits, at + at / 4 + 64);
      memset (bits->data + before, 0, bits->len - before);
    }
  bits->data[at] |= (guint8) (1 << id % 8);
}

gboolean
car_sqlite_session_has (const CarSqliteSession *self, CarSqliteKind kind, gint64 id)
{
  const GByteArray *bits = self->bits[kind];

  return id / 8 < bits->len && (bits->data[id / 8] >> id % 8 & 1) != 0;
}

gboolean
car_sqlite_session_is_open (const CarSqliteSession *self)
{
  return self->is_open;
}

/* The difference to the id before, its sign in the last bit, seven bits a byte, the lowest first. Neighbours take a byte each. */
static void
append_id (GByteArray *page, gint64 difference)
{
  guint64 rest = (guint64) difference << 1 ^ (difference < 0 ? G_MAXUINT64 : 0);

  do
    {
      guint8 byte = (guint8) ((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));

      g_byte_array_append (page, &byte, 1);
      rest >>= 7;
    }
  while (rest > 0);
}

void
car_sqlite_session_add (CarSqliteSession *self, CarSqliteKind kind, gint64 id)
{
  set_bit (self->bits[kind], id);
  append_id (self->page[kind], id - self->last[kind]);
  self->last[kind] = id;
}

gboolean
car_sqlite_session_write (CarSqliteSession *self, CarSqliteStore *store, GError **error)
{
  sqlite3_stmt *statement =
      car_sqlite_store_prepare (store, "INSERT INTO seen (source, vertices, edges) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, self->source);
  for (int i = 0; i < N_KINDS; i++)
    sqlite3_bind_blob64 (statement, i + 2, self->page[i]->len > 0 ? (const void *) self->page[i]->data : "",
                         self->page[i]->len, SQLITE_STATIC);
  if (!car_sqlite_store_execute (store, statement, error))
    return FALSE;
  self->is_open = TRUE;
  for (guint i = 0; i < N_KINDS; i++)
    {
      g_byte_array_set_size (self->page[i], 0);
      self->last[i] = 0;
    }

  return TRUE;
}

/* Makes the next id of a page of the one before; FALSE at its end. */
static gboolean
read_id (const guint8 *page, gsize length, gsize *at, gint64 *id)
{
  guint64 value = 0;
  guint shift = 0;

  while (*at < length)
    {
      const guint8 byte = page[(*at)++];

      value |= (guint64) (byte & 0x7f) << shift;
      shift += 7;
      if ((byte & 0x80) != 0 && shift < 63)
        continue;
      *id += (gint64) (value >> 1) ^ -(gint64) (value & 1);
      return TRUE;
    }

  return FALSE;
}

static void
read_page (GByteArray *bits, const guint8 *page, gsize length)
{
  gsize at = 0;
  gint64 id = 0;

  while (read_id (page, length, &at, &id))
    /* A damaged database must not take all memory. */
    if (id > 0 && id <= G_MAXINT32)
      set_bit (bits, id);
}

static gboolean
read_pages (CarSqliteSession *self, CarSqliteStore *store, GError **error)
{
  sqlite3_stmt *rows =
      car_sqlite_store_prepare (store, "SELECT vertices, edges FROM seen WHERE source = ?", error);
  int code;

  if (rows == NULL)
    return FALSE;
  sqlite3_bind_int64 (rows, 1, self->source);
  while ((code = sqlite3_step (rows)) == SQLITE_ROW)
    {
      self->is_open = TRUE;
      for (int i = 0; i < N_KINDS; i++)
        read_page (self->bits[i], sqlite3_column_blob (rows, i), (gsize) sqlite3_column_bytes (rows, i));
    }
  if (code != SQLITE_DONE)
    car_sqlite_store_set_error (store, error);
  sqlite3_reset (rows);

  return code == SQLITE_DONE;
}

static void
write_text (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  const guint8 *page = sqlite3_value_blob (values[0]);
  const gsize length = (gsize) sqlite3_value_bytes (values[0]);
  g_autoptr (GString) text = g_string_new ("{");
  gsize at = 0;
  gint64 id = 0;

  while (read_id (page, length, &at, &id))
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, text->len > 1 ? "," : "", id);
  g_string_append_c (text, '}');
  sqlite3_result_text64 (context, text->str, text->len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void
write_page (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  const char *text = (const char *) sqlite3_value_text (values[0]);
  g_autoptr (GByteArray) page = g_byte_array_new ();
  gint64 last = 0;

  while (text != NULL && (text = strpbrk (text, "0123456789")) != NULL)
    {
      const gint64 id = g_ascii_strtoll (text, (char **) &text, 10);

      append_id (page, id - last);
      last = id;
    }
  sqlite3_result_blob64 (context, page->len > 0 ? (const void *) page->data : "", page->len,
                         SQLITE_TRANSIENT);
}

gboolean
car_sqlite_seen_add_functions (CarSqliteStore *store, GError **error)
{
  return (sqlite3_create_function (store->db, CAR_SQLITE_SEEN_TO_TEXT, 1, SQLITE_UTF8, NULL, write_text, NULL,
                                   NULL) == SQLITE_OK &&
          sqlite3_create_function (store->db, CAR_SQLITE_SEEN_OF_TEXT, 1, SQLITE_UTF8, NULL, write_page, NULL,
                                   NULL) == SQLITE_OK) ||
         car_sqlite_store_set_error (store, error);
}

CarSqliteSession *
car_sqlite_seen_get (CarSqliteStore *store, gint64 source, GError **error)
{
  CarSqliteSession *session;

  if (store->seen == NULL)
    {
      store->seen = g_new0 (CarSqliteSeen, 1);
      store->seen->sessions = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, session_free);
    }
  session = g_hash_table_lookup (store->seen->sessions, &source);
  if (session != NULL)
    return session;

  session = session_new (source);
  if (!read_pages (session, store, error))
    {
      session_free (session);
      return NULL;
    }
  g_hash_table_insert (store->seen->sessions, &session->source, session);

  return session;
}

gboolean
car_sqlite_seen_begin (CarSqliteStore *store, gint64 source, GError **error)
{
  if (!car_sqlite_seen_drop (store, source, error))
    return FALSE;

  CarSqliteSession *session = car_sqlite_seen_get (store, source, error);
  return session != NULL && car_sqlite_session_write (session, store, error);
}

gboolean
car_sqlite_seen_drop (CarSqliteStore *store, gint64 source, GError **error)
{
  sqlite3_stmt *statement = car_sqlite_store_prepare (store, "DELETE FROM seen WHERE source = ?", error);

  if (statement == NULL)
    return FALSE;
  if (store->seen != NULL)
    g_hash_table_remove (store->seen->sessions, &source);
  sqlite3_bind_int64 (statement, 1, source);

  return car_sqlite_store_execute (store, statement, error);
}
