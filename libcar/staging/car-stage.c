/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/staging/car-conflict-private.h>
#include <libcar/staging/car-key-set-private.h>
#include <libcar/staging/car-record-private.h>
#include <libcar/staging/car-stage-private.h>
#include <libcar/staging/car-violation-private.h>

/* Of each kind of violation so many are shown. */
#define SHOWN_VIOLATIONS 3

/* Of each collection so many conflicts are looked into: the object before is searched for in all that is staged. */
#define MAX_COMPARED 16

/* Names come from outside: what is kept for each of them is bounded. */
#define MAX_COLLECTIONS 4096
#define MAX_KINDS 256

/* Progress is told once in so many objects. */
#define OBJECTS_PER_TICK 1024

typedef struct
{
  CarCollectionCounts counts; /* first: it stands for the collection elsewhere */
  CarBundleSlot *slot;
  const CarCollectionSchema *schema;
  const char *tail;           /* (nullable) what stands in the place of an edge's closing brace */
  CarJsonFixedMembers *fixed; /* (nullable) the members in it, where they can be checked once */
  gboolean is_edge;
  gboolean unknown;  /* to the service, which would drop what is sent */
  gboolean in_place; /* its objects can be checked where they stand */
  guint first_name;  /* the member of a vertex that names it, by its number in what a scan finds, */
  guint second_name; /* … and the one that does where the first is missing */
  guint n_compared;  /* conflicts looked into */
  guint64 names_scope;
  guint64 members_scope;
} Collection;

typedef struct
{
  GHashTable *by_name;
  Collection *last; /* objects of one collection mostly come in a row */
  guint64 n_read;
} Part;

/* An object that stands at the end of its collection's page until it is known whether it came before. The key set was
 * asked for its key, but what answers is main memory, and the next object is checked meanwhile. */
typedef struct
{
  Collection *collection; /* NULL: there is none */
  gsize begin;
  CarKey key;
} Pending;

struct _CarStage
{
  CarBundle *bundle;
  CarImportSchema *schema;
  gboolean is_checking; /* the schema is the service's */
  CarStageNews news;
  gboolean has_news;

  char *edge_members;       /* that every edge gets, apart from `active` */
  char *edge_tail;          /* a comma, all of these, and the closing brace */
  CarLeftOutFile *left_out; /* (nullable) */
  CarKeySet *keys;
  GString *scratch;
  Pending pending;
  Part parts[CAR_BUNDLE_N_PARTS];
  GPtrArray *collections; /* of both parts, in the order in which they came */
  GHashTable *kinds;      /* kind → CarViolation */
};

static void
collection_free (gpointer data)
{
  Collection *collection = data;

  g_ptr_array_unref (collection->counts.violations);
  g_free (collection->counts.name);
  car_json_fixed_members_free (collection->fixed);
  g_free (collection);
}

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

  self->keys = car_key_set_new ();
  self->scratch = g_string_new (NULL);
  self->collections = g_ptr_array_new_with_free_func (collection_free);
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
  car_key_set_free (self->keys);
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

/* Warns once the lock is given back. */
static G_GNUC_PRINTF (2, 3) void warn (CarStage *self, const char *format, ...)
{
  va_list args;

  if (self->news.warnings == NULL)
    self->news.warnings = g_ptr_array_new_with_free_func (g_free);
  va_start (args, format);
  g_ptr_array_add (self->news.warnings, g_strdup_vprintf (format, args));
  va_end (args);
  self->has_news = TRUE;
}

static gboolean
check_name (const char *name, GError **error)
{
  if (car_text_is_name (name) && !g_str_equal (name, "source") && !g_str_equal (name, "report"))
    return TRUE;

  g_autofree char *shown = car_text_to_printable (name, -1);
  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "“%s” cannot be the name of a collection: it needs letters, digits and “_” (128 at most, no digit "
      "first), and “source” and “report” are taken",
      shown);
  return FALSE;
}

static CarJsonFixedMembers *
fix_edge_members (const CarStage *self, const CarCollectionSchema *schema)
{
  g_autofree char *members = g_strconcat ("{", self->edge_tail + strlen (","), NULL);

  return car_collection_schema_fix_members (schema, members);
}

/* The schema was fetched with the extension in place: it names all collections that the service keeps (protocol.md, "We
 * do": sent means held). */
static gboolean
is_unknown (CarStage *self, const char *name)
{
  if (!self->is_checking || car_import_schema_has_collection (self->schema, name))
    return FALSE;

  warn (self,
        "The service has no collection “%s”, and would drop its objects: all of them are left out; check the "
        "name, or the schema extension",
        name);
  return TRUE;
}

