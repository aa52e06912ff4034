/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-keys.h"
#include "service/store/car-service-page.h"

/* Objects of one collection that were left out for one reason. */
typedef struct
{
  char *collection; /* NULL: of any that nobody knows, where there are too many of these to tell them apart */
  char *reason;
  guint index; /* of the first */
  guint count;
} LeftOut;

/* So many are told apart. One more for each collection that the model has stands for the other reasons of that one, and one for
 * all collections that it does not have: they may have any number of names. */
#define MAX_LEFT_OUT 100
#define MORE_REASONS "there are too many reasons to list them"

static void
left_out_free (gpointer data)
{
  LeftOut *self = data;

  g_free (self->collection);
  g_free (self->reason);
  g_free (self);
}

static void
part_free (gpointer data)
{
  CarServicePart *part = data;

  car_service_properties_free (part->properties);
  g_array_unref (part->objects);
  g_free (part);
}

static void
body_free (gpointer data)
{
  g_string_free (data, TRUE);
}

static CarServicePage *
page_new (CarCoreModel *model)
{
  CarServicePage *self = g_new0 (CarServicePage, 1);

  self->model = g_object_ref (model);
  self->texts = g_string_chunk_new (64 * 1024);
  self->bodies = g_ptr_array_new_with_free_func (body_free);
  self->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  self->parts = g_ptr_array_new_with_free_func (part_free);
  self->left_out = g_ptr_array_new_with_free_func (left_out_free);

  return self;
}

void
car_service_page_free (CarServicePage *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->envelope, g_bytes_unref);
  g_object_unref (self->model);
  g_string_chunk_free (self->texts);
  g_ptr_array_unref (self->bodies);
  g_ptr_array_unref (self->lists);
  g_ptr_array_unref (self->parts);
  g_ptr_array_unref (self->left_out);
  g_free (self->source);
  g_free (self->report);
  g_free (self->name);
  g_free (self->description);
  g_free (self->product_link);
  g_free (self);
}

static LeftOut *
find_left_out (const CarServicePage *self, const char *collection, const char *reason)
{
  for (guint i = 0; i < self->left_out->len; i++)
    {
      LeftOut *left_out = g_ptr_array_index (self->left_out, i);

      if (g_strcmp0 (left_out->collection, collection) == 0 && strcmp (left_out->reason, reason) == 0)
        return left_out;
    }
  return NULL;
}

/* Nothing is left out in silence: the job's status tells of it. */
static void
note_left_out (CarServicePage *self, const char *collection, guint index, guint count, const char *reason)
{
  LeftOut *left_out = find_left_out (self, collection, reason);

  if (left_out == NULL && self->left_out->len >= MAX_LEFT_OUT)
    {
      gboolean known = car_core_model_has_vertex (self->model, collection) ||
                       car_core_model_has_edge (self->model, collection);

      collection = known ? collection : NULL;
      reason = MORE_REASONS;
      left_out = find_left_out (self, collection, reason);
    }
  if (left_out == NULL)
    {
      left_out = g_new0 (LeftOut, 1);
      left_out->collection = g_strdup (collection);
      left_out->reason = g_strdup (reason);
      left_out->index = index;
      g_ptr_array_add (self->left_out, left_out);
    }
  left_out->count += count;
}

void
car_service_page_note_left_out (CarServicePage *self,
                                const CarServicePart *part,
                                guint index,
                                const char *reason)
{
  note_left_out (self, part->collection, index, 1, reason);
}

const char *
car_service_page_get_reason (const CarServicePage *self)
{
  return self->left_out->len > 0 ? ((const LeftOut *) self->left_out->pdata[0])->reason : NULL;
}

static int
compare_left_out (gconstpointer a, gconstpointer b)
{
  const LeftOut *first = *(const LeftOut *const *) a;
  const LeftOut *second = *(const LeftOut *const *) b;
  int order = g_strcmp0 (first->collection, second->collection);

  return order != 0 ? order : (int) first->index - (int) second->index;
}

