/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include <libcar/log/car-log-private.h>

/* GLib takes one log writer a process, so each case logs in a child: this program again, with a scenario's name. */

static void
log_json (void)
{
  car_log_set_up (CAR_LOG_FORMAT_JSON, FALSE, "My \"connector\"", "a/b c%&ü", "1.2");
  g_message ("two\nlines");
  g_debug ("not seen");
  g_warning ("bad: \xff, \033[31m");
  car_log_failure ("failed %d", 7);
  g_log ("other", G_LOG_LEVEL_INFO, "from elsewhere");
}

static void
log_debug (void)
{
  car_log_set_up (CAR_LOG_FORMAT_AUTO, TRUE, NULL, NULL, NULL);
  g_debug ("seen");
  g_log ("GLib-GIO", G_LOG_LEVEL_DEBUG, "not seen");
  g_log_structured (NULL, G_LOG_LEVEL_MESSAGE, "MESSAGE", "of the connector");
}

static void
log_text (void)
{
  car_log_set_up (CAR_LOG_FORMAT_TEXT, FALSE, "c", "s", "v");
  g_message ("plain");
  g_warning ("first\nerror: forged \033[31m\xe2\x80\xae");
  car_log_failure ("failed");
  car_log_set_status ("nobody watches");
  car_log_print ("nobody watches");
}

static void
log_secrets (void)
{
  car_log_set_up (CAR_LOG_FORMAT_TEXT, FALSE, NULL, NULL, NULL);
  car_log_add_secret ("hunter2");
  car_log_add_secret ("hunter2-longer");
  car_log_add_secret ("abc");
  g_message ("hunter2-longer, hunter2 and abc, https://u:hunter2@host");
}

static void
log_not_utf8 (void)
{
  car_log_set_up (CAR_LOG_FORMAT_JSON, FALSE, "caf\xe9", "s\xff", "1\xfe");
  g_log ("d\xe9", G_LOG_LEVEL_MESSAGE, "m");
}

static void
log_held (void)
{
  g_message ("before");
  g_usleep (1000);
  car_log_set_up (CAR_LOG_FORMAT_JSON, FALSE, "c", NULL, NULL);
  g_message ("after");
}

static void
log_held_to_the_end (void)
{
  g_message ("before");
}

static void
log_held_in_numbers (void)
{
  for (guint i = 0; i < 1000; i++)
    g_message ("%u", i);
  car_log_set_up (CAR_LOG_FORMAT_JSON, FALSE, "c", NULL, NULL);
}

static const struct
{
  const char *name;
  void (*run) (void);
} scenarios[] = {
  { "json", log_json },
  { "debug", log_debug },
  { "text", log_text },
  { "secrets", log_secrets },
  { "not-utf8", log_not_utf8 },
  { "held", log_held },
  { "held-to-the-end", log_held_to_the_end },
  { "held-in-numbers", log_held_in_numbers },
};

static const char *program;

static char *
run_scenario (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, program, "--scenario", name, NULL);
  g_autofree char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (child, NULL, NULL, NULL, &output, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (child));

  return g_steal_pointer (&output);
}

/* Lines as JSON objects; it fails the test where one is none. */
static GPtrArray *
run_json_scenario (const char *name)
{
  g_autofree char *output = run_scenario (name);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);

  g_assert_true (g_str_has_suffix (output, "\n"));
  output[strlen (output) - 1] = '\0';
  g_auto (GStrv) texts = g_strsplit (output, "\n", -1);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      JsonNode *line = json_from_string (texts[i], &error);

      g_assert_no_error (error);
      g_assert_true (JSON_NODE_HOLDS_OBJECT (line));
      g_ptr_array_add (lines, line);
    }

  return g_steal_pointer (&lines);
}

static void
assert_member (GPtrArray *lines, guint i, const char *name, const char *value)
{
  g_assert_cmpuint (i, <, lines->len);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (g_ptr_array_index (lines, i)), name),
                   ==, value);
}

static void
test_json (void)
{
  g_autoptr (GPtrArray) lines = run_json_scenario ("json");

  g_assert_cmpuint (lines->len, ==, 4);
  for (guint i = 0; i < lines->len; i++)
    {
      JsonObject *line = json_node_get_object (g_ptr_array_index (lines, i));
      const char *time = json_object_get_string_member (line, "ibm_datetime");

      g_assert_true (
          g_regex_match_simple ("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$", time, 0, 0));
      g_assert_cmpuint (json_object_get_size (line), ==, 7);
      assert_member (lines, i, "connector", "My \"connector\"");
      assert_member (lines, i, "source", "a/b c%&ü");
      assert_member (lines, i, "version", "1.2");
    }

  assert_member (lines, 0, "message", "two\nlines");
  assert_member (lines, 0, "level", "INFO");
  assert_member (lines, 0, "label", "libcar");
  assert_member (lines, 1, "message", "bad: \357\277\275, \033[31m");
  assert_member (lines, 1, "level", "WARNING");
  assert_member (lines, 2, "message", "failed 7");
  assert_member (lines, 2, "level", "ERROR");
  assert_member (lines, 3, "message", "from elsewhere");
  assert_member (lines, 3, "level", "INFO");
  assert_member (lines, 3, "label", "other");
}

