/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-violation-private.h>

#include "carctl/carctl-changes.h"
#include "carctl/carctl.h"

/* A collection: how many objects, and what is told of each. */
typedef struct
{
  guint n_added;
  guint n_gone;
  guint n_changed;
  FILE *told; /* without a name: it goes with the process */
} Section;

struct _CarctlChanges
{
  gboolean json;
  gboolean is_plan;
  GTree *sections; /* collection → Section, in the order of the names */
  gboolean found_any;
};

static void
section_free (gpointer data)
{
  Section *section = data;

  if (section->told != NULL)
    fclose (section->told);
  g_free (section);
}

static int
compare_names (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (a, b);
}

CarctlChanges *
carctl_changes_new (gboolean json, gboolean is_plan)
{
  CarctlChanges *self = g_new0 (CarctlChanges, 1);

  self->json = json;
  self->is_plan = is_plan;
  self->sections = g_tree_new_full (compare_names, NULL, g_free, section_free);
  return self;
}

void
carctl_changes_free (CarctlChanges *self)
{
  g_tree_unref (self->sections);
  g_free (self);
}

static gboolean
refuse_disk (GError **error)
{
  int code = errno;

  return car_failure_refuse (error, _ ("what differs cannot be kept in a temporary file: %s"),
                             g_strerror (code));
}

static Section *
get_section (CarctlChanges *self, const char *collection, GError **error)
{
  Section *section = g_tree_lookup (self->sections, collection);

  if (section != NULL)
    return section;

  FILE *told = tmpfile ();
  if (told == NULL)
    {
      refuse_disk (error);
      return NULL;
    }
  section = g_new0 (Section, 1);
  section->told = told;
  g_tree_insert (self->sections, g_strdup (collection), section);
  return section;
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
append_member (GString *out,
               gboolean json,
               const CarJsonSpan *name,
               const CarJsonSpan *before,
               const CarJsonSpan *after)
{
  if (json)
    {
      car_json_append_span (out, name);
      g_string_append (out, ":[");
    }
  else
    {
      gsize length;
      g_autofree char *text = car_json_span_unescape (name, &length);

      g_string_append (out, "      ");
      car_text_append_printable (out, text, length, CAR_TEXT_SHORT);
      g_string_append (out, ": ");
    }
  append_value (out, before, json);
  g_string_append (out, json ? "," : " → ");
  append_value (out, after, json);
  g_string_append (out, json ? "]," : "\n");
}

/* A name may hold what ends a string of C, so it is looked for as it stands. */
static CarJsonSpan
find_member (const CarJsonSpan *object, const CarJsonSpan *wanted)
{
  gsize length;
  g_autofree char *text = car_json_span_unescape (wanted, &length);
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    if (car_json_span_is (&name, text, length))
      return value;
  return (CarJsonSpan){ .type = CAR_JSON_INVALID };
}

/* Those that were there before and differ; with `only_new`, those that are there only now. */
static void
append_members (GString *out,
                gboolean json,
                const CarJsonSpan *before,
                const CarJsonSpan *after,
                gboolean only_new)
{
  const CarJsonSpan *object = only_new ? after : before;
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      const CarJsonSpan old = only_new ? find_member (before, &name) : value;
      const CarJsonSpan new = only_new ? value : find_member (after, &name);

      if (!is_same (&old, &new) && (!only_new || old.type == CAR_JSON_INVALID))
        append_member (out, json, &name, &old, &new);
    }
}

static void
append_all_members (GString *out, gboolean json, const CarJsonSpan *before, const CarJsonSpan *after)
{
  append_members (out, json, before, after, FALSE);
  append_members (out, json, before, after, TRUE);
}

static void
append_text (GString *out, const char *key, const CarJsonSpan *before, const CarJsonSpan *after)
{
  g_string_append (out, before == NULL ? "  + " : after == NULL ? "  - " : "  ~ ");
  car_text_append_printable (out, key, strlen (key), 2 * CAR_TEXT_SHORT);
  g_string_append_c (out, '\n');
  if (before != NULL && after != NULL)
    append_all_members (out, FALSE, before, after);
}

static void
append_json (GString *out,
             const char *collection,
             const char *gone,
             const char *key,
             const CarJsonSpan *before,
             const CarJsonSpan *after)
{
  g_string_append_printf (out, "{\"collection\":\"%s\",\"change\":\"%s\",\"key\":", collection,
                          before == NULL  ? "added"
                          : after == NULL ? gone
                                          : "changed");
  car_json_append_string (out, key, -1);
  if (before != NULL && after != NULL)
    {
      g_string_append (out, ",\"members\":{");
      append_all_members (out, TRUE, before, after);
      if (out->str[out->len - 1] == ',')
        g_string_truncate (out, out->len - 1);
      g_string_append_c (out, '}');
    }
  g_string_append (out, "}\n");
}

gboolean
carctl_changes_add (CarctlChanges *self,
                    const char *collection,
                    const char *key,
                    const CarJsonSpan *before,
                    const CarJsonSpan *after,
                    GError **error)
{
  if (before != NULL && after != NULL && is_same (before, after))
    return TRUE;

  Section *section = get_section (self, collection, error);
  if (section == NULL)
    return FALSE;

  g_autoptr (GString) out = g_string_new (NULL);
  if (self->json)
    append_json (out, collection, self->is_plan ? "closed" : "gone", key, before, after);
  else
    append_text (out, key, before, after);
  self->found_any = TRUE;
  section->n_added += before == NULL;
  section->n_gone += after == NULL;
  section->n_changed += before != NULL && after != NULL;
  return fputs (out->str, section->told) >= 0 || refuse_disk (error);
}

static void
print_head (const CarctlChanges *self, const char *collection, const Section *section)
{
  g_print (self->is_plan ? _ ("%s: %u added, %u changed, %u closed\n")
                         : _ ("%s: %u added, %u changed, %u gone\n"),
           collection, section->n_added, section->n_changed, section->n_gone);
}

/* What is told has a line for each thing, so it goes through memory line by line. */
static gboolean
print_told (const CarctlChanges *self, Section *section, GError **error)
{
  char *line = NULL;
  gsize size = 0;
  gboolean good = fflush (section->told) == 0 || refuse_disk (error);

  rewind (section->told);
  while (good && getline (&line, &size, section->told) > 0)
    if (self->json)
      good = car_output_write (line, error);
    else
      g_print ("%s", line);
  free (line);
  return good && (ferror (section->told) == 0 || refuse_disk (error));
}

gboolean
carctl_changes_print (CarctlChanges *self, GError **error)
{
  for (GTreeNode *node = g_tree_node_first (self->sections); node != NULL; node = g_tree_node_next (node))
    {
      Section *section = g_tree_node_value (node);

      if (!self->json)
        print_head (self, g_tree_node_key (node), section);
      if (!print_told (self, section, error))
        return FALSE;
    }
  g_tree_remove_all (self->sections);
  return TRUE;
}

gboolean
carctl_changes_found_any (const CarctlChanges *self)
{
  return self->found_any;
}
