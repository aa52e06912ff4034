/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/staging/car-conflict-private.h>
#include <libcar/staging/car-record-private.h>
#include <libcar/staging/car-stage-inside-private.h>
#include <libcar/staging/car-violation-private.h>

/* Progress is told once in so many objects. */
#define OBJECTS_PER_TICK 1024

/* The last bits of a vertex's digest say after how many sends it was staged; the others stand for its contents. */
#define SENDS_BITS 16
#define SENDS_MASK ((G_GUINT64_CONSTANT (1) << SENDS_BITS) - 1)

CarStage *
car_stage_new (CarBundle *bundle, CarImportSchema *schema, const char *source, const char *report_key)
{
  CarStage *self = g_new0 (CarStage, 1);
  g_autoptr (GString) source_text = g_string_new (NULL);

  self->bundle = g_object_ref (bundle);
  self->is_checking = schema != NULL;
  self->schema =
      schema != NULL ? g_object_ref (schema) : car_import_schema_new ("{\"properties\":{}}", -1, NULL);

  car_json_append_string (source_text, source, -1);
  self->edge_members = g_strdup_printf ("\"report\":\"%s\",\"source\":%s,\"timestamp\":%s", report_key,
                                        source_text->str, report_key);
  self->edge_tail = g_strdup_printf (",%s,\"active\":true}", self->edge_members);
  self->edge_tail_length = strlen (self->edge_tail);

  self->source = g_strdup (source);
  self->keys = car_key_set_new ();
  self->names =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) car_vertex_names_free);
  self->scratch = g_string_new (NULL);
  self->collections = g_ptr_array_new_with_free_func (car_stage_collection_free);
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) car_violation_free);
  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    self->parts[part].by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
car_stage_free (CarStage *self)
{
  if (self == NULL)
    return;

  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    g_hash_table_unref (self->parts[part].by_name);
  g_ptr_array_unref (self->collections);
  g_hash_table_unref (self->kinds);
  g_string_free (self->scratch, TRUE);
  car_left_out_file_close (self->left_out);
  g_hash_table_unref (self->names);
  car_key_set_free (self->keys);
  g_clear_object (&self->waiting);
  g_free (self->directory);
  g_free (self->source);
  g_clear_pointer (&self->news.warnings, g_ptr_array_unref);
  g_free (self->edge_members);
  g_free (self->edge_tail);
  g_object_unref (self->schema);
  g_object_unref (self->bundle);
  g_free (self);
}

void
car_stage_set_left_out_file (CarStage *self, CarLeftOutFile *file)
{
  car_left_out_file_close (self->left_out);
  self->left_out = file;
}

void
car_stage_set_strict (CarStage *self)
{
  self->is_strict = TRUE;
}

void
car_stage_set_full (CarStage *self, const char *directory)
{
  self->is_full = TRUE;
  self->directory = g_strdup (directory);
}

GPtrArray *
car_stage_get_warnings (CarStage *self)
{
  if (self->news.warnings == NULL)
    self->news.warnings = g_ptr_array_new_with_free_func (g_free);
  return self->news.warnings;
}

void
car_stage_warn (CarStage *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (car_stage_get_warnings (self), g_strdup_vprintf (format, args));
  va_end (args);
  self->has_news = TRUE;
}

static inline CarStageCollection *
get_collection (CarStage *self, CarBundlePart which, const char *name, GError **error)
{
  CarStagePart *part = &self->parts[which];

  if (G_LIKELY (part->last != NULL && strcmp (part->last->counts.name, name) == 0))
    return part->last;

  CarStageCollection *collection = g_hash_table_lookup (part->by_name, name);
  if (collection == NULL)
    collection = car_stage_make_collection (self, which, name, error);
  if (collection != NULL)
    part->last = collection;
  return collection;
}

/* A vertex is known by its name; one without any by all its members. */
static inline CarKey
prepare_vertex (CarStage *self,
                const CarStageCollection *collection,
                const CarJsonSpan *vertex,
                const CarJsonMembers *members)
{
  CarKey key;

  if (G_UNLIKELY (!car_vertex_names_prepare (collection->names, members, &key)))
    {
      const CarJsonHash hash = car_json_hash_value (vertex);
      key = car_key_set_prepare (self->keys, collection->scope, &hash, sizeof hash);
    }
  key.digest = (members->digest & ~SENDS_MASK) | (self->n_sends & SENDS_MASK);
  return key;
}