static Collection *
make_collection (CarStage *self, CarBundlePart part, const char *name, GError **error)
{
  if (!check_name (name, error))
    return NULL;
  if (self->collections->len >= MAX_COLLECTIONS)
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                   "“%s” would be one collection too many: a run has %d at most", name, MAX_COLLECTIONS);
      return NULL;
    }

  g_autofree char *names = g_strdup_printf ("%d name %s", part, name);
  g_autofree char *members = g_strdup_printf ("%d members %s", part, name);
  const gboolean by_key = car_collection_is_named_by_key (name);
  Collection *collection = g_new0 (Collection, 1);

  collection->counts.name = g_strdup (name);
  collection->counts.part = part;
  collection->counts.violations = g_ptr_array_new ();
  collection->slot = car_bundle_get_slot (self->bundle, part, name);
  collection->schema = car_import_schema_lookup (self->schema, name);
  collection->is_edge = part == CAR_BUNDLE_EDGES;
  collection->unknown = is_unknown (self, name);
  if (collection->is_edge)
    {
      collection->tail = self->edge_tail;
      collection->fixed = fix_edge_members (self, collection->schema);
    }
  /* Of an edge, the framework's members must be known to be right. */
  collection->in_place = !collection->unknown && (!collection->is_edge || collection->fixed != NULL);
  collection->first_name = by_key ? CAR_VERTEX_KEY : CAR_VERTEX_EXTERNAL_ID;
  collection->second_name = by_key ? CAR_VERTEX_EXTERNAL_ID : CAR_VERTEX_KEY;
  collection->names_scope = car_key_set_get_scope (self->keys, names);
  collection->members_scope = car_key_set_get_scope (self->keys, members);
  g_ptr_array_add (self->collections, collection);
  g_hash_table_insert (self->parts[part].by_name, collection->counts.name, collection);
  return collection;
}

static inline Collection *
get_collection (CarStage *self, CarBundlePart which, const char *name, GError **error)
{
  Part *part = &self->parts[which];

  if (G_LIKELY (part->last != NULL && strcmp (part->last->counts.name, name) == 0))
    return part->last;

  Collection *collection = g_hash_table_lookup (part->by_name, name);
  if (collection == NULL)
    collection = make_collection (self, which, name, error);
  if (collection != NULL)
    part->last = collection;
  return collection;
}

/* Violations of one rule at one place are told of once, with their number. NULL where there are so many kinds that no
 * more are told apart. */
static CarViolation *
get_violation (CarStage *self, Collection *collection, const CarJsonViolation *found)
{
  g_autofree char *kind =
      g_strdup_printf ("%d %s %s", collection->counts.part, collection->counts.name, found->kind);
  CarViolation *violation = g_hash_table_lookup (self->kinds, kind);

  if (violation != NULL || g_hash_table_size (self->kinds) >= MAX_KINDS)
    return violation;

  violation = g_new0 (CarViolation, 1);
  violation->place = g_strdup (found->place);
  violation->rule = found->rule;
  violation->message = g_strdup (found->text);
  g_hash_table_insert (self->kinds, g_steal_pointer (&kind), violation);
  g_ptr_array_add (collection->counts.violations, violation);
  return violation;
}

static void
leave_out (CarStage *self,
           Collection *collection,
           const char *text,
           gsize length,
           const CarJsonViolation *found)
{
  CarViolation *violation = get_violation (self, collection, found);

  car_left_out_file_add (self->left_out, collection->counts.name, found->text, text, length);
  collection->counts.invalid++;
  if (violation == NULL || ++violation->count > SHOWN_VIOLATIONS || collection->unknown)
    return;

  warn (self, "An object is left out: %s%s", found->text,
        violation->count == SHOWN_VIOLATIONS ? " (more like it are only counted)" : "");
}

/* That the collection is unknown was said when it came. */
static void
leave_out_unknown (CarStage *self, Collection *collection, const char *text, gsize length)
{
  g_auto (CarJsonViolation) violation = { NULL };

  car_json_violate (&violation, NULL, NULL, "unknown", "is of no collection that the service has");
  car_violation_name_object (&violation, collection->counts.name, NULL);
  leave_out (self, collection, text, length, &violation);
}

void
car_stage_note_dropped (CarStage *self, CarBundlePart part, const CarImportWarning *warning)
{
  Collection *collection = warning->collection != NULL
                               ? g_hash_table_lookup (self->parts[part].by_name, warning->collection)
                               : NULL;
  g_autofree char *text = car_import_warning_describe (warning);

  warn (self, "%s%s", text,
        collection == NULL ? " (they still count as sent: the service names no collection that was sent)"
                           : "");
  if (collection == NULL)
    return;

  g_autofree char *kind = g_strconcat ("dropped ", warning->reason, NULL);
  g_autofree char *message =
      g_strdup_printf ("%s: the service left it out: %s", collection->counts.name, warning->reason);
  const CarJsonViolation found = { .rule = "dropped", .place = (char *) "", .kind = kind, .text = message };
  CarViolation *violation = get_violation (self, collection, &found);

  collection->counts.dropped += warning->count;
  if (violation != NULL)
    violation->count += warning->count;
}

