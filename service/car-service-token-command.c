/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>

#include "server/car-server-program.h"
#include "service/car-service-command.h"
#include "service/store/sql/car-service-tokens.h"

#define MAX_NAME 64

typedef struct
{
  char *database;
  gboolean read_only;
  char **sources;
  char **words; /* what is done, and to which token */
} Call;

static void
call_clear (Call *call)
{
  g_free (call->database);
  g_strfreev (call->sources);
  g_strfreev (call->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static gboolean
is_word (const Call *call, const char *word, guint n_words)
{
  return g_strcmp0 (call->words[0], word) == 0 && g_strv_length (call->words) == n_words;
}

static gboolean
check_add (const Call *call, GError **error)
{
  const char *name = call->words[1];

  if (*name == '\0' || strlen (name) > MAX_NAME ||
      strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != strlen (name))
    return car_server_refuse (
        error, _ ("A token's name has 1 to 64 letters, digits, dots, hyphens and underscores"));
  if (call->read_only && call->sources != NULL)
    return car_server_refuse (error, _ ("--read-only and --source contradict each other: give one of them"));
  for (guint i = 0; call->sources != NULL && call->sources[i] != NULL; i++)
    if (*call->sources[i] == '\0' || strchr (call->sources[i], '\n') != NULL ||
        !g_utf8_validate (call->sources[i], -1, NULL))
      return car_server_refuse (error,
                                _ ("--source is the name of a source, as a connector has it in -source"));

  return TRUE;
}

static gboolean
print_token (const char *token, GError **error)
{
  return car_output_write_line (token, error) && car_output_finish (error);
}

/* The token alone goes to standard output, for a script to take. One that nobody could take does not stay. */
static gboolean
add (CarServiceStore *store, const Call *call, GError **error)
{
  static const char *const none[] = { NULL };
  const char *const *sources = call->sources != NULL ? (const char *const *) call->sources : none;
  char *token = car_server_make_secret (CAR_SERVICE_TOKEN_BYTES, error);
  gboolean added =
      token != NULL && car_service_tokens_add (store, call->words[1], token, call->read_only, sources, error);

  gboolean printed = added && print_token (token, error);

  if (printed)
    {
      g_printerr (_ ("The token %s is shown this once: nobody can find it again.\n"), call->words[1]);
    }
  else if (added)
    car_service_tokens_revoke (store, call->words[1], NULL);
  car_secret_free (token);

  return printed;
}

static char *
format_time (gint64 ms)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (ms / 1000);

  return ms > 0 ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("-");
}

static char *
format_rights (const CarServiceToken *token)
{
  g_autofree char *sources = g_strjoinv (", ", token->sources);

  if (token->read_only)
    return g_strdup (_ ("reads"));
  return *sources == '\0' ? g_strdup (_ ("reads and changes everything"))
                          : g_strdup_printf (_ ("reads, and writes %s"), sources);
}

static void
print_row (const char *name, const char *made, const char *used, const char *rights)
{
  g_autoptr (GString) row = g_string_new (NULL);

  car_language_append_left (row, name, 24);
  g_string_append_c (row, ' ');
  car_language_append_left (row, made, 21);
  g_string_append_c (row, ' ');
  car_language_append_left (row, used, 21);
  g_print ("%s %s\n", row->str, rights);
}

static gboolean
list (CarServiceStore *store, GError **error)
{
  g_autoptr (GPtrArray) tokens = car_service_tokens_list (store, error);
  if (tokens == NULL)
    return FALSE;

  if (tokens->len > 0)
    print_row (_ ("NAME"), _ ("MADE"), _ ("LAST USED"), _ ("RIGHTS"));
  for (guint i = 0; i < tokens->len; i++)
    {
      const CarServiceToken *token = tokens->pdata[i];
      g_autofree char *made = format_time (token->made_at);
      g_autofree char *used = format_time (token->used_at);
      g_autofree char *rights = format_rights (token);

      print_row (token->name, made, used, rights);
    }

  return TRUE;
}

static gboolean
parse (Call *call, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "read-only", 0, 0, G_OPTION_ARG_NONE, &call->read_only, N_ ("With add: it reads, and changes nothing"),
      NULL },
    { "source", 0, 0, G_OPTION_ARG_STRING_ARRAY, &call->sources,
      N_ ("With add: it reads, and writes this source alone; several times for several"), "SOURCE" },
    G_OPTION_ENTRY_NULL,
  };

  return car_service_command_parse (entries, "token add NAME [OPTIONS] | token list | token revoke NAME",
                                    _ ("Makes, lists and revokes tokens, also while the service runs."), argc,
                                    argv, &call->database, &call->words, error);
}

gboolean
car_service_token_command (int argc, char **argv, GError **error)
{
  g_auto (Call) call = { NULL };

  if (!parse (&call, argc, argv, error))
    return FALSE;
  if (!is_word (&call, "add", 2) && !is_word (&call, "list", 1) && !is_word (&call, "revoke", 2))
    return car_server_refuse (
        error, _ ("Say what to do: token add NAME, token list, or token revoke NAME; see token --help"));
  if (is_word (&call, "add", 2) && !check_add (&call, error))
    return FALSE;

  g_autoptr (CarServiceStore) store = car_service_store_open_beside (call.database, error);
  if (store == NULL)
    return FALSE;
  if (is_word (&call, "add", 2))
    return add (store, &call, error);

  return is_word (&call, "list", 1) ? list (store, error)
                                    : car_service_tokens_revoke (store, call.words[1], error);
}
