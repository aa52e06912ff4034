/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-validator-private.h>

#include <string.h>

/* Schemas within schemas, and values within values: what a check may need of the stack. */
#define MAX_NESTING 1024

/* How many bytes may be looked at again, in all and for each byte of the value. Without a limit a schema that doubles
 * its work at each level would not end. */
#define MAX_AGAIN_BASE (G_GUINT64_CONSTANT (1) << 22)
#define MAX_AGAIN_FACTOR 1000

/* To try a pattern with a name costs as much as to look at so many bytes. */
#define PATTERN_BYTES 64

#define MAX_EXPLANATION 300 /* characters */

/* A check reads the text once, and decides each keyword while the value passes. Some keywords look at a value once
 * more: $ref beside others, allOf, anyOf, oneOf, not, if. They get the span of what was read (check_again()), since
 * there is no tree. That is where a schema can ask for too much, so bytes that are looked at again are counted. */
typedef struct
{
  CarJsonScanner scanner;
  const CarJsonCheck *check;
  CarJsonMembers *members; /* NULL once the value itself is being read */
  CarJsonViolation *violation;
  guint nesting;
  CarJsonScanner begin; /* before the value: its length is found out from here, if it is needed */
  guint64 again_left;   /* bytes */
  gboolean again_extended;
} Run;

/* An object while its members are read. */
typedef struct
{
  const CarJsonNode *node;
  const CarJsonPlace *place;
  guint64 n_members;
  guint64 *seen;          /* a bit for each name of the node, of up to 256 names in few_seen */
  guint64 few_seen[4];    /* so that most objects allocate nothing */
  CarJsonHashSet unknown; /* the other names */

  const CarJsonObjectRules *rules; /* (nullable) */
  CarJsonMembers *members;         /* where there are rules: what they ask for */
  CarJsonMembers own_members;      /* where nobody else wants to know */
} Frame;

static gboolean check (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value);

/* What the schema has here: a list of what may stand there is shown whole, if it is not too long. */
static char *
describe (const CarJsonSpan *value)
{
  GString *text = g_string_new (NULL);

  car_json_violation_append_value (text, value, MAX_EXPLANATION);
  return g_string_free (text, FALSE);
}

