/* SPDX-License-Identifier: Apache-2.0 */

/* The installed Debian packages, from dpkg's own files: /var/lib/dpkg/status, in the form of deb822(5), and the lists
 * of files in /var/lib/dpkg/info. */

#include "config.h"

#include "host-collectors.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <libcar/car.h>

#define STATUS_FILE "var/lib/dpkg/status"
#define INFO_FOLDER "var/lib/dpkg/info"

/* Longer ones are cut: a synopsis is meant to be a line of 80 characters. */
#define MAX_SYNOPSIS 1000

typedef struct
{
  const char *name;
  const char *status;
  const char *version;
  const char *architecture;
  const char *synopsis;
} Stanza;

/* NULL, or the value of the field, in place. */
static char *
match_field (char *line, const char *name)
{
  gsize length = strlen (name);

  if (g_ascii_strncasecmp (line, name, length) != 0 || line[length] != ':')
    return NULL;
  return g_strstrip (line + length + 1);
}

static void
parse_field (Stanza *stanza, char *line)
{
  const struct
  {
    const char *name;
    const char **value;
  } fields[] = {
    { "Package", &stanza->name },         { "Status", &stanza->status },
    { "Version", &stanza->version },      { "Architecture", &stanza->architecture },
    { "Description", &stanza->synopsis },
  };

  /* What begins with a space continues the field above: the long description and lists of files. */
  if (*line == ' ' || *line == '\t')
    return;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      char *value = match_field (line, fields[i].name);
      if (value)
        {
          *fields[i].value = value;
          return;
        }
    }
}

/* Debian Policy 5.6.1 and 5.6.12 give the characters; the names are part of ids, so nothing else is let in. */
static gboolean
is_word (const char *text, const char *more)
{
  if (!text || !g_ascii_isalnum (*text) || strlen (text) > 200)
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && !strchr (more, *text))
      return FALSE;
  return TRUE;
}

/* dpkg(1): what is wanted, an error flag, the state. Packages that await triggers are unpacked and configured. */
static gboolean
is_installed (const char *status)
{
  g_auto (GStrv) words = g_strsplit (status ? status : "", " ", 3);

  return g_strv_length (words) == 3 &&
         (g_str_equal (words[2], "installed") || g_str_has_prefix (words[2], "triggers-"));
}

static void
finish_stanza (HostInventory *self, const Stanza *stanza, guint *n_broken)
{
  if (!stanza->name && !stanza->status)
    return;
  if (!is_word (stanza->name, "+-.") || !is_word (stanza->architecture, "-") ||
      (stanza->version && !is_word (stanza->version, ".+-~:")))
    {
      *n_broken += is_installed (stanza->status);
      return;
    }
  if (!is_installed (stanza->status))
    return;

  g_autofree char *key = g_strconcat (stanza->name, ":", stanza->architecture, NULL);
  HostApplication *package =
      host_inventory_add_application (self, HOST_APPLICATION_PACKAGE, key, stanza->name);
  package->version = g_strdup (stanza->version);
  package->architecture = g_strdup (stanza->architecture);
  if (stanza->synopsis)
    package->description =
        g_utf8_substring (stanza->synopsis, 0, MIN (g_utf8_strlen (stanza->synopsis, -1), MAX_SYNOPSIS));
}

gboolean
host_collect_packages (HostInventory *self, GError **error)
{
  g_autofree char *text = NULL;
  Stanza stanza = { NULL };
  guint n_broken = 0;

  if (!host_inventory_read (self, STATUS_FILE, &text, error))
    return FALSE;
  if (!text)
    {
      g_ptr_array_add (self->infos,
                       g_strdup_printf (_ ("There is no /%s: no package is imported"), STATUS_FILE));
      return TRUE;
    }

  char *rest = text, *line;
  while ((line = strsep (&rest, "\n")) != NULL)
    {
      if (line[strspn (line, " \t\r")] != '\0')
        {
          parse_field (&stanza, line);
          continue;
        }
      finish_stanza (self, &stanza, &n_broken);
      stanza = (Stanza){ NULL };
    }
  finish_stanza (self, &stanza, &n_broken);

  if (n_broken > 0)
    g_ptr_array_add (
        self->warnings,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "%u installed package in /%s is described in a broken way and not imported; "
                         "“dpkg --audit” tells which",
                         "%u installed packages in /%s are described in a broken way and not imported; "
                         "“dpkg --audit” tells which",
                         n_broken),
            n_broken, STATUS_FILE));
  return TRUE;
}

static gboolean
is_file_list (const char *name)
{
  return g_str_has_suffix (name, ".list") && g_utf8_validate (name, -1, NULL);
}

const char *
host_get_merged_path (const char *path)
{
  return g_str_has_prefix (path, "/usr/") ? path + strlen ("/usr") : path;
}

/* NAME.list, or NAME:ARCHITECTURE.list where more than one may be installed. */
static HostApplication *
lookup_package (GHashTable *packages, const char *list)
{
  g_autofree char *name = g_strndup (list, strlen (list) - strlen (".list"));

  return g_hash_table_lookup (packages, name);
}

static GHashTable *
index_packages (HostInventory *self)
{
  g_autoptr (GHashTable) packages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->applications->len; i++)
    {
      HostApplication *application = self->applications->pdata[i];
      if (application->kind != HOST_APPLICATION_PACKAGE)
        continue;
      g_hash_table_insert (packages, g_strdup (application->name), application);
      g_hash_table_insert (packages, g_strdup (application->key), application);
    }
  return g_steal_pointer (&packages);
}

gboolean
host_find_packages_of_files (HostInventory *self,
                             GHashTable *owners,
                             GCancellable *cancellable,
                             GError **error)
{
  if (g_hash_table_size (owners) == 0)
    return TRUE;

  g_autoptr (GHashTable) packages = index_packages (self);
  g_autoptr (GPtrArray) lists = host_inventory_list (self, INFO_FOLDER, is_file_list);

  for (guint i = 0; i < lists->len; i++)
    {
      const char *name = lists->pdata[i];
      HostApplication *package = lookup_package (packages, name);
      g_autofree char *file = g_build_filename (INFO_FOLDER, name, NULL);
      g_autofree char *text = NULL;

      if (!package)
        continue;
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !host_inventory_read (self, file, &text, error))
        return FALSE;

      char *rest = text, *line;
      while ((line = strsep (&rest, "\n")) != NULL)
        {
          const char *path = host_get_merged_path (line);
          gpointer key;
          if (g_hash_table_lookup_extended (owners, path, &key, NULL))
            g_hash_table_insert (owners, key, package);
        }
    }
  return TRUE;
}
