/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-validator-private.h>
#include <libcar/json/car-json-violation-private.h>

#include <string.h>

/* Schemas within schemas, and values within values: what a check may need of the stack. */
#define MAX_NESTING 1024

/* How many bytes may be looked at again, in all and for each byte of the value. Without a limit a schema that doubles
 * its work at each level would not end. */
#define MAX_AGAIN_BASE (G_GUINT64_CONSTANT (1) << 22)
#define MAX_AGAIN_FACTOR 1000

typedef struct
{
  CarJsonScanner scanner;
  const CarJsonNode *root;
  CarJsonSubject subject;
  const char *collection;
  const CarFixedMembers *fixed;
  CarObjectScan *scan;
  CarJsonViolation violation;
  guint nesting;
  CarJsonScanner begin;
  guint64 again_left;
  gboolean again_extended;
} Run;

/* An object while its members are read. */
typedef struct
{
  const CarJsonNode *node;
  gboolean plain; /* no member concerns more than one schema */
  const CarJsonPlace *place;
  CarObjectScan *scan;
  guint64 n_members;
  guint64 *seen;
  guint64 few_seen[4];
  CarJsonHashSet unknown;

  gboolean has_from, has_to; /* an edge's ends */

  const CarJsonSpan *from_key; /* members that are taken from _key where they are missing */
  guint from_key_found;        /* a bit each */
  CarJsonSpan key;
} Frame;

/* What an envelope's members are, where the schema does not name them. */
static guint32 no_slots[1];
static const CarJsonNode unnamed_object = {
  .types = CAR_JSON_TYPE_BIT (CAR_JSON_OBJECT),
  .plain_members = TRUE,
  .max_properties = G_MAXUINT64,
  .names = { .slots = no_slots },
};
static const CarJsonNode unnamed_collection = {
  .types = CAR_JSON_TYPE_BIT (CAR_JSON_ARRAY),
  .max_items = G_MAXUINT64,
  .items = (CarJsonNode *) &unnamed_object,
};

/* A member's name, as it would stand in a text. */
#define NAME(name)                                                                                           \
  {                                                                                                          \
    &("\"" name "\"")[1], sizeof name - 1, CAR_JSON_STRING, FALSE                                            \
  }

#define IS_NAME(span, literal) car_json_span_is (span, literal, sizeof literal - 1)

static gboolean check (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value);

/* protocol.md, "The envelope". */
static const CarJsonSpan *
get_names_from_key (const char *collection, gsize length)
{
  static const CarJsonSpan hostname[] = { NAME ("host_name"), NAME ("external_id"), { NULL } };
  static const CarJsonSpan address[] = { NAME ("name"), { NULL } };

  if (length == strlen ("hostname") && memcmp (collection, "hostname", length) == 0)
    return hostname;
  if (length == strlen ("ipaddress") && memcmp (collection, "ipaddress", length) == 0)
    return address;
  if (length == strlen ("macaddress") && memcmp (collection, "macaddress", length) == 0)
    return address;
  return NULL;
}

static char *
describe (const CarJsonSpan *value)
{
  GString *text = g_string_new (NULL);

  car_json_violation_append_value (text, value);
  return g_string_free (text, FALSE);
}

static char *
describe_pattern (const CarJsonPattern *pattern)
{
  const char *source = car_json_pattern_get_source (pattern);
  GString *text = g_string_new (NULL);

  car_json_append_shown (text, source, strlen (source));
  return g_string_free (text, FALSE);
}

/* What may be looked at again grows with the value; how long that is matters, and is found out, rarely. */
static gboolean
extend_again (Run *self)
{
  CarJsonScanner scanner = self->begin;
  CarJsonSpan value;

  if (self->again_extended)
    return FALSE;
  self->again_extended = TRUE;
  car_json_scanner_read (&scanner, &value);
  self->again_left += (guint64) (scanner.at - self->begin.at) * MAX_AGAIN_FACTOR;
  return TRUE;
}