static inline void
count_read (CarStage *self, CarStageCollection *collection)
{
  CarBundlePart which = collection->counts.part;
  CarStagePart *part = &self->parts[which];

  collection->counts.read++;
  part->n_read++;
  if (G_UNLIKELY (part->n_read % OBJECTS_PER_TICK == 0))
    {
      self->news.part = which;
      self->news.n_read = part->n_read;
      self->has_news = TRUE;
    }
}

CarJsonSpan
car_stage_get_pending_text (const CarStage *self, const CarStageCollection *collection)
{
  const GString *text = collection->slot->text;
  const char *begin = strchr (text->str + self->pending.begin, '{');

  return (CarJsonSpan){ begin, text->str + text->len - begin, CAR_JSON_OBJECT, FALSE };
}

/* The last vertex has the key of one before, which came with another digest (protocol.md, "We do"). */
static void
note_conflict (CarStage *self, CarStageCollection *collection, guint64 first)
{
  const CarJsonSpan vertex = car_stage_get_pending_text (self, collection);

  car_left_out_file_add (self->left_out, collection->counts.name,
                         "another object with its name and other contents came before", vertex.text,
                         vertex.length);
  if (++collection->counts.conflicts > CAR_STAGE_SHOWN_VIOLATIONS)
    return;

  g_autoptr (GString) name = g_string_new (NULL);
  g_autofree char *members = car_conflict_describe (self->bundle, collection->counts.name, collection->names,
                                                    self->pending.key, &vertex);
  car_object_append_name (name, &vertex);
  /* Translators: a collection, an object's name, which begins with a space, the members in which they differ, and two digests. */
  g_autofree char *told =
      members != NULL
          ? g_strdup_printf (
                _ ("Two objects of %s have the name%s and other contents, in %s: the first is sent "
                   "(digest %016" PRIx64 "), the second is not (%016" PRIx64 ")"),
                collection->counts.name, name->str, members, first, self->pending.key.digest)
          : g_strdup_printf (_ ("Two objects of %s have the name%s and other contents: the first is sent "
                                "(digest %016" PRIx64 "), the second is not (%016" PRIx64 ")"),
                             collection->counts.name, name->str, first, self->pending.key.digest);
  /* Translators: %s is "Two objects of asset have the name …". */
  car_stage_warn (self,
                  collection->counts.conflicts == CAR_STAGE_SHOWN_VIOLATIONS
                      ? _ ("%s (more like them are only counted)")
                      : "%s",
                  told);
}

/* The last vertex has the key of one before. Where that was sent, and said something else, this one is a newer version of it. */
static gboolean
is_newer_version (CarStage *self, CarStageCollection *collection, guint64 *before)
{
  const guint64 digest = self->pending.key.digest;

  if (G_LIKELY (*before >> SENDS_BITS == digest >> SENDS_BITS))
    collection->counts.duplicates++;
  else if ((*before & SENDS_MASK) == (digest & SENDS_MASK))
    note_conflict (self, collection, *before);
  else
    {
      *before = digest;
      collection->counts.newer++;
      return TRUE;
    }
  return FALSE;
}

/* The last edge has the key of one before. Where it says something that none did, it is sent too, since edges alike in all
 * their members are sent once (protocol.md, "The envelope"): the last one that is sent holds. */
static gboolean
is_new_version (CarStage *self, CarStageCollection *collection, guint64 *first)
{
  const CarKey *key = &self->pending.key;
  const guint64 digest = key->digest & ~CAR_STAGE_HOLDS;
  const CarKey contents = car_key_set_prepare (self->keys, collection->scope, &digest, sizeof digest);
  const CarKey version = car_key_set_join (self->keys, collection->scope, *key, contents);

  if (((*first ^ key->digest) & ~CAR_STAGE_HOLDS) == 0 || car_key_set_find (self->keys, version) != NULL)
    return FALSE;

  collection->counts.held += (key->digest & CAR_STAGE_HOLDS) - (*first & CAR_STAGE_HOLDS);
  *first = (*first & ~CAR_STAGE_HOLDS) | (key->digest & CAR_STAGE_HOLDS);
  car_key_set_add (self->keys, version);
  return TRUE;
}

static inline gboolean
leads_to_what_came (const CarStage *self, const CarStageCollection *collection)
{
  return collection->ends[CAR_EDGE_END_FROM] == NULL ||
         (car_key_set_find (self->keys, self->pending.ends[CAR_EDGE_END_FROM]) != NULL &&
          car_key_set_find (self->keys, self->pending.ends[CAR_EDGE_END_TO]) != NULL);
}

