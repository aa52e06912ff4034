/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/log/car-redaction-private.h>

#define LEVEL_FIELD "CAR_LEVEL"
#define MAX_HELD_LINES 100

typedef struct
{
  GDateTime *time;
  char *level;
  char *label;
  char *message;
} CarLogLine;

/* One log a process, as GLib has one writer a process. */
static struct
{
  GMutex mutex;
  gboolean installed;
  GPtrArray *held; /* lines that came before it was known how to write them; NULL: it is known */
  CarLogFormat format;
  gboolean debug;
  char *connector;
  char *source;
  char *version;
  CarRedaction *redaction; /* NULL: there are no secrets */
  char *status;
} car_log;

static void
line_free (gpointer data)
{
  CarLogLine *line = data;

  g_date_time_unref (line->time);
  g_free (line->level);
  g_free (line->label);
  g_free (line->message);
  g_free (line);
}

gboolean
car_log_parse_format (const char *name, CarLogFormat *format)
{
  static const char *const names[] = {
    [CAR_LOG_FORMAT_AUTO] = "auto",
    [CAR_LOG_FORMAT_JSON] = "json",
    [CAR_LOG_FORMAT_TEXT] = "text",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      {
        *format = i;
        return TRUE;
      }

  return FALSE;
}

static gboolean
on_terminal (void)
{
  return isatty (STDERR_FILENO);
}

static gboolean
writes_text (void)
{
  return car_log.format == CAR_LOG_FORMAT_TEXT || (car_log.format == CAR_LOG_FORMAT_AUTO && on_terminal ());
}

/* Whether what is written here is seen, and by people. */
static gboolean
is_interactive (void)
{
  return car_log.installed && writes_text () && on_terminal ();
}

static gboolean
has_colours (void)
{
  const char *no_color = g_getenv ("NO_COLOR"); /* https://no-color.org */

  return on_terminal () && (no_color == NULL || *no_color == '\0') &&
         g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

/* The words are those of Python's logging, which consumers of the public framework's log know. */
static const char *
level_name (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return "CRITICAL";
  if (level & G_LOG_LEVEL_WARNING)
    return "WARNING";
  if (level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO))
    return "INFO";
  return "DEBUG";
}

static char *
without_secrets (const char *text)
{
  return car_log.redaction != NULL ? car_redaction_hide (car_log.redaction, text)
                                   : g_utf8_make_valid (text, -1);
}

/* Everything that goes into a line is made valid here: program names, domains and messages are bytes from outside. */
static void
append_member (GString *out, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value == NULL ? "" : value, -1);

  g_string_append_c (out, out->len == 0 ? '{' : ',');
  car_json_append_string (out, name, -1);
  g_string_append_c (out, ':');
  car_json_append_string (out, valid, -1);
}

static char *
line_time (const CarLogLine *line)
{
  return g_date_time_format (line->time, "%Y-%m-%dT%H:%M:%S.%fZ");
}

/* What a line says, in the order of protocol.md, "Log". A new member goes here. */
static char *
line_as_json (const CarLogLine *line)
{
  g_autofree char *time = line_time (line);
  g_autofree char *label = without_secrets (line->label);
  g_autofree char *message = without_secrets (line->message);
  GString *out = g_string_new (NULL);

  append_member (out, "ibm_datetime", time);
  append_member (out, "level", line->level);
  append_member (out, "label", label);
  append_member (out, "message", message);
  append_member (out, "connector", car_log.connector);
  append_member (out, "source", car_log.source);
  append_member (out, "version", car_log.version);
  g_string_append (out, "}\n");

  return g_string_free (out, FALSE);
}

/* What a data source says ends up here too: it must neither steer the terminal nor look like another line. */
static void
append_printable (GString *out, const char *text)
{
  for (const char *end = strchr (text, '\n'); end != NULL; text = end + 1, end = strchr (text, '\n'))
    {
      car_text_append_printable (out, text, end - text, G_MAXSIZE);
      g_string_append (out, "\n  ");
    }
  car_text_append_printable (out, text, strlen (text), G_MAXSIZE);
}

static void
append_level (GString *out, const char *level)
{
  g_autofree char *word = g_ascii_strdown (level, -1);
  const char *colour = g_str_equal (level, "DEBUG") ? "2" : g_str_equal (level, "WARNING") ? "1;33" : "1;31";

  if (has_colours ())
    g_string_append_printf (out, "\033[%sm", colour);
  append_printable (out, word);
  g_string_append (out, has_colours () ? ":\033[0m " : ": ");
}

/* Who watches knows the time; who reads a file does not. */
static char *
line_as_text (const CarLogLine *line)
{
  g_autofree char *time = on_terminal () ? NULL : line_time (line);
  g_autofree char *label = without_secrets (line->label);
  g_autofree char *message = without_secrets (line->message);
  GString *out = g_string_new (NULL);

  if (time != NULL)
    g_string_append_printf (out, "%s ", time);
  if (!g_str_equal (line->level, "INFO"))
    append_level (out, line->level);
  if (car_log.debug)
    {
      g_string_append_c (out, '[');
      append_printable (out, label);
      g_string_append (out, "] ");
    }
  append_printable (out, message);
  g_string_append_c (out, '\n');

  return g_string_free (out, FALSE);
}

/* The status is cut at the right border: a line that wraps cannot be taken away again. */
static void
draw_status (GString *out)
{
  struct winsize size;
  guint width = ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;

  g_autofree char *cut = car_language_cut (car_log.status, width);
  g_string_append (out, cut);
}

