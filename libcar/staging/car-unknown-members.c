/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/staging/car-unknown-members-private.h>

/* A source may make names of its data: of a collection, so many are told, */
#define MAX_TOLD 16
/* … and so many sets of names remembered. */
#define MAX_SETS 4096

struct _CarUnknownMembers
{
  char *collection;
  gboolean is_strict;
  CarMemberNames *names;
  GHashTable *told;
  CarJsonHashSet right; /* the sets of names of which nothing is left to tell */
  guint64 last;         /* of these, the one that came last */
};

CarUnknownMembers *
car_unknown_members_new (const CarCollectionSchema *schema,
                         const char *collection,
                         gboolean is_edge,
                         gboolean is_strict)
{
  g_autoptr (CarMemberNames) names = car_collection_schema_list_members (schema, is_edge);

  if (names == NULL)
    return NULL;

  CarUnknownMembers *self = g_new0 (CarUnknownMembers, 1);
  self->collection = g_strdup (collection);
  self->is_strict = is_strict;
  self->names = g_steal_pointer (&names);
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  car_json_hash_set_init (&self->right);
  return self;
}

void
car_unknown_members_free (CarUnknownMembers *self)
{
  if (self == NULL)
    return;

  g_free (self->collection);
  car_member_names_free (self->names);
  g_hash_table_unref (self->told);
  car_json_hash_set_clear (&self->right);
  g_free (self);
}

/* "; did you mean “name”?", or nothing. */
static char *
suggest (const CarUnknownMembers *self, const char *name)
{
  const char *nearest = car_member_names_find_nearest (self->names, name);
  g_autofree char *shown = nearest != NULL ? car_text_to_printable (nearest, -1) : NULL;

  return shown != NULL ? g_strdup_printf ("; did you mean “%s”?", shown) : g_strdup ("");
}

static gboolean
violate (const CarUnknownMembers *self,
         const CarJsonSpan *object,
         const CarJsonSpan *name,
         CarJsonViolation *violation)
{
  const CarJsonPlace place = { NULL, name };
  CarJsonScanner scanner;
  g_autofree char *text = car_json_span_unescape (name, NULL);
  g_autofree char *suggestion = suggest (self, text);

  car_json_violate (violation, &place, NULL, "member",
                    "is a member that the import schema does not have (-strict)%s", suggestion);
  car_json_scanner_init (&scanner, object->text, object->length);
  car_violation_name_object (violation, self->collection, &scanner);
  return FALSE;
}

static void
tell (CarUnknownMembers *self, const char *name, GPtrArray *told)
{
  if (g_hash_table_size (self->told) >= MAX_TOLD || !g_hash_table_add (self->told, g_strdup (name)))
    return;

  g_autofree char *shown = car_text_to_printable (name, -1);
  const char *nearest = car_member_names_find_nearest (self->names, name);
  g_autofree char *shown_nearest = nearest != NULL ? car_text_to_printable (nearest, -1) : NULL;
  g_autofree char *text =
      nearest != NULL
          ? g_strdup_printf (
                _ ("Objects of %s have the member “%s”, which the import schema does not have: it is "
                   "sent, and may be lost; did you mean “%s”?"),
                self->collection, shown, shown_nearest)
          : g_strdup_printf (
                _ ("Objects of %s have the member “%s”, which the import schema does not have: it is "
                   "sent, and may be lost"),
                self->collection, shown);

  /* Translators: %s is "Objects of asset have the member …". */
  g_ptr_array_add (told,
                   g_hash_table_size (self->told) == MAX_TOLD
                       ? g_strdup_printf (_ ("%s (no more such members of this collection are told)"), text)
                       : g_steal_pointer (&text));
}

static gboolean
check_names (CarUnknownMembers *self, const CarJsonSpan *object, GPtrArray *told, CarJsonViolation *violation)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      g_autofree char *text = car_json_span_unescape (&name, NULL);

      if (car_member_names_contains (self->names, text))
        continue;
      if (self->is_strict)
        return violate (self, object, &name, violation);
      tell (self, text, told);
    }
  return TRUE;
}

gboolean
car_unknown_members_check (CarUnknownMembers *self,
                           const CarJsonSpan *object,
                           guint64 unnamed,
                           GPtrArray *told,
                           CarJsonViolation *violation)
{
  const CarJsonHash set = { unnamed, 1 };

  if (G_LIKELY (unnamed == self->last))
    return TRUE;
  if (!self->is_strict && g_hash_table_size (self->told) >= MAX_TOLD)
    return TRUE;
  if (!car_json_hash_set_contains (&self->right, set))
    {
      if (!check_names (self, object, told, violation))
        return FALSE;
      if (self->right.n_hashes < MAX_SETS)
        car_json_hash_set_add (&self->right, set);
    }

  self->last = unnamed;
  return TRUE;
}