static char *
describe_pattern (const CarJsonPattern *pattern)
{
  const char *source = car_json_pattern_get_source (pattern);
  GString *text = g_string_new (NULL);

  car_text_append_printable (text, source, strlen (source), CAR_TEXT_SHORT);
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

/* Takes so many bytes off what may be looked at again, before they are. */
static gboolean
spend (Run *self, guint64 n_bytes, const CarJsonPlace *place)
{
  while (n_bytes > self->again_left)
    if (!extend_again (self))
      return car_json_give_up (self->violation, place, "the schema looks at it too many times");

  self->again_left -= n_bytes;
  return TRUE;
}

/* Looks at a value that was read before, or at one that does not stand in the text at this place. */
static gboolean
check_again (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  CarJsonScanner scanner = self->scanner;
  gsize quote = value->type == CAR_JSON_STRING ? 1 : 0;
  CarJsonSpan again;

  if (self->violation->rule != NULL || !spend (self, value->length + 1, place))
    return FALSE;

  /* A string's span leaves its quotes out, but they stand around it. The depth stays: the limit is the text's. */
  car_json_scanner_init (&self->scanner, value->text - quote, value->length + 2 * quote);
  self->scanner.depth = scanner.depth;
  gboolean ok = check (self, node, place, &again);
  self->scanner = scanner;
  return ok;
}

static gboolean
passes (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  self->violation->quiet++;
  gboolean ok = check_again (self, node, place, value);
  self->violation->quiet--;
  return ok;
}

static gboolean
check_number (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  static const struct
  {
    int wrong_from, wrong_to; /* results of comparing the value with the bound */
    const char *rule;
    const char *words;
  } rules[] = {
    [CAR_JSON_BOUND_MINIMUM] = { -1, -1, "minimum", "less than the minimum" },
    [CAR_JSON_BOUND_MAXIMUM] = { 1, 1, "maximum", "more than the maximum" },
    [CAR_JSON_BOUND_EXCLUSIVE_MINIMUM] = { -1, 0, "exclusiveMinimum", "not more than the exclusive minimum" },
    [CAR_JSON_BOUND_EXCLUSIVE_MAXIMUM] = { 0, 1, "exclusiveMaximum", "not less than the exclusive maximum" },
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
        return car_json_violate (self->violation, place, value, rules[i].rule, "%s %s", rules[i].words,
                                 bound);
      }
  if (node->multiple_of.set && !car_json_number_is_multiple (&number, &node->multiple_of.number))
    {
      g_autofree char *divisor = describe (&node->multiple_of.span);
      return car_json_violate (self->violation, place, value, "multipleOf", "not a multiple of %s", divisor);
    }
  return TRUE;
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
  if (result == CAR_JSON_PATTERN_MATCHES)
    return TRUE;

  g_autofree char *source = describe_pattern (pattern);
  if (result == CAR_JSON_PATTERN_DIFFERS)
    return car_json_violate (self->violation, place, value, "pattern", "which the pattern %s does not match",
                             source);
  return car_json_give_up (self->violation, place, "the pattern %s goes through too many ways to match",
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
        return car_json_violate (self->violation, place, value, "maxLength",
                                 "longer than %" G_GUINT64_FORMAT " characters", node->max_length);
      if (n_chars < node->min_length)
        return car_json_violate (self->violation, place, value, "minLength",
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
        return car_json_violate (self->violation, &item, &span, "uniqueItems",
                                 "which stands in the array twice");
    }
  if (self->scanner.problem != NULL)
    return FALSE;

  *value = (CarJsonSpan){ begin, self->scanner.at - begin, CAR_JSON_ARRAY, FALSE };
  if (item.index < node->min_items)
    return car_json_violate (self->violation, place, NULL, "minItems",
                             "has %" G_GSIZE_FORMAT " items, less than %" G_GUINT64_FORMAT, item.index,
                             node->min_items);
  if (item.index > node->max_items)
    return car_json_violate (self->violation, place, NULL, "maxItems",
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

  if (!spend (self, node->pattern_properties->len * (PATTERN_BYTES + (guint64) length), place))
    return FALSE;
  for (guint i = 0; i < node->pattern_properties->len; i++)
    {
      CarJsonPatternProperty *property = &g_array_index (node->pattern_properties, CarJsonPatternProperty, i);
      CarJsonPatternResult result = car_json_pattern_match (property->pattern, name, length);
      if (result == CAR_JSON_PATTERN_TOO_COSTLY)
        {
          g_autofree char *source = describe_pattern (property->pattern);
          return car_json_give_up (self->violation, place,
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

/* Reads the member's value. */
static gboolean
check_member (Run *self, Frame *frame, guint index, const CarJsonPlace *place, CarJsonSpan *value)
{
  const CarJsonNode *node = frame->node;
  const CarJsonNode *property = car_json_node_get_property (node, index);
  gboolean evaluated = property != NULL;

  value->type = CAR_JSON_INVALID;
  if (property != NULL && !check (self, property, place, value))
    return FALSE;
  if (node->pattern_properties != NULL && node->pattern_properties->len > 0 &&
      !check_pattern_properties (self, node, place, value, &evaluated))
    return FALSE;
  if (!evaluated && node->additional_properties != NULL)
    {
      if (node->additional_properties->refuses)
        return car_json_violate (self->violation, place, NULL, "additionalProperties",
                                 "is a member that the schema does not allow here");
      if (!check_next (self, node->additional_properties, place, value))
        return FALSE;
    }
  if (value->type == CAR_JSON_INVALID && !check (self, &car_json_anything, place, value))
    return FALSE;
  return node->property_names == NULL || check_again (self, node->property_names, place, place->name);
}

static void
add_fixed_members (Frame *frame, const CarJsonFixedMembers *fixed)
{
  memcpy (frame->seen, fixed->seen, frame->node->n_words * sizeof *frame->seen);
  for (guint i = 0; i < fixed->unnamed->len; i++)
    car_json_hash_set_add (&frame->unknown, g_array_index (fixed->unnamed, CarJsonHash, i));
  frame->n_members = fixed->n_members;
  if (frame->rules != NULL)
    frame->members->digest = fixed->digest;
}

/* Somebody else's schema may look at the object once more: what was found is handed out once. */
static inline void
find_rules (Frame *frame, Run *self, const CarJsonPlace *place)
{
  const CarJsonCheck *check = self->check;

  frame->rules = NULL;
  if (G_UNLIKELY (check->find_rules != NULL))
    frame->rules = check->find_rules (place, check->user_data);
  else if (place == check->place)
    frame->rules = check->rules;
  if (frame->rules == NULL)
    return;

  CarJsonMembers *members =
      place == check->place && self->members != NULL ? g_steal_pointer (&self->members) : &frame->own_members;
  members->digest = 0;
  members->unnamed = 0;
  for (guint i = 0; i < CAR_JSON_MAX_WANTED; i++)
    members->values[i].type = CAR_JSON_INVALID;
  frame->members = members;
}

static inline void
frame_init (Frame *frame, Run *self, const CarJsonNode *node, const CarJsonPlace *place)
{
  frame->node = node;
  frame->place = place;
  frame->n_members = 0;
  frame->seen =
      node->n_words <= G_N_ELEMENTS (frame->few_seen) ? frame->few_seen : g_new (guint64, node->n_words);
  memset (frame->seen, 0, node->n_words * sizeof *frame->seen);
  car_json_hash_set_init (&frame->unknown);

  find_rules (frame, self, place);
  if (place == self->check->place && self->check->fixed != NULL)
    add_fixed_members (frame, self->check->fixed);
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

/* A bit for each of the wanted names tells most others apart. */
static inline guint64
get_bit (CarJsonHash name)
{
  return G_GUINT64_CONSTANT (1) << (name.low & 63);
}

static inline gboolean
may_be_wanted (const CarJsonObjectRules *rules, CarJsonHash name)
{
  return (rules->wanted_bits & get_bit (name)) != 0;
}

static inline void
note_value (Frame *frame, guint index, CarJsonHash name, const CarJsonSpan *value)
{
  const CarJsonObjectRules *rules = frame->rules;

  if (G_UNLIKELY (may_be_wanted (rules, name)))
    for (guint i = 0; i < rules->n_wanted; i++)
      if (G_UNLIKELY (name.low == rules->wanted[i].hash.low && name.high == rules->wanted[i].hash.high))
        {
          frame->members->values[i] = *value;
          break;
        }
  if (G_UNLIKELY (frame->members == &frame->own_members))
    return;

  frame->members->digest += car_json_digest_member (name, value);
  if (G_UNLIKELY (index == CAR_JSON_NAMES_NONE))
    frame->members->unnamed += name.low;
}

/* Of most members nothing is asked but their type. */
static inline gboolean
read_member (Run *self, Frame *frame, guint index, const CarJsonPlace *place, CarJsonSpan *value)
{
  const CarJsonNode *node = car_json_node_get_member (frame->node, index);

  if (G_LIKELY (frame->node->plain_members &&
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
      guint index = car_json_node_find_name (frame->node, &name);
      CarJsonHash hash = index != CAR_JSON_NAMES_NONE
                             ? g_array_index (frame->node->properties, CarJsonProperty, index).hash
                             : car_json_hash_string (&name);
      if (!note_name (frame, index, hash))
        return car_json_violate (self->violation, &place, NULL, CAR_JSON_RULE_DUPLICATE,
                                 "stands in the object twice");
      if (!read_member (self, frame, index, &place, &value))
        return FALSE;
      if (frame->rules != NULL)
        note_value (frame, index, hash, &value);
      frame->n_members++;
    }
  return self->scanner.problem == NULL;
}

static gboolean
has_member (const Frame *frame, guint index, CarJsonHash name)
{
  return index != CAR_JSON_NAMES_NONE ? is_seen (frame, index)
                                      : car_json_hash_set_contains (&frame->unknown, name);
}

/* Checks as if the member stood in the object, and tells of what is wrong by the member that does stand there. */
static gboolean
check_stand_in (Run *self, Frame *frame, const CarJsonStandIn *stand_in)
{
  const CarJsonSpan *name = &stand_in->member.name;
  const CarJsonSpan *from = &frame->members->values[stand_in->from];
  guint index = car_json_node_find_name (frame->node, name);
  CarJsonPlace place = { frame->place, name, 0, &frame->rules->wanted[stand_in->from].name };
  CarJsonScanner scanner = self->scanner;
  gsize quote = from->type == CAR_JSON_STRING ? 1 : 0;
  CarJsonSpan value;

  if (from->type == CAR_JSON_INVALID || has_member (frame, index, stand_in->member.hash))
    return TRUE;

  note_name (frame, index, stand_in->member.hash);
  frame->n_members++;
  car_json_scanner_init (&self->scanner, from->text - quote, from->length + 2 * quote);
  self->scanner.depth = scanner.depth;
  gboolean ok = check_member (self, frame, index, &place, &value);
  self->scanner = scanner;
  return ok;
}

static gboolean
check_stand_ins (Run *self, Frame *frame)
{
  for (guint i = 0; i < frame->rules->n_stand_ins; i++)
    if (!check_stand_in (self, frame, &frame->rules->stand_ins[i]))
      return FALSE;
  return TRUE;
}

static gboolean
violate_missing (Run *self, const Frame *frame, guint index, const char *rule, const char *words)
{
  const CarJsonName *text = car_json_names_get (&frame->node->names, index);
  const CarJsonSpan name = { text->text, text->bytes.length, CAR_JSON_STRING, FALSE };
  const CarJsonPlace place = { frame->place, &name };

  return car_json_violate (self->violation, &place, NULL, rule, "%s", words);
}

static gboolean
check_required (Run *self, const Frame *frame)
{
  const CarJsonNode *node = frame->node;

  for (guint word = 0; word < node->n_words; word++)
    {
      guint64 missing = node->required[word] & ~frame->seen[word];
      if (missing != 0)
        return violate_missing (self, frame, word * 64 + __builtin_ctzll (missing), "required",
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
          return violate_missing (self, frame, g_array_index (dependencies, guint, j), "dependentRequired",
                                  "is missing, and required by another member");
    }
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
  if (frame.rules != NULL && !check_stand_ins (self, &frame))
    return FALSE;

  *value = (CarJsonSpan){ begin, self->scanner.at - begin, CAR_JSON_OBJECT, FALSE };
  if (frame.n_members < node->min_properties)
    return car_json_violate (self->violation, place, NULL, "minProperties",
                             "has less than %" G_GUINT64_FORMAT " members", node->min_properties);
  if (frame.n_members > node->max_properties)
    return car_json_violate (self->violation, place, NULL, "maxProperties",
                             "has more than %" G_GUINT64_FORMAT " members", node->max_properties);
  return check_required (self, &frame);
}

static gboolean
check_enum (Run *self, const CarJsonNode *node, const CarJsonPlace *place, const CarJsonSpan *value)
{
  CarJsonHash hash = car_json_hash_value (value);

  if (node->constant != NULL && !car_json_hash_set_contains (&node->constant->values, hash))
    {
      g_autofree char *constant = describe (&node->constant->span);
      return car_json_violate (self->violation, place, value, "const", "where only %s may stand", constant);
    }
  if (node->enumeration != NULL && !car_json_hash_set_contains (&node->enumeration->values, hash))
    {
      g_autofree char *values = describe (&node->enumeration->span);
      return car_json_violate (self->violation, place, value, "enum", "which is none of %s", values);
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
    return car_json_violate (self->violation, place, NULL, "anyOf", "fits none of the %u schemas of anyOf",
                             node->any_of->len);
  if (node->one_of != NULL)
    {
      guint n = count_passing (self, node->one_of, 2, place, value);
      if (n != 1)
        return car_json_violate (self->violation, place, NULL, "oneOf", "fits %s of the %u schemas of oneOf",
                                 n == 0 ? "none" : "more than one", node->one_of->len);
    }
  if (node->not_ != NULL && passes (self, node->not_, place, value))
    return car_json_violate (self->violation, place, NULL, "not", "fits the schema of not");
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
      return car_json_violate (self->violation, place, value, "type", "not of the type %s", types);
    }
  if (type == CAR_JSON_STRING && node->flags & CAR_JSON_NODE_STRING)
    return check_string (self, node, place, value);
  if (type == CAR_JSON_NUMBER && node->flags & CAR_JSON_NODE_NUMBER)
    return check_number (self, node, place, value);
  return TRUE;
}

/* Adds what the schema's author says of the rule: the annotation `error_message` beside it. One schema has one such
 * text, which is about the value; whether the value is there, and of the right type, are others' rules. */
static void
explain (Run *self, const CarJsonNode *node)
{
  static const char *const about[] = { "pattern", "minimum", "maximum", "oneOf", "anyOf", NULL };
  const CarJsonValue *words =
      node->schema != NULL ? car_json_value_get_member (node->schema, "error_message") : NULL;
  g_autoptr (GString) text = g_string_new (": ");

  self->violation->explained = TRUE;
  if (words == NULL || words->string == NULL || !g_strv_contains (about, self->violation->rule))
    return;

  car_text_append_printable (text, words->string, words->string_length, MAX_EXPLANATION);
  car_json_violation_append (self->violation, text->str);
}

/* Checks the value that begins here and stands behind it; `value` is what it was. */
static gboolean
check (Run *self, const CarJsonNode *node, const CarJsonPlace *place, CarJsonSpan *value)
{
  while (node->alias != NULL)
    node = node->alias;
  if (node->refuses)
    return car_json_violate (self->violation, place, NULL, "false", "must not be there: its schema is false");
  if (self->nesting == MAX_NESTING)
    return car_json_give_up (self->violation, place, "schemas are nested too deeply");

  self->nesting++;
  gboolean ok = check_plain (self, node, place, value) &&
                (!(node->flags & CAR_JSON_NODE_ENUM) || check_enum (self, node, place, value)) &&
                (!(node->flags & CAR_JSON_NODE_BRANCHES) || check_branches (self, node, place, value));
  self->nesting--;
  if (G_UNLIKELY (!ok) && self->violation->rule != NULL && !self->violation->explained)
    explain (self, node);
  return ok;
}

/* `whole`: nothing may stand behind the value. */
static gboolean
validate (const CarJsonCheck *check_,
          CarJsonScanner *scanner,
          gboolean whole,
          CarJsonMembers *members,
          CarJsonViolation *violation)
{
  Run self = { .scanner = *scanner,
               .check = check_,
               .members = members,
               .violation = violation,
               .begin = *scanner,
               .again_left = MAX_AGAIN_BASE };
  CarJsonSpan value;
  gboolean ok = check (&self, check_->node, check_->place, &value) &&
                (!whole || car_json_scanner_finish (&self.scanner)) && violation->rule == NULL;

  if (G_UNLIKELY (!ok))
    {
      if (self.scanner.problem != NULL)
        car_json_violation_clear (violation);
      car_json_violate_text (violation, &self.scanner);
    }
  *scanner = self.scanner;
  return ok;
}

gboolean
car_json_validate (const CarJsonCheck *check,
                   CarJsonScanner *scanner,
                   CarJsonMembers *members,
                   CarJsonViolation *violation)
{
  return validate (check, scanner, FALSE, members, violation);
}

gboolean
car_json_validate_text (const CarJsonCheck *check,
                        const char *text,
                        gsize length,
                        CarJsonMembers *members,
                        CarJsonViolation *violation)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  return validate (check, &scanner, TRUE, members, violation);
}

/* With quotes around it, as a name stands in a text: a schema may look at it (propertyNames). */
static CarJsonWanted
make_wanted (const char *name)
{
  const gsize length = strlen (name);
  const char *quoted = g_strdup_printf ("\"%s\"", name);

  return (CarJsonWanted){ { quoted + 1, length, CAR_JSON_STRING, FALSE }, car_json_hash_text (name, length) };
}

CarJsonObjectRules *
car_json_object_rules_new (const char *const *wanted, const CarJsonStandInName *stand_ins)
{
  CarJsonObjectRules *self = g_new0 (CarJsonObjectRules, 1);
  guint n_stand_ins = 0;

  for (; wanted[self->n_wanted] != NULL; self->n_wanted++)
    {
      self->wanted[self->n_wanted] = make_wanted (wanted[self->n_wanted]);
      self->wanted_bits |= get_bit (self->wanted[self->n_wanted].hash);
    }
  while (stand_ins[n_stand_ins].name != NULL)
    n_stand_ins++;
  self->stand_ins = g_new0 (CarJsonStandIn, n_stand_ins);
  for (; self->n_stand_ins < n_stand_ins; self->n_stand_ins++)
    self->stand_ins[self->n_stand_ins] = (CarJsonStandIn){ make_wanted (stand_ins[self->n_stand_ins].name),
                                                           stand_ins[self->n_stand_ins].from };
  return self;
}
