/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-objects.h"
#include "carctl/carctl.h"

/* What libcar adds to an edge is the run's. */
static gboolean
is_of_the_run (const CarJsonSpan *name, const CarJsonSpan *value)
{
  return car_json_span_equals (name, "report") || car_json_span_equals (name, "source") ||
         car_json_span_equals (name, "timestamp") ||
         (car_json_span_equals (name, "active") && value->type == CAR_JSON_TRUE);
}

static void
append_value (GString *out, const CarJsonSpan *value)
{
  gsize begin = out->len;

  car_json_append_span (out, value);
  /* An end of line between values, which a connector may have written: a line is an object. */
  for (gsize i = begin; i < out->len; i++)
    if (out->str[i] == '\n' || out->str[i] == '\r')
      out->str[i] = ' ';
}

static void
append_object (GString *out, const CarJsonSpan *object)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;
  gboolean is_edge = car_json_span_get_member (object, "_from").type != CAR_JSON_INVALID ||
                     car_json_span_get_member (object, "_from_external_id").type != CAR_JSON_INVALID;
  const char *separator = "";

  g_string_append_c (out, '{');
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    if (!is_edge || !is_of_the_run (&name, &value))
      {
        g_string_append (out, separator);
        car_json_append_span (out, &name);
        g_string_append_c (out, ':');
        append_value (out, &value);
        separator = ",";
      }
  g_string_append (out, "}\n");
}

static FILE *
open_collection (GHashTable *files, const char *folder, const CarJsonSpan *name, GError **error)
{
  g_autofree char *collection = car_json_span_dup_string (name);
  g_autofree char *file_name = g_strconcat (collection, CARCTL_OBJECTS_SUFFIX, NULL);
  g_autofree char *path = g_build_filename (folder, file_name, NULL);
  FILE *file = g_hash_table_lookup (files, collection);

  if (file != NULL)
    return file;
  if (!car_text_is_name (collection))
    {
      carctl_refuse_file (folder, _ ("the page has a collection without a name"), error);
      return NULL;
    }

  file = fopen (path, "we");
  if (file == NULL)
    carctl_refuse_file (path, g_strerror (errno), error);
  else
    g_hash_table_insert (files, g_steal_pointer (&collection), file);
  return file;
}

static gboolean
split_collection (FILE *file, CarJsonScanner *scanner)
{
  g_autoptr (GString) line = g_string_new (NULL);
  CarJsonSpan object;

  car_json_scanner_enter (scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (scanner) && car_json_scanner_read (scanner, &object))
    {
      g_string_truncate (line, 0);
      append_object (line, &object);
      fwrite (line->str, 1, line->len, file);
    }
  return scanner->problem == NULL;
}

/* A page is an envelope: beside its source and report, arrays of objects by collection. */
static gboolean
split_page (GHashTable *files, const char *folder, const char *page, gsize length, GError **error)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, page, length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    if (car_json_scanner_peek (&scanner) != CAR_JSON_ARRAY)
      car_json_scanner_read (&scanner, &value);
    else
      {
        FILE *file = open_collection (files, folder, &name, error);

        if (file == NULL)
          return FALSE;
        split_collection (file, &scanner);
      }
  if (scanner.problem == NULL)
    return TRUE;

  car_json_scanner_set_error (&scanner, error);
  return FALSE;
}

static gboolean
close_files (GHashTable *files, const char *folder, GError **error)
{
  GHashTableIter iter;
  gpointer file;
  gboolean wrong = FALSE;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, NULL, &file))
    {
      gboolean failed = ferror (file) != 0;

      wrong = fclose (file) != 0 || failed || wrong;
    }
  return !wrong || carctl_refuse_file (folder, _ ("not all could be written: is the disk full?"), error);
}

/* What has no end of line is the page that a run was killed in. */
static gboolean
split_pages (FILE *pages, GHashTable *files, const char *folder, GError **error)
{
  char *line = NULL;
  gsize size = 0;
  gssize length;
  gboolean good = TRUE;

  while (good && (length = getline (&line, &size, pages)) > 0 && line[length - 1] == '\n')
    good = split_page (files, folder, line, (gsize) length, error);
  free (line);
  return good;
}

gboolean
carctl_objects_split (const char *path, const char *folder, GError **error)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  FILE *pages = fopen (path, "re");

  if (pages == NULL)
    return errno == ENOENT || carctl_refuse_file (path, g_strerror (errno), error);

  gboolean good = split_pages (pages, files, folder, error);
  if (good && ferror (pages))
    good = carctl_refuse_file (path, g_strerror (EIO), error);
  fclose (pages);

  return close_files (files, folder, good ? error : NULL) && good;
}

/* The collection that a file of the folder is of; NULL: none. */
static char *
get_collection (const char *file)
{
  g_autofree char *name = g_str_has_suffix (file, CARCTL_OBJECTS_SUFFIX)
                              ? g_strndup (file, strlen (file) - strlen (CARCTL_OBJECTS_SUFFIX))
                              : NULL;

  return name != NULL && car_text_is_name (name) ? g_steal_pointer (&name) : NULL;
}

GHashTable *
carctl_objects_list (const char *folder, GError **error)
{
  g_autoptr (GHashTable) collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *summary = g_build_filename (folder, CARCTL_OBJECTS_SUMMARY, NULL);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &problem);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      char *collection = get_collection (file);

      if (collection != NULL)
        g_hash_table_add (collections, collection);
    }
  if (g_hash_table_size (collections) > 0 || g_file_test (summary, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&collections);

  carctl_refuse_file (folder,
                      problem != NULL
                          ? problem->message
                          : _ ("it has neither a summary nor objects of “carctl collect”: name its folder"),
                      error);
  return NULL;
}