/* Looks at a value that was read before, or at one that does not stand in the text at this place. */
static gboolean
check_again (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  CarJsonScanner scanner = self->scanner;
  gsize quote = value->type == CAR_JSON_STRING ? 1 : 0;
  CarJsonSpan again;

  if (self->violation.text != NULL)
    return FALSE;
  while (value->length + 1 > self->again_left)
    if (!extend_again (self))
      return car_json_give_up (&self->violation, place, "the schema looks at it too many times");
  self->again_left -= value->length + 1;

  car_json_scanner_init (&self->scanner, value->text - quote, value->length + 2 * quote);
  self->scanner.depth = scanner.depth;
  gboolean ok = check (self, node, place, &again);
  self->scanner = scanner;
  return ok;
}

static gboolean
passes (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  self->violation.quiet++;
  gboolean ok = check_again (self, node, place, value);
  self->violation.quiet--;
  return ok;
}

static gboolean
check_number (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  static const struct
  {
    int wrong_from, wrong_to; /* results of comparing the value with the bound */
    const char *rule;
  } rules[] = {
    [CAR_JSON_BOUND_MINIMUM] = { -1, -1, "less than the minimum" },
    [CAR_JSON_BOUND_MAXIMUM] = { 1, 1, "more than the maximum" },
    [CAR_JSON_BOUND_EXCLUSIVE_MINIMUM] = { -1, 0, "not more than the exclusive minimum" },
    [CAR_JSON_BOUND_EXCLUSIVE_MAXIMUM] = { 0, 1, "not less than the exclusive maximum" },
  };
  CarJsonNumber number;

  car_json_number_init (&number, value);
  for (gsize i = 0; i < CAR_JSON_N_BOUNDS; i++)
    if (node->bounds[i].set)
      {
        int result = car_json_number_compare (&number, &node->bounds[i].number);
        if (result < rules[i].wrong_from || result > rules[i].wrong_to)
          continue;
        g_autofree char *bound = describe (&node->bounds[i].span);
        return car_json_violate (&self->violation, place, value, "%s %s", rules[i].rule, bound);
      }
  if (node->multiple_of.set && !car_json_number_is_multiple (&number, &node->multiple_of.number))
    {
      g_autofree char *divisor = describe (&node->multiple_of.span);
      return car_json_violate (&self->violation, place, value, "not a multiple of %s", divisor);
    }
  return TRUE;
}

/* protocol.md, "Source names, ids and keys come from the outside". */
static gboolean
is_source_name (const Run *self, const CarJsonPlace *place)
{
  return self->subject == CAR_JSON_SUBJECT_ENVELOPE && place != NULL && place->parent != NULL &&
         place->parent->parent == NULL && place->name != NULL && IS_NAME (place->name, "_key") &&
         place->parent->name != NULL && IS_NAME (place->parent->name, "source");
}

static gboolean
check_pattern (Run *self,
               const CarJsonPattern *pattern,
               const CarJsonPlace *place,
               const CarJsonSpan *value,
               const char *text,
               gsize length)
{
  CarJsonPatternResult result = car_json_pattern_match (pattern, text, length);
  if (result == CAR_JSON_PATTERN_MATCHES ||
      (result == CAR_JSON_PATTERN_DIFFERS && length > 0 && is_source_name (self, place)))
    return TRUE;

  g_autofree char *source = describe_pattern (pattern);
  if (result == CAR_JSON_PATTERN_DIFFERS)
    return car_json_violate (&self->violation, place, value, "which the pattern %s does not match", source);
  return car_json_give_up (&self->violation, place, "the pattern %s goes through too many ways to match",
                           source);
}

static guint64
count_chars (const char *text, gsize length)
{
  guint64 n = 0;

  for (gsize i = 0; i < length; i++)
    n += (text[i] & 0xc0) != 0x80;
  return n;
}

