/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-resources.h"
#include "carctl/carctl.h"

/* carctl new: a folder with a whole connector, from carctl/templates: what all languages share, and one language's. */

#define TEMPLATES "/libcar/carctl"

static const char *const languages[] = { "c", "python", "javascript", "vala", NULL };

/* What stands in a template for the connector's name, and its spellings. */
typedef struct
{
  const char *mark;
  char *text;
} Word;

#define N_WORDS 4

static void
make_words (const char *name, Word *words)
{
  g_autoptr (GString) camel = g_string_new (NULL);

  for (const char *c = name; *c != '\0'; c++)
    if (*c != '-')
      g_string_append_c (camel, c == name || c[-1] == '-' ? g_ascii_toupper (*c) : *c);

  words[0] = (Word){ "@name@", g_strdup (name) };
  words[1] = (Word){ "@Name@", g_strdup (camel->str) };
  words[2] = (Word){ "@name_@", g_strdelimit (g_strdup (name), "-", '_') };
  words[3] = (Word){ "@NAME@", g_ascii_strup (words[2].text, -1) };
}

static char *
fill_in (const char *template, const Word *words)
{
  g_autoptr (GString) text = g_string_new (template);

  for (guint i = 0; i < N_WORDS; i++)
    g_string_replace (text, words[i].mark, words[i].text, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What begins with “#!” is a program. */
static gboolean
write_file (const char *resource, const char *path, const Word *words, GError **error)
{
  g_autoptr (GBytes) template = g_resource_lookup_data (carctl_get_resource (), resource, 0, error);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) problem = NULL;

  if (template == NULL)
    return FALSE;
  g_autofree char *text = fill_in (g_bytes_get_data (template, NULL), words);
  if (g_mkdir_with_parents (folder, 0777) != 0)
    return carctl_refuse_file (folder, g_strerror (errno), error);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                   g_str_has_prefix (text, "#!") ? 0777 : 0666, &problem) ||
         carctl_refuse_file (path, problem->message, error);
}

static gboolean
write_folder (const char *resource, const char *folder, const Word *words, GError **error)
{
  g_auto (GStrv) children = g_resource_enumerate_children (carctl_get_resource (), resource, 0, error);
  gboolean good = children != NULL;

  for (guint i = 0; good && children[i] != NULL; i++)
    {
      g_autofree char *child = g_strconcat (resource, "/", children[i], NULL);
      g_autofree char *name = fill_in (children[i], words);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_str_has_suffix (children[i], "/"))
        {
          child[strlen (child) - 1] = '\0';
          good = write_folder (child, path, words, error);
        }
      else
        good = write_file (child, path, words, error);
    }
  return good;
}

static gboolean
check_name (const char *name, GError **error)
{
  gsize length = strlen (name);

  if (g_ascii_islower (*name) && name[strspn (name, G_CSET_a_2_z G_CSET_DIGITS "-")] == '\0' &&
      length <= 64 && name[length - 1] != '-' && strstr (name, "--") == NULL)
    return TRUE;
  return car_failure_refuse (
      error,
      _ ("“%s” is no name of a connector: it has small letters, digits and single “-”, begins with a "
         "letter, and has 64 characters at most"),
      name);
}

static gboolean
check_language (const char *language, GError **error)
{
  g_autofree char *all = g_strjoinv (", ", (char **) languages);

  if (language == NULL)
    return car_failure_refuse (error, _ ("the language is missing: --language is one of %s"), all);
  if (!g_strv_contains (languages, language))
    return car_failure_refuse (error, _ ("“%s” is no language of a connector: --language is one of %s"),
                               language, all);
  return TRUE;
}

static gboolean
write_connector (const char *language, const char *folder, const Word *words, GError **error)
{
  g_autofree char *own = g_strconcat (TEMPLATES "/", language, NULL);

  return write_folder (TEMPLATES "/common", folder, words, error) && write_folder (own, folder, words, error);
}

static gboolean new (CarctlCall *call, GError **error)
{
  const char *name = call->arguments[0];
  const char *folder = call->folder == NULL ? name : call->folder;
  g_autofree char *shown = g_filename_display_name (folder);
  Word words[N_WORDS];

  if (!check_name (name, error) || !check_language (call->language, error))
    return FALSE;
  if (g_mkdir (folder, 0777) != 0)
    return errno == EEXIST ? car_failure_refuse (
                                 error, _ ("%s is there already: name another folder with --folder"), shown)
                           : carctl_refuse_file (folder, g_strerror (errno), error);

  make_words (name, words);
  gboolean good = write_connector (call->language, folder, words, error);
  for (guint i = 0; i < N_WORDS; i++)
    g_free (words[i].text);

  if (!good)
    carctl_remove_folder (folder);
  else
    g_print (_ ("A connector is in %s. “make check” there builds and tests it; README.md tells the rest.\n"),
             shown);
  return good;
}

const CarctlCommand carctl_new_command = {
  .name = "new",
  .arguments = "NAME",
  .summary = N_ ("Write a whole connector, to begin with"),
  .options = CARCTL_LANGUAGE | CARCTL_FOLDER,
  .min_arguments = 1,
  .max_arguments = 1,
  .run = new,
};
