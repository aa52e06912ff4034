/* SPDX-License-Identifier: Apache-2.0 */

/* How fast a store takes a full import, first and again: bench-store DATABASE OBJECTS [PAGE]. Half of the objects are vertices, half edges
 * between them. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/store/car-service-page.h"
#include "service/store/car-service-store.h"

typedef struct
{
  CarServiceStore *store;
  guint n;
  guint page;
  guint changed; /* which version of the values is sent */
} Bench;

static void
check (gboolean ok, const GError *error)
{
  if (ok)
    return;
  g_printerr ("bench-store: %s\n", error->message);
  exit (1);
}

static void
add_vertices (GString *out, guint first, guint n, guint changed)
{
  g_string_append (out, ",\"asset\":[");
  for (guint i = first; i < first + n; i += 2)
    g_string_append_printf (out,
                            "%s{\"external_id\":\"host-%u\",\"name\":\"server%u.example.com\","
                            "\"description\":\"A machine of room %u\",\"value\":%u}",
                            i > first ? "," : "", i, i, i % 97, changed);
  g_string_append (out, "],\"ipaddress\":[");
  for (guint i = first + 1; i < first + n; i += 2)
    g_string_append_printf (out, "%s{\"_key\":\"10.%u.%u.%u\"}", i > first + 1 ? "," : "", i >> 16 & 255,
                            i >> 8 & 255, i & 255);
  g_string_append_c (out, ']');
}

static void
add_edges (GString *out, guint first, guint n)
{
  g_string_append (out, ",\"asset_ipaddress\":[");
  for (guint i = first; i < first + n; i++)
    {
      const guint asset = i & ~1u;
      const guint address = (i % 2 == 0 ? i + 1 : i) % 16777216;

      g_string_append_printf (
          out,
          "%s{\"_from_external_id\":\"host-%u\",\"_to\":\"ipaddress/10.%u.%u.%u\","
          "\"external_id\":\"e%u\",\"active\":true,\"report\":\"1\",\"source\":\"bench\",\"timestamp\":1}",
          i > first ? "," : "", asset, address >> 16 & 255, address >> 8 & 255, address & 255, i % 2);
    }
  g_string_append_c (out, ']');
}

static GBytes *
make_page (const Bench *bench, guint first, gboolean edges)
{
  GString *out =
      g_string_new ("{\"source\":{\"_key\":\"bench\"},\"report\":{\"_key\":\"1\",\"timestamp\":1}");

  if (edges)
    add_edges (out, first, bench->page);
  else
    add_vertices (out, first, bench->page, bench->changed);
  g_string_append_c (out, '}');

  return g_string_free_to_bytes (out);
}

static double
put (const Bench *bench, guint first, gboolean edges, double *reading)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) envelope = make_page (bench, first, edges);
  gint64 begun = g_get_monotonic_time ();
  CarCoreModel *model = car_service_store_get_model (bench->store, &error);
  CarImportSchema *schema = car_service_store_get_import_schema (bench->store, &error);
  g_autoptr (CarServicePage) page = car_service_page_read (envelope, model, schema, &error);
  CarServiceReport report = { .source = "bench", .reported_at = 1, .is_full = TRUE };

  check (page != NULL, error);
  const gint64 read = g_get_monotonic_time ();
  check (car_service_store_begin (bench->store, &error) &&
             car_service_store_tick (bench->store, &report.now, &error) &&
             car_service_store_put_page (bench->store, &report, page, &error) &&
             car_service_store_commit (bench->store, &error),
         error);
  g_assert_null (car_service_page_get_reason (page));
  *reading += (double) (read - begun) / G_USEC_PER_SEC;

  return (double) (g_get_monotonic_time () - read) / G_USEC_PER_SEC;
}

static void
import (const Bench *bench, const char *what)
{
  g_autoptr (GError) error = NULL;
  double reading = 0;
  double vertices = 0;
  double edges = 0;
  gint64 now;

  check (car_service_store_begin (bench->store, &error) &&
             car_service_store_begin_full_import (bench->store, "bench", &error) &&
             car_service_store_commit (bench->store, &error),
         error);
  for (guint i = 0; i < bench->n / 2; i += bench->page)
    vertices += put (bench, i, FALSE, &reading);
  for (guint i = 0; i < bench->n / 2; i += bench->page)
    edges += put (bench, i, TRUE, &reading);

  const gint64 begun = g_get_monotonic_time ();
  check (car_service_store_begin (bench->store, &error) &&
             car_service_store_tick (bench->store, &now, &error) &&
             car_service_store_end_full_import (bench->store, "bench", now, &error) &&
             car_service_store_commit (bench->store, &error),
         error);
  const double end = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  const double all = vertices + edges + end;

  printf (
      "%-12s %8.0f objects/s (vertices %.0f, edges %.0f; the end took %.2f s, reading the pages %.2f s)\n",
      what, bench->n / all, bench->n / 2 / vertices, bench->n / 2 / edges, end, reading);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Bench bench = { .page = argc > 3 ? (guint) atoi (argv[3]) : 2000 };

  if (argc < 3)
    {
      g_printerr ("usage: bench-store DATABASE OBJECTS [PAGE]\n");
      return 2;
    }
  bench.n = (guint) atoi (argv[2]);
  bench.store = car_service_store_open (argv[1], &error);
  check (bench.store != NULL, error);
  import (&bench, "first");
  import (&bench, "unchanged");
  bench.changed = 1;
  import (&bench, "changed");
  g_object_unref (bench.store);

  return 0;
}