static gboolean
check_string (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  const char *text = value->text;
  gsize length = value->length;
  g_autofree char *unescaped = NULL;

  if (value->escaped)
    text = unescaped = car_json_span_unescape (value, &length);

  /* A character has one byte to four. */
  if (length > node->max_length || node->min_length > length / 4)
    {
      guint64 n_chars = count_chars (text, length);
      if (n_chars > node->max_length)
        return car_json_violate (&self->violation, place, value,
                                 "longer than %" G_GUINT64_FORMAT " characters", node->max_length);
      if (n_chars < node->min_length)
        return car_json_violate (&self->violation, place, value,
                                 "shorter than %" G_GUINT64_FORMAT " characters", node->min_length);
    }
  return node->pattern == NULL || check_pattern (self, node->pattern, place, value, text, length);
}

static gboolean
check_array (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  const CarJsonNode *items = node->items != NULL ? node->items : &car_json_anything;
  CarJsonPlace item = { place };
  CarJsonSpan span;
  g_auto (CarJsonHashSet) seen;
  car_json_hash_set_init (&seen);

  const char *begin = self->scanner.at;
  if (!car_json_scanner_enter (&self->scanner, CAR_JSON_ARRAY))
    return FALSE;
  for (; car_json_scanner_next_item (&self->scanner); item.index++)
    {
      if (!check (self, items, &item, &span))
        return FALSE;
      if (node->unique_items && !car_json_hash_set_add (&seen, car_json_hash_value (&span)))
        return car_json_violate (&self->violation, &item, &span, "which stands in the array twice");
    }
  if (self->scanner.problem != NULL)
    return FALSE;

  *value = (CarJsonSpan){ begin, self->scanner.at - begin, CAR_JSON_ARRAY, FALSE };
  if (item.index < node->min_items)
    return car_json_violate (&self->violation, place, NULL,
                             "has %" G_GSIZE_FORMAT " items, less than %" G_GUINT64_FORMAT, item.index,
                             node->min_items);
  if (item.index > node->max_items)
    return car_json_violate (&self->violation, place, NULL,
                             "has %" G_GSIZE_FORMAT " items, more than %" G_GUINT64_FORMAT, item.index,
                             node->max_items);
  return TRUE;
}

static inline gboolean
is_seen (const Frame *frame, guint index)
{
  return (frame->seen[index / 64] >> index % 64 & 1) != 0;
}

/* The first schema of a member reads its value, others look at it again. */
static gboolean
check_next (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  if (value->type == CAR_JSON_INVALID)
    return check (self, node, place, value);
  return check_again (self, node, place, value);
}

static gboolean
check_pattern_properties (Run *self,
                          const CarJsonNode *node,
                          const CarJsonPlace *place,
                          CarJsonSpan *value,
                          gboolean *evaluated)
{
  gsize length;
  g_autofree char *name = car_json_span_unescape (place->name, &length);

  for (guint i = 0; i < node->pattern_properties->len; i++)
    {
      CarJsonPatternProperty *property = &g_array_index (node->pattern_properties, CarJsonPatternProperty, i);
      CarJsonPatternResult result = car_json_pattern_match (property->pattern, name, length);
      if (result == CAR_JSON_PATTERN_TOO_COSTLY)
        {
          g_autofree char *source = describe_pattern (property->pattern);
          return car_json_give_up (&self->violation, place,
                                   "the pattern %s goes through too many ways to match its name", source);
        }
      if (result == CAR_JSON_PATTERN_DIFFERS)
        continue;
      *evaluated = TRUE;
      if (!check_next (self, property->node, place, value))
        return FALSE;
    }
  return TRUE;
}

static const CarJsonNode *
get_envelope_member (const CarJsonSpan *name)
{
  return IS_NAME (name, "source") || IS_NAME (name, "report") ? &unnamed_object : &unnamed_collection;
}

