/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/staging/car-kept-private.h>
#include <libcar/staging/car-record.h>
#include <libcar/staging/car-violation-private.h>

/* What is counted before anything is sent. */
static const struct
{
  const char *member;
  gsize offset;
} counters[] = {
  { "read", G_STRUCT_OFFSET (CarCollectionCounts, read) },
  { "left_out", G_STRUCT_OFFSET (CarCollectionCounts, invalid) },
  { "duplicates", G_STRUCT_OFFSET (CarCollectionCounts, duplicates) },
  { "conflicts", G_STRUCT_OFFSET (CarCollectionCounts, conflicts) },
  { "dangling", G_STRUCT_OFFSET (CarCollectionCounts, dangling) },
  { "staged", G_STRUCT_OFFSET (CarCollectionCounts, staged) },
  { "held", G_STRUCT_OFFSET (CarCollectionCounts, held) },
};

static guint64 *
get_counter (CarCollectionCounts *counts, gsize which)
{
  return G_STRUCT_MEMBER_P (counts, counters[which].offset);
}

/* Writing. */

static void
append_record (GString *array, const CarRecord *record)
{
  g_autofree char *json = car_record_to_json (record);

  g_string_append_c (array, array->len == 0 ? '[' : ',');
  g_string_append (array, json);
}

static void
set_array (CarRecord *record, const char *name, GString *array)
{
  g_string_append (array, array->len == 0 ? "[]" : "]");
  car_record_set_json (record, name, array->str);
}

static void
set_files (CarRecord *record, const CarPartFileMark files[CAR_BUNDLE_N_PARTS])
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_autoptr (CarRecord) file = car_record_new ();

      car_record_set_int (file, "bytes", (gint64) files[i].n_bytes);
      car_record_set_int (file, "pages", files[i].n_pages);
      car_record_set_string (file, "xxh3", files[i].digest);
      append_record (all, file);
    }
  set_array (record, "files", all);
}

/* Of outside texts, what is no UTF-8 cannot be in JSON. */
static void
set_text (CarRecord *record, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  car_record_set_string (record, name, valid);
}

static void
set_violations (CarRecord *record, const GPtrArray *violations)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < violations->len; i++)
    {
      const CarViolation *violation = violations->pdata[i];
      g_autoptr (CarRecord) one = car_record_new ();

      set_text (one, "place", violation->place);
      set_text (one, "rule", violation->rule);
      set_text (one, "message", violation->message);
      car_record_set_int (one, "count", (gint64) violation->count);
      append_record (all, one);
    }
  set_array (record, "violations", all);
}

static void
set_collections (CarRecord *record, CarStage *stage)
{
  const GPtrArray *collections = car_stage_list_counts (stage);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < collections->len; i++)
    {
      CarCollectionCounts *counts = collections->pdata[i];
      g_autoptr (CarRecord) one = car_record_new ();

      car_record_set_string (one, "collection", counts->name);
      car_record_set_int (one, "part", counts->part);
      for (gsize which = 0; which < G_N_ELEMENTS (counters); which++)
        car_record_set_int (one, counters[which].member, (gint64) *get_counter (counts, which));
      set_violations (one, counts->violations);
      append_record (all, one);
    }
  set_array (record, "collections", all);
}

char *
car_kept_write (CarBundle *bundle, CarStage *stage, int folder_fd, GError **error)
{
  CarPartFileMark files[CAR_BUNDLE_N_PARTS];
  g_autoptr (CarRecord) record = car_record_new ();

  if (!car_bundle_keep (bundle, folder_fd, files, error))
    return NULL;

  set_files (record, files);
  set_collections (record, stage);
  return car_record_to_json (record);
}

/* Reading. */

/* Always FALSE. */
static gboolean
refuse (GError **error, const char *member)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "its “%s” is not what it should be", member);
  return FALSE;
}

