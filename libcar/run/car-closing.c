/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-places-private.h>
#include <libcar/run/car-closing-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/staging/car-collection-summary-private.h>

/* The service is asked whether there is an object at a place, and nothing else, so the number of its objects is searched
 * for: it is at least `low`, and at most `high`. */
typedef struct
{
  char *collection;
  gboolean is_edges;
  gboolean unknown; /* the service does not tell */
  guint64 sent;
  guint64 low;
  guint64 high; /* at first beyond what can be asked */
} Row;

struct _CarClosing
{
  GArray *rows;
  char *refusal; /* (nullable) why some are unknown */
  guint64 n_vertices_sent;
  gboolean needs_answer;
};

static void
clear_row (gpointer data)
{
  g_free (((Row *) data)->collection);
}

void
car_closing_free (CarClosing *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->rows);
  g_free (self->refusal);
  g_free (self);
}

/* All collections, also those that this run had nothing of: whether those are of edges is the schema's to say. */
static Row
make_row (CarImportSchema *schema, GPtrArray *summaries, const char *collection)
{
  Row row = {
    .collection = g_strdup (collection),
    .is_edges = !car_import_schema_has_vertices (schema, collection),
    .unknown = !car_text_is_name (collection),
    .high = CAR_PLACE_MAX,
  };

  for (guint i = 0; i < summaries->len; i++)
    if (g_str_equal (car_collection_summary_get_collection (summaries->pdata[i]), collection))
      {
        row.is_edges = car_collection_summary_get_is_edges (summaries->pdata[i]);
        row.sent += car_collection_summary_get_n_held (summaries->pdata[i]);
      }
  row.low = row.sent;
  return row;
}

static void
add_rows (CarClosing *self, CarImportSchema *schema, CarDataHandler *data_handler)
{
  g_auto (GStrv) collections = car_import_schema_get_collections (schema);
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (data_handler);

  for (guint i = 0; collections[i] != NULL; i++)
    {
      const Row row = make_row (schema, summaries, collections[i]);

      if (row.unknown && self->refusal == NULL)
        self->refusal =
            g_strdup (_ ("the name of a collection in its import schema cannot stand in a query"));
      if (!row.is_edges)
        self->n_vertices_sent += row.sent;
      g_array_append_val (self->rows, row);
    }
}

static guint64
count_closing (const Row *row)
{
  return row->unknown ? 0 : row->low - row->sent;
}

/* From what was sent on in steps that double, until there is none; then halfway. */
static guint64
get_next_place (const Row *row)
{
  return row->high == CAR_PLACE_MAX ? row->low + count_closing (row) : (row->low + row->high) / 2;
}

static void
narrow (Row *row, const CarPlace *place)
{
  if (place->is_taken)
    row->low = place->place + 1;
  else
    row->high = place->place;
}

/* Those whose number is not known yet, as far as it can be asked for. */
static GPtrArray *
list_open_rows (CarClosing *self)
{
  GPtrArray *open = g_ptr_array_new ();

  for (guint i = 0; i < self->rows->len; i++)
    {
      Row *row = &g_array_index (self->rows, Row, i);

      if (!row->unknown && row->low < row->high && get_next_place (row) < CAR_PLACE_MAX)
        g_ptr_array_add (open, row);
    }
  return open;
}

/* A collection of which the service certainly holds something; NULL: nobody knows of one. */
static const char *
find_held (const CarClosing *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);

      if (row->sent > 0 && !row->is_edges && !row->unknown)
        return row->collection;
    }
  return NULL;
}

/* Asks for so many of the rows in one query. */
static CarPlacesOutcome
ask (CarClosing *self,
     CarClient *client,
     const char *source,
     Row **rows,
     guint n_rows,
     GCancellable *cancellable,
     GError **error)
{
  g_autofree CarPlace *places = g_new0 (CarPlace, n_rows);
  g_autofree char *refusal = NULL;
  g_autoptr (GError) failure = NULL;

  for (guint i = 0; i < n_rows; i++)
    places[i] = (CarPlace){ .collection = rows[i]->collection, .place = get_next_place (rows[i]) };

  CarPlacesOutcome outcome = car_client_ask_places (client, source, find_held (self), places, n_rows,
                                                    &refusal, cancellable, &failure);
  if (outcome == CAR_PLACES_FAILED && !self->needs_answer && !g_cancellable_is_cancelled (cancellable))
    {
      refusal = g_strdup (failure->message);
      outcome = CAR_PLACES_NO_QUERY;
    }
  else if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));

  for (guint i = 0; outcome == CAR_PLACES_ANSWERED && i < n_rows; i++)
    narrow (rows[i], &places[i]);
  if (refusal != NULL)
    {
      g_free (self->refusal);
      self->refusal = g_steal_pointer (&refusal);
    }
  return outcome;
}

/* One collection that the service does not tell of spoils a query for all: then each is asked for alone. FALSE with an
 * error. */