/* Reads the member's value. */
static gboolean
check_member (Run *self, Frame *frame, guint index, const CarJsonPlace *place, CarJsonSpan *value)
{
  const CarJsonNode *node = frame->node;
  const CarJsonNode *property =
      index != CAR_JSON_NAMES_NONE ? g_array_index (node->properties, CarJsonProperty, index).node : NULL;
  gboolean evaluated = property != NULL;

  value->type = CAR_JSON_INVALID;
  if (property != NULL && !check (self, property, place, value))
    return FALSE;
  if (property == NULL && self->subject == CAR_JSON_SUBJECT_ENVELOPE && place->parent == NULL &&
      node == self->root && !check (self, get_envelope_member (place->name), place, value))
    return FALSE;
  if (node->pattern_properties != NULL && node->pattern_properties->len > 0 &&
      !check_pattern_properties (self, node, place, value, &evaluated))
    return FALSE;
  if (!evaluated && node->additional_properties != NULL)
    {
      if (node->additional_properties->refuses)
        return car_json_violate (&self->violation, place, NULL,
                                 "is a member that the schema does not allow here");
      if (!check_next (self, node->additional_properties, place, value))
        return FALSE;
    }
  if (value->type == CAR_JSON_INVALID && !check (self, &car_json_anything, place, value))
    return FALSE;
  return node->property_names == NULL || check_again (self, node->property_names, place, place->name);
}

/* An object of a collection, as opposed to what stands in it or around it. */
static gboolean
is_object_of_collection (const Run *self, const CarJsonPlace *place)
{
  if (self->subject != CAR_JSON_SUBJECT_ENVELOPE)
    return self->subject == CAR_JSON_SUBJECT_OBJECT && place == NULL;
  return place != NULL && place->name == NULL && place->parent != NULL && place->parent->parent == NULL &&
         place->parent->name != NULL;
}

static void
add_fixed_members (Frame *frame, const CarFixedMembers *fixed)
{
  memcpy (frame->seen, fixed->seen, frame->node->n_words * sizeof *frame->seen);
  for (guint i = 0; i < fixed->unnamed->len; i++)
    car_json_hash_set_add (&frame->unknown, g_array_index (fixed->unnamed, CarJsonHash, i));
  frame->n_members = fixed->n_members;
  if (frame->scan != NULL)
    frame->scan->members_hash = fixed->hash;
}

static inline void
frame_init (Frame *frame, Run *self, const CarJsonNode *node, const CarJsonPlace *place)
{
  frame->node = node;
  frame->plain = node->plain_members && (self->subject != CAR_JSON_SUBJECT_ENVELOPE || node != self->root);
  frame->place = place;
  frame->n_members = 0;
  frame->from_key = NULL;
  frame->from_key_found = 0;
  frame->has_from = frame->has_to = FALSE;
  frame->scan = NULL;
  frame->seen =
      node->n_words <= G_N_ELEMENTS (frame->few_seen) ? frame->few_seen : g_new (guint64, node->n_words);
  memset (frame->seen, 0, node->n_words * sizeof *frame->seen);
  car_json_hash_set_init (&frame->unknown);

  if (!is_object_of_collection (self, place))
    return;
  if (place != NULL)
    frame->from_key = get_names_from_key (place->parent->name->text, place->parent->name->length);
  else
    {
      frame->from_key = get_names_from_key (self->collection, strlen (self->collection));
      frame->scan = g_steal_pointer (&self->scan);
      if (self->fixed != NULL)
        add_fixed_members (frame, self->fixed);
    }
  frame->key.text = NULL;
}

static void
frame_clear (Frame *frame)
{
  car_json_hash_set_clear (&frame->unknown);
  if (frame->seen != frame->few_seen)
    g_free (frame->seen);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Frame, frame_clear)

/* Notes that the object has this member: FALSE where it had it before. */
static inline gboolean
note_name (Frame *frame, guint index, CarJsonHash hash)
{
  if (index == CAR_JSON_NAMES_NONE)
    return car_json_hash_set_add (&frame->unknown, hash);
  if (is_seen (frame, index))
    return FALSE;
  frame->seen[index / 64] |= G_GUINT64_CONSTANT (1) << index % 64;
  return TRUE;
}

