/* SPDX-License-Identifier: Apache-2.0 */

/* Objects a second through the data handler, by way in: checked against the core model's import schema, compared with
 * those before, staged on disk. Each measurement is a process of its own, so that its peak memory is its own. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libcar/car.h>
#include <libcar/staging/car-data-handler-private.h>
#include <service/model/car-core-model.h>

#define DIGITS 10
#define BATCH 1000

typedef struct
{
  double seconds;
  double cpu_seconds; /* of the process alone, whatever else the machine does */
  guint64 bytes;
  guint64 invalid;
  glong peak_rss; /* KiB */
} Result;

/* What changes from object to object: numbers of fixed width, counted up in place. */
typedef struct
{
  char id[32];
  char name[32];
  char to[64];
} Names;

typedef struct
{
  CarDataHandler *handler;
  guint64 n_objects;
  Names names;
} Bench;

static inline void
count_up (char *last_digit)
{
  while (++*last_digit > '9')
    *last_digit-- = '0';
}

static inline void
next_names (Names *names)
{
  count_up (names->id + strlen ("asset-") + DIGITS - 1);
  count_up (names->name + strlen ("host-") + DIGITS - 1);
  count_up (names->to + strlen ("hostname/host-") + DIGITS - 1);
}

static void
check (gboolean added, GError *error)
{
  if (!added)
    g_error ("%s", error->message);
}

static void
add_typed_vertices (Bench *bench)
{
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      next_names (&bench->names);
      car_record_clear (record);
      car_record_set_string (record, "external_id", bench->names.id);
      car_record_set_string (record, "name", bench->names.name);
      car_record_set_string (record, "asset_type", "server");
      car_record_set_int (record, "business_value", 5);
      car_record_set_double (record, "risk", 3.5);
      check (car_data_handler_add_vertex_record (bench->handler, "asset", record, &error), error);
    }
}

static void
add_typed_edges (Bench *bench)
{
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      next_names (&bench->names);
      car_record_clear (record);
      car_record_set_string (record, "_from_external_id", bench->names.id);
      car_record_set_string (record, "_to", bench->names.to);
      check (car_data_handler_add_edge_record (bench->handler, "asset_hostname", record, &error), error);
    }
}

#define VERTEX_TEXT                                                                                          \
  "{\"external_id\":\"asset-0000000000\",\"name\":\"host-0000000000.example\",\"asset_type\":\"server\","    \
  "\"business_value\":5,\"risk\":3.5}"
#define EDGE_TEXT "{\"_from_external_id\":\"asset-0000000000\",\"_to\":\"hostname/host-0000000000.example\"}"

/* Where the last digit of each number in the text is. */
static void
find_numbers (char *text, char *last_digits[2])
{
  last_digits[0] = strstr (text, "0000000000") + DIGITS - 1;
  last_digits[1] = strstr (last_digits[0], "-0000000000") + DIGITS;
}

static void
add_text_vertices (Bench *bench)
{
  char text[] = VERTEX_TEXT;
  char *last_digits[2];
  g_autoptr (GError) error = NULL;

  find_numbers (text, last_digits);
  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      count_up (last_digits[0]);
      count_up (last_digits[1]);
      check (car_data_handler_add_vertex_json (bench->handler, "asset", text, sizeof text - 1, &error),
             error);
    }
}

static void
add_text_edges (Bench *bench)
{
  char text[] = EDGE_TEXT;
  char *last_digits[2];
  g_autoptr (GError) error = NULL;

  find_numbers (text, last_digits);
  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      count_up (last_digits[0]);
      count_up (last_digits[1]);
      check (car_data_handler_add_edge_json (bench->handler, "asset_hostname", text, sizeof text - 1, &error),
             error);
    }
}

/* A thousand objects in a call, as from other languages. */
static void
add_text_arrays (Bench *bench)
{
  char text[] = VERTEX_TEXT;
  char *last_digits[2];
  g_autoptr (GString) array = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  find_numbers (text, last_digits);
  for (guint64 i = 0; i < bench->n_objects;)
    {
      g_string_assign (array, "[");
      for (guint64 end = MIN (i + BATCH, bench->n_objects); i < end; i++)
        {
          count_up (last_digits[0]);
          count_up (last_digits[1]);
          g_string_append_len (array, text, sizeof text - 1);
          g_string_append_c (array, ',');
        }
      array->str[array->len - 1] = ']';
      check (car_data_handler_add_vertices_json (bench->handler, "asset", array->str, array->len, &error),
             error);
    }
}

static void
add_object_vertices (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      g_autoptr (JsonObject) object = json_object_new ();

      next_names (&bench->names);
      json_object_set_string_member (object, "external_id", bench->names.id);
      json_object_set_string_member (object, "name", bench->names.name);
      json_object_set_string_member (object, "asset_type", "server");
      json_object_set_int_member (object, "business_value", 5);
      json_object_set_double_member (object, "risk", 3.5);
      check (car_data_handler_add_vertex (bench->handler, "asset", object, &error), error);
    }
}

static void
add_object_edges (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      g_autoptr (JsonObject) object = json_object_new ();

      next_names (&bench->names);
      json_object_set_string_member (object, "_from_external_id", bench->names.id);
      json_object_set_string_member (object, "_to", bench->names.to);
      check (car_data_handler_add_edge (bench->handler, "asset_hostname", object, &error), error);
    }
}