static CarKey
prepare_name (CarStage *self, const Collection *collection, const CarJsonSpan *name)
{
  if (G_LIKELY (!name->escaped))
    return car_key_set_prepare (self->keys, collection->names_scope, name->text, name->length);

  gsize length;
  g_autofree char *unescaped = car_json_span_unescape (name, &length);
  return car_key_set_prepare (self->keys, collection->names_scope, unescaped, length);
}

static CarKey
prepare_members (CarStage *self, const Collection *collection, const CarJsonHash *hash)
{
  return car_key_set_prepare (self->keys, collection->members_scope, hash, sizeof *hash);
}

/* What makes an object one that came before: of vertices the name counts, of edges and those without one all members. */
static inline CarKey
prepare_key (CarStage *self,
             const Collection *collection,
             const CarJsonSpan *object,
             const CarJsonMembers *members)
{
  if (collection->is_edge)
    return prepare_members (self, collection, &members->hash);

  const CarJsonSpan *name = &members->values[collection->first_name];
  if (G_UNLIKELY (name->type != CAR_JSON_STRING))
    name = &members->values[collection->second_name];
  if (G_UNLIKELY (name->type != CAR_JSON_STRING))
    {
      const CarJsonHash hash = car_json_hash_value (object);
      return prepare_members (self, collection, &hash);
    }

  CarKey key = prepare_name (self, collection, name);
  key.digest = members->hash.low;
  return key;
}

static inline void
count_read (CarStage *self, Collection *collection)
{
  CarBundlePart which = collection->counts.part;
  Part *part = &self->parts[which];

  collection->counts.read++;
  part->n_read++;
  if (G_UNLIKELY (part->n_read % OBJECTS_PER_TICK == 0))
    {
      self->news.part = which;
      self->news.n_read = part->n_read;
      self->has_news = TRUE;
    }
}

/* The last object has the key of one before, which came with another digest (protocol.md, "We do"). */
static void
note_conflict (CarStage *self, Collection *collection, guint64 first)
{
  static const char *const names[] = { [CAR_VERTEX_EXTERNAL_ID] = "external_id", [CAR_VERTEX_KEY] = "_key" };
  const char *const named_by[2] = { names[collection->first_name], names[collection->second_name] };
  const GString *text = collection->slot->text;
  const char *begin = strchr (text->str + self->pending.begin, '{');
  const CarJsonSpan object = { begin, text->str + text->len - begin, CAR_JSON_OBJECT, FALSE };
  gboolean looks = collection->n_compared < MAX_COMPARED;
  g_autofree char *members = NULL;

  collection->n_compared += looks;
  if (looks && !car_conflict_compare (self->bundle, collection->counts.name, named_by, &object, &members))
    {
      collection->counts.duplicates++;
      return;
    }
  car_left_out_file_add (self->left_out, collection->counts.name,
                         "another object with its name and other contents came before", object.text,
                         object.length);
  if (++collection->counts.conflicts > SHOWN_VIOLATIONS)
    return;

  g_autoptr (GString) name = g_string_new (NULL);
  car_object_append_name (name, &object);
  warn (self,
        "Two objects of %s have the name%s and other contents%s%s: the first is sent (digest "
        "%016" G_GINT64_MODIFIER "x), the second is not (%016" G_GINT64_MODIFIER "x)%s",
        collection->counts.name, name->str, members != NULL ? ", in " : "", members != NULL ? members : "",
        first, self->pending.key.digest,
        collection->counts.conflicts == SHOWN_VIOLATIONS ? " (more like them are only counted)" : "");
}

/* The last object stays, if it is new. */
static inline gboolean
settle (CarStage *self, GError **error)
{
  Collection *collection = self->pending.collection;

  if (collection == NULL)
    return TRUE;

  guint64 first;

  self->pending.collection = NULL;
  if (!car_key_set_add (self->keys, self->pending.key, &first))
    {
      if (G_LIKELY (first == self->pending.key.digest))
        collection->counts.duplicates++;
      else
        note_conflict (self, collection, first);
      car_bundle_roll_back (collection->slot, self->pending.begin);
      return TRUE;
    }

  collection->counts.staged++;
  return car_bundle_commit (self->bundle, collection->slot, self->pending.begin, error);
}

/* Puts members in the place of an object's closing brace. `tail` begins with a comma, for where it has others. */
static void
append_tail (GString *object, const char *tail)
{
  do
    object->len--;
  while (car_json_is_space (object->str[object->len - 1]));

  g_string_append (object, object->str[object->len - 1] == '{' ? tail + strlen (",") : tail);
}

