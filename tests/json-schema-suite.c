/* SPDX-License-Identifier: Apache-2.0 */

/* json-schema-suite [--optional] FOLDER…
 *
 * Runs the cases of the JSON-Schema-Test-Suite (a folder like its tests/draft2020-12), and speaks TAP. A schema that
 * uses a keyword that libcar does not know must be refused by that keyword's name, and its cases are skipped; every
 * other one must compile, and answer as the suite says. */

#include "config.h"

#include <libcar/json/car-json-validator-private.h>
#include <libcar/json/car-json-value-private.h>

#include <locale.h>
#include <string.h>

static guint n_passed, n_failed, n_skipped;

/* What stands in for the compiler's own table: which words have which kind of schemas in them, and which are refused. */
static const char *const refused[] = {
  "$anchor",          "$dynamicAnchor",        "$dynamicRef", "contains",
  "dependentSchemas", "maxContains",           "minContains", "prefixItems",
  "unevaluatedItems", "unevaluatedProperties", NULL,
};
static const char *const single[] = {
  "additionalProperties", "else", "if", "items", "not", "propertyNames", "then", NULL,
};
static const char *const lists[] = { "allOf", "anyOf", "oneOf", NULL };
static const char *const maps[] = { "$defs", "patternProperties", "properties", NULL };

static void collect_unknown (GPtrArray *unknown, const CarJsonValue *root, const CarJsonValue *schema);

static void
collect_unknown_in (GPtrArray *unknown, const CarJsonValue *root, const CarJsonValue *schemas)
{
  for (gsize i = 0; i < car_json_value_get_length (schemas); i++)
    collect_unknown (unknown, root, car_json_value_get (schemas, i));
}

/* Only pointers into the document itself are understood. */
static gboolean
is_remote (const CarJsonValue *root, const char *reference)
{
  const CarJsonValue *id = car_json_value_get_member (root, "$id");
  gsize length = strcspn (reference, "#");
  const char *fragment = reference + length;

  if (length > 0)
    {
      const char *base = id != NULL && id->string != NULL ? id->string : "";
      g_autofree char *uri = g_strndup (reference, length);
      g_autofree char *resolved = g_uri_resolve_relative (base, uri, G_URI_FLAGS_NONE, NULL);
      if (g_strcmp0 (resolved, base) != 0)
        return TRUE;
    }
  return fragment[0] == '#' && fragment[1] != '\0' && fragment[1] != '/';
}

/* The keywords of the schema, and of those in it, that libcar does not know. */
static void
collect_unknown (GPtrArray *unknown, const CarJsonValue *root, const CarJsonValue *schema)
{
  for (gsize i = 0; schema->span.type == CAR_JSON_OBJECT && i < schema->values->len; i++)
    {
      const CarJsonValue *member = car_json_value_get (schema, i);
      const char *name = member->name, *text = member->string;
      if (g_strv_contains (refused, name) || (g_str_equal (name, "$id") && schema != root) ||
          (g_str_equal (name, "$schema") && text != NULL && strstr (text, "//json-schema.org/") == NULL) ||
          (g_str_equal (name, "$ref") && text != NULL && is_remote (root, text)))
        g_ptr_array_add (unknown, member->name);
      else if (g_strv_contains (single, name))
        collect_unknown (unknown, root, member);
      else if (g_strv_contains (lists, name) || g_strv_contains (maps, name))
        collect_unknown_in (unknown, root, member);
    }
}

/* The one of these keywords that the compiler refused, NULL where it did something else. */
static const char *
find_refused (const GPtrArray *unknown, const GError *error)
{
  if (!g_error_matches (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD))
    return NULL;
  for (guint i = 0; i < unknown->len; i++)
    {
      g_autofree char *phrase = g_strdup_printf ("the keyword %s ", (const char *) unknown->pdata[i]);
      if (strstr (error->message, phrase) != NULL)
        return unknown->pdata[i];
    }
  return NULL;
}

static void report (gboolean ok, const char *file, const CarJsonValue *description, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static void
report (gboolean ok, const char *file, const CarJsonValue *description, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *rest = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  *(ok ? &n_passed : &n_failed) += 1;
  g_print ("%s %u - %s: %s%s\n", ok ? "ok" : "not ok", n_passed + n_failed + n_skipped, file,
           description->string, rest);
}

static void
skip (const char *file, const CarJsonValue *description, const CarJsonValue *test, const char *keyword)
{
  n_skipped++;
  g_print ("ok %u - %s: %s: %s # SKIP %s\n", n_passed + n_failed + n_skipped, file, description->string,
           test->string, keyword);
}

static void
run_test (const char *file,
          const CarJsonValue *description,
          const CarJsonSchema *schema,
          const CarJsonValue *test)
{
  const CarJsonValue *data = car_json_value_get_member (test, "data");
  const CarJsonValue *name = car_json_value_get_member (test, "description");
  gboolean expected = car_json_value_get_member (test, "valid")->span.type == CAR_JSON_TRUE;
  gsize quote = data->span.type == CAR_JSON_STRING ? 1 : 0;
  g_auto (CarJsonViolation) violation = { NULL };

  /* A block of its own length, so that a read beyond its end is seen by the sanitizers. */
  gsize length = data->span.length + 2 * quote;
  g_autofree char *text = g_memdup2 (data->span.text - quote, length);
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };
  gboolean valid = car_json_validate_text (&check, text, length, NULL, &violation);
  gboolean ok = valid == expected && (valid || violation.code == CAR_SCHEMA_ERROR_VIOLATION);
  report (ok, file, description, ": %s", name->string);
  if (!ok)
    g_print ("# expected %s: %s\n", expected ? "valid" : "invalid", valid ? "it is valid" : violation.text);
}