static inline gboolean
is_collection_and_key (const CarJsonSpan *value)
{
  gsize length = value->length;
  g_autofree char *unescaped = value->escaped ? car_json_span_unescape (value, &length) : NULL;
  const char *text = unescaped != NULL ? unescaped : value->text;
  const char *slash = memchr (text, '/', length);

  return slash != NULL && slash != text && slash != text + length - 1;
}

/* protocol.md, "The envelope". */
static inline void
note_edge_member (Frame *frame, const CarJsonSpan *name, CarJsonHash hash, const CarJsonSpan *value)
{
  const CarJsonHash member = car_json_hash_member (hash, car_json_hash_value (value));

  frame->scan->members_hash.low += member.low;
  frame->scan->members_hash.high += member.high;
  if (value->type != CAR_JSON_STRING || value->length == 0)
    return;
  if (IS_NAME (name, "_from_external_id") || (IS_NAME (name, "_from") && is_collection_and_key (value)))
    frame->has_from = TRUE;
  else if (IS_NAME (name, "_to_external_id") || (IS_NAME (name, "_to") && is_collection_and_key (value)))
    frame->has_to = TRUE;
}

static inline void
note_value (Frame *frame, const CarJsonSpan *name, CarJsonHash hash, const CarJsonSpan *value)
{
  CarObjectScan *scan = frame->scan;

  if (frame->from_key != NULL)
    {
      if (IS_NAME (name, "_key"))
        frame->key = *value;
      for (gsize i = 0; frame->from_key[i].text != NULL; i++)
        if (car_json_span_is (name, frame->from_key[i].text, frame->from_key[i].length))
          frame->from_key_found |= 1u << i;
    }
  if (scan == NULL)
    return;

  if (value->type == CAR_JSON_STRING)
    {
      if (IS_NAME (name, "external_id"))
        scan->external_id = *value;
      else if (IS_NAME (name, "_key"))
        scan->key = *value;
    }
  if (scan->is_edge)
    note_edge_member (frame, name, hash, value);
}

static inline guint
lookup (const CarJsonNode *node, const CarJsonSpan *name)
{
  if (G_LIKELY (!name->escaped))
    return car_json_names_lookup (&node->names, name->text, name->length);

  gsize length;
  g_autofree char *text = car_json_span_unescape (name, &length);
  return car_json_names_lookup (&node->names, text, length);
}

/* Of most members nothing is asked but their type. */
static inline gboolean
read_member (Run *self, Frame *frame, guint index, const CarJsonPlace *place, CarJsonSpan *value)
{
  const CarJsonNode *node = car_json_node_get_member (frame->node, index);

  if (G_LIKELY (frame->plain &&
                node->plain_types & CAR_JSON_TYPE_BIT (car_json_scanner_peek (&self->scanner))))
    return car_json_scanner_read (&self->scanner, value);
  return check_member (self, frame, index, place, value);
}

static gboolean
read_members (Run *self, Frame *frame)
{
  CarJsonSpan name, value;
  CarJsonPlace place = { frame->place, &name };

  while (car_json_scanner_next_member (&self->scanner, &name))
    {
      guint index = lookup (frame->node, &name);
      CarJsonHash hash = index != CAR_JSON_NAMES_NONE
                             ? g_array_index (frame->node->properties, CarJsonProperty, index).hash
                             : car_json_hash_string (&name);
      if (!note_name (frame, index, hash))
        return car_json_violate (&self->violation, &place, NULL, "stands in the object twice");
      if (!read_member (self, frame, index, &place, &value))
        return FALSE;
      if (frame->scan != NULL || frame->from_key != NULL)
        note_value (frame, &name, hash, &value);
      frame->n_members++;
    }
  return self->scanner.problem == NULL;
}