char *
car_service_page_write_warnings (const CarServicePage *self)
{
  if (self->left_out->len == 0)
    return NULL;

  GString *out = g_string_new ("[");
  g_ptr_array_sort (self->left_out, compare_left_out);
  for (guint i = 0; i < self->left_out->len; i++)
    {
      const LeftOut *left_out = g_ptr_array_index (self->left_out, i);

      g_warning ("The source %s: %s: %u left out, the first at %u: %s", self->source,
                 left_out->collection != NULL ? left_out->collection : "further collections", left_out->count,
                 left_out->index, left_out->reason);
      g_string_append (out, i > 0 ? ",{" : "{");
      car_service_json_string (out, "collection", left_out->collection);
      car_service_json_integer (out, "index", left_out->index);
      car_service_json_integer (out, "count", left_out->count);
      car_service_json_string (out, "message", left_out->reason);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return g_string_free (out, FALSE);
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
car_service_page_check (GBytes *envelope, char **source, char **report, GError **error)
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

/* What reading one envelope goes along with. */
typedef struct
{
  CarServicePage *page;
  CarServicePart *part; /* the one at hand */
  guint index;          /* of the object in its collection */
  CarServiceObject object;
} Reading;

/* The object at hand cannot be kept. Always FALSE. */
static gboolean
refuse (Reading *self, const char *reason)
{
  car_service_page_note_left_out (self->page, self->part, self->index, reason);
  return FALSE;
}

/* Texts live as long as the page. */
static const char *
keep (Reading *self, const char *text)
{
  return g_string_chunk_insert (self->page->texts, text);
}

static CarJsonSpan
keep_body (Reading *self, const char *const *leave_out)
{
  GString *body = g_string_new (NULL);

  car_service_object_write (&self->object, leave_out, NULL, body);
  g_ptr_array_add (self->page->bodies, body);

  return (CarJsonSpan){ .text = body->str, .length = body->len, .type = CAR_JSON_OBJECT };
}

/* The name of a vertex: _key for what is named by it, else external_id. Each takes the other's place where it is
 * missing, as the import schema demands neither of all collections. Of a hostname it demands host_name alone, which
 * then is the name. */
static gboolean
read_key (Reading *self, const char **kept)
{
  const char *collection = self->part->collection;
  const gboolean by_key = car_core_model_is_named_by_key (self->page->model, collection);
  gboolean wrong = FALSE;
  g_autofree char *external_id = car_service_object_dup_string (&self->object, "external_id", &wrong);
  g_autofree char *key = car_service_object_dup_string (&self->object, "_key", &wrong);
  g_autofree char *region = car_service_object_dup_string (&self->object, "region_id", &wrong);
  g_autofree char *host = strcmp (collection, "hostname") == 0 && external_id == NULL && key == NULL && !wrong
                              ? car_service_object_dup_string (&self->object, "host_name", &wrong)
                              : NULL;
  const char *chosen = key != NULL && (by_key || external_id == NULL) ? key : external_id;

  if (chosen == NULL)
    chosen = host;
  if (wrong || chosen == NULL || *chosen == '\0')
    return refuse (self, by_key ? "it has no _key, or one that is no text, empty, or holds a NUL"
                                : "it has no external_id, or one that is no text, empty, or holds a NUL");

  g_autofree char *name = car_service_key_new (collection, chosen, region);
  *kept = keep (self, name);
  return TRUE;
}

static gboolean
read_tags (Reading *self, const char *member, char ***names)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  const CarJsonSpan *tags = car_service_object_get (&self->object, member);
  CarJsonScanner scanner;
  CarJsonSpan tag;

  if (tags == NULL)
    return TRUE;

  car_json_scanner_init (&scanner, tags->text, tags->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    return refuse (self, "tag and untag are arrays of texts");
  while (car_json_scanner_next_item (&scanner))
    {
      g_autofree char *name = car_json_scanner_read (&scanner, &tag) ? car_json_span_dup_string (&tag) : NULL;

      if (name == NULL)
        return refuse (self, "tag and untag are arrays of texts without NULs");
      if (strlen (name) > CAR_SERVICE_MAX_TAG)
        return refuse (self, "a tag's name is longer than " G_STRINGIFY (CAR_SERVICE_MAX_TAG) " bytes");
      g_strv_builder_add (list, name);
    }
  *names = g_strv_builder_end (list);
  g_ptr_array_add (self->page->lists, *names);

  return TRUE;
}

static gboolean
read_vertex (Reading *self, const CarJsonSpan *text)
{
  static const char *const tag_members[] = { "tag", "untag", NULL };
  CarServiceVertex vertex = { .index = self->index, .body = *text };

  if (!read_key (self, &vertex.key) || !read_tags (self, "tag", &vertex.tag) ||
      !read_tags (self, "untag", &vertex.untag))
    return FALSE;
  if (car_service_properties_fill (self->part->properties, &self->object) || vertex.tag != NULL ||
      vertex.untag != NULL)
    vertex.body = keep_body (self, tag_members);
  g_array_append_val (self->part->objects, vertex);

  return TRUE;
}

/* One end of an edge. */
static gboolean
read_end (Reading *self,
          const char *id_member,
          const char *path_member,
          const char *collection,
          const char **kept)
{
  gboolean wrong = FALSE;
  g_autoptr (GError) problem = NULL;
  g_autofree char *id = car_service_object_dup_string (&self->object, id_member, &wrong);
  g_autofree char *path = car_service_object_dup_string (&self->object, path_member, &wrong);
  g_autofree char *key = NULL;

  if (!wrong && id != NULL && *id != '\0')
    key = car_service_key_new (collection, id, NULL);
  else if (!wrong && path != NULL)
    key = car_service_key_new_of_end (self->page->model, collection, path, path_member, &problem);
  if (problem != NULL)
    return refuse (self, problem->message);
  if (key != NULL)
    {
      *kept = keep (self, key);
      return TRUE;
    }

  g_autofree char *reason =
      g_strdup_printf ("it has no %s and no %s that is a text without NULs", id_member, path_member);
  return refuse (self, reason);
}

/* What has a column of its own, or changes from report to report, is no part of an edge's body. */
static const char *const edge_members[] = { "_from",           "_to",       "_from_external_id",
                                            "_to_external_id", "report",    "source",
                                            "active",          "timestamp", NULL };

static gboolean
read_edge (Reading *self)
{
  const CarJsonSpan *active = car_service_object_get (&self->object, "active");
  CarServiceEdge edge = { .index = self->index, .external_id = "" };
  gboolean wrong = FALSE;

  if (!read_end (self, "_from_external_id", "_from", self->part->from, &edge.from_key) ||
      !read_end (self, "_to_external_id", "_to", self->part->to, &edge.to_key))
    return FALSE;

  g_autofree char *external_id = car_service_object_dup_string (&self->object, "external_id", &wrong);
  if (wrong)
    return refuse (self, "its external_id is no text, or holds a NUL");
  if (external_id != NULL)
    edge.external_id = keep (self, external_id);
  edge.active = active == NULL || active->type != CAR_JSON_FALSE;
  car_service_properties_fill (self->part->properties, &self->object);
  edge.body = keep_body (self, edge_members);
  g_array_append_val (self->part->objects, edge);

  return TRUE;
}

/* The import schema takes an object that is left out here, so the rest of its page must not suffer. */
static gboolean
read_object (Reading *self, CarJsonScanner *scanner)
{
  car_json_scanner_peek (scanner);
  CarJsonSpan text = { .text = scanner->at, .type = CAR_JSON_OBJECT };

  if (!car_service_object_read (&self->object, scanner))
    return refuse (self, "it is not an object");
  text.length = (gsize) (scanner->at - text.text);

  return self->part->from != NULL ? read_edge (self) : read_vertex (self, &text);
}

static void
read_objects (Reading *self, const CarJsonSpan *objects)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, objects->text, objects->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    {
      refuse (self, "a collection is an array of objects");
      return;
    }
  for (self->index = 0; car_json_scanner_next_item (&scanner); self->index++)
    read_object (self, &scanner);
}

static CarServicePart *
add_part (CarServicePage *self, const char *collection)
{
  CarServicePart *part = g_new0 (CarServicePart, 1);

  part->collection = g_string_chunk_insert (self->texts, collection);
  part->properties = car_service_properties_new (self->model, collection);
  part->objects = g_array_new (FALSE, FALSE,
                               car_core_model_get_edge_ends (self->model, collection, &part->from, &part->to)
                                   ? sizeof (CarServiceEdge)
                                   : sizeof (CarServiceVertex));
  g_ptr_array_add (self->parts, part);

  return part;
}

/* The collections of vertices come first, wherever they stand: an edge is kept where its ends are. */
typedef enum
{
  PASS_VERTICES,
  PASS_EDGES,
} Pass;

static void
read_collection (Reading *self, const CarServiceMember *member, Pass pass)
{
  CarServicePage *page = self->page;
  g_autofree char *collection = car_json_span_dup_string (&member->name);
  gboolean is_vertex = collection != NULL && car_core_model_has_vertex (page->model, collection);
  gboolean is_edge = collection != NULL && car_core_model_has_edge (page->model, collection);

  if (g_strcmp0 (collection, "source") == 0 || g_strcmp0 (collection, "report") == 0 ||
      is_vertex != (pass == PASS_VERTICES))
    return;
  if (is_vertex || is_edge)
    {
      self->part = add_part (page, collection);
      read_objects (self, &member->value);
      return;
    }

  guint n = count_items (&member->value);
  if (n > 0)
    note_left_out (page, collection != NULL ? collection : "", 0, n,
                   "neither the model nor a schema extension has this collection");
}

static gboolean
read_source (CarServicePage *self, const CarJsonSpan *text, GError **error)
{
  g_auto (CarServiceObject) source = { NULL };
  CarJsonScanner scanner;
  gboolean wrong = FALSE;

  car_json_scanner_init (&scanner, text->text, text->length);
  car_service_object_read (&source, &scanner);
  self->record = *text;
  self->name = car_service_object_dup_string (&source, "name", &wrong);
  self->description = car_service_object_dup_string (&source, "description", &wrong);
  self->product_link = car_service_object_dup_string (&source, "product_link", &wrong);
  if (car_service_object_get (&source, "properties") != NULL)
    self->properties = *car_service_object_get (&source, "properties");
  if (!wrong)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 422,
               "source: name, description and product_link are texts without NULs");
  return FALSE;
}