static inline gboolean
stage_pending (CarStage *self, CarStageCollection *collection, GError **error)
{
  collection->counts.staged++;
  return car_bundle_commit (self->bundle, collection->slot, self->pending.begin, error);
}

/* One with the key of another one that waits goes behind it. */
static inline gboolean
stage_edge (CarStage *self, CarStageCollection *collection, gboolean behind_others, GError **error)
{
  if (G_UNLIKELY (self->is_full && (behind_others || !leads_to_what_came (self, collection))))
    return car_stage_put_off (self, collection, error);
  return stage_pending (self, collection, error);
}

/* The last object stays, if it is new. */
static inline gboolean
settle (CarStage *self, GError **error)
{
  CarStageCollection *collection = self->pending.collection;

  if (collection == NULL)
    return TRUE;

  guint64 *first = car_key_set_add (self->keys, self->pending.key);

  self->pending.collection = NULL;
  if (G_UNLIKELY (first != NULL))
    {
      if (!collection->is_edge)
        {
          if (is_newer_version (self, collection, first))
            return car_bundle_commit (self->bundle, collection->slot, self->pending.begin, error);
        }
      else if (is_new_version (self, collection, first))
        return stage_edge (self, collection, self->waiting != NULL, error);
      else
        collection->counts.duplicates++;
      car_bundle_roll_back (collection->slot, self->pending.begin);
      return TRUE;
    }
  if (!collection->is_edge)
    return stage_pending (self, collection, error);

  collection->counts.held += self->pending.key.digest & CAR_STAGE_HOLDS;
  return stage_edge (self, collection, FALSE, error);
}

/* Puts members in the place of an object's closing brace. `tail` begins with a comma, for where it has others. */
static inline void
append_tail (GString *object, const char *tail, gsize length)
{
  do
    object->len--;
  while (car_json_is_space (object->str[object->len - 1]));

  const gsize skipped = object->str[object->len - 1] == '{' ? strlen (",") : 0;
  memcpy (car_json_extend (object, length - skipped), tail + skipped, length - skipped);
}

/* Takes an object that is valid. `tail` (nullable) stands in the place of its closing brace. */
static inline gboolean
take (CarStage *self,
      CarStageCollection *collection,
      const CarJsonSpan *object,
      const char *tail,
      const CarJsonMembers *members,
      GError **error)
{
  CarKey ends[CAR_EDGE_N_ENDS];
  const CarKey key = collection->is_edge ? car_stage_prepare_edge (self, collection, members, ends)
                                         : prepare_vertex (self, collection, object, members);

  if (G_UNLIKELY (!settle (self, error)))
    return FALSE;

  if (collection->is_edge)
    memcpy (self->pending.ends, ends, sizeof ends);
  else if (self->is_full)
    car_vertex_names_add_other (collection->names, members);
  self->pending.collection = collection;
  self->pending.key = key;
  self->pending.begin = car_bundle_begin (collection->slot);
  memcpy (car_json_extend (collection->slot->text, object->length), object->text, object->length);
  if (tail != NULL)
    append_tail (collection->slot->text, tail, self->edge_tail_length);
  return TRUE;
}

static void
append_raw (GString *out, const CarJsonSpan *value)
{
  gsize quote = value->type == CAR_JSON_STRING ? 1 : 0;

  g_string_append_len (out, value->text - quote, value->length + 2 * quote);
}

/* The edge with the framework's members, in the place of its own; only `active` stays as it is. NULL where it is no
 * JSON. */
