/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <libcar/settings/car-arguments-private.h>

/* An argument, looked at as an option. */
typedef struct
{
  const CarSetting *setting; /* NULL: none of ours */
  const char *value;         /* behind the equals sign, or NULL */
} CarArgument;

static CarArgument
parse_argument (const CarSettings *settings, const char *argument)
{
  const char *name = g_str_has_prefix (argument, "--") ? argument + 2 : argument + 1;
  const char *equals = strchr (name, '=');
  gsize length = equals == NULL ? strlen (name) : (gsize) (equals - name);

  return (CarArgument){ car_settings_lookup (settings, name, length), equals == NULL ? NULL : equals + 1 };
}

static gboolean
is_option (const char *argument)
{
  return argument[0] == '-' && argument[1] != '\0';
}

char **
car_arguments_normalise (const CarSettings *settings, const char *const *arguments)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  gboolean options = TRUE;

  for (guint i = 0; arguments[i] != NULL; i++)
    {
      CarArgument parsed = { 0 };

      options = options && !g_str_equal (arguments[i], "--");
      if (i > 0 && options && is_option (arguments[i]))
        parsed = parse_argument (settings, arguments[i]);

      if (parsed.setting != NULL && parsed.value == NULL && !(parsed.setting->flags & CAR_SETTING_SWITCH))
        parsed.value = arguments[i + 1] == NULL ? NULL : arguments[++i];

      if (parsed.setting != NULL && parsed.value != NULL)
        g_ptr_array_add (out, g_strdup_printf ("--%s=%s", parsed.setting->name, parsed.value));
      else if (parsed.setting != NULL)
        g_ptr_array_add (out, g_strdup_printf ("--%s", parsed.setting->name));
      else if (parsed.value != NULL)
        {
          g_ptr_array_add (out, g_strndup (arguments[i], parsed.value - 1 - arguments[i]));
          g_ptr_array_add (out, g_strdup (parsed.value));
        }
      else
        g_ptr_array_add (out, g_strdup (g_strcmp0 (arguments[i], "-help") == 0 ? "--help" : arguments[i]));
    }

  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&out), FALSE);
}

/* Fields 48 and 49 of /proc/self/stat, proc(5): where the arguments begin and end. The second field may hold spaces and
 * brackets, so counting starts behind its last bracket. */
static gboolean
find_argument_memory (guint64 *begin, guint64 *end, GError **error)
{
  g_autofree char *stat = NULL;

  if (!g_file_get_contents ("/proc/self/stat", &stat, NULL, error))
    return FALSE;

  const char *behind_name = strrchr (stat, ')');
  g_auto (GStrv) fields = g_strsplit (behind_name == NULL ? "" : behind_name + 1, " ", -1);
  const guint first = 2; /* fields[0] is empty, fields[1] is field 3 */

  if (g_strv_length (fields) <= 49 - first ||
      !g_ascii_string_to_unsigned (fields[48 - first], 10, 1, G_MAXUINT64, begin, NULL) ||
      !g_ascii_string_to_unsigned (fields[49 - first], 10, *begin, G_MAXUINT64, end, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   "/proc/self/stat does not tell where the arguments are");
      return FALSE;
    }

  return TRUE;
}

static gboolean
set_errno_error (GError **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "/proc/self/mem: %s", g_strerror (code));
  return FALSE;
}

/* A star where the value began, so that one sees that there was one, and nothing behind it. */
static gboolean
wipe (int memory, guint64 address, gsize length, GError **error)
{
  g_autofree char *nothing = g_malloc0 (MAX (length, 1));

  nothing[0] = '*';
  if (length == 0 || pwrite (memory, nothing, length, address) == (gssize) length)
    return TRUE;

  return set_errno_error (error);
}

static gboolean
wipe_between (const CarSettings *settings, int memory, guint64 begin, guint64 end, GError **error)
{
  g_autofree char *text = g_malloc0 (end - begin + 1);
  gssize length = pread (memory, text, end - begin, begin);
  const CarSetting *before = NULL; /* the option that this argument is the value of */

  if (length < 0)
    return set_errno_error (error);

  for (const char *at = text; at < text + length; at += strlen (at) + 1)
    {
      guint64 address = begin + (at - text);
      CarArgument parsed =
          before == NULL && is_option (at) ? parse_argument (settings, at) : (CarArgument){ 0 };

      if (before != NULL && (before->flags & CAR_SETTING_SECRET) &&
          !wipe (memory, address, strlen (at), error))
        return FALSE;
      if (parsed.setting != NULL && parsed.value != NULL && (parsed.setting->flags & CAR_SETTING_SECRET) &&
          !wipe (memory, address + (parsed.value - at), strlen (parsed.value), error))
        return FALSE;

      gboolean has_value_next =
          parsed.setting != NULL && parsed.value == NULL && !(parsed.setting->flags & CAR_SETTING_SWITCH);
      before = has_value_next ? parsed.setting : NULL;
    }

  return TRUE;
}

static gboolean
have_secret (const CarSettings *settings, const char *const *normalised)
{
  for (guint i = 0; normalised[i] != NULL; i++)
    {
      CarArgument parsed =
          is_option (normalised[i]) ? parse_argument (settings, normalised[i]) : (CarArgument){ 0 };

      if (parsed.setting != NULL && (parsed.setting->flags & CAR_SETTING_SECRET))
        return TRUE;
    }

  return FALSE;
}

gboolean
car_arguments_wipe_secrets (const CarSettings *settings, const char *const *normalised, GError **error)
{
  const gsize most = 16 * 1024 * 1024; /* the kernel allows a quarter of the stack, 6 MB at most */
  guint64 begin, end;

  if (!have_secret (settings, normalised))
    return TRUE;
  if (!find_argument_memory (&begin, &end, error))
    return FALSE;

  /* Through the file and not by a pointer: under a debugger such as valgrind these pages are not the program's. */
  int memory = g_open ("/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
  if (memory < 0)
    return set_errno_error (error);

  gboolean wiped = wipe_between (settings, memory, begin, MIN (end, begin + most), error);
  close (memory);

  return wiped;
}