/* Checks as if the members that are taken from _key stood in the object. */
static gboolean
add_from_key (Run *self, Frame *frame)
{
  for (gsize i = 0; frame->key.text != NULL && frame->from_key[i].text != NULL; i++)
    {
      if (frame->from_key_found & 1u << i)
        continue;

      const CarJsonSpan *name = &frame->from_key[i];
      CarJsonPlace place = { frame->place, name };
      CarJsonScanner scanner = self->scanner;
      gsize quote = frame->key.type == CAR_JSON_STRING ? 1 : 0;
      CarJsonSpan value;
      guint index = lookup (frame->node, name);

      if (index != CAR_JSON_NAMES_NONE)
        note_name (frame, index, (CarJsonHash){ 0 });
      car_json_scanner_init (&self->scanner, frame->key.text - quote, frame->key.length + 2 * quote);
      self->scanner.depth = scanner.depth;
      gboolean ok = check_member (self, frame, index, &place, &value);
      self->scanner = scanner;
      if (!ok)
        return FALSE;
      frame->n_members++;
    }
  return TRUE;
}

static gboolean
violate_missing (Run *self, const Frame *frame, guint index, const char *rule)
{
  const CarJsonName *text = car_json_names_get (&frame->node->names, index);
  g_autoptr (GString) escaped = g_string_new (NULL);

  car_json_append_string (escaped, text->text, text->bytes.length);
  CarJsonSpan name = { escaped->str + 1, escaped->len - 2, CAR_JSON_STRING, TRUE };
  CarJsonPlace place = { frame->place, &name };
  return car_json_violate (&self->violation, &place, NULL, "%s", rule);
}

static gboolean
check_required (Run *self, const Frame *frame)
{
  const CarJsonNode *node = frame->node;

  for (guint word = 0; word < node->n_words; word++)
    {
      guint64 missing = node->required[word] & ~frame->seen[word];
      if (missing != 0)
        return violate_missing (self, frame, word * 64 + __builtin_ctzll (missing),
                                "is missing, and required");
    }
  if (!node->has_dependencies)
    return TRUE;

  for (guint i = 0; i < node->properties->len; i++)
    {
      const GArray *dependencies = g_array_index (node->properties, CarJsonProperty, i).dependencies;
      if (dependencies == NULL || !is_seen (frame, i))
        continue;
      for (guint j = 0; j < dependencies->len; j++)
        if (!is_seen (frame, g_array_index (dependencies, guint, j)))
          return violate_missing (self, frame, g_array_index (dependencies, guint, j),
                                  "is missing, and required by another member");
    }
  return TRUE;
}

static gboolean
check_ends (Run *self, const Frame *frame)
{
  if (!frame->has_from)
    return car_json_violate (
        &self->violation, frame->place, NULL,
        "names no vertex to come from (_from_external_id, or _from with COLLECTION/KEY)");
  if (!frame->has_to)
    return car_json_violate (&self->violation, frame->place, NULL,
                             "names no vertex to lead to (_to_external_id, or _to with COLLECTION/KEY)");
  return TRUE;
}

static gboolean
check_object (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  g_auto (Frame) frame;
  frame_init (&frame, self, node, place);

  const char *begin = self->scanner.at;
  if (!car_json_scanner_enter (&self->scanner, CAR_JSON_OBJECT) || !read_members (self, &frame))
    return FALSE;
  if (frame.from_key != NULL && !add_from_key (self, &frame))
    return FALSE;

  *value = (CarJsonSpan){ begin, self->scanner.at - begin, CAR_JSON_OBJECT, FALSE };
  if (frame.n_members < node->min_properties)
    return car_json_violate (&self->violation, place, NULL, "has less than %" G_GUINT64_FORMAT " members",
                             node->min_properties);
  if (frame.n_members > node->max_properties)
    return car_json_violate (&self->violation, place, NULL, "has more than %" G_GUINT64_FORMAT " members",
                             node->max_properties);
  return check_required (self, &frame) &&
         (frame.scan == NULL || !frame.scan->is_edge || check_ends (self, &frame));
}