static GString *
rewrite_edge (CarStage *self, const char *edge, gsize length)
{
  g_autoptr (GString) text = g_string_new ("{");
  gboolean active = FALSE;
  CarJsonScanner scanner;
  CarJsonSpan name;
  CarJsonSpan value;

  car_json_scanner_init (&scanner, edge, length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return NULL;

  while (car_json_scanner_next_member (&scanner, &name))
    {
      if (!car_json_scanner_read (&scanner, &value))
        return NULL;
      if (car_json_span_equals (&name, "report") || car_json_span_equals (&name, "source") ||
          car_json_span_equals (&name, "timestamp"))
        continue;

      active = active || car_json_span_equals (&name, "active");
      append_raw (text, &name);
      g_string_append_c (text, ':');
      append_raw (text, &value);
      g_string_append_c (text, ',');
    }
  if (!car_json_scanner_finish (&scanner))
    return NULL;

  g_string_append (text, self->edge_members);
  g_string_append (text, active ? "}" : ",\"active\":true}");
  return g_steal_pointer (&text);
}

static gboolean
check_unknown_members (CarStage *self,
                       const CarStageCollection *collection,
                       const CarJsonSpan *object,
                       const CarJsonMembers *members,
                       CarJsonViolation *violation)
{
  GPtrArray *warnings = car_stage_get_warnings (self);
  const gboolean right =
      car_unknown_members_check (collection->unknown_members, object, members->unnamed, warnings, violation);

  self->has_news = self->has_news || warnings->len > 0;
  return right;
}

/* Checks the object that begins at the scanner, and stands behind it afterwards. */
static inline gboolean
scan_object (CarStage *self,
             const CarStageCollection *collection,
             const CarJsonFixedMembers *fixed,
             CarJsonScanner *scanner,
             CarJsonSpan *object,
             CarJsonMembers *members,
             CarJsonViolation *violation)
{
  car_json_scanner_peek (scanner);
  object->text = scanner->at;
  if (G_UNLIKELY (!car_collection_schema_scan (collection->schema, collection->is_edge, fixed, scanner,
                                               members, violation)))
    return FALSE;

  object->length = scanner->at - object->text;
  object->type = CAR_JSON_OBJECT;
  return G_LIKELY (members->unnamed == 0) || collection->unknown_members == NULL ||
         check_unknown_members (self, collection, object, members, violation);
}

/* The same of a text that must hold nothing else. */
static inline gboolean
scan_text (CarStage *self,
           const CarStageCollection *collection,
           const CarJsonFixedMembers *fixed,
           const char *text,
           gsize length,
           CarJsonSpan *object,
           CarJsonMembers *members,
           CarJsonViolation *violation)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  const CarJsonScanner begin = scanner;
  if (G_UNLIKELY (!scan_object (self, collection, fixed, &scanner, object, members, violation)))
    return FALSE;
  if (G_LIKELY (car_json_scanner_finish (&scanner)))
    return TRUE;

  car_json_violate_text (violation, &scanner);
  car_violation_name_object (violation, collection->counts.name, &begin);
  return FALSE;
}

/* An edge that has members of its own beside the framework's, or whose schema looks at all members together. */
static gboolean
add_rewritten_edge (CarStage *self,
                    CarStageCollection *collection,
                    const char *json,
                    gsize length,
                    GError **error)
{
  g_autoptr (GString) edge = rewrite_edge (self, json, length);
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonSpan object;
  CarJsonMembers members;

  /* What is no JSON object is named by the check. */
  if (edge != NULL ? scan_text (self, collection, NULL, edge->str, edge->len, &object, &members, &violation)
                   : scan_text (self, collection, NULL, json, length, &object, &members, &violation))
    return take (self, collection, &object, NULL, &members, error);

  car_stage_leave_out (self, collection, json, length, &violation);
  return TRUE;
}

static gboolean
add_text (CarStage *self, CarStageCollection *collection, const char *json, gsize length, GError **error)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonSpan object;
  CarJsonMembers members;

  count_read (self, collection);
  if (G_LIKELY (collection->in_place &&
                scan_text (self, collection, collection->fixed, json, length, &object, &members, &violation)))
    return take (self, collection, &object, collection->tail, &members, error);
  if (!collection->unknown && collection->is_edge)
    return add_rewritten_edge (self, collection, json, length, error);

  if (collection->unknown)
    car_stage_leave_out_unknown (self, collection, json, length);
  else
    car_stage_leave_out (self, collection, json, length, &violation);
  return TRUE;
}

gboolean
car_stage_add_json (CarStage *self,
                    CarBundlePart part,
                    const char *name,
                    const char *json,
                    gsize length,
                    GError **error)
{
  CarStageCollection *collection = get_collection (self, part, name, error);

  return G_LIKELY (collection != NULL) && add_text (self, collection, json, length, error);
}

/* An object that JSON cannot hold, whose text serves to name it. */
static void
leave_out_problem (CarStage *self,
                   CarStageCollection *collection,
                   const char *text,
                   gsize length,
                   const CarJsonViolation *problem)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner scanner;

  count_read (self, collection);
  if (collection->unknown)
    {
      car_stage_leave_out_unknown (self, collection, text, length);
      return;
    }

  car_json_scanner_init (&scanner, text, length);
  car_json_violation_copy (problem, &violation);
  car_violation_name_object (&violation, collection->counts.name, &scanner);
  car_stage_leave_out (self, collection, text, length, &violation);
}