static gboolean
ask_round (CarClosing *self,
           CarClient *client,
           const char *source,
           GPtrArray *open,
           GCancellable *cancellable,
           GError **error)
{
  Row **rows = (Row **) open->pdata;
  const CarPlacesOutcome all = ask (self, client, source, rows, open->len, cancellable, error);

  if (all == CAR_PLACES_FAILED || all == CAR_PLACES_ANSWERED)
    return all == CAR_PLACES_ANSWERED;

  for (guint i = 0; i < open->len; i++)
    {
      CarPlacesOutcome one = all;

      if (all == CAR_PLACES_REFUSED && open->len > 1)
        one = ask (self, client, source, &rows[i], 1, cancellable, error);
      if (one == CAR_PLACES_FAILED)
        return FALSE;
      rows[i]->unknown = one != CAR_PLACES_ANSWERED;
    }
  return TRUE;
}

CarClosing *
car_closing_measure (CarClient *client,
                     CarImportSchema *schema,
                     CarDataHandler *data_handler,
                     gboolean needs_answer,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (CarClosing) self = g_new0 (CarClosing, 1);

  self->needs_answer = needs_answer;
  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  g_array_set_clear_func (self->rows, clear_row);
  add_rows (self, schema, data_handler);

  for (;;)
    {
      g_autoptr (GPtrArray) open = list_open_rows (self);

      if (open->len == 0)
        return g_steal_pointer (&self);
      if (!ask_round (self, client, car_data_handler_get_source (data_handler), open, cancellable, error))
        return NULL;
    }
}

const char *
car_closing_get_refusal (const CarClosing *self)
{
  return self->refusal;
}

const char *
car_closing_get_guard (const CarClosing *self)
{
  guint n_unknown = 0;

  for (guint i = 0; i < self->rows->len; i++)
    n_unknown += g_array_index (self->rows, Row, i).unknown;

  return n_unknown == 0 ? "guarded" : n_unknown < self->rows->len ? "partly guarded" : "not guarded";
}

static gboolean
is_too_much (const CarClosing *self, const Row *row, guint max_percent)
{
  guint64 closing = count_closing (row);

  return closing > 0 && (self->n_vertices_sent == 0 ||
                         (closing >= CAR_CLOSING_MIN_REFUSED && closing * 100 > row->low * max_percent));
}

gboolean
car_closing_check (const CarClosing *self, guint max_percent, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; max_percent < 100 && i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);

      if (!is_too_much (self, row, max_percent))
        continue;
      if (all->len > 0)
        g_string_append (all, ", ");
      /* Translators: a number of objects, of how many, and a collection: "120 of 200 in asset". */
      g_string_append_printf (all, _ ("%" PRIu64 " of %" PRIu64 " in %s"), count_closing (row), row->low,
                              row->collection);
    }
  if (all->len == 0)
    return TRUE;

  /* Translators: the list is one of "120 of 200 in asset". */
  if (self->n_vertices_sent == 0)
    g_set_error (
        error, CAR_APP_ERROR, CAR_APP_ERROR_CLOSING_REFUSED,
        _ ("this run sent no vertex, and its end would close what the service holds of the source: %s; "
           "if the data source really has no more of them, run once with -max-closing 100"),
        all->str);
  else
    g_set_error (
        error, CAR_APP_ERROR, CAR_APP_ERROR_CLOSING_REFUSED,
        _ ("its end would close more than -max-closing (%u %%) allows: %s; if the data source really "
           "has no more of them, run once with -max-closing 100"),
        max_percent, all->str);
  return FALSE;
}

/* Whether all places that are so far before the number of what was sent are taken, or none of them. FALSE also where no
 * place is asked for. A collection has none before its first, and none where the service does not tell of it. */
static gboolean
ask_all (const CarClosing *self,
         CarClient *client,
         const char *source,
         guint64 before,
         gboolean taken,
         GCancellable *cancellable)
{
  g_autofree CarPlace *places = g_new0 (CarPlace, self->rows->len);
  g_autofree char *refusal = NULL;
  guint n_places = 0;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);

      if (!row->unknown && row->sent >= before)
        places[n_places++] = (CarPlace){ .collection = row->collection, .place = row->sent - before };
    }

  gboolean all = n_places > 0 && car_client_ask_places (client, source, find_held (self), places, n_places,
                                                        &refusal, cancellable, NULL) == CAR_PLACES_ANSWERED;
  for (guint i = 0; all && i < n_places; i++)
    all = places[i].is_taken == taken;
  return all;
}

gboolean
car_closing_has_happened (const CarClosing *self,
                          CarClient *client,
                          const char *source,
                          GCancellable *cancellable)
{
  return ask_all (self, client, source, 0, FALSE, cancellable) &&
         (find_held (self) == NULL || ask_all (self, client, source, 1, TRUE, cancellable));
}

void
car_closing_count (const CarClosing *self, CarDataHandler *data_handler)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);

      car_data_handler_count_closed (data_handler, row->is_edges ? CAR_BUNDLE_EDGES : CAR_BUNDLE_VERTICES,
                                     row->collection, count_closing (row));
    }
}
