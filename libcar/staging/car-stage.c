/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/staging/car-conflict-private.h>
#include <libcar/staging/car-key-set-private.h>
#include <libcar/staging/car-record-private.h>
#include <libcar/staging/car-stage-private.h>
#include <libcar/staging/car-unknown-members-private.h>
#include <libcar/staging/car-vertex-names-private.h>
#include <libcar/staging/car-violation-private.h>

/* Of each kind of violation so many are shown. */
#define SHOWN_VIOLATIONS 3

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
  gboolean unknown;                      /* to the service, which would drop what is sent */
  gboolean in_place;                     /* its objects can be checked where they stand */
  guint64 scope;                         /* of the keys of edges, and of vertices that have no name */
  CarVertexNames *names;                 /* of vertices: theirs */
  CarVertexNames *ends[CAR_EDGE_N_ENDS]; /* (nullable) of edges: those of the vertices at their ends */
  CarBundleSlot *waiting;                /* (nullable) of edges that wait */
  CarUnknownMembers *unknown_members;    /* (nullable) */
  guint n_large;  /* objects that the service finds too large, and nobody was told of yet */
  GString *large; /* (nullable) the first of them */
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
  CarKey ends[CAR_EDGE_N_ENDS]; /* of an edge, where it is known of which collections they are */
} Pending;

/* An edge's digest says in its last bit whether the edge holds: one with `active: false` ends it. */
#define HOLDS G_GUINT64_CONSTANT (1)

/* The last bits of a vertex's digest say after how many sends it was staged; the others stand for its contents. */
#define SENDS_BITS 16
#define SENDS_MASK ((G_GUINT64_CONSTANT (1) << SENDS_BITS) - 1)

struct _CarStage
{
  CarBundle *bundle;
  CarImportSchema *schema;
  gboolean is_checking; /* the schema is the service's */
  gboolean is_strict;
  CarStageNews news;
  gboolean has_news;

  char *edge_members; /* that every edge gets, apart from `active` */
  char *edge_tail;    /* a comma, all of these, and the closing brace */
  gsize edge_tail_length;
  CarLeftOutFile *left_out; /* (nullable) */
  char *source;
  CarKeySet *keys;
  guint64 n_sends;   /* of vertices */
  GHashTable *names; /* collection → CarVertexNames */
  GString *scratch;
  Pending pending;
  Part parts[CAR_BUNDLE_N_PARTS];
  GPtrArray *collections; /* of both parts, in the order in which they came */
  GHashTable *kinds;      /* kind → CarViolation */

  /* In a full import: edges whose vertices have not come yet wait there until all have. */
  gboolean is_full;
  char *directory;
  CarBundle *waiting; /* (nullable) */
};

static void
collection_free (gpointer data)
{
  Collection *collection = data;

  g_ptr_array_unref (collection->counts.violations);
  g_free (collection->counts.name);
  if (collection->large != NULL)
    g_string_free (collection->large, TRUE);
  car_json_fixed_members_free (collection->fixed);
  car_unknown_members_free (collection->unknown_members);
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
  self->edge_tail_length = strlen (self->edge_tail);

  self->source = g_strdup (source);
  self->keys = car_key_set_new ();
  self->names =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) car_vertex_names_free);
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

static GPtrArray *
get_warnings (CarStage *self)
{
  if (self->news.warnings == NULL)
    self->news.warnings = g_ptr_array_new_with_free_func (g_free);
  return self->news.warnings;
}

