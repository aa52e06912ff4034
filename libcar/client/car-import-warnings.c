/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-import-warnings-private.h>

/* So many are told apart: a service can say any number. */
#define MAX_WARNINGS 256 /* and one more for all other collections */

static void
warning_free (gpointer data)
{
  CarImportWarning *self = data;

  g_free (self->collection);
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
  const CarJsonSpan member = car_json_span_get_member (item, name);
  g_autofree char *text = car_json_span_dup_string (&member);

  return text != NULL ? car_caller_to_shown (caller, text) : NULL;
}

/* `reason` may be NULL: any. */
static CarImportWarning *
find_warning (const GPtrArray *warnings, const char *collection, const char *reason)
{
  for (guint i = 0; i < warnings->len; i++)
    {
      CarImportWarning *warning = warnings->pdata[i];

      if (g_strcmp0 (warning->collection, collection) == 0 &&
          (reason == NULL || g_str_equal (warning->reason, reason)))
        return warning;
    }
  return NULL;
}

static void
append (GPtrArray *warnings, const char *collection, const char *reason, guint64 count)
{
  CarImportWarning *warning = g_new0 (CarImportWarning, 1);

  warning->collection = g_strdup (collection);
  warning->reason = g_strdup (reason);
  warning->count = count;
  g_ptr_array_add (warnings, warning);
}

void
car_import_warnings_add (GPtrArray *warnings, const char *collection, const char *reason, guint64 count)
{
  const gboolean is_full = warnings->len >= MAX_WARNINGS;
  CarImportWarning *alike = find_warning (warnings, collection, is_full ? NULL : reason);
  if (alike == NULL && is_full)
    {
      alike = find_warning (warnings, NULL, NULL);
      collection = NULL;
    }

  if (alike != NULL)
    alike->count += count;
  else
    append (warnings, collection, reason, count);
}

static void
add_warning (GPtrArray *warnings, const CarCaller *caller, const CarJsonSpan *item)
{
  const CarJsonSpan member = car_json_span_get_member (item, "count");
  g_autofree char *collection = dup_text (caller, item, "collection");
  g_autofree char *reason = dup_text (caller, item, "message");
  gint64 count;

  /* It warns of one object at least. */
  if (!car_json_span_get_int (&member, &count) || count < 1)
    count = 1;
  car_import_warnings_add (warnings, collection, reason != NULL ? reason : "it does not say why",
                           MIN ((guint64) count, G_MAXUINT32));
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
  return g_strdup_printf ("The service left out %" G_GUINT64_FORMAT " of %s: %s", self->count,
                          self->collection != NULL ? self->collection : "the objects", self->reason);
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
