/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/staging/car-record-private.h>

/**
 * CarRecord:
 *
 * One vertex or edge, written member by member.
 *
 * What is set is written as JSON text at once; no tree is built. It is the fastest way to bring an object from C
 * into [method@DataHandler.add_vertex_record]. A record can be used again after [method@Record.clear], which is
 * cheaper than a new one.
 *
 * Members stand in the order in which they were set. A member that is set twice stands there twice, and the object
 * is then left out as invalid, like one that breaks the import schema. The same happens to an object with a value
 * that JSON cannot hold (a text that is not UTF-8, a double that is not finite): nothing is changed in silence.
 *
 * ```c
 * static gboolean
 * add_hosts (CarDataHandler *data, Host *hosts, gsize n_hosts, GError **error)
 * {
 *   g_autoptr (CarRecord) asset = car_record_new ();
 *
 *   for (gsize i = 0; i < n_hosts; i++)
 *     {
 *       car_record_clear (asset);
 *       car_record_set_string (asset, "external_id", hosts[i].id);
 *       car_record_set_string (asset, "name", hosts[i].name);
 *       car_record_set_double (asset, "risk", hosts[i].risk);
 *       if (!car_data_handler_add_vertex_record (data, "asset", asset, error))
 *         return FALSE;
 *     }
 *   return TRUE;
 * }
 * ```
 */
struct _CarRecord
{
  GString *text;            /* always a whole object; null stands for what JSON cannot hold */
  CarJsonViolation problem; /* the first thing set that JSON cannot hold */
};

G_DEFINE_BOXED_TYPE (CarRecord, car_record, car_record_copy, car_record_free)

/* A member of the record itself, and where it stands. */
typedef struct
{
  CarJsonSpan name;
  CarJsonPlace place;
} Member;

/* The member takes the closing brace's place. */
static inline const CarJsonPlace *
begin_member (CarRecord *self, Member *member, const char *name)
{
  member->name = (CarJsonSpan){ name, strlen (name), CAR_JSON_STRING, FALSE };
  member->place = (CarJsonPlace){ NULL, &member->name };

  if (self->text->len == strlen ("{}"))
    self->text->len = strlen ("{");
  else
    self->text->str[self->text->len - 1] = ',';

  car_json_write_name (self->text, &member->place, &self->problem);
  return &member->place;
}

static void
end_member (CarRecord *self)
{
  *car_json_extend (self->text, 1) = '}';
}

/**
 * car_record_new:
 *
 * Makes a record that has no members yet.
 *
 * Returns: (transfer full): a record
 */
CarRecord *
car_record_new (void)
{
  CarRecord *self = g_new0 (CarRecord, 1);

  self->text = g_string_sized_new (256);
  g_string_append (self->text, "{}");
  return self;
}

/**
 * car_record_copy:
 * @self: a record
 *
 * Copies a record.
 *
 * Returns: (transfer full): a record with the same members
 */
CarRecord *
car_record_copy (const CarRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  CarRecord *copy = g_new0 (CarRecord, 1);

  copy->text = g_string_new_len (self->text->str, self->text->len);
  car_json_violation_copy (&self->problem, &copy->problem);
  return copy;
}

/**
 * car_record_free:
 * @self: (transfer full) (nullable): a record
 *
 * Frees a record.
 */
void
car_record_free (CarRecord *self)
{
  if (self == NULL)
    return;

  g_string_free (self->text, TRUE);
  car_json_violation_clear (&self->problem);
  g_free (self);
}

/**
 * car_record_clear:
 * @self: a record
 *
 * Takes all members away, so that the record can be used for the next object.
 */
void
car_record_clear (CarRecord *self)
{
  g_return_if_fail (self != NULL);

  g_string_assign (self->text, "{}");
  car_json_violation_clear (&self->problem);
}

/**
 * car_record_set_string:
 * @self: a record
 * @name: the member's name
 * @value: (nullable): UTF-8 text; the member is left out where this is %NULL
 *
 * Sets a member to a text.
 */