gboolean
car_stage_add_record (CarStage *self,
                      CarBundlePart part,
                      const char *name,
                      const CarRecord *record,
                      GError **error)
{
  CarStageCollection *collection = get_collection (self, part, name, error);
  gsize length;

  if (G_UNLIKELY (collection == NULL))
    return FALSE;

  const char *text = car_record_peek (record, &length);
  const CarJsonViolation *problem = car_record_get_problem (record);
  if (G_LIKELY (problem == NULL))
    return add_text (self, collection, text, length, error);

  leave_out_problem (self, collection, text, length, problem);
  return TRUE;
}

gboolean
car_stage_add_object (CarStage *self,
                      CarBundlePart part,
                      const char *name,
                      JsonObject *object,
                      GError **error)
{
  CarStageCollection *collection = get_collection (self, part, name, error);
  g_auto (CarJsonViolation) problem = { NULL };
  GString *text = self->scratch;

  if (G_UNLIKELY (collection == NULL))
    return FALSE;

  g_string_truncate (text, 0);
  car_json_write_object (text, object, &problem);
  if (G_LIKELY (problem.rule == NULL))
    return add_text (self, collection, text->str, text->len, error);

  leave_out_problem (self, collection, text->str, text->len, &problem);
  return TRUE;
}

/* Goes behind the item that the scanner stands at, which may be no JSON: it is left out alone. FALSE where nobody can
 * tell where it ends. */
static gboolean
pass_item (CarJsonScanner *scanner)
{
  CarJsonScanner begin = *scanner;
  CarJsonSpan item;

  if (car_json_scanner_read (scanner, &item))
    return TRUE;
  if (!car_json_scanner_skip_item (&begin))
    return FALSE;

  *scanner = begin;
  return TRUE;
}

/* Adds the item that the scanner stands at. FALSE without an error where the array is no JSON from here on. */
static gboolean
add_item (CarStage *self, CarStageCollection *collection, CarJsonScanner *scanner, GError **error)
{
  const CarJsonScanner begin = *scanner;
  CarJsonSpan object;
  CarJsonMembers members;
  g_auto (CarJsonViolation) violation = { NULL };

  if (G_LIKELY (collection->in_place &&
                scan_object (self, collection, collection->fixed, scanner, &object, &members, &violation)))
    {
      count_read (self, collection);
      return take (self, collection, &object, collection->tail, &members, error);
    }

  *scanner = begin;
  return pass_item (scanner) && add_text (self, collection, begin.at, scanner->at - begin.at, error);
}

gboolean
car_stage_add_array (CarStage *self,
                     CarBundlePart part,
                     const char *name,
                     const char *json,
                     gsize length,
                     GError **error)
{
  CarStageCollection *collection = get_collection (self, part, name, error);
  CarJsonScanner scanner;

  if (collection == NULL)
    return FALSE;

  car_json_scanner_init (&scanner, json, length);
  if (car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    while (car_json_scanner_next_item (&scanner))
      if (!add_item (self, collection, &scanner, error) && scanner.problem == NULL)
        return FALSE;
  if (scanner.problem == NULL && car_json_scanner_finish (&scanner))
    return TRUE;

  car_json_scanner_set_error (&scanner, error);
  g_prefix_error (error, "%s: what was to be added is no JSON array: ", name);
  return FALSE;
}

gboolean
car_stage_has_news (const CarStage *self)
{
  return self->has_news;
}

CarStageNews
car_stage_take_news (CarStage *self)
{
  const CarStageNews news = self->news;

  self->news = (CarStageNews){ 0 };
  self->has_news = FALSE;
  return news;
}

gboolean
car_stage_foreach_object (CarStage *self,
                          const CarCollectionCounts *counts,
                          CarPageVisit visit,
                          gpointer user_data,
                          GError **error)
{
  return car_bundle_foreach_object (self->bundle, counts->part, counts->name, visit, user_data, error) &&
         (self->waiting == NULL ||
          car_bundle_foreach_object (self->waiting, counts->part, counts->name, visit, user_data, error));
}

gboolean
car_stage_settle (CarStage *self, GError **error)
{
  return settle (self, error);
}

void
car_stage_begin_anew (CarStage *self)
{
  self->n_sends++;
}

CarCollectionCounts *
car_stage_get_counts (CarStage *self, CarBundlePart part, const char *name, GError **error)
{
  CarStageCollection *collection = get_collection (self, part, name, error);

  return collection != NULL ? &collection->counts : NULL;
}

const GPtrArray *
car_stage_list_counts (CarStage *self)
{
  /* Where a page cannot be written, that fails whatever comes next. */
  settle (self, NULL);
  return self->collections;
}
