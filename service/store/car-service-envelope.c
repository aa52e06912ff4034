/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>

#include "service/store/car-service-envelope.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-graph.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-keys.h"
#include "service/store/car-service-sessions.h"

/* Objects of one collection that were left out for one reason. */
typedef struct
{
  char *collection; /* NULL: of any that nobody knows, where there are too many of these to tell them apart */
  char *reason;
  guint index; /* of the first */
  guint count;
} Warning;

/* So many are told apart. One more for each collection that the model has stands for the other reasons of that one, and one for
 * all collections that it does not have: they may have any number of names. */
#define MAX_WARNINGS 100
#define MORE_REASONS "there are too many reasons to list them"

/* What importing one envelope goes along with. */
typedef struct
{
  CarServiceStore *store;
  CarCoreModel *model;
  CarServiceReport report;
  const char *collection;
  CarServiceProperties *properties; /* of the collection */
  guint index;                      /* of the object in its collection */
  CarServiceObject *object;         /* the one that is read */
  GString *body;                    /* room for one that was rewritten */
  GPtrArray *warnings;
} Import;

static void
warning_free (gpointer data)
{
  Warning *warning = data;

  g_free (warning->collection);
  g_free (warning->reason);
  g_free (warning);
}

static Warning *
find_warning (const Import *import, const char *collection, const char *reason)
{
  for (guint i = 0; i < import->warnings->len; i++)
    {
      Warning *warning = g_ptr_array_index (import->warnings, i);

      if (g_strcmp0 (warning->collection, collection) == 0 && strcmp (warning->reason, reason) == 0)
        return warning;
    }
  return NULL;
}

/* Nothing is left out in silence: the job's status tells of it. */
static void
note_left_out (Import *import, const char *reason, guint count)
{
  const char *collection = import->collection;
  Warning *warning = find_warning (import, collection, reason);

  if (warning == NULL && import->warnings->len >= MAX_WARNINGS)
    {
      gboolean known = car_core_model_has_vertex (import->model, collection) ||
                       car_core_model_has_edge (import->model, collection);

      collection = known ? collection : NULL;
      reason = MORE_REASONS;
      warning = find_warning (import, collection, reason);
    }
  if (warning == NULL)
    {
      warning = g_new0 (Warning, 1);
      warning->collection = g_strdup (collection);
      warning->reason = g_strdup (reason);
      warning->index = import->index;
      g_ptr_array_add (import->warnings, warning);
    }
  warning->count += count;
}

/* NULL: there are none. The log gets the reasons too: they hold nothing of the data. */
static char *
write_warnings (const Import *import)
{
  if (import->warnings->len == 0)
    return NULL;

  GString *out = g_string_new ("[");
  for (guint i = 0; i < import->warnings->len; i++)
    {
      const Warning *warning = g_ptr_array_index (import->warnings, i);

      g_warning ("The source %s: %s: %u left out, the first at %u: %s", import->report.source,
                 warning->collection != NULL ? warning->collection : "further collections", warning->count,
                 warning->index, warning->reason);
      g_string_append (out, i > 0 ? ",{" : "{");
      car_service_json_string (out, "collection", warning->collection);
      car_service_json_integer (out, "index", warning->index);
      car_service_json_integer (out, "count", warning->count);
      car_service_json_string (out, "message", warning->reason);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return g_string_free (out, FALSE);
}

/* The object at hand cannot be kept. Always FALSE. */
static gboolean
refuse (GError **error, const char *reason)
{
  g_set_error_literal (error, CAR_SERVICE_ERROR, 422, reason);
  return FALSE;
}

/* The _key of source or report: a text, or, where `any` type may be, a number as it is written. NULL where it is neither. */
static char *
dup_head_key (const CarJsonSpan *head, gboolean any)
{
  g_auto (CarServiceObject) members = { NULL };
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, head->text, head->length);
  if (!car_service_object_read (&members, &scanner))
    return NULL;

  const CarJsonSpan *key = car_service_object_get (&members, "_key");
  if (any && key != NULL && key->type == CAR_JSON_NUMBER)
    return g_strndup (key->text, key->length);

  return key != NULL ? car_json_span_dup_string (key) : NULL;
}