void
car_record_set_string (CarRecord *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (value == NULL)
    return;

  Member member;
  car_json_write_string (self->text, value, begin_member (self, &member, name), &self->problem);
  end_member (self);
}

/**
 * car_record_set_int:
 * @self: a record
 * @name: the member's name
 * @value: a number
 *
 * Sets a member to a whole number.
 */
void
car_record_set_int (CarRecord *self, const char *name, gint64 value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  Member member;
  begin_member (self, &member, name);
  car_json_append_int (self->text, value);
  end_member (self);
}

/**
 * car_record_set_double:
 * @self: a record
 * @name: the member's name
 * @value: a finite number
 *
 * Sets a member to a number, in the shortest spelling that reads back as @value.
 */
void
car_record_set_double (CarRecord *self, const char *name, double value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  Member member;
  car_json_write_double (self->text, value, begin_member (self, &member, name), &self->problem);
  end_member (self);
}

/**
 * car_record_set_boolean:
 * @self: a record
 * @name: the member's name
 * @value: whether it is true
 *
 * Sets a member to `true` or `false`.
 */
void
car_record_set_boolean (CarRecord *self, const char *name, gboolean value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  Member member;
  begin_member (self, &member, name);
  g_string_append (self->text, value ? "true" : "false");
  end_member (self);
}

/**
 * car_record_set_null:
 * @self: a record
 * @name: the member's name
 *
 * Sets a member to `null`.
 */
void
car_record_set_null (CarRecord *self, const char *name)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  Member member;
  begin_member (self, &member, name);
  g_string_append (self->text, "null");
  end_member (self);
}

/**
 * car_record_set_strv:
 * @self: a record
 * @name: the member's name
 * @values: (nullable) (array zero-terminated=1): UTF-8 texts; the member is left out where this is %NULL
 *
 * Sets a member to an array of texts, such as the tags of a vertex.
 */
void
car_record_set_strv (CarRecord *self, const char *name, const char *const *values)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (values == NULL)
    return;

  Member member;
  CarJsonPlace item = { begin_member (self, &member, name) };
  g_string_append_c (self->text, '[');
  for (; values[item.index] != NULL; item.index++)
    {
      if (item.index > 0)
        g_string_append_c (self->text, ',');
      car_json_write_string (self->text, values[item.index], &item, &self->problem);
    }
  g_string_append_c (self->text, ']');
  end_member (self);
}

/**
 * car_record_set_json:
 * @self: a record
 * @name: the member's name
 * @json: (nullable): the text of one JSON value of any type (RFC 8259); the member is left out where this is %NULL
 *
 * Sets a member to a value that is JSON text already. Its numbers keep their spelling.
 *
 * Text that is anything but exactly one value makes the object invalid; it cannot bring in other members.
 */
void
car_record_set_json (CarRecord *self, const char *name, const char *json)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (json == NULL)
    return;

  Member member;
  const CarJsonPlace *place = begin_member (self, &member, name);
  CarJsonSpan value;
  if (car_json_read_text (json, strlen (json), &value, NULL))
    g_string_append (self->text, json);
  else
    {
      car_json_cannot_hold (&self->problem, place, "was set to text that is not one JSON value");
      g_string_append (self->text, "null");
    }
  end_member (self);
}

/**
 * car_record_to_json:
 * @self: a record
 *
 * Gets the object as JSON text. That it has the right members is checked when it is added to a [class@DataHandler].
 *
 * Returns: (transfer full) (nullable): JSON text, or %NULL where a value was set that JSON cannot hold
 */
char *
car_record_to_json (const CarRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->problem.rule != NULL)
    return NULL;
  return g_strdup (self->text->str);
}

const char *
car_record_peek (const CarRecord *self, gsize *length)
{
  *length = self->text->len;
  return self->text->str;
}

const CarJsonViolation *
car_record_get_problem (const CarRecord *self)
{
  return self->problem.rule != NULL ? &self->problem : NULL;
}
