/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-moments.h"

#define FORMAT "%Y-%m-%dT%H:%M:%S.%fZ"

GDateTime *
carctl_moment_parse (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autofree char *whole = g_strconcat (text, strchr (text, 'T') == NULL ? "T00:00:00" : "", NULL);
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (whole, utc);

  return moment == NULL ? NULL : g_date_time_to_utc (moment);
}

static char *
make_key (const CarJsonSpan *change)
{
  g_autofree char *name = car_json_span_dup_member (change, "id");
  g_autofree char *from = car_json_span_dup_member (change, "from");
  g_autofree char *to = car_json_span_dup_member (change, "to");

  if (name != NULL)
    return g_steal_pointer (&name);
  return from == NULL || to == NULL ? NULL : g_strdup_printf ("%s → %s", from, to);
}

static gboolean
refuse_answer (GError **error, const char *problem)
{
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               _ ("GET changes: the service's answer is not what it should be: %s"), problem);
  return FALSE;
}

/* An object that was not there, or is not any more, is null. Each line is told as it is: nothing of two edges with the same ends
 * is lost. */
static gboolean
add_change (const CarJsonSpan *change, CarctlMomentsFunc func, gpointer user_data, GError **error)
{
  const CarJsonSpan old = car_json_span_get_member (change, "before");
  const CarJsonSpan new = car_json_span_get_member (change, "after");
  const CarJsonSpan *before = old.type == CAR_JSON_OBJECT ? &old : NULL;
  const CarJsonSpan *after = new.type == CAR_JSON_OBJECT ? &new : NULL;
  g_autofree char *collection = car_json_span_dup_member (change, "collection");
  g_autofree char *key = make_key (change);

  if (collection == NULL || !car_text_is_name (collection) || key == NULL ||
      (before == NULL && after == NULL))
    return refuse_answer (error, _ ("a change has no collection, no key or no object"));

  return func (collection, key, before, after, user_data, error);
}

/* *next (transfer full) (nullable): where the page behind this one begins. */
static gboolean
read_page (GBytes *answer, CarctlMomentsFunc func, gpointer user_data, char **next, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (answer, &length);
  CarJsonSpan page;

  if (!car_json_read_text (text, length, &page, error))
    return FALSE;

  g_autoptr (GArray) items = car_json_span_get_items (&page);
  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      const CarJsonSpan place = car_json_span_get_member (item, "next");

      if (place.type == CAR_JSON_STRING)
        *next = car_json_span_dup_string (&place);
      else if (place.type != CAR_JSON_NULL && !add_change (item, func, user_data, error))
        return FALSE;
    }
  return TRUE;
}

static GBytes *
ask (CarClient *client,
     const char *from,
     const char *to,
     const char *source,
     const char *after,
     GError **error)
{
  const char *const path[] = { "changes", NULL };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, "from", from, "to", to, NULL);
  if (source != NULL)
    g_strv_builder_add_many (builder, "source", source, NULL);
  if (after != NULL)
    g_strv_builder_add_many (builder, "after", after, NULL);
  g_auto (GStrv) query = g_strv_builder_end (builder);

  return car_client_call (client, CAR_API_VERSION_V3, "GET", path, (const char *const *) query, NULL, 0, NULL,
                          NULL, error);
}

gboolean
carctl_moments_read (CarClient *client,
                     const char *from,
                     const char *to,
                     const char *source,
                     CarctlMomentsFunc func,
                     gpointer user_data,
                     GError **error)
{
  g_autofree char *place = NULL;

  do
    {
      g_autofree char *next = NULL;
      g_autoptr (GBytes) answer = ask (client, from, to, source, place, error);

      if (answer == NULL || !read_page (answer, func, user_data, &next, error))
        return FALSE;
      if (next != NULL && g_strcmp0 (next, place) == 0)
        return refuse_answer (error, _ ("a page is followed by itself"));
      g_free (place);
      place = g_steal_pointer (&next);
    }
  while (place != NULL);

  return TRUE;
}

static gboolean
add (const char *collection,
     const char *key,
     const CarJsonSpan *before,
     const CarJsonSpan *after,
     gpointer user_data,
     GError **error)
{
  return carctl_changes_add (user_data, collection, key, before, after, error);
}

gboolean
carctl_moments_compare (CarClient *client,
                        GDateTime *from,
                        GDateTime *to,
                        const char *source,
                        CarctlChanges *changes,
                        GError **error)
{
  g_autofree char *first = g_date_time_format (from, FORMAT);
  g_autofree char *last = g_date_time_format (to, FORMAT);

  if (g_date_time_compare (from, to) > 0)
    return car_failure_refuse (error, _ ("%s is behind %s: give the earlier moment first"), first, last);
  return carctl_moments_read (client, first, last, source, add, changes, error) &&
         carctl_changes_print (changes, error);
}