/* Takes an object that is valid. `tail` (nullable) stands in the place of its closing brace. */
static inline gboolean
take (CarStage *self,
      Collection *collection,
      const CarJsonSpan *object,
      const char *tail,
      const CarJsonMembers *members,
      GError **error)
{
  const CarKey key = prepare_key (self, collection, object, members);

  if (G_UNLIKELY (!settle (self, error)))
    return FALSE;

  self->pending.collection = collection;
  self->pending.key = key;
  self->pending.begin = car_bundle_begin (collection->slot);
  memcpy (car_json_extend (collection->slot->text, object->length), object->text, object->length);
  if (tail != NULL)
    append_tail (collection->slot->text, tail);
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

/* Checks the object that begins at the scanner, and stands behind it afterwards. */
static inline gboolean
scan_object (const Collection *collection,
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
  return TRUE;
}

/* The same of a text that must hold nothing else. */
static inline gboolean
scan_text (const Collection *collection,
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
  if (G_UNLIKELY (!scan_object (collection, fixed, &scanner, object, members, violation)))
    return FALSE;
  if (G_LIKELY (car_json_scanner_finish (&scanner)))
    return TRUE;

  car_json_violate_text (violation, &scanner);
  car_violation_name_object (violation, collection->counts.name, &begin);
  return FALSE;
}

/* An edge that has members of its own beside the framework's, or whose schema looks at all members together. */
static gboolean
add_rewritten_edge (CarStage *self, Collection *collection, const char *json, gsize length, GError **error)
{
  g_autoptr (GString) edge = rewrite_edge (self, json, length);
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonSpan object;
  CarJsonMembers members;

  /* What is no JSON object is named by the check. */
  if (edge != NULL ? scan_text (collection, NULL, edge->str, edge->len, &object, &members, &violation)
                   : scan_text (collection, NULL, json, length, &object, &members, &violation))
    return take (self, collection, &object, NULL, &members, error);

  leave_out (self, collection, json, length, &violation);
  return TRUE;
}

static gboolean
add_text (CarStage *self, Collection *collection, const char *json, gsize length, GError **error)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonSpan object;
  CarJsonMembers members;

  count_read (self, collection);
  if (G_LIKELY (collection->in_place &&
                scan_text (collection, collection->fixed, json, length, &object, &members, &violation)))
    return take (self, collection, &object, collection->tail, &members, error);
  if (!collection->unknown && collection->is_edge)
    return add_rewritten_edge (self, collection, json, length, error);

  if (collection->unknown)
    leave_out_unknown (self, collection, json, length);
  else
    leave_out (self, collection, json, length, &violation);
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
  Collection *collection = get_collection (self, part, name, error);

  return G_LIKELY (collection != NULL) && add_text (self, collection, json, length, error);
}

/* An object that JSON cannot hold, whose text serves to name it. */
static void
leave_out_problem (CarStage *self,
                   Collection *collection,
                   const char *text,
                   gsize length,
                   const CarJsonViolation *problem)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner scanner;

  count_read (self, collection);
  if (collection->unknown)
    {
      leave_out_unknown (self, collection, text, length);
      return;
    }

  car_json_scanner_init (&scanner, text, length);
  car_json_violation_copy (problem, &violation);
  car_violation_name_object (&violation, collection->counts.name, &scanner);
  leave_out (self, collection, text, length, &violation);
}

gboolean
car_stage_add_record (CarStage *self,
                      CarBundlePart part,
                      const char *name,
                      const CarRecord *record,
                      GError **error)
{
  Collection *collection = get_collection (self, part, name, error);
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
  Collection *collection = get_collection (self, part, name, error);
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
add_item (CarStage *self, Collection *collection, CarJsonScanner *scanner, GError **error)
{
  const CarJsonScanner begin = *scanner;
  CarJsonSpan object;
  CarJsonMembers members;
  g_auto (CarJsonViolation) violation = { NULL };

  if (G_LIKELY (collection->in_place &&
                scan_object (collection, collection->fixed, scanner, &object, &members, &violation)))
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
  Collection *collection = get_collection (self, part, name, error);
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
car_stage_settle (CarStage *self, GError **error)
{
  return settle (self, error);
}

CarCollectionCounts *
car_stage_get_counts (CarStage *self, CarBundlePart part, const char *name, GError **error)
{
  Collection *collection = get_collection (self, part, name, error);

  return collection != NULL ? &collection->counts : NULL;
}

const GPtrArray *
car_stage_list_counts (CarStage *self)
{
  /* Where a page cannot be written, that fails whatever comes next. */
  settle (self, NULL);
  return self->collections;
}
