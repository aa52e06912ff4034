/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-retention.h"

/* Where the database has to become smaller, room is looked at again after so many versions. */
#define FEW 10

/* The next import uses free pages again. The file gives them back where more than one page in so many is free. */
#define USED_PER_FREE 4

#define DAY (24.0 * 60 * 60 * 1000)

#define MAX_DIGITS 15 /* what a double holds */

/* In bytes; 0 where it is no unit. */
static double
read_unit (const char *unit)
{
  static const char prefixes[] = "KMGT";
  const char *prefix = strchr (prefixes, g_ascii_toupper (*unit));
  double bytes = 1;

  if (*unit == '\0')
    return 0;
  if (prefix == NULL)
    return g_ascii_strcasecmp (unit, "B") == 0 ? 1 : 0;

  gboolean is_binary = g_ascii_strcasecmp (unit + 1, "iB") == 0;
  if (!is_binary && g_ascii_strcasecmp (unit + 1, "B") != 0)
    return 0;
  for (const char *p = prefixes; p <= prefix; p++)
    bytes *= is_binary ? 1024 : 1000;

  return bytes;
}

gboolean
car_service_retention_parse (const char *text, CarServiceRetention *policy, GError **error)
{
  gsize n_digits = strspn (text, "0123456789");
  double number = (double) g_ascii_strtoull (text, NULL, 10);
  double unit = read_unit (text + n_digits);

  if (n_digits > 0 && n_digits <= MAX_DIGITS && (text[n_digits] == '\0' || unit > 0))
    {
      *policy = unit > 0 ? (CarServiceRetention){ CAR_SERVICE_RETENTION_DISK_USAGE, number * unit }
                         : (CarServiceRetention){ CAR_SERVICE_RETENTION_TIME, number };
      return TRUE;
    }

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("--keep-history=%s is neither a number of days, such as 90, nor a size, such as 500MB or "
                  "2GB"),
               text);
  return FALSE;
}

/* The setting is the number of the kind and the value. */
gboolean
car_service_retention_get (CarServiceStore *store, CarServiceRetention *policy, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = car_service_store_get_setting (store, "retention", &problem);
  char *value = NULL;

  *policy = (CarServiceRetention){ 0 };
  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (text == NULL)
    return TRUE;

  policy->kind = (CarServiceRetentionKind) g_ascii_strtoull (text, &value, 10);
  policy->value = g_ascii_strtod (value, NULL);

  return TRUE;
}

gboolean
car_service_retention_set (CarServiceStore *store, const CarServiceRetention *policy, GError **error)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *text =
      g_strdup_printf ("%d %s", policy->kind, g_ascii_dtostr (number, sizeof number, policy->value));

  car_service_store_ask_for_upkeep (store);
  return car_service_store_set_setting (store, "retention", text, error);
}

/* No more than it takes. */
static gboolean
forget_until_it_fits (CarServiceStore *store, double bytes, gint64 *forgotten, GError **error)
{
  CarServicePages pages;
  gint64 n = FEW;

  *forgotten = 0;
  while (n > 0 && *forgotten < CAR_SERVICE_RETENTION_AT_ONCE)
    {
      if (!car_service_store_read_pages (store, &pages, error))
        return FALSE;
      if ((double) (pages.all - pages.free) * (double) pages.size <= bytes)
        return TRUE;
      if (!car_service_store_forget (store, CAR_SERVICE_STORE_OPEN, FEW, &n, error))
        return FALSE;
      *forgotten += n;
    }

  return TRUE;
}

static gboolean
forget_some (CarServiceStore *store, const CarServiceRetention *policy, gint64 *forgotten, GError **error)
{
  gint64 now = g_get_real_time () / 1000;

  *forgotten = 0;
  switch (policy->kind)
    {
    case CAR_SERVICE_RETENTION_TIME:
      return car_service_store_forget (store, now - (gint64) MIN (policy->value * DAY, (double) now),
                                       CAR_SERVICE_RETENTION_AT_ONCE, forgotten, error);
    case CAR_SERVICE_RETENTION_DISK_USAGE:
      return forget_until_it_fits (store, policy->value, forgotten, error);
    case CAR_SERVICE_RETENTION_FOREVER:
    default:
      return TRUE;
    }
}

static gboolean
give_back (CarServiceStore *store, const CarServiceRetention *policy, gboolean *more, GError **error)
{
  CarServicePages pages;

  *more = FALSE;
  if (!car_service_store_read_pages (store, &pages, error))
    return FALSE;
  gboolean is_too_large = policy->kind == CAR_SERVICE_RETENTION_DISK_USAGE &&
                          (double) pages.all * (double) pages.size > policy->value;

  return pages.free == 0 || (!is_too_large && pages.free * USED_PER_FREE < pages.all) ||
         car_service_store_give_back (store, more, error);
}

gboolean
car_service_retention_apply (CarServiceStore *store, gboolean *more, GError **error)
{
  CarServiceRetention policy;
  gint64 forgotten;

  if (!car_service_retention_get (store, &policy, error) || !forget_some (store, &policy, &forgotten, error))
    return FALSE;
  *more = forgotten > 0;

  return *more || give_back (store, &policy, more, error);
}