static void
test_debug (void)
{
  g_autoptr (GPtrArray) lines = run_json_scenario ("debug");

  g_assert_cmpuint (lines->len, ==, 2);
  assert_member (lines, 0, "message", "seen");
  assert_member (lines, 0, "level", "DEBUG");
  assert_member (lines, 0, "connector", "");
  assert_member (lines, 1, "label", "connector");
}

#define TIME "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z "

/* Without the times, which every line has where it is no line's continuation. */
static char *
run_text_scenario (const char *name)
{
  g_autofree char *output = run_scenario (name);
  g_autoptr (GRegex) times = g_regex_new ("^" TIME, G_REGEX_MULTILINE, 0, NULL);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_true (*lines[i] == '\0' || g_str_has_prefix (lines[i], "  ") ||
                   g_regex_match (times, lines[i], 0, NULL));

  return g_regex_replace_literal (times, output, -1, 0, "", 0, NULL);
}

static void
test_text (void)
{
  g_autofree char *output = run_text_scenario ("text");

  g_assert_cmpstr (output, ==, "plain\nwarning: first\n  error: forged \\u001b[31m\\u202e\nerror: failed\n");
}

static void
test_secrets (void)
{
  g_autofree char *output = run_text_scenario ("secrets");

  g_assert_cmpstr (output, ==, "***, *** and abc, https://u:***@host\n");
}

static void
test_not_utf8 (void)
{
  g_autoptr (GPtrArray) lines = run_json_scenario ("not-utf8");

  g_assert_cmpuint (lines->len, ==, 1);
  assert_member (lines, 0, "connector", "caf\357\277\275");
  assert_member (lines, 0, "source", "s\357\277\275");
  assert_member (lines, 0, "version", "1\357\277\275");
  assert_member (lines, 0, "label", "d\357\277\275");
}

/* What comes before the format is known looks like the rest, and none of it is lost. */
static void
test_held (void)
{
  g_autoptr (GPtrArray) lines = run_json_scenario ("held");
  g_autoptr (GPtrArray) at_the_end = run_json_scenario ("held-to-the-end");
  g_autoptr (GPtrArray) many = run_json_scenario ("held-in-numbers");

  g_assert_cmpuint (lines->len, ==, 2);
  assert_member (lines, 0, "message", "before");
  assert_member (lines, 0, "connector", "c");
  assert_member (lines, 1, "message", "after");
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (lines->pdata[0]), "ibm_datetime"), <,
                   json_object_get_string_member (json_node_get_object (lines->pdata[1]), "ibm_datetime"));

  g_assert_cmpuint (at_the_end->len, ==, 1);
  assert_member (at_the_end, 0, "message", "before");

  g_assert_cmpuint (many->len, ==, 1000);
  assert_member (many, 0, "message", "0");
  assert_member (many, 999, "message", "999");
}

static void
test_formats (void)
{
  CarLogFormat format = CAR_LOG_FORMAT_AUTO;

  g_assert_true (car_log_parse_format ("json", &format));
  g_assert_cmpint (format, ==, CAR_LOG_FORMAT_JSON);
  g_assert_true (car_log_parse_format ("TEXT", &format));
  g_assert_cmpint (format, ==, CAR_LOG_FORMAT_TEXT);
  g_assert_true (car_log_parse_format ("auto", &format));
  g_assert_cmpint (format, ==, CAR_LOG_FORMAT_AUTO);
  g_assert_false (car_log_parse_format ("", &format));
  g_assert_false (car_log_parse_format ("xml", &format));
}

int
main (int argc, char **argv)
{
  program = argv[0];
  if (argc == 3 && g_str_equal (argv[1], "--scenario"))
    {
      car_log_install ();
      car_log_install ();
      for (guint i = 0; i < G_N_ELEMENTS (scenarios); i++)
        if (g_str_equal (argv[2], scenarios[i].name))
          scenarios[i].run ();
      return 0;
    }

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/log/json", test_json);
  g_test_add_func ("/log/debug", test_debug);
  g_test_add_func ("/log/text", test_text);
  g_test_add_func ("/log/secrets", test_secrets);
  g_test_add_func ("/log/not-utf8", test_not_utf8);
  g_test_add_func ("/log/held", test_held);
  g_test_add_func ("/log/formats", test_formats);

  return g_test_run ();
}
