/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-import-warnings-private.h>

/* A service can say any number of them. With so many, no more reasons of a collection are told apart, */
#define MAX_REASONS 256
/* and with so many no more collections: one more stands for all others. */
#define MAX_WARNINGS 512

static void
warning_free (gpointer data)
{
  CarImportWarning *self = data;

  g_free (self->collection);
  g_free (self->shown);
  g_free (self->reason);
  g_free (self);
}

GPtrArray *
car_import_warnings_new (void)
{
  return g_ptr_array_new_with_free_func (warning_free);
}

static char *
dup_text (const CarCaller *caller, const CarJsonSpan *item, const char *name)
{
  g_autofree char *text = car_json_span_dup_member (item, name);

  return text != NULL ? car_caller_to_shown (caller, text) : NULL;
}

static gboolean
is_of_collection (const CarImportWarning *self, const CarImportWarning *other)
{
  return g_strcmp0 (self->collection, other->collection) == 0 && g_strcmp0 (self->shown, other->shown) == 0;
}

static CarImportWarning *
find_warning (const GPtrArray *warnings, const CarImportWarning *wanted, gboolean any_reason)
{
  for (guint i = 0; i < warnings->len; i++)
    {
      CarImportWarning *warning = warnings->pdata[i];

      if (is_of_collection (warning, wanted) && (any_reason || g_str_equal (warning->reason, wanted->reason)))
        return warning;
    }
  return NULL;
}

static void
append (GPtrArray *warnings, const CarImportWarning *warning)
{
  CarImportWarning *copy = g_new0 (CarImportWarning, 1);

  copy->collection = g_strdup (warning->collection);
  copy->shown = g_strdup (warning->shown);
  copy->reason = g_strdup (warning->reason);
  copy->count = warning->count;
  g_ptr_array_add (warnings, copy);
}

void
car_import_warnings_add (GPtrArray *warnings, const CarImportWarning *warning)
{
  const CarImportWarning unnamed = { .reason = warning->reason, .count = warning->count };
  CarImportWarning *alike = find_warning (warnings, warning, warnings->len >= MAX_REASONS);
  if (alike == NULL && warnings->len >= MAX_WARNINGS)
    {
      alike = find_warning (warnings, &unnamed, TRUE);
      warning = &unnamed;
    }

  if (alike != NULL)
    alike->count += warning->count;
  else
    append (warnings, warning);
}

static void
add_warning (GPtrArray *warnings, const CarCaller *caller, const CarJsonSpan *item)
{
  const CarJsonSpan member = car_json_span_get_member (item, "count");
  g_autofree char *collection = car_json_span_dup_member (item, "collection");
  g_autofree char *shown = dup_text (caller, item, "collection");
  g_autofree char *reason = dup_text (caller, item, "message");
  gint64 count;

  /* It warns of one object at least. */
  if (!car_json_span_get_int (&member, &count) || count < 1)
    count = 1;
  const CarImportWarning warning = {
    .collection = collection != NULL && car_text_is_name (collection) ? collection : NULL,
    .shown = shown,
    .reason = reason != NULL ? reason : (char *) N_ ("it does not say why"),
    .count = MIN ((guint64) count, G_MAXUINT32),
  };
  car_import_warnings_add (warnings, &warning);
}

void
car_import_warnings_read (GPtrArray *warnings, const CarCaller *caller, const CarJsonSpan *job)
{
  const CarJsonSpan list = car_json_span_get_member (job, "warnings");
  g_autoptr (GArray) items = car_json_span_get_items (&list);

  for (guint i = 0; items != NULL && i < items->len; i++)
    add_warning (warnings, caller, &g_array_index (items, CarJsonSpan, i));
}

char *
car_import_warning_describe (const CarImportWarning *self)
{
  g_autofree char *count = car_language_format_count (self->count);

  /* What a service says is no message of ours, apart from that it says nothing. */
  if (self->shown == NULL)
    return g_strdup_printf (
        ngettext ("The service left out %s object: %s", "The service left out %s objects: %s", self->count),
        count, _ (self->reason));
  /* Translators: a number of objects, their collection, and why. */
  return g_strdup_printf (
      ngettext ("The service left out %s of %s: %s", "The service left out %s of %s: %s", self->count), count,
      self->shown, _ (self->reason));
}

void
car_import_warnings_tell (GPtrArray *warnings)
{
  for (guint i = 0; i < warnings->len; i++)
    {
      g_autofree char *text = car_import_warning_describe (warnings->pdata[i]);
      g_warning ("%s", text);
    }
  g_ptr_array_set_size (warnings, 0);
}