/* Without the data handler: what making and freeing a JsonObject costs. */
static void
make_objects (Bench *bench)
{
  for (guint64 i = 0; i < bench->n_objects; i++)
    {
      g_autoptr (JsonObject) object = json_object_new ();

      next_names (&bench->names);
      json_object_set_string_member (object, "external_id", bench->names.id);
      json_object_set_string_member (object, "name", bench->names.name);
      json_object_set_string_member (object, "asset_type", "server");
      json_object_set_int_member (object, "business_value", 5);
      json_object_set_double_member (object, "risk", 3.5);
    }
}

static const struct
{
  const char *name;
  void (*add) (Bench *bench);
} ways[] = {
  { "vertices, JSON text", add_text_vertices },
  { "vertices, JSON text, arrays of 1000", add_text_arrays },
  { "vertices, typed", add_typed_vertices },
  { "vertices, JsonObject", add_object_vertices },
  { "(JsonObjects made and freed alone)", make_objects },
  { "edges, JSON text", add_text_edges },
  { "edges, typed", add_typed_edges },
  { "edges, JsonObject", add_object_edges },
};

static guint64
count_invalid (CarDataHandler *handler)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);
  guint64 invalid = 0;

  for (guint i = 0; i < summaries->len; i++)
    invalid += car_collection_summary_get_n_left_out (summaries->pdata[i]) +
               car_collection_summary_get_n_duplicates (summaries->pdata[i]);
  return invalid;
}

static double
get_cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

static Result
run (gsize way, guint64 n_objects, const char *schema_text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  check (schema != NULL, error);
  g_autoptr (CarDataHandler) handler = car_data_handler_new (NULL, schema, "bench", NULL, 0, &error);
  check (handler != NULL, error);

  Bench bench = { handler,
                  n_objects,
                  { "asset-0000000000", "host-0000000000.example", "hostname/host-0000000000.example" } };
  Result result = { 0 };
  gint64 begin = g_get_monotonic_time ();
  double cpu_begin = get_cpu_seconds ();

  ways[way].add (&bench);
  /* The last page is written; without a client, that is all. */
  car_data_handler_send_vertices (handler, NULL, NULL);
  car_data_handler_send_edges (handler, NULL, NULL);

  result.seconds = (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  result.cpu_seconds = get_cpu_seconds () - cpu_begin;
  result.bytes = car_bundle_get_n_bytes (car_data_handler_get_bundle (handler));
  result.invalid = count_invalid (handler);
  return result;
}

static Result
run_in_process (gsize way, guint64 n_objects, const char *schema_text)
{
  Result result;
  int pipe_fds[2];
  int status;
  struct rusage usage;

  if (pipe (pipe_fds) != 0)
    g_error ("pipe: %s", g_strerror (errno));

  pid_t child = fork ();
  if (child == 0)
    {
      result = run (way, n_objects, schema_text);
      _exit (write (pipe_fds[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }

  close (pipe_fds[1]);
  gboolean is_read = child > 0 && read (pipe_fds[0], &result, sizeof result) == sizeof result;
  close (pipe_fds[0]);
  if (child < 0 || wait4 (child, &status, 0, &usage) != child || status != 0 || !is_read ||
      result.invalid != 0)
    g_error ("%s: the measurement failed", ways[way].name);

  result.peak_rss = usage.ru_maxrss;
  return result;
}

static int
compare_seconds (const void *a, const void *b)
{
  const Result *one = a;
  const Result *two = b;

  return (one->seconds > two->seconds) - (one->seconds < two->seconds);
}

static void
measure (gsize way, guint64 n_objects, const char *schema_text)
{
  Result results[9] = { 0 };
  guint n_runs = n_objects < 200 * 1000 ? G_N_ELEMENTS (results) : 3;

  for (guint i = 0; i < n_runs; i++)
    results[i] = run_in_process (way, n_objects, schema_text);
  qsort (results, n_runs, sizeof (Result), compare_seconds);

  const Result *median = &results[n_runs / 2];
  g_print ("%-36s %8" G_GUINT64_FORMAT " %10.0f %14.0f %6.1f %9.1f\n", ways[way].name, n_objects,
           (double) n_objects / median->seconds, (double) n_objects / median->cpu_seconds,
           (double) median->bytes / (double) n_objects, (double) median->peak_rss / 1024);
}

int
main (int argc, char *argv[])
{
  g_auto (GStrv) counts = NULL;
  const char *only = NULL;
  const GOptionEntry entries[] = {
    { "objects", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &counts, "How many objects (10000 and 1000000)", "N" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &only, "Only the ways in that contain this text", "TEXT" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, "Measures the way into the data handler.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  if (counts == NULL)
    counts = g_strsplit ("10000 1000000", " ", -1);

  g_autoptr (CarCoreModel) model = car_core_model_new (&error);
  check (model != NULL, error);
  g_autofree char *schema_text = car_core_model_to_import_schema (model);

  g_print ("%-36s %8s %10s %14s %6s %9s\n", "way in", "objects", "objects/s", "per CPU second", "bytes",
           "peak MiB");
  for (char **count = counts; *count != NULL; count++)
    for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
      {
        guint64 n_objects;

        if (only != NULL && strstr (ways[way].name, only) == NULL)
          continue;
        if (!g_ascii_string_to_unsigned (*count, 10, 1, 9999999999, &n_objects, &error))
          {
            g_printerr ("--objects: %s\n", error->message);
            return 2;
          }
        measure (way, n_objects, schema_text);
      }
  return 0;
}