static void
run_case (const char *file, const CarJsonValue *suite_case)
{
  const CarJsonValue *description = car_json_value_get_member (suite_case, "description");
  const CarJsonValue *text = car_json_value_get_member (suite_case, "schema");
  const CarJsonValue *tests = car_json_value_get_member (suite_case, "tests");
  g_autoptr (GError) error = NULL;
  g_autoptr (CarJsonValue) tree = car_json_value_new (text->span.text, text->span.length, &error);
  g_assert_no_error (error);

  g_autoptr (GPtrArray) unknown = g_ptr_array_new ();
  collect_unknown (unknown, tree, tree);
  g_autoptr (CarJsonSchema) schema = car_json_schema_new (text->span.text, text->span.length, &error);
  if (schema != NULL && unknown->len == 0)
    {
      for (gsize i = 0; i < car_json_value_get_length (tests); i++)
        run_test (file, description, schema, car_json_value_get (tests, i));
      return;
    }

  const char *keyword = find_refused (unknown, error);
  if (keyword == NULL)
    report (FALSE, file, description, ": the schema: %s", schema != NULL ? "it is accepted" : error->message);
  for (gsize i = 0; keyword != NULL && i < car_json_value_get_length (tests); i++)
    skip (file, description, car_json_value_get_member (car_json_value_get (tests, i), "description"),
          keyword);
}

static gboolean
is_text (const CarJsonValue *value)
{
  return value != NULL && value->span.type == CAR_JSON_STRING;
}

static gboolean
is_case (const CarJsonValue *value)
{
  const CarJsonValue *tests = car_json_value_get_member (value, "tests");
  gboolean ok = is_text (car_json_value_get_member (value, "description")) &&
                car_json_value_get_member (value, "schema") != NULL && tests != NULL &&
                tests->span.type == CAR_JSON_ARRAY;

  for (gsize i = 0; ok && i < car_json_value_get_length (tests); i++)
    {
      const CarJsonValue *test = car_json_value_get (tests, i);
      ok = car_json_value_get_member (test, "data") != NULL &&
           car_json_value_get_member (test, "valid") != NULL &&
           is_text (car_json_value_get_member (test, "description"));
    }
  return ok;
}

static gboolean
run_file (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *name = g_path_get_basename (path);
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  g_autoptr (CarJsonValue) suite = car_json_value_new (text, length, error);
  if (suite == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  for (gsize i = 0; i < car_json_value_get_length (suite); i++)
    {
      if (!is_case (car_json_value_get (suite, i)))
        {
          g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON,
                       "%s: item %" G_GSIZE_FORMAT " is no case of the JSON-Schema-Test-Suite", path, i);
          return FALSE;
        }
      run_case (name, car_json_value_get (suite, i));
    }
  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
run_folder (const char *path, gboolean with_optional, GError **error)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_paths);

  for (guint i = 0; i < names->len; i++)
    {
      const char *entry = names->pdata[i];
      gboolean ok = TRUE;
      if (g_file_test (entry, G_FILE_TEST_IS_DIR))
        ok = !with_optional || run_folder (entry, TRUE, error);
      else if (g_str_has_suffix (entry, ".json"))
        ok = run_file (entry, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");

  gboolean with_optional = FALSE;
  g_auto (GStrv) folders = NULL;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "optional", 0, 0, G_OPTION_ARG_NONE, &with_optional, "Run the cases in folders within too", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &folders, NULL, "FOLDER…" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- run the JSON-Schema-Test-Suite");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || folders == NULL)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "name the suite's folder");
      return 2;
    }
  for (gsize i = 0; folders[i] != NULL; i++)
    if (!run_folder (folders[i], with_optional, &error))
      {
        g_printerr ("Bail out! %s\n", error->message);
        return 2;
      }
  g_print ("1..%u\n# %u passed, %u failed, %u skipped\n", n_passed + n_failed + n_skipped, n_passed, n_failed,
           n_skipped);
  return n_failed > 0 ? 1 : 0;
}