/* Warns once the lock is given back. */
static G_GNUC_PRINTF (2, 3) void warn (CarStage *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (get_warnings (self), g_strdup_vprintf (format, args));
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

static CarVertexNames *
get_names (CarStage *self, const char *collection)
{
  CarVertexNames *names = g_hash_table_lookup (self->names, collection);

  if (names == NULL)
    {
      names = car_vertex_names_new (self->keys, collection, self->source);
      g_hash_table_insert (self->names, g_strdup (collection), names);
    }
  return names;
}

static void
find_names (CarStage *self, Collection *collection)
{
  const CarEdgeEnds *ends = car_collection_schema_get_ends (collection->schema);

  if (!collection->is_edge)
    collection->names = get_names (self, collection->counts.name);
  for (CarEdgeEnd end = 0; collection->is_edge && ends->from != NULL && end < CAR_EDGE_N_ENDS; end++)
    collection->ends[end] = get_names (self, car_edge_ends_get_collection (ends, end));
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

  g_autofree char *scope = g_strdup_printf ("%d %s", part, name);
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
  collection->scope = car_key_set_get_scope (self->keys, scope);
  find_names (self, collection);
  if (self->is_checking && !collection->unknown)
    collection->unknown_members =
        car_unknown_members_new (collection->schema, name, collection->is_edge, self->is_strict);
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

/* Counts it, without a word: NULL where too many kinds are told apart. */
static CarViolation *
count_left_out (CarStage *self,
                Collection *collection,
                const char *text,
                gsize length,
                const CarJsonViolation *found)
{
  CarViolation *violation = get_violation (self, collection, found);

  car_left_out_file_add (self->left_out, collection->counts.name, found->text, text, length);
  collection->counts.invalid++;
  if (violation != NULL)
    violation->count++;
  return violation;
}

/* Edges may lead to it. */
static void
note_name_left_out (Collection *collection, const char *text, gsize length)
{
  CarJsonMembers members;
  CarJsonSpan vertex;

  if (!car_json_read_text (text, length, &vertex, NULL))
    return;

  car_object_rules_read_vertex (&vertex, &members);
  car_vertex_names_add_left_out (collection->names, &members);
}

static void
leave_out (CarStage *self,
           Collection *collection,
           const char *text,
           gsize length,
           const CarJsonViolation *found)
{
  const CarViolation *violation = count_left_out (self, collection, text, length, found);

  if (self->is_full && !collection->is_edge)
    note_name_left_out (collection, text, length);
  if (violation == NULL || violation->count > SHOWN_VIOLATIONS || collection->unknown)
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

void
car_stage_leave_out_large (CarStage *self, CarBundlePart part, const char *name, const CarJsonSpan *object)
{
  Collection *collection = g_hash_table_lookup (self->parts[part].by_name, name);
  g_return_if_fail (collection != NULL);

  if (collection->large == NULL)
    collection->large = g_string_new (NULL);
  g_autoptr (GString) shown = g_string_new (NULL);
  car_object_append_name (shown, object);
  g_string_append_printf (shown, " (%" G_GSIZE_FORMAT " bytes)", object->length);
  if (collection->n_large++ < SHOWN_VIOLATIONS)
    g_string_append_printf (collection->large, "%s%s", collection->large->len > 0 ? "," : "", shown->str);

  g_autofree char *text =
      g_strdup_printf ("%s%s: the service finds it too large (HTTP 413)", name, shown->str);
  const CarJsonViolation found = {
    .rule = "too-large", .place = (char *) "", .kind = (char *) "too large", .text = text
  };
  CarViolation *violation = get_violation (self, collection, &found);

  car_left_out_file_add (self->left_out, name, text, object->text, object->length);
  collection->counts.dropped++;
  if (violation != NULL)
    violation->count++;
}

static void
tell_large (CarStage *self, Collection *collection)
{
  g_autofree char *more = collection->n_large > SHOWN_VIOLATIONS
                              ? g_strdup_printf (", and %u more", collection->n_large - SHOWN_VIOLATIONS)
                              : g_strdup ("");

  warn (self, "The service finds %u of %s too large, also alone (HTTP 413): left out are%s%s",
        collection->n_large, collection->counts.name, collection->large->str, more);
  collection->n_large = 0;
  g_string_truncate (collection->large, 0);
}

void
car_stage_tell_large (CarStage *self)
{
  for (guint i = 0; i < self->collections->len; i++)
    {
      Collection *collection = self->collections->pdata[i];

      if (collection->n_large > 0)
        tell_large (self, collection);
    }
}

void
car_stage_note_violation (CarStage *self,
                          CarCollectionCounts *counts,
                          const char *place,
                          const char *rule,
                          const char *message,
                          guint64 count)
{
  const CarJsonViolation found = { .rule = g_intern_string (rule),
                                   .place = (char *) place,
                                   .kind = (char *) message,
                                   .text = (char *) message };
  CarViolation *violation = get_violation (self, (Collection *) counts, &found);

  if (violation != NULL)
    violation->count += count;
}

/* A vertex is known by its name; one without any by all its members. */
static inline CarKey
prepare_vertex (CarStage *self,
                const Collection *collection,
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

static inline CarKey
prepare_end (const CarStage *self,
             const Collection *collection,
             CarEdgeEnd end,
             const CarJsonMembers *members)
{
  g_autofree char *unescaped = NULL;
  const CarJsonSpan name =
      car_edge_ends_get_name (car_collection_schema_get_ends (collection->schema), end, members, &unescaped);

  return G_LIKELY (collection->ends[end] != NULL)
             ? car_vertex_names_prepare_end (collection->ends[end], &name)
             : car_key_set_prepare (self->keys, collection->scope, name.text, name.length);
}

/* An edge is known by its ends and its external_id, if it has one: to a service, edges that differ in other members are
 * one. */
static inline CarKey
prepare_edge (CarStage *self, const Collection *collection, const CarJsonMembers *members, CarKey *ends)
{
  const CarJsonSpan *external_id = &members->values[CAR_EDGE_EXTERNAL_ID];

  ends[CAR_EDGE_END_FROM] = prepare_end (self, collection, CAR_EDGE_END_FROM, members);
  ends[CAR_EDGE_END_TO] = prepare_end (self, collection, CAR_EDGE_END_TO, members);

  CarKey key =
      car_key_set_join (self->keys, collection->scope, ends[CAR_EDGE_END_FROM], ends[CAR_EDGE_END_TO]);
  if (G_UNLIKELY (external_id->type == CAR_JSON_STRING && external_id->length > 0))
    {
      const CarJsonHash hash = car_json_hash_string (external_id);
      key = car_key_set_join (self->keys, collection->scope, key, (CarKey){ hash.high, hash.low, 0 });
    }
  key.digest = (members->digest & ~HOLDS) | (members->values[CAR_EDGE_ACTIVE].type != CAR_JSON_FALSE);
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

static CarJsonSpan
get_pending_text (const CarStage *self, const Collection *collection)
{
  const GString *text = collection->slot->text;
  const char *begin = strchr (text->str + self->pending.begin, '{');

  return (CarJsonSpan){ begin, text->str + text->len - begin, CAR_JSON_OBJECT, FALSE };
}

/* The last vertex has the key of one before, which came with another digest (protocol.md, "We do"). */
static void
note_conflict (CarStage *self, Collection *collection, guint64 first)
{
  const CarJsonSpan vertex = get_pending_text (self, collection);

  car_left_out_file_add (self->left_out, collection->counts.name,
                         "another object with its name and other contents came before", vertex.text,
                         vertex.length);
  if (++collection->counts.conflicts > SHOWN_VIOLATIONS)
    return;

  g_autoptr (GString) name = g_string_new (NULL);
  g_autofree char *members = car_conflict_describe (self->bundle, collection->counts.name, collection->names,
                                                    self->pending.key, &vertex);
  car_object_append_name (name, &vertex);
  warn (self,
        "Two objects of %s have the name%s and other contents%s%s: the first is sent (digest "
        "%016" G_GINT64_MODIFIER "x), the second is not (%016" G_GINT64_MODIFIER "x)%s",
        collection->counts.name, name->str, members != NULL ? ", in " : "", members != NULL ? members : "",
        first, self->pending.key.digest,
        collection->counts.conflicts == SHOWN_VIOLATIONS ? " (more like them are only counted)" : "");
}

/* The last vertex has the key of one before. Where that was sent, and said something else, this one is a newer version of it. */
static gboolean
is_newer_version (CarStage *self, Collection *collection, guint64 *before)
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
is_new_version (CarStage *self, Collection *collection, guint64 *first)
{
  const CarKey *key = &self->pending.key;
  const guint64 digest = key->digest & ~HOLDS;
  const CarKey contents = car_key_set_prepare (self->keys, collection->scope, &digest, sizeof digest);
  const CarKey version = car_key_set_join (self->keys, collection->scope, *key, contents);

  if (((*first ^ key->digest) & ~HOLDS) == 0 || car_key_set_find (self->keys, version) != NULL)
    return FALSE;

  collection->counts.held += (key->digest & HOLDS) - (*first & HOLDS);
  *first = (*first & ~HOLDS) | (key->digest & HOLDS);
  car_key_set_add (self->keys, version);
  return TRUE;
}

/* The pages of edges that wait are read back and never sent: nobody looks at their source and report. */
static gboolean
open_waiting (CarStage *self, GError **error)
{
  self->waiting = car_bundle_new (self->directory, 0, FALSE, error);
  if (self->waiting == NULL)
    return FALSE;

  car_bundle_set_envelope (self->waiting, "{}", "{}");
  return TRUE;
}

/* The last edge leaves its page, and waits until all vertices have come. */
static gboolean
put_off (CarStage *self, Collection *collection, GError **error)
{
  const CarJsonSpan edge = get_pending_text (self, collection);

  if (self->waiting == NULL && !open_waiting (self, error))
    return FALSE;
  if (collection->waiting == NULL)
    collection->waiting = car_bundle_get_slot (self->waiting, CAR_BUNDLE_EDGES, collection->counts.name);

  const gsize begin = car_bundle_begin (collection->waiting);
  g_string_append_len (collection->waiting->text, edge.text, (gssize) edge.length);
  car_bundle_roll_back (collection->slot, self->pending.begin);
  return car_bundle_commit (self->waiting, collection->waiting, begin, error);
}

static inline gboolean
leads_to_what_came (const CarStage *self, const Collection *collection)
{
  return collection->ends[CAR_EDGE_END_FROM] == NULL ||
         (car_key_set_find (self->keys, self->pending.ends[CAR_EDGE_END_FROM]) != NULL &&
          car_key_set_find (self->keys, self->pending.ends[CAR_EDGE_END_TO]) != NULL);
}

static inline gboolean
stage_pending (CarStage *self, Collection *collection, GError **error)
{
  collection->counts.staged++;
  return car_bundle_commit (self->bundle, collection->slot, self->pending.begin, error);
}

/* One with the key of another one that waits goes behind it. */
static inline gboolean
stage_edge (CarStage *self, Collection *collection, gboolean behind_others, GError **error)
{
  if (G_UNLIKELY (self->is_full && (behind_others || !leads_to_what_came (self, collection))))
    return put_off (self, collection, error);
  return stage_pending (self, collection, error);
}

/* The last object stays, if it is new. */
static inline gboolean
settle (CarStage *self, GError **error)
{
  Collection *collection = self->pending.collection;

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

  collection->counts.held += self->pending.key.digest & HOLDS;
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
      Collection *collection,
      const CarJsonSpan *object,
      const char *tail,
      const CarJsonMembers *members,
      GError **error)
{
  CarKey ends[CAR_EDGE_N_ENDS];
  const CarKey key = collection->is_edge ? prepare_edge (self, collection, members, ends)
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
                       const Collection *collection,
                       const CarJsonSpan *object,
                       const CarJsonMembers *members,
                       CarJsonViolation *violation)
{
  GPtrArray *warnings = get_warnings (self);
  const gboolean right =
      car_unknown_members_check (collection->unknown_members, object, members->unnamed, warnings, violation);

  self->has_news = self->has_news || warnings->len > 0;
  return right;
}

/* Checks the object that begins at the scanner, and stands behind it afterwards. */
static inline gboolean
scan_object (CarStage *self,
             const Collection *collection,
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
           const Collection *collection,
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
add_rewritten_edge (CarStage *self, Collection *collection, const char *json, gsize length, GError **error)
{
  g_autoptr (GString) edge = rewrite_edge (self, json, length);
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonSpan object;
  CarJsonMembers members;

  /* What is no JSON object is named by the check. */
  if (edge != NULL ? scan_text (self, collection, NULL, edge->str, edge->len, &object, &members, &violation)
                   : scan_text (self, collection, NULL, json, length, &object, &members, &violation))
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
                scan_text (self, collection, collection->fixed, json, length, &object, &members, &violation)))
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

/* What became of the edges of a collection that waited, by their ends. */
typedef struct
{
  CarStage *stage;
  Collection *collection;
  guint64 n_left_out[CAR_EDGE_N_ENDS];
  guint64 n_absent[CAR_EDGE_N_ENDS];
  char *absent[CAR_EDGE_N_ENDS]; /* (nullable) the name of one that is */
  GError *error;
} Judgement;

static const char *
get_end_collection (const Collection *collection, CarEdgeEnd end)
{
  return car_edge_ends_get_collection (car_collection_schema_get_ends (collection->schema), end);
}

static void
leave_out_edge (CarStage *self,
                Collection *collection,
                const CarJsonSpan *edge,
                const CarJsonMembers *members,
                CarEdgeEnd end)
{
  const char *other = get_end_collection (collection, end);
  g_autofree char *kind = g_strconcat ("end ", other, NULL);
  g_autofree char *message = g_strdup_printf ("%s: it leads to an object of %s that this run left out",
                                              collection->counts.name, other);
  const CarJsonViolation found = { .rule = "end", .place = (char *) "", .kind = kind, .text = message };
  CarKey ends[CAR_EDGE_N_ENDS];
  guint64 *digest = car_key_set_find (self->keys, prepare_edge (self, collection, members, ends));

  count_left_out (self, collection, edge->text, edge->length, &found);
  if (digest == NULL)
    return;

  /* All that have its key go the same way: none of them holds. */
  collection->counts.held -= *digest & HOLDS;
  *digest &= ~HOLDS;
}

static gboolean
stage_waiting (CarStage *self, Collection *collection, const CarJsonSpan *edge, GError **error)
{
  const gsize begin = car_bundle_begin (collection->slot);

  g_string_append_len (collection->slot->text, edge->text, (gssize) edge->length);
  collection->counts.staged++;
  return car_bundle_commit (self->bundle, collection->slot, begin, error);
}

/* Where it leads to: the end that was left out, or CAR_EDGE_N_ENDS; ends that are absent are counted. */
static CarEdgeEnd
find_left_out (Judgement *judgement, const CarJsonMembers *members)
{
  const CarEdgeEnds *ends = car_collection_schema_get_ends (judgement->collection->schema);
  CarEdgeEnd left_out = CAR_EDGE_N_ENDS;
  gboolean is_dangling = FALSE;

  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS && left_out == CAR_EDGE_N_ENDS; end++)
    {
      g_autofree char *unescaped = NULL;
      const CarJsonSpan name = car_edge_ends_get_name (ends, end, members, &unescaped);
      const CarVertexFate fate = car_vertex_names_get_fate (judgement->collection->ends[end], &name);

      if (fate == CAR_VERTEX_LEFT_OUT)
        left_out = end;
      if (fate == CAR_VERTEX_ABSENT && judgement->absent[end] == NULL)
        judgement->absent[end] = car_text_to_printable (name.text, (gssize) name.length);
      judgement->n_absent[end] += fate == CAR_VERTEX_ABSENT;
      is_dangling = is_dangling || fate == CAR_VERTEX_ABSENT;
    }
  judgement->collection->counts.dangling += is_dangling && left_out == CAR_EDGE_N_ENDS;
  return left_out;
}

static gboolean
judge_edge (const CarJsonSpan *edge, gpointer user_data)
{
  Judgement *judgement = user_data;
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonMembers members;
  CarJsonSpan object;

  /* It was valid when it came. */
  scan_text (judgement->stage, judgement->collection, NULL, edge->text, edge->length, &object, &members,
             &violation);
  const CarEdgeEnd left_out = find_left_out (judgement, &members);
  if (left_out == CAR_EDGE_N_ENDS)
    return stage_waiting (judgement->stage, judgement->collection, edge, &judgement->error);

  judgement->n_left_out[left_out]++;
  leave_out_edge (judgement->stage, judgement->collection, edge, &members, left_out);
  return TRUE;
}

static void
tell_judgement (const Judgement *judgement)
{
  const char *name = judgement->collection->counts.name;

  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS; end++)
    {
      const char *other = get_end_collection (judgement->collection, end);

      if (judgement->n_left_out[end] > 0)
        warn (judgement->stage,
              "%" G_GUINT64_FORMAT " edges of %s lead to objects of %s that this run left out: they are not "
              "sent",
              judgement->n_left_out[end], name, other);
      if (judgement->n_absent[end] > 0)
        warn (judgement->stage,
              "%" G_GUINT64_FORMAT " edges of %s lead to objects of %s that this run did not bring, such as "
              "“%s”: they stay only if another source has these",
              judgement->n_absent[end], name, other, judgement->absent[end]);
    }
}

static gboolean
judge_collection (CarStage *self, CarBundle *waiting, Collection *collection, GError **error)
{
  Judgement judgement = { self, collection };
  const gboolean judged = car_bundle_foreach_object (waiting, CAR_BUNDLE_EDGES, collection->counts.name,
                                                     judge_edge, &judgement, error);

  collection->waiting = NULL;
  tell_judgement (&judgement);
  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS; end++)
    g_free (judgement.absent[end]);
  if (judgement.error == NULL)
    return judged;

  g_propagate_error (error, judgement.error);
  return FALSE;
}

gboolean
car_stage_judge_edges (CarStage *self, GError **error)
{
  if (!settle (self, error))
    return FALSE;

  g_autoptr (CarBundle) waiting = g_steal_pointer (&self->waiting);
  for (guint i = 0; waiting != NULL && i < self->collections->len; i++)
    {
      Collection *collection = self->collections->pdata[i];

      if (collection->waiting != NULL && !judge_collection (self, waiting, collection, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
car_stage_foreach_object (CarStage *self,
                          const CarCollectionCounts *counts,
                          CarBundleVisit visit,
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