static gboolean
read_number (const CarJsonSpan *object, const char *member, guint64 max, guint64 *number, GError **error)
{
  const CarJsonSpan value = car_json_span_get_member (object, member);
  gint64 read;

  if (value.type != CAR_JSON_NUMBER || !car_json_span_get_int (&value, &read) || read < 0 ||
      (guint64) read > max)
    return refuse (error, member);

  *number = (guint64) read;
  return TRUE;
}

static char *
read_text (const CarJsonSpan *object, const char *member, GError **error)
{
  char *text = car_json_span_dup_member (object, member);

  if (text == NULL)
    refuse (error, member);
  return text;
}

static GArray *
read_array (const CarJsonSpan *object, const char *member, GError **error)
{
  const CarJsonSpan value = car_json_span_get_member (object, member);
  GArray *items = car_json_span_get_items (&value);

  if (items == NULL)
    refuse (error, member);
  return items;
}

static gboolean
read_file (const CarJsonSpan *object, CarPartFileMark *file, GError **error)
{
  g_autofree char *digest = read_text (object, "xxh3", error);
  guint64 n_pages;

  if (digest == NULL || !read_number (object, "bytes", G_MAXINT64, &file->n_bytes, error) ||
      !read_number (object, "pages", G_MAXUINT, &n_pages, error))
    return FALSE;

  file->n_pages = (guint) n_pages;
  g_strlcpy (file->digest, digest, sizeof file->digest);
  return TRUE;
}

static gboolean
read_files (const CarJsonSpan *kept, CarPartFileMark files[CAR_BUNDLE_N_PARTS], GError **error)
{
  g_autoptr (GArray) items = read_array (kept, "files", error);

  if (items == NULL)
    return FALSE;
  if (items->len != CAR_BUNDLE_N_PARTS)
    return refuse (error, "files");

  for (guint i = 0; i < items->len; i++)
    if (!read_file (&g_array_index (items, CarJsonSpan, i), &files[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
read_violation (CarStage *stage, CarCollectionCounts *counts, const CarJsonSpan *object, GError **error)
{
  g_autofree char *place = read_text (object, "place", error);
  g_autofree char *rule = place != NULL ? read_text (object, "rule", error) : NULL;
  g_autofree char *message = rule != NULL ? read_text (object, "message", error) : NULL;
  guint64 count;

  if (message == NULL || !read_number (object, "count", G_MAXINT64, &count, error))
    return FALSE;

  car_stage_note_violation (stage, counts, place, rule, message, count);
  return TRUE;
}

static gboolean
read_violations (CarStage *stage, CarCollectionCounts *counts, const CarJsonSpan *object, GError **error)
{
  g_autoptr (GArray) items = read_array (object, "violations", error);

  for (guint i = 0; items != NULL && i < items->len; i++)
    if (!read_violation (stage, counts, &g_array_index (items, CarJsonSpan, i), error))
      return FALSE;
  return items != NULL;
}

static gboolean
read_collection (CarStage *stage, const CarJsonSpan *object, GError **error)
{
  g_autofree char *name = read_text (object, "collection", error);
  guint64 part;

  if (name == NULL || !read_number (object, "part", CAR_BUNDLE_EDGES, &part, error))
    return FALSE;

  CarCollectionCounts *counts = car_stage_get_counts (stage, (CarBundlePart) part, name, error);
  if (counts == NULL)
    return FALSE;

  for (gsize which = 0; which < G_N_ELEMENTS (counters); which++)
    if (!read_number (object, counters[which].member, G_MAXINT64, get_counter (counts, which), error))
      return FALSE;
  return read_violations (stage, counts, object, error);
}

gboolean
car_kept_read (CarBundle *bundle, CarStage *stage, int folder_fd, const CarJsonSpan *kept, GError **error)
{
  CarPartFileMark files[CAR_BUNDLE_N_PARTS];
  g_autoptr (GArray) collections = read_array (kept, "collections", error);

  if (collections == NULL || !read_files (kept, files, error))
    return FALSE;
  for (guint i = 0; i < collections->len; i++)
    if (!read_collection (stage, &g_array_index (collections, CarJsonSpan, i), error))
      return FALSE;

  return car_bundle_take (bundle, folder_fd, files, error);
}
