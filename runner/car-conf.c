/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

#include "runner/car-conf.h"

#define MAX_FILE_SIZE (64 * 1024)
#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_"
#define SPACE " \t\r"

typedef struct
{
  char *variable;
  char *value;
  guint line;
} CarConfEntry;

struct _CarConf
{
  char *shown;
  GPtrArray *entries;
};

static void
entry_free (gpointer data)
{
  CarConfEntry *self = data;

  g_free (self->variable);
  car_secret_free_sized (self->value, strlen (self->value));
  g_free (self);
}

void
car_conf_free (CarConf *self)
{
  g_free (self->shown);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

static const CarConfEntry *
find (const CarConf *self, const char *variable)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const CarConfEntry *entry = self->entries->pdata[i];

      if (g_str_equal (entry->variable, variable))
        return entry;
    }

  return NULL;
}

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error_literal (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE, message);
  return FALSE;
}

/* What stands before the equals sign. A line that is wrong may be a secret that went astray: nothing of it is shown. */
static char *
read_variable (const char *text, gsize length, GError **error)
{
  g_autofree char *name = g_strchomp (g_strndup (text, length));

  if (g_str_has_prefix (name, "export") && name[6] != '\0' && strchr (SPACE, name[6]) != NULL)
    refuse (error, _ ("no shell reads this file: leave “export” away"));
  else if (*name == '\0' || g_ascii_isdigit (*name) || name[strspn (name, NAME_CHARACTERS)] != '\0')
    refuse (error, _ ("what stands before “=” is no variable: letters, digits and “_”, and no digit first"));
  else
    return g_steal_pointer (&name);

  return NULL;
}

/* Between quotes stands the value. Between double ones, a backslash stands before a quote or a backslash that is meant. */
static char *
read_quoted (const char *text, GError **error)
{
  const char quote = *text;
  const char *at = text + 1;
  g_autoptr (GString) value = g_string_sized_new (strlen (text));

  for (; *at != '\0' && *at != quote; at++)
    {
      if (quote == '"' && *at == '\\' && *++at != '"' && *at != '\\')
        {
          refuse (error,
                  _ ("between double quotes, a backslash stands before “\"” or another backslash only"));
          return NULL;
        }
      g_string_append_c (value, *at);
    }

  if (*at == '\0')
    refuse (error, _ ("the quote does not end on this line"));
  else if (at[1] != '\0')
    refuse (error, _ ("something stands behind the closing quote"));
  else
    return g_string_free (g_steal_pointer (&value), FALSE);

  return NULL;
}

/* Without quotes a value is what stands there. What others would take for more than that is refused, so that nobody has to
 * guess: a comment behind it, and a line that goes on. */
static char *
read_value (const char *text, GError **error)
{
  if (*text == '"' || *text == '\'')
    return read_quoted (text, error);

  if (strstr (text, " #") != NULL || strstr (text, "\t#") != NULL)
    refuse (error,
            _ ("a comment has a line of its own; if “#” belongs to the value, put the value into quotes"));
  else if (g_str_has_suffix (text, "\\"))
    refuse (error,
            _ ("a line does not go on behind a backslash; if it belongs to the value, put the value into "
               "single quotes"));
  else
    return g_strdup (text);

  return NULL;
}

static gboolean
take_line (CarConf *self, char *line, guint number, GError **error)
{
  const char *text = line + strspn (line, SPACE);
  const char *equals = strchr (text, '=');

  for (gsize length = strlen (line); length > 0 && strchr (SPACE, line[length - 1]) != NULL;)
    line[--length] = '\0';
  if (*text == '\0' || *text == '#' || *text == ';')
    return TRUE;
  if (equals == NULL)
    return refuse (error, _ ("there is no “=”: a line is a variable, “=” and a value"));

  g_autofree char *variable = read_variable (text, equals - text, error);
  if (variable == NULL)
    return FALSE;

  const CarConfEntry *before = find (self, variable);
  if (before != NULL)
    return refuse (error, _ ("%s is set in line %u already"), variable, before->line);

  char *value = read_value (equals + 1 + strspn (equals + 1, SPACE), error);
  if (value == NULL)
    return FALSE;

  CarConfEntry *entry = g_new0 (CarConfEntry, 1);
  *entry = (CarConfEntry){ g_steal_pointer (&variable), value, number };
  g_ptr_array_add (self->entries, entry);
  return TRUE;
}

static gboolean
take_lines (CarConf *self, char *text, GError **error)
{
  guint number = 1;

  for (char *line = text; line != NULL; number++)
    {
      g_autoptr (GError) problem = NULL;
      char *end = strchr (line, '\n');

      if (end != NULL)
        *end = '\0';
      if (!take_line (self, line, number, &problem))
        return refuse (error, "%s:%u: %s", self->shown, number, problem->message);
      line = end == NULL ? NULL : end + 1;
    }

  return TRUE;
}

/* In which line the bytes begin that are no text. */
static guint
count_lines (const char *text, const char *end)
{
  guint n = 1;

  for (; text < end; text++)
    n += *text == '\n';

  return n;
}

CarConf *
car_conf_parse (const char *text, gsize length, const char *shown, GError **error)
{
  g_autoptr (CarConf) self = g_new0 (CarConf, 1);
  const char *end;

  self->shown = g_strdup (shown);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  if (!g_utf8_validate (text, length, &end))
    {
      refuse (error, _ ("%s:%u: this is not UTF-8 text without NULs"), shown, count_lines (text, end));
      return NULL;
    }

  char *copy = g_strndup (text, length);
  gboolean taken = take_lines (self, copy, error);
  car_secret_free_sized (copy, length);

  return taken ? g_steal_pointer (&self) : NULL;
}

CarConf *
car_conf_read (const char *path, const char *shown, GError **error)
{
  gsize length = 0;
  char *text =
      car_file_check_private (path, error) ? car_file_read (path, MAX_FILE_SIZE, &length, error) : NULL;

  if (text == NULL)
    {
      g_prefix_error (error, "%s: ", shown);
      return NULL;
    }

  CarConf *self = car_conf_parse (text, length, shown, error);
  car_secret_free_sized (text, length);

  return self;
}

const char *
car_conf_get (const CarConf *self, const char *variable)
{
  const CarConfEntry *entry = find (self, variable);

  return entry == NULL ? NULL : entry->value;
}

char *
car_conf_get_place (const CarConf *self, const char *variable)
{
  const CarConfEntry *entry = find (self, variable);

  return entry == NULL ? g_strdup (self->shown) : g_strdup_printf ("%s:%u", self->shown, entry->line);
}

void
car_conf_export (const CarConf *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const CarConfEntry *entry = self->entries->pdata[i];

      g_setenv (entry->variable, entry->value, TRUE);
    }
}
