/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/base/car-failure-private.h>
#include <libcar/car.h>

G_BEGIN_DECLS

/* A call of carctl: what the command line says behind the command's name. */
typedef struct
{
  char **arguments; /* without options, ended by NULL */
  char **rest;      /* what stands behind “--”, ended by NULL */
  char **service;   /* the options that begin with car-service-, ended by NULL */
  gboolean json;
  gboolean yes;
  gboolean dot;
  gboolean svg;
  gboolean plan;
  int depth;
  char *language;
  char *folder;
  char *variables;
  char *source;
  char *at;
  int exit_code; /* of a call that did not fail */
} CarctlCall;

typedef enum
{
  CARCTL_JSON = 1 << 0,
  CARCTL_YES = 1 << 1,
  CARCTL_LANGUAGE = 1 << 2,
  CARCTL_FOLDER = 1 << 3,
  CARCTL_VARIABLES = 1 << 4,
  CARCTL_DOT = 1 << 5,
  CARCTL_DEPTH = 1 << 6,
  CARCTL_SOURCE = 1 << 7,
  CARCTL_AT = 1 << 8,
  CARCTL_PLAN = 1 << 9,
  CARCTL_SVG = 1 << 10,
} CarctlOption;

/* A command: its name, its arguments in --help, what it does, and how many arguments it takes. */
typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  CarctlOption options;
  const GOptionEntry *entries; /* NULL, or options that no other command has */
  guint min_arguments;
  guint max_arguments;
  gboolean takes_rest;
  gboolean (*run) (CarctlCall *call, GError **error);
} CarctlCommand;

extern const CarctlCommand carctl_new_command;
extern const CarctlCommand carctl_check_command;
extern const CarctlCommand carctl_collect_command;
extern const CarctlCommand carctl_diff_command;
extern const CarctlCommand carctl_status_command;
extern const CarctlCommand carctl_query_command;
extern const CarctlCommand carctl_graph_command;
extern const CarctlCommand carctl_tag_command;
extern const CarctlCommand carctl_ask_command;
extern const CarctlCommand carctl_mcp_command;
extern const CarctlCommand carctl_forget_command;
extern const CarctlCommand carctl_encrypt_command;

/* A client of the service, and of the moment, that the call's options, the environment, credentials and encrypted settings name, as they do for
 * connectors. CAR_APP_ERROR_INVALID_PARAMETER says what is missing. */
CarClient *carctl_open_service (const CarctlCall *call, GError **error);

/* From now on queries ask of this moment. CAR_APP_ERROR_INVALID_PARAMETER: it is none. NULL: of now. */
gboolean carctl_set_moment (CarClient *client, const char *text, GError **error);

/* What the service answers to a query in GraphQL: the object `data`, as JSON text. CAR_APP_ERROR_INVALID_PARAMETER: the variables are
 * no JSON object. */
char *carctl_ask_service (CarClient *client, const char *query, const char *variables_json, GError **error);

/* Asks on the terminal, and takes “yes” in the user's language. CAR_APP_ERROR_INVALID_PARAMETER: there is no terminal, or the answer is
 * another one. */
gboolean carctl_confirm (const CarctlCall *call, const char *question, GError **error);

/* What is missing where the arguments name an object: COLLECTION ID, or nothing. */
gboolean carctl_check_object (const CarctlCall *call, GError **error);

/* Catches a signal in the main loop; not one that carctl was started to ignore, as nohup(1) does: 0. */
guint carctl_catch_signal (int number, GSourceFunc func, gpointer user_data);

/* Whether an argument is an option of the service, such as -car-service-url=… */
gboolean carctl_is_service_option (const char *argument);

/* Refuses options that name a service, for a connector that gets one of its own; `asks`: the call itself asks the one it names. */
gboolean carctl_refuse_services (const CarctlCall *call, gboolean asks, GError **error);

/* A folder for the user alone, and those above it. */
gboolean carctl_make_folder (const char *folder, GError **error);

/* The same, of one that is empty: what is there stays, and nothing of two runs is mixed. */
gboolean carctl_make_empty_folder (const char *folder, GError **error);

/* With all that is in it. NULL: nothing. */
void carctl_remove_folder (const char *folder);

/* “FILE: what is wrong with it”. */
gboolean carctl_refuse_file (const char *path, const char *problem, GError **error);

G_END_DECLS