gboolean
car_service_envelope_check (GBytes *envelope, char **source, char **report, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };

  if (!car_service_object_parse (&members, envelope, "The envelope", error))
    return FALSE;

  const CarJsonSpan *report_head = car_service_object_get (&members, "report");
  const CarJsonSpan *source_head = car_service_object_get (&members, "source");
  if (report_head == NULL || report_head->type != CAR_JSON_OBJECT || source_head == NULL ||
      source_head->type != CAR_JSON_OBJECT)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400, "The envelope needs the objects \"source\" and \"report\"");
      return FALSE;
    }

  g_autofree char *key = dup_head_key (source_head, FALSE);
  if (key == NULL || *key == '\0')
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "The envelope's source needs a \"_key\": a string that is not empty");
      return FALSE;
    }
  *source = g_steal_pointer (&key);
  if (report != NULL)
    *report = dup_head_key (report_head, TRUE);

  return TRUE;
}

static gboolean
validate (CarServiceStore *store, GBytes *envelope, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (envelope, &length);
  CarImportSchema *schema = car_service_store_get_import_schema (store, error);

  return schema != NULL && car_import_schema_validate_envelope (schema, text, (gssize) length, error);
}

static gboolean
put_source (Import *import, const CarServiceObject *source, const CarJsonSpan *body, GError **error)
{
  gboolean wrong = FALSE;
  g_autofree char *name = car_service_object_dup_string (source, "name", &wrong);
  g_autofree char *description = car_service_object_dup_string (source, "description", &wrong);
  g_autofree char *link = car_service_object_dup_string (source, "product_link", &wrong);

  if (wrong)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 422,
                   "source: name, description and product_link are texts without NULs");
      return FALSE;
    }
  if (!car_service_store_run (
          import->store, error,
          "INSERT INTO source (key, name, description, product_link, properties, body)"
          " VALUES (?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (key) DO UPDATE SET name = coalesce(excluded.name, name),"
          "  description = coalesce(excluded.description, description),"
          "  product_link = coalesce(excluded.product_link, product_link),"
          "  properties = coalesce(excluded.properties, properties), body = excluded.body",
          "ssssjj", import->report.source, name, description, link,
          car_service_object_get (source, "properties"), body))
    return FALSE;

  sqlite3_stmt *row = car_service_store_get (
      import->store, error, "SELECT generation FROM source WHERE key = ?", "s", import->report.source);
  if (row == NULL)
    return FALSE;
  import->report.generation = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);

  return TRUE;
}

/* The name of a vertex: _key for what is named by it, else external_id. Each takes the other's place where it is
 * missing, as the import schema demands neither of all collections. Of a hostname it demands host_name alone, which
 * then is the name. */
static char *
dup_key (Import *import, gboolean by_key, GError **error)
{
  gboolean wrong = FALSE;
  g_autofree char *external_id = car_service_object_dup_string (import->object, "external_id", &wrong);
  g_autofree char *key = car_service_object_dup_string (import->object, "_key", &wrong);
  char *chosen = NULL;

  if (key != NULL && (by_key || external_id == NULL))
    chosen = g_steal_pointer (&key);
  else
    chosen = g_steal_pointer (&external_id);
  if (chosen == NULL && !wrong && strcmp (import->collection, "hostname") == 0)
    chosen = car_service_object_dup_string (import->object, "host_name", &wrong);
  g_autofree char *region = car_service_object_dup_string (import->object, "region_id", &wrong);
  if (!wrong && chosen != NULL && *chosen != '\0')
    {
      g_autofree char *text = chosen;
      return car_service_key_new (import->collection, text, region);
    }

  g_free (chosen);
  refuse (error, by_key ? "it has no _key, or one that is no text, empty, or holds a NUL"
                        : "it has no external_id, or one that is no text, empty, or holds a NUL");

  return NULL;
}