static gboolean
check_enum (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  CarJsonHash hash = car_json_hash_value (value);

  if (node->constant != NULL && !car_json_hash_set_contains (&node->constant->values, hash))
    {
      g_autofree char *constant = describe (&node->constant->span);
      return car_json_violate (&self->violation, place, value, "where only %s may stand", constant);
    }
  if (node->enumeration != NULL && !car_json_hash_set_contains (&node->enumeration->values, hash))
    {
      g_autofree char *values = describe (&node->enumeration->span);
      return car_json_violate (&self->violation, place, value, "which is none of %s", values);
    }
  return TRUE;
}

static guint
count_passing (Run *self,
               const GPtrArray *nodes,
               guint enough,
               const CarJsonPlace *place,
               const CarJsonSpan *value)
{
  guint n = 0;

  for (guint i = 0; i < nodes->len && n < enough; i++)
    n += passes (self, nodes->pdata[i], place, value);
  return n;
}

static gboolean
check_branches (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  if (node->ref != NULL && !check_again (self, node->ref, place, value))
    return FALSE;
  for (guint i = 0; node->all_of != NULL && i < node->all_of->len; i++)
    if (!check_again (self, node->all_of->pdata[i], place, value))
      return FALSE;
  if (node->any_of != NULL && count_passing (self, node->any_of, 1, place, value) == 0)
    return car_json_violate (&self->violation, place, NULL, "fits none of the %u schemas of anyOf",
                             node->any_of->len);
  if (node->one_of != NULL)
    {
      guint n = count_passing (self, node->one_of, 2, place, value);
      if (n != 1)
        return car_json_violate (&self->violation, place, NULL, "fits %s of the %u schemas of oneOf",
                                 n == 0 ? "none" : "more than one", node->one_of->len);
    }
  if (node->not_ != NULL && passes (self, node->not_, place, value))
    return car_json_violate (&self->violation, place, NULL, "fits the schema of not");
  if (node->if_ == NULL)
    return TRUE;

  const CarJsonNode *branch = passes (self, node->if_, place, value) ? node->then_ : node->else_;
  return branch == NULL || check_again (self, branch, place, value);
}

static char *
list_types (guint types)
{
  static const struct
  {
    guint bit;
    const char *name;
  } names[] = {
    { CAR_JSON_TYPE_BIT (CAR_JSON_NULL), "null" },     { CAR_JSON_TYPE_BIT (CAR_JSON_TRUE), "boolean" },
    { CAR_JSON_TYPE_BIT (CAR_JSON_NUMBER), "number" }, { CAR_JSON_INTEGER_BIT, "integer" },
    { CAR_JSON_TYPE_BIT (CAR_JSON_STRING), "string" }, { CAR_JSON_TYPE_BIT (CAR_JSON_ARRAY), "array" },
    { CAR_JSON_TYPE_BIT (CAR_JSON_OBJECT), "object" },
  };
  GString *list = g_string_new (NULL);

  if (types & CAR_JSON_TYPE_BIT (CAR_JSON_NUMBER))
    types &= ~CAR_JSON_INTEGER_BIT;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (types & names[i].bit)
      g_string_append_printf (list, "%s%s", list->len > 0 ? " or " : "", names[i].name);
  return g_string_free (list, FALSE);
}

static gboolean
has_type (const CarJsonNode *node, const CarJsonSpan *value)
{
  CarJsonNumber number;

  if (node->types & CAR_JSON_TYPE_BIT (value->type))
    return TRUE;
  if (value->type != CAR_JSON_NUMBER || !(node->types & CAR_JSON_INTEGER_BIT))
    return FALSE;
  car_json_number_init (&number, value);
  return car_json_number_is_integer (&number);
}