/* systemd.exec(5), "JOURNAL_STREAM": what is written here goes to the journal. */
static gboolean
is_journal (void)
{
  const char *stream = g_getenv ("JOURNAL_STREAM");
  struct stat status;

  if (stream == NULL || fstat (STDERR_FILENO, &status) != 0)
    return FALSE;

  g_autofree char *own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                                          (guint64) status.st_ino);
  return g_str_equal (stream, own);
}

/* sd-daemon(3): the journal takes the priority from before each line, and what is before it away. */
static char *
with_priorities (const char *text, const char *level)
{
  const char *mark = g_str_equal (level, "DEBUG")      ? "<7>"
                     : g_str_equal (level, "INFO")     ? "<6>"
                     : g_str_equal (level, "WARNING")  ? "<4>"
                     : g_str_equal (level, "CRITICAL") ? "<2>"
                                                       : "<3>";
  g_autofree char *between = g_strconcat ("\n", mark, NULL);
  GString *out = g_string_new (text);

  /* The last line ends as well, and nothing follows it. */
  g_string_truncate (out, out->len - 1);
  g_string_replace (out, "\n", between, 0);
  g_string_prepend (out, mark);
  g_string_append_c (out, '\n');

  return g_string_free (out, FALSE);
}

/* One write a line, so that lines of several processes into one pipe stay whole. */
static void
write_out (const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (car_log.status != NULL)
    g_string_append (out, "\r\033[K");
  g_string_append (out, text);
  if (car_log.status != NULL)
    draw_status (out);

  fwrite (out->str, 1, out->len, stderr);
  fflush (stderr);
}

static char *
copy_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].length < 0 ? g_strdup (fields[i].value)
                                  : g_strndup (fields[i].value, fields[i].length);

  return NULL;
}

/* GLib tells of each of its sockets: only to who asks for that, as GLib has it, by G_MESSAGES_DEBUG. */
static gboolean
wants_debug (const char *domain)
{
  return car_log.debug &&
         !(g_str_has_prefix (domain, "GLib") && g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, domain));
}

static void
write_line (const CarLogLine *line)
{
  if (g_str_equal (line->level, "DEBUG") && !wants_debug (line->label))
    return;

  g_autofree char *text = writes_text () ? line_as_text (line) : line_as_json (line);
  g_autofree char *marked = is_journal () ? with_priorities (text, line->level) : NULL;
  write_out (marked != NULL ? marked : text);
}

static void
release_lines (void)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&car_log.held);

  for (guint i = 0; held != NULL && i < held->len; i++)
    write_line (held->pdata[i]);
}

static void
release_lines_at_exit (void)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  release_lines ();
}

static GLogWriterOutput
car_log_writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autofree char *message = copy_field (fields, n_fields, "MESSAGE");
  g_autofree char *own_level = copy_field (fields, n_fields, LEVEL_FIELD);
  g_autofree char *domain = copy_field (fields, n_fields, "GLIB_DOMAIN");

  if (message == NULL)
    return G_LOG_WRITER_UNHANDLED;

  CarLogLine *line = g_new0 (CarLogLine, 1);
  line->time = g_date_time_new_now_utc ();
  line->level = own_level != NULL ? g_steal_pointer (&own_level) : g_strdup (level_name (level));
  line->label = domain != NULL ? g_steal_pointer (&domain) : g_strdup ("connector");
  line->message = g_steal_pointer (&message);

  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  /* The program may be about to end. */
  if ((level & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0 ||
      (car_log.held != NULL && car_log.held->len == MAX_HELD_LINES))
    release_lines ();

  if (car_log.held != NULL)
    g_ptr_array_add (car_log.held, line);
  else
    {
      write_line (line);
      line_free (line);
    }

  return G_LOG_WRITER_HANDLED;
}

void
car_log_install (void)
{
  static gsize installed = 0;

  if (g_once_init_enter (&installed))
    {
      car_log.held = g_ptr_array_new_with_free_func (line_free);
      car_log.installed = TRUE;
      atexit (release_lines_at_exit);
      g_log_set_writer_func (car_log_writer, NULL, NULL);
      g_once_init_leave (&installed, 1);
    }
}

void
car_log_set_up (CarLogFormat format,
                gboolean debug,
                const char *connector,
                const char *source,
                const char *version)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  car_log.format = format;
  car_log.debug = debug;
  g_free (car_log.connector);
  car_log.connector = g_strdup (connector);
  g_free (car_log.source);
  car_log.source = g_strdup (source);
  g_free (car_log.version);
  car_log.version = g_strdup (version);

  release_lines ();
}

void
car_log_add_secret (const char *secret)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  if (car_log.redaction == NULL)
    car_log.redaction = car_redaction_new ();
  car_redaction_add (car_log.redaction, secret);
}

char *
car_log_without_secrets (const char *text)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  return without_secrets (text);
}

void
car_log_failure (const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);

  const GLogField fields[] = {
    { "MESSAGE", message, -1 },
    { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 },
    { LEVEL_FIELD, "ERROR", -1 },
  };
  g_log_structured_array (G_LOG_LEVEL_MESSAGE, fields, G_N_ELEMENTS (fields));
}

gboolean
car_log_is_interactive (void)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  return is_interactive ();
}

void
car_log_set_status (const char *status)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  if (!is_interactive () || g_strcmp0 (status, car_log.status) == 0)
    return;

  g_autofree char *old = car_log.status;
  car_log.status = g_strdup (status);
  if (old == NULL || status != NULL)
    write_out ("");
  else
    {
      fputs ("\r\033[K", stderr);
      fflush (stderr);
    }
}

void
car_log_print (const char *text)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&car_log.mutex);

  if (!is_interactive ())
    return;

  g_autofree char *clean = without_secrets (text);
  write_out (clean);
}