typedef gboolean (*TagFunc) (CarServiceStore *store,
                             const CarServiceReport *report,
                             const CarServiceVertex *vertex,
                             const char *tag,
                             GError **error);

static gboolean
put_tags (Import *import, const CarServiceVertex *vertex, const char *member, TagFunc put, GError **error)
{
  const CarJsonSpan *tags = car_service_object_get (import->object, member);
  CarJsonScanner scanner;
  CarJsonSpan tag;

  if (tags == NULL)
    return TRUE;

  car_json_scanner_init (&scanner, tags->text, tags->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    return refuse (error, "tag and untag are arrays of texts");
  while (car_json_scanner_next_item (&scanner))
    {
      g_autofree char *name = car_json_scanner_read (&scanner, &tag) ? car_json_span_dup_string (&tag) : NULL;

      if (name == NULL)
        return refuse (error, "tag and untag are arrays of texts without NULs");
      if (!car_service_store_may_go_on (import->store, error) ||
          !put (import->store, &import->report, vertex, name, error))
        return FALSE;
    }

  return TRUE;
}

static const char *const tag_members[] = { "tag", "untag", NULL };

static gboolean
import_vertex (Import *import, const CarJsonSpan *text, gboolean by_key, GError **error)
{
  g_autofree char *key = dup_key (import, by_key, error);
  if (key == NULL)
    return FALSE;

  CarServiceVertex vertex = { import->collection, key, *text, import->properties };
  gboolean filled = car_service_properties_fill (import->properties, import->object);
  gboolean tagged = car_service_object_get (import->object, "tag") != NULL ||
                    car_service_object_get (import->object, "untag") != NULL;
  if (!tagged && !filled)
    return car_service_graph_put_vertex (import->store, &import->report, &vertex, error);

  g_string_truncate (import->body, 0);
  car_service_object_write (import->object, tag_members, NULL, import->body);
  vertex.body.text = import->body->str;
  vertex.body.length = import->body->len;

  return car_service_graph_put_vertex (import->store, &import->report, &vertex, error) &&
         put_tags (import, &vertex, "tag", car_service_graph_add_tag, error) &&
         put_tags (import, &vertex, "untag", car_service_graph_remove_tag, error);
}

/* One end of an edge. */
static char *
dup_end (Import *import,
         const char *id_member,
         const char *path_member,
         const char *collection,
         GError **error)
{
  gboolean wrong = FALSE;
  g_autofree char *id = car_service_object_dup_string (import->object, id_member, &wrong);
  g_autofree char *path = car_service_object_dup_string (import->object, path_member, &wrong);

  if (!wrong && id != NULL && *id != '\0')
    return car_service_key_new (collection, id, NULL);
  if (!wrong && path != NULL)
    return car_service_key_new_of_end (import->model, collection, path, path_member, error);

  g_autofree char *reason =
      g_strdup_printf ("it has no %s and no %s that is a text without NULs", id_member, path_member);
  refuse (error, reason);

  return NULL;
}

/* An edge to nowhere could never be seen. Its vertices come before it. */
static gboolean
need_vertex (Import *import, const char *collection, const char *key, const char *member, GError **error)
{
  gboolean found;

  if (!car_service_graph_has_vertex (import->store, import->report.source, collection, key, &found, error))
    return FALSE;
  if (found)
    return TRUE;

  g_autofree char *reason =
      g_strdup_printf ("its %s end is nowhere: the source has no such %s", member, collection);
  return refuse (error, reason);
}

/* What has a column of its own, or changes from report to report, is no part of an edge's body. */
static const char *const edge_members[] = { "_from",           "_to",       "_from_external_id",
                                            "_to_external_id", "report",    "source",
                                            "active",          "timestamp", NULL };

static gboolean
import_edge (Import *import, const char *from_collection, const char *to_collection, GError **error)
{
  g_autofree char *from = dup_end (import, "_from_external_id", "_from", from_collection, error);
  g_autofree char *to =
      from != NULL ? dup_end (import, "_to_external_id", "_to", to_collection, error) : NULL;
  if (to == NULL)
    return FALSE;

  gboolean wrong = FALSE;
  g_autofree char *external_id = car_service_object_dup_string (import->object, "external_id", &wrong);
  const CarJsonSpan *active = car_service_object_get (import->object, "active");
  if (wrong)
    return refuse (error, "its external_id is no text, or holds a NUL");

  g_string_truncate (import->body, 0);
  car_service_properties_fill (import->properties, import->object);
  car_service_object_write (import->object, edge_members, NULL, import->body);

  const CarServiceEdge edge = {
    .collection = import->collection,
    .from_collection = from_collection,
    .from_key = from,
    .to_collection = to_collection,
    .to_key = to,
    .external_id = external_id != NULL ? external_id : "",
    .active = active == NULL || active->type != CAR_JSON_FALSE,
    .body = { .text = import->body->str, .length = import->body->len, .type = CAR_JSON_OBJECT },
    .properties = import->properties,
  };

  if (edge.active && (!need_vertex (import, from_collection, from, "first", error) ||
                      !need_vertex (import, to_collection, to, "second", error)))
    return FALSE;

  return car_service_graph_put_edge (import->store, &import->report, &edge, error);
}

static gboolean
import_object (Import *import, CarJsonScanner *scanner, GError **error)
{
  g_autoptr (GError) problem = NULL;
  const char *from, *to;

  car_json_scanner_peek (scanner);
  CarJsonSpan text = { .text = scanner->at, .type = CAR_JSON_OBJECT };
  if (!car_service_object_read (import->object, scanner))
    return refuse (error, "it is not an object");
  text.length = (gsize) (scanner->at - text.text);

  gboolean kept =
      car_core_model_get_edge_ends (import->model, import->collection, &from, &to)
          ? import_edge (import, from, to, &problem)
          : import_vertex (import, &text, car_core_model_is_named_by_key (import->model, import->collection),
                           &problem);
  if (kept)
    return TRUE;

  if (!g_error_matches (problem, CAR_SERVICE_ERROR, 422))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  /* The import schema takes it, so the rest of its page must not suffer. */
  note_left_out (import, problem->message, 1);
  return TRUE;
}

static guint
count_items (const CarJsonSpan *array)
{
  CarJsonScanner scanner;
  CarJsonSpan item;
  guint n = 0;

  car_json_scanner_init (&scanner, array->text, array->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    return 1;
  while (car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, &item))
    n++;

  return n;
}

static gboolean
import_objects (Import *import, const CarJsonSpan *objects, GError **error)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, objects->text, objects->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    return refuse (error, "A collection is an array of objects");
  for (; car_json_scanner_next_item (&scanner); import->index++)
    if (!car_service_store_may_go_on (import->store, error) || !import_object (import, &scanner, error))
      return FALSE;

  return TRUE;
}

