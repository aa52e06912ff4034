/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-questions.h"
#include "carctl/carctl-table.h"
#include "carctl/carctl.h"

/* carctl ask: the questions of docs/queries.md. */

static void
print_questions (GPtrArray *questions)
{
  for (guint i = 0; i < questions->len; i++)
    {
      const CarctlQuestion *question = questions->pdata[i];

      g_print ("%2u  %s\n", i + 1, question->title);
      for (guint k = 0; question->parameters[k] != NULL; k++)
        g_print ("      %s=%s\n", question->parameters[k], question->examples[k]);
    }
}

static gboolean
ask (CarctlCall *call, GError **error)
{
  g_autoptr (GPtrArray) questions = carctl_questions_list ();
  const char *number = call->arguments[0];

  if (number == NULL)
    {
      print_questions (questions);
      return TRUE;
    }

  const CarctlQuestion *question = carctl_questions_get (questions, number, error);
  g_autofree char *query =
      question == NULL ? NULL
                       : carctl_question_write (question, (const char *const *) call->arguments + 1, error);
  g_autoptr (CarClient) client = query == NULL ? NULL : carctl_open_service (call, error);
  g_autofree char *answer = client == NULL ? NULL : carctl_ask_service (client, query, NULL, error);

  return answer != NULL && carctl_table_print (answer, call->json, error);
}

const CarctlCommand carctl_ask_command = {
  .name = "ask",
  .arguments = "[NUMBER [NAME=VALUE...]]",
  .summary = N_ ("Ask one of the questions of queries.md, or list them"),
  .options = CARCTL_JSON | CARCTL_AT,
  .max_arguments = G_MAXUINT,
  .run = ask,
};
