/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-violation-private.h>

#include "carctl/carctl-moments.h"
#include "carctl/carctl-objects.h"
#include "carctl/carctl.h"

/* carctl diff: two folders of carctl collect, or two moments of a service, by collection, object and member. Values are compared, and
 * not their spelling. */

#define EXIT_DIFFERENT 1

typedef struct
{
  gboolean json;
  guint n_added;
  guint n_gone;
  guint n_changed;
  GString *out;
} Diff;

static CarJsonSpan
to_span (const char *line)
{
  return (CarJsonSpan){ line, strlen (line), CAR_JSON_OBJECT, FALSE };
}

static gboolean
is_same (const CarJsonSpan *a, const CarJsonSpan *b)
{
  if (a->type == CAR_JSON_INVALID || b->type == CAR_JSON_INVALID)
    return a->type == b->type;

  return car_json_hash_equal (car_json_hash_value (a), car_json_hash_value (b));
}

static void
append_value (GString *out, const CarJsonSpan *value, gboolean json)
{
  if (value->type == CAR_JSON_INVALID)
    g_string_append (out, json ? "null" : "–");
  else if (json)
    car_json_append_span (out, value);
  else
    car_json_violation_append_value (out, value, CAR_TEXT_SHORT);
}

static void
append_member (Diff *diff, const char *name, const CarJsonSpan *before, const CarJsonSpan *after, guint n)
{
  if (diff->json)
    {
      g_string_append (diff->out, n > 0 ? "," : ",\"members\":{");
      car_json_append_string (diff->out, name, -1);
      g_string_append (diff->out, ":[");
      append_value (diff->out, before, TRUE);
      g_string_append_c (diff->out, ',');
      append_value (diff->out, after, TRUE);
      g_string_append_c (diff->out, ']');
      return;
    }

  g_string_append (diff->out, "      ");
  car_text_append_printable (diff->out, name, strlen (name), CAR_TEXT_SHORT);
  g_string_append (diff->out, ": ");
  append_value (diff->out, before, FALSE);
  g_string_append (diff->out, " → ");
  append_value (diff->out, after, FALSE);
  g_string_append_c (diff->out, '\n');
}

/* Those that were there before and differ; with `only_new`, those that are there only now. Returns: how many have been told. */
static guint
append_members (Diff *diff, const CarJsonSpan *before, const CarJsonSpan *after, gboolean only_new, guint n)
{
  const CarJsonSpan *object = only_new ? after : before;
  CarJsonScanner scanner;
  CarJsonSpan member, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &member) && car_json_scanner_read (&scanner, &value))
    {
      gsize length;
      g_autofree char *name = car_json_span_unescape (&member, &length);
      const CarJsonSpan old = car_json_span_get_member (before, name);
      const CarJsonSpan new = car_json_span_get_member (after, name);

      if (!is_same (&old, &new) && (!only_new || old.type == CAR_JSON_INVALID))
        append_member (diff, name, &old, &new, n++);
    }
  return n;
}

static void
begin_change (Diff *diff, const char *collection, const char *key, const char *sign, const char *word)
{
  if (diff->json)
    {
      g_string_append_printf (diff->out, "{\"collection\":\"%s\",\"change\":\"%s\",\"key\":", collection,
                              word);
      car_json_append_string (diff->out, key, -1);
      return;
    }
  g_string_append_printf (diff->out, "  %s ", sign);
  car_text_append_printable (diff->out, key, strlen (key), 2 * CAR_TEXT_SHORT);
  g_string_append_c (diff->out, '\n');
}

static void
end_change (Diff *diff, gboolean has_members)
{
  if (diff->json)
    g_string_append (diff->out, has_members ? "}}\n" : "}\n");
}

static void
compare_object (Diff *diff, const char *collection, const char *key, const char *before, const char *after)
{
  CarJsonSpan old = to_span (before == NULL ? "{}" : before);
  CarJsonSpan new = to_span (after == NULL ? "{}" : after);

  if (before == NULL || after == NULL)
    {
      diff->n_added += before == NULL;
      diff->n_gone += after == NULL;
      begin_change (diff, collection, key, before == NULL ? "+" : "-", before == NULL ? "added" : "gone");
      end_change (diff, FALSE);
    }
  else if (!is_same (&old, &new))
    {
      diff->n_changed++;
      begin_change (diff, collection, key, "~", "changed");
      append_members (diff, &old, &new, TRUE, append_members (diff, &old, &new, FALSE, 0));
      end_change (diff, TRUE);
    }
}