/* The collections of vertices come first, wherever they stand: an edge is kept where its ends are. */
typedef enum
{
  PASS_VERTICES,
  PASS_EDGES,
} Pass;

static gboolean
import_collection (Import *import, const CarServiceMember *member, Pass pass, GError **error)
{
  g_autofree char *collection = car_json_span_dup_string (&member->name);
  gboolean is_vertex = collection != NULL && car_core_model_has_vertex (import->model, collection);
  gboolean is_edge = collection != NULL && car_core_model_has_edge (import->model, collection);

  if (g_strcmp0 (collection, "source") == 0 || g_strcmp0 (collection, "report") == 0 ||
      is_vertex != (pass == PASS_VERTICES))
    return TRUE;

  import->collection = collection != NULL ? collection : "";
  import->index = 0;
  if (is_vertex || is_edge)
    {
      g_autoptr (CarServiceProperties) properties =
          car_service_properties_new (import->model, import->collection);

      import->properties = properties;
      return import_objects (import, &member->value, error);
    }

  guint n = count_items (&member->value);
  if (n > 0)
    note_left_out (import, "neither the model nor a schema extension has this collection", n);

  return TRUE;
}

static gint64
read_timestamp (const CarJsonSpan *report)
{
  g_auto (CarServiceObject) members = { NULL };
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, report->text, report->length);
  if (!car_service_object_read (&members, &scanner))
    return 0;

  const CarJsonSpan *timestamp = car_service_object_get (&members, "timestamp");
  if (timestamp == NULL || timestamp->type != CAR_JSON_NUMBER)
    return 0;

  g_autofree char *number = g_strndup (timestamp->text, timestamp->length);
  return (gint64) CLAMP (g_ascii_strtod (number, NULL), 0, 1e15);
}

