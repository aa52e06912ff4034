/* SPDX-License-Identifier: Apache-2.0 */

/* The main function of a fuzz target where it is a plain test: calls it with each file of its corpus, tests/fuzz/corpus/NAME,
 * and with mutations of the files, which --seed repeats. With files as arguments it calls the target with these alone: so a
 * finding of ./dev fuzz is looked at in a debugger. */

#include "config.h"

#include "fuzz.h"

#define MUTATIONS 1000 /* of all files together */

static const char *const pieces[] = {
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  ",",
  ":",
  "\"",
  "\\",
  "\\u",
  "\\ud800",
  "0",
  "-",
  ".",
  "null",
  "\xff",
  "\xc3",
  "\n",
  " ",
  "{\"$ref\":\"#\"}",
  "(?",
  "\\\\p{",
  "*",
  "$",
  "=",
  "--",
  "[[[[[[[[[[[[[[[[",
  "\x01",
  "\"not\":",
  "\"pattern\":\"",
  "1e999999999",
  "\"errors\":[",
};

static GString *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;
  gsize length;

  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  GString *string = g_string_new_len (text, (gssize) length);
  g_free (text);
  return string;
}

/* In memory of exactly its size, so that reading past its end is found; an empty one is somewhere, too. */
static void
run (const GString *input)
{
  g_autofree guint8 *copy = g_malloc (MAX (input->len, 1));

  memcpy (copy, input->str, input->len);
  LLVMFuzzerTestOneInput (copy, input->len);
}

/* Takes away, doubles, overwrites or puts in. */
static void
mutate (GString *input)
{
  gsize at = g_test_rand_int_range (0, (gint32) input->len + 1);
  gsize length = g_test_rand_int_range (0, (gint32) MIN (input->len - at, 16) + 1);
  g_autofree char *part = g_memdup2 (input->str + at, length);
  gsize other = g_test_rand_int_range (0, (gint32) input->len + 1);

  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      g_string_erase (input, (gssize) at, (gssize) length);
      break;
    case 1:
      g_string_insert_len (input, (gssize) other, part, (gssize) length);
      break;
    case 2:
      if (length > 0)
        input->str[at] = (char) g_test_rand_int_range (0, 256);
      break;
    default:
      g_string_insert (input, (gssize) at, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
    }
}

static void
test_file (gconstpointer path)
{
  g_autoptr (GString) input = read_file (path);

  run (input);
}

static void
test_mutations (gconstpointer data)
{
  const GPtrArray *paths = data;

  for (guint i = 0; i < MUTATIONS; i++)
    {
      g_autoptr (GString) input = read_file (paths->pdata[g_test_rand_int_range (0, (gint32) paths->len)]);
      for (int j = g_test_rand_int_range (1, 5); j > 0; j--)
        mutate (input);
      run (input);
    }
}

/* Of two strings in an array. */
static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_corpus (const char *target)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "fuzz", "corpus", target, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  g_assert_no_error (error);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (paths, compare_texts);
  g_assert_cmpuint (paths->len, >, 0);
  return g_steal_pointer (&paths);
}

int
main (int argc, char *argv[])
{
  g_autofree char *name = g_path_get_basename (argv[0]);
  const char *target = g_str_has_prefix (name, "fuzz-") ? name + strlen ("fuzz-") : name;

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK |
                          G_LOG_LEVEL_CRITICAL); /* warnings are what a target is there for */
  if (argc > 1)
    {
      for (int i = 1; i < argc; i++)
        test_file (argv[i]);
      return 0;
    }

  g_autoptr (GPtrArray) paths = list_corpus (target);
  for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *base = g_path_get_basename (paths->pdata[i]);
      g_autofree char *test = g_strdup_printf ("/fuzz/%s/%s", target, base);
      g_test_add_data_func (test, paths->pdata[i], test_file);
    }
  g_autofree char *mutations = g_strdup_printf ("/fuzz/%s/mutations", target);
  g_test_add_data_func (mutations, paths, test_mutations);
  return g_test_run ();
}
