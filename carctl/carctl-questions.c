/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-scanner-private.h>

#include "carctl/carctl-questions.h"
#include "carctl/carctl-resources.h"
#include "carctl/carctl.h"

/* In docs/queries.md a question is a heading “## N. TITLE”, and its query the block of graphql below it. A comment above that,
 * “<!-- NAME: EXAMPLE -->”, says that another text may stand in the place of the example. */

static void
question_free (gpointer data)
{
  CarctlQuestion *self = data;

  g_free (self->title);
  g_free (self->query);
  g_strfreev (self->parameters);
  g_strfreev (self->examples);
  g_free (self);
}

static void
read_parameters (CarctlQuestion *self, const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("^<!-- ([a-z-]+): (.*) -->$", G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GStrvBuilder) parameters = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) examples = g_strv_builder_new ();
  g_autoptr (GMatchInfo) match = NULL;

  for (g_regex_match (regex, text, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *name = g_match_info_fetch (match, 1);
      g_autofree char *example = g_match_info_fetch (match, 2);

      g_strv_builder_add (parameters, name);
      g_strv_builder_add (examples, example);
    }
  self->parameters = g_strv_builder_end (parameters);
  self->examples = g_strv_builder_end (examples);
}

GPtrArray *
carctl_questions_list (void)
{
  g_autoptr (GBytes) bytes =
      g_resource_lookup_data (carctl_get_resource (), "/libcar/carctl/queries.md", 0, NULL);
  g_autoptr (GRegex) regex = g_regex_new ("^## \\d+\\. (.*)$([\\s\\S]*?)^```graphql\\n([\\s\\S]*?)^```$",
                                          G_REGEX_MULTILINE, 0, NULL);
  GPtrArray *questions = g_ptr_array_new_with_free_func (question_free);
  g_autoptr (GMatchInfo) match = NULL;

  for (g_regex_match (regex, g_bytes_get_data (bytes, NULL), 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL))
    {
      CarctlQuestion *question = g_new0 (CarctlQuestion, 1);
      g_autofree char *about = g_match_info_fetch (match, 2);

      question->title = g_match_info_fetch (match, 1);
      question->query = g_match_info_fetch (match, 3);
      read_parameters (question, about);
      g_ptr_array_add (questions, question);
    }
  return questions;
}

const CarctlQuestion *
carctl_questions_get (GPtrArray *questions, const char *number, GError **error)
{
  guint64 n = 0;

  if (g_ascii_string_to_unsigned (number, 10, 1, questions->len, &n, NULL))
    return questions->pdata[n - 1];

  car_failure_refuse (error, _ ("“%s” is no number of a question: there are 1 to %u"), number,
                      questions->len);
  return NULL;
}

/* GraphQL escapes as JSON does. */
static char *
quote (const char *text)
{
  g_autoptr (GString) quoted = g_string_new (NULL);

  car_json_append_string (quoted, text, -1);
  return g_string_free (g_steal_pointer (&quoted), FALSE);
}

static const char *
find_value (const char *const *values, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; values[i] != NULL; i++)
    if (strncmp (values[i], name, length) == 0 && values[i][length] == '=')
      return values[i] + length + 1;
  return NULL;
}

static gboolean
check_values (const CarctlQuestion *self, const char *const *values, GError **error)
{
  g_autofree char *all = g_strjoinv (", ", self->parameters);

  for (guint i = 0; values[i] != NULL; i++)
    {
      const char *equals = strchr (values[i], '=');
      g_autofree char *name =
          g_strndup (values[i], equals == NULL ? strlen (values[i]) : (gsize) (equals - values[i]));

      if (equals == NULL || !g_strv_contains ((const char *const *) self->parameters, name))
        return *all == '\0'
                   ? car_failure_refuse (error, _ ("“%s” is too much: this question has no parameters"),
                                         values[i])
                   : car_failure_refuse (error, _ ("“%s” is no parameter with a value: this question has %s"),
                                         values[i], all);
      if (find_value (values, name) != equals + 1)
        return car_failure_refuse (error, _ ("“%s” is given twice"), name);
      if (!g_utf8_validate (equals, -1, NULL))
        return car_failure_refuse (error, _ ("the value of “%s” is not UTF-8 text"), name);
    }
  return TRUE;
}

/* What is put in may hold another parameter's example, so the query is gone through once. */
char *
carctl_question_write (const CarctlQuestion *self, const char *const *values, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *at = self->query;

  if (!check_values (self, values, error))
    return NULL;

  while (*at != '\0')
    {
      guint i = 0;
      g_autofree char *example = NULL;

      for (; self->parameters[i] != NULL; i++)
        {
          g_free (example);
          example = quote (self->examples[i]);
          if (g_str_has_prefix (at, example))
            break;
        }
      const char *value = self->parameters[i] == NULL ? NULL : find_value (values, self->parameters[i]);
      if (value == NULL)
        g_string_append_c (text, *at++);
      else
        {
          g_autofree char *quoted = quote (value);

          g_string_append (text, quoted);
          at += strlen (example);
        }
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