/* Runs that are remembered of a source. */
#define MAX_REPORTS 1000

/* Notes when the first page of a report comes. `key` may be NULL. */
static gboolean
put_report (const Import *import, const char *key, GError **error)
{
  const CarServiceReport *report = &import->report;

  if (key == NULL)
    return TRUE;
  if (!car_service_store_run (import->store, error,
                              "INSERT INTO report (source, key, begun_at, reported_at) VALUES (?, ?, ?, ?)"
                              " ON CONFLICT (source, key) DO NOTHING",
                              "ssii", report->source, key, report->now, report->reported_at))
    return FALSE;

  return car_service_store_get_changes (import->store) == 0 ||
         car_service_store_run (import->store, error,
                                "DELETE FROM report WHERE source = ?1 AND id <= (SELECT id FROM report"
                                " WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                                "si", report->source, (gint64) MAX_REPORTS);
}

static gboolean
import_members (Import *import,
                GBytes *envelope,
                const char *report,
                const CarServiceObject *members,
                GError **error)
{
  g_auto (CarServiceObject) source = { NULL };
  const CarJsonSpan *source_text = car_service_object_get (members, "source");
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, source_text->text, source_text->length);
  if (!car_service_object_read (&source, &scanner) || !validate (import->store, envelope, error) ||
      !car_service_store_tick (import->store, &import->report.now, error) ||
      !put_source (import, &source, source_text, error) || !put_report (import, report, error))
    return FALSE;

  for (Pass pass = PASS_VERTICES; pass <= PASS_EDGES; pass++)
    for (guint i = 0; i < members->members->len; i++)
      if (!import_collection (import, &g_array_index (members->members, CarServiceMember, i), pass, error))
        return FALSE;

  return TRUE;
}

gboolean
car_service_envelope_import (CarServiceStore *store, GBytes *envelope, char **warnings, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  g_auto (CarServiceObject) object = { NULL };
  g_autofree char *source = NULL;
  g_autofree char *report = NULL;
  gboolean is_full = FALSE;
  CarCoreModel *model = car_service_envelope_check (envelope, &source, &report, error) &&
                                car_service_sessions_has (store, source, report, &is_full, error)
                            ? car_service_store_get_model (store, error)
                            : NULL;

  if (model == NULL || !car_service_object_parse (&members, envelope, "The envelope", error))
    return FALSE;

  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GPtrArray) left_out = g_ptr_array_new_with_free_func (warning_free);
  Import import = {
    .store = store,
    .model = model,
    .object = &object,
    .body = body,
    .warnings = left_out,
    .report = { .source = source,
                .is_full = is_full,
                .reported_at = read_timestamp (car_service_object_get (&members, "report")) },
  };

  if (!import_members (&import, envelope, report, &members, error))
    return FALSE;
  *warnings = write_warnings (&import);

  return TRUE;
}