static GList *
list_sorted (GHashTable *a, GHashTable *b)
{
  g_autoptr (GHashTable) all = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (all, name);
  g_hash_table_iter_init (&iter, b);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (all, name);

  return g_list_sort (g_hash_table_get_keys (all), (GCompareFunc) strcmp);
}

/* What is compared: a folder, or what a service has at a moment. */
typedef struct
{
  const char *folder;
  GHashTable *collections; /* names; of a moment, with their objects */
} Side;

static void
side_clear (Side *side)
{
  g_clear_pointer (&side->collections, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Side, side_clear)

static GHashTable *
read_collection (const Side *side, const char *collection, GError **error)
{
  if (side->folder != NULL)
    return carctl_objects_read (side->folder, collection, error);

  GHashTable *objects = g_hash_table_lookup (side->collections, collection);
  return objects == NULL ? g_hash_table_new (g_str_hash, g_str_equal) : g_hash_table_ref (objects);
}

static gboolean
compare_collection (const Side *a,
                    const Side *b,
                    const char *collection,
                    gboolean json,
                    gboolean *different,
                    GError **error)
{
  g_autoptr (GHashTable) before = read_collection (a, collection, error);
  g_autoptr (GHashTable) after = before == NULL ? NULL : read_collection (b, collection, error);
  g_autoptr (GString) out = g_string_new (NULL);
  Diff diff = { .json = json, .out = out };

  if (after == NULL)
    return FALSE;

  g_autoptr (GList) keys = list_sorted (before, after);
  for (GList *key = keys; key != NULL; key = key->next)
    compare_object (&diff, collection, key->data, g_hash_table_lookup (before, key->data),
                    g_hash_table_lookup (after, key->data));
  if (out->len == 0)
    return TRUE;

  *different = TRUE;
  if (!json)
    g_print (_ ("%s: %u added, %u changed, %u gone\n"), collection, diff.n_added, diff.n_changed,
             diff.n_gone);
  g_print ("%s", out->str);
  return TRUE;
}

static gboolean
open_folder (Side *side, const char *folder, GError **error)
{
  side->folder = folder;
  side->collections = carctl_objects_list (folder, error);
  return side->collections != NULL;
}

static gboolean
open_moments (Side *a, Side *b, const CarctlCall *call, GError **error)
{
  g_autoptr (CarClient) client = carctl_open_service (call, error);

  return client != NULL && carctl_moments_read (client, call->arguments[0], call->arguments[1], call->source,
                                                &a->collections, &b->collections, error);
}

static gboolean
open_sides (Side *a, Side *b, const CarctlCall *call, GError **error)
{
  gboolean is_moment = carctl_is_moment (call->arguments[0]);

  if (is_moment != carctl_is_moment (call->arguments[1]))
    return car_failure_refuse (error, _ ("a folder and a moment cannot be compared: give two of one kind"));
  return is_moment ? open_moments (a, b, call, error)
                   : open_folder (a, call->arguments[0], error) && open_folder (b, call->arguments[1], error);
}

static gboolean
diff (CarctlCall *call, GError **error)
{
  g_auto (Side) a = { 0 };
  g_auto (Side) b = { 0 };
  gboolean different = FALSE;

  if (!open_sides (&a, &b, call, error))
    return FALSE;

  g_autoptr (GList) collections = list_sorted (a.collections, b.collections);
  for (GList *collection = collections; collection != NULL; collection = collection->next)
    if (!compare_collection (&a, &b, collection->data, call->json, &different, error))
      return FALSE;

  call->exit_code = different ? EXIT_DIFFERENT : 0;
  return TRUE;
}

const CarctlCommand carctl_diff_command = {
  .name = "diff",
  .arguments = "FOLDER FOLDER|MOMENT MOMENT",
  .summary = N_ ("Compare two such folders, or a service with itself"),
  .options = CARCTL_JSON | CARCTL_SOURCE,
  .min_arguments = 2,
  .max_arguments = 2,
  .run = diff,
};