static void
read_collections (CarServicePage *self, const CarServiceObject *members)
{
  Reading reading = { .page = self };

  for (Pass pass = PASS_VERTICES; pass <= PASS_EDGES; pass++)
    for (guint i = 0; i < members->members->len; i++)
      read_collection (&reading, &g_array_index (members->members, CarServiceMember, i), pass);
  car_service_object_clear (&reading.object);
}

CarServicePage *
car_service_page_read (GBytes *envelope, CarCoreModel *model, CarImportSchema *schema, GError **error)
{
  g_autoptr (CarServicePage) self = page_new (model);
  g_auto (CarServiceObject) members = { NULL };
  gsize length;
  const char *text = g_bytes_get_data (envelope, &length);

  self->envelope = g_bytes_ref (envelope);
  if (!car_service_page_check (envelope, &self->source, &self->report, error) ||
      !car_service_object_parse (&members, envelope, "The envelope", error) ||
      !car_import_schema_validate_envelope (schema, text, (gssize) length, error) ||
      !read_source (self, car_service_object_get (&members, "source"), error))
    return NULL;
  self->reported_at = read_timestamp (car_service_object_get (&members, "report"));
  read_collections (self, &members);

  return g_steal_pointer (&self);
}

CarServicePage *
car_service_page_new (CarCoreModel *model, const char *source, const char *collection)
{
  CarServicePage *self = page_new (model);

  self->source = g_strdup (source);
  add_part (self, collection);

  return self;
}

void
car_service_page_add_vertex (CarServicePage *self, const char *key, const CarJsonSpan *body)
{
  const CarServiceVertex vertex = { .key = g_string_chunk_insert (self->texts, key), .body = *body };

  g_array_append_val (((CarServicePart *) self->parts->pdata[0])->objects, vertex);
}

void
car_service_page_add_edge (CarServicePage *self, const CarServiceEdge *edge)
{
  g_array_append_vals (((CarServicePart *) self->parts->pdata[0])->objects, edge, 1);
}

/* Nearly all are spelt as before, which costs less to see. */
gboolean
car_service_body_is_alike (const char *held, gsize length, const CarJsonSpan *body)
{
  const CarJsonSpan span = { .text = held, .length = length, .type = CAR_JSON_OBJECT };

  return (length == body->length && memcmp (held, body->text, length) == 0) ||
         car_json_hash_equal (car_json_hash_value (&span), car_json_hash_value (body));
}