/* Reads one value and checks what can be told in passing. */
static gboolean
check_plain (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  CarJsonType type = car_json_scanner_peek (&self->scanner);

  if (type == CAR_JSON_OBJECT && node->types & CAR_JSON_TYPE_BIT (CAR_JSON_OBJECT))
    return check_object (self, node, place, value);
  if (type == CAR_JSON_ARRAY && node->types & CAR_JSON_TYPE_BIT (CAR_JSON_ARRAY))
    return check_array (self, node, place, value);

  if (!car_json_scanner_read (&self->scanner, value))
    return FALSE;
  if (!has_type (node, value))
    {
      g_autofree char *types = list_types (node->types);
      return car_json_violate (&self->violation, place, value, "not of the type %s", types);
    }
  if (type == CAR_JSON_STRING && node->flags & CAR_JSON_NODE_STRING)
    return check_string (self, node, place, value);
  if (type == CAR_JSON_NUMBER && node->flags & CAR_JSON_NODE_NUMBER)
    return check_number (self, node, place, value);
  return TRUE;
}

/* Checks the value that begins here and stands behind it; `value` is what it was. */
static gboolean
check (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  while (node->alias != NULL)
    node = node->alias;
  if (node->refuses)
    return car_json_violate (&self->violation, place, NULL, "must not be there: its schema is false");
  if (self->nesting == MAX_NESTING)
    return car_json_give_up (&self->violation, place, "schemas are nested too deeply");

  self->nesting++;
  gboolean ok = check_plain (self, node, place, value) &&
                (!(node->flags & CAR_JSON_NODE_ENUM) || check_enum (self, node, place, value)) &&
                (!(node->flags & CAR_JSON_NODE_BRANCHES) || check_branches (self, node, place, value));
  self->nesting--;
  return ok;
}

static void
set_error (Run *self, GError **error)
{
  const CarJsonSpan value = { self->begin.at, self->begin.end - self->begin.at, CAR_JSON_OBJECT, FALSE };
  const char *collection = self->subject == CAR_JSON_SUBJECT_OBJECT ? self->collection : NULL;

  if (self->scanner.problem == NULL)
    {
      car_json_violation_set_error (&self->violation, collection, &value, error);
      return;
    }

  car_json_scanner_set_error (&self->scanner, error);
  if (collection != NULL)
    {
      g_autoptr (GString) shown = g_string_new (NULL);
      car_json_append_shown (shown, collection, strlen (collection));
      g_prefix_error (error, "%s: ", shown->str);
    }
}

static gboolean
check_subject (Run *self, const CarJsonNode *node)
{
  CarJsonType type = car_json_scanner_peek (&self->scanner);
  CarJsonSpan value;

  if (self->subject != CAR_JSON_SUBJECT_VALUE && type != CAR_JSON_OBJECT && type != CAR_JSON_INVALID)
    return car_json_violate (&self->violation, NULL, NULL, "is no object");
  return check (self, node, NULL, &value);
}

/* `whole`: nothing may stand behind the value. */
static gboolean
validate (const CarJsonCheck *check,
          CarJsonScanner *scanner,
          gboolean whole,
          CarObjectScan *scan,
          GError **error)
{
  const CarJsonNode *node = check->node;

  while (node->alias != NULL)
    node = node->alias;
  if (scan != NULL)
    *scan = (CarObjectScan){ .is_edge = scan->is_edge };

  Run self = { .scanner = *scanner,
               .root = node,
               .subject = check->subject,
               .violation.in_envelope = check->subject == CAR_JSON_SUBJECT_ENVELOPE,
               .collection = check->collection,
               .fixed = check->fixed,
               .scan = scan,
               .begin = *scanner,
               .again_left = MAX_AGAIN_BASE };
  gboolean ok = check_subject (&self, node) && (!whole || car_json_scanner_finish (&self.scanner)) &&
                self.violation.text == NULL;
  if (G_UNLIKELY (!ok))
    {
      set_error (&self, error);
      g_free (self.violation.text);
    }
  *scanner = self.scanner;
  return ok;
}

gboolean
car_json_validate (const CarJsonCheck *check, CarJsonScanner *scanner, CarObjectScan *scan, GError **error)
{
  return validate (check, scanner, FALSE, scan, error);
}

gboolean
car_json_validate_text (const CarJsonCheck *check,
                        const char *text,
                        gsize length,
                        CarObjectScan *scan,
                        GError **error)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  return validate (check, &scanner, TRUE, scan, error);
}
