/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
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

static gboolean
is_help (const char *argument)
{
  return g_str_equal (argument, "-h") || g_str_equal (argument, "-help") || g_str_equal (argument, "--help");
}

static gboolean
takes_next (const CarArgument *argument)
{
  return argument->setting != NULL && argument->value == NULL &&
         argument->setting->type != CAR_SETTING_BOOLEAN;
}

/* Neither what is wrong nor what stands beside it is shown: it may be a secret, or a piece of one that nobody quoted. */
static gboolean
refuse_argument (const char *argument, GError **error)
{
  if (!is_option (argument))
    return car_failure_refuse (error,
                               _ ("an argument belongs to no option (a value with spaces needs quotes)"));

  g_autofree char *shown = car_text_to_printable (argument, strcspn (argument, "="));
  return car_failure_refuse (error, _ ("there is no option %s"), shown);
}

static gboolean
take_option (CarSettings *settings, const CarArgument *option, GError **error)
{
  g_autofree char *shown = car_setting_to_string (option->setting);
  gboolean on = TRUE;

  if (option->setting->type != CAR_SETTING_BOOLEAN && option->value == NULL)
    return car_failure_refuse (error, _ ("%s needs a value: %s"), shown, _ (option->setting->description));
  if (option->setting->type == CAR_SETTING_BOOLEAN && option->value != NULL &&
      !car_setting_parse_boolean (option->value, &on))
    return car_failure_refuse (error, _ ("%s takes no value but yes or no"), shown);

  car_settings_set_option (settings, option->setting, option->value != NULL ? option->value : "true");
  return TRUE;
}

gboolean
car_arguments_parse (CarSettings *settings, int argc, char **argv, CarRequest *request, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean options = TRUE;

  *request = CAR_ARGUMENTS_RUN;
  car_settings_clear_options (settings);

  for (int i = 1; i < argc; i++)
    {
      GError **first = problem == NULL ? &problem : NULL;
      CarArgument argument = { 0 };

      if (options && g_str_equal (argv[i], "--"))
        {
          options = FALSE;
          continue;
        }
      if (options && is_option (argv[i]))
        argument = parse_argument (settings, argv[i]);

      if (options && is_help (argv[i]))
        *request = CAR_ARGUMENTS_HELP;
      else if (argument.setting == NULL)
        refuse_argument (options ? argv[i] : "", first);
      else if (takes_next (&argument) && i + 1 == argc && g_str_equal (argument.setting->name, "version"))
        *request = *request == CAR_ARGUMENTS_HELP ? CAR_ARGUMENTS_HELP : CAR_ARGUMENTS_VERSION;
      else
        {
          if (takes_next (&argument) && i + 1 < argc)
            argument.value = argv[++i];
          take_option (settings, &argument, first);
        }
    }

  if (problem == NULL)
    return TRUE;
  if (car_settings_is_secret_in (settings, problem->message))
    return car_failure_refuse (
        error, _ ("an option is named like a secret that is given: look at the order of the arguments"));

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
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
                   _ ("/proc/self/stat does not tell where the arguments are"));
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

      before = takes_next (&parsed) ? parsed.setting : NULL;
    }

  return TRUE;
}

static gboolean
have_secret (const CarSettings *settings, int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      CarArgument parsed = is_option (argv[i]) ? parse_argument (settings, argv[i]) : (CarArgument){ 0 };

      if (parsed.setting != NULL && (parsed.setting->flags & CAR_SETTING_SECRET))
        return TRUE;
    }

  return FALSE;
}

gboolean
car_arguments_wipe_secrets (const CarSettings *settings, int argc, char **argv, GError **error)
{
  const gsize most = 16 * 1024 * 1024; /* the kernel allows a quarter of the stack, 6 MB at most */
  guint64 begin, end;

  if (!have_secret (settings, argc, argv))
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
