/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The questions of docs/queries.md, each a query in GraphQL. */
typedef struct
{
  char *title;
  char *query;
  char **parameters; /* names, ended by NULL */
  char **examples;   /* the text in the query that each parameter replaces */
} CarctlQuestion;

/* (element-type CarctlQuestion): the first is number 1. */
GPtrArray *carctl_questions_list (void);

/* The question's query with these values of its parameters, “NAME=VALUE”, ended by NULL; the others keep their examples.
 * CAR_APP_ERROR_INVALID_PARAMETER: there is no such parameter. */
char *carctl_question_write (const CarctlQuestion *self, const char *const *values, GError **error);

/* The question of that number. CAR_APP_ERROR_INVALID_PARAMETER: there is none. */
const CarctlQuestion *carctl_questions_get (GPtrArray *questions, const char *number, GError **error);

G_END_DECLS
