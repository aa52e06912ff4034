/* SPDX-License-Identifier: Apache-2.0 */

/* The local accounts: /etc/passwd, and of /etc/shadow, where it may be read, whether an account is switched off.
 * No password hash is kept. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host-collectors.h"

#include <string.h>

/* adduser.conf(5) and systemd's "UIDs and GIDs": people are numbered from 1000; "nobody" and what is above are not
 * people. */
#define FIRST_HUMAN_UID 1000
#define LAST_HUMAN_UID 60000

enum
{
  PASSWD_NAME,
  PASSWD_PASSWORD,
  PASSWD_UID,
  PASSWD_GID,
  PASSWD_GECOS,
  PASSWD_HOME,
  PASSWD_SHELL,
  PASSWD_N_FIELDS,
};

enum
{
  SHADOW_NAME,
  SHADOW_PASSWORD,
  SHADOW_EXPIRES = 7,
  SHADOW_N_FIELDS = 9,
};

/* An account that was switched off: it expired, or “usermod --lock” put a “!” before its password. A password that
 * is no more than “!” or “*” was never set, which says nothing: such accounts log in with keys. */
static gboolean
is_switched_off (char **fields, gint64 today)
{
  const char *password = fields[SHADOW_PASSWORD];
  guint64 expires;

  if (*password == '!' && password[strspn (password, "!*")] != '\0')
    return TRUE;
  return g_ascii_string_to_unsigned (fields[SHADOW_EXPIRES], 10, 1, G_MAXUINT32, &expires, NULL) &&
         (gint64) expires <= today;
}

static gboolean
read_switched_off (HostInventory *self, GHashTable **names, GError **error)
{
  g_autofree char *text = NULL;
  gint64 today = g_get_real_time () / G_TIME_SPAN_DAY;
  guint n_warnings = self->warnings->len;

  *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!host_inventory_read (self, "etc/shadow", &text, error))
    return FALSE;
  if (self->warnings->len > n_warnings)
    {
      g_ptr_array_set_size (self->warnings, (gint) n_warnings);
      g_ptr_array_add (self->infos,
                       g_strdup (_ ("/etc/shadow may not be read: accounts that are locked or expired are "
                                    "shown as active; run as root to tell them")));
    }

  char *rest = text, *line;
  while ((line = strsep (&rest, "\n")) != NULL)
    {
      g_auto (GStrv) fields = g_strsplit (line, ":", SHADOW_N_FIELDS);
      if (g_strv_length (fields) == SHADOW_N_FIELDS && is_switched_off (fields, today))
        g_hash_table_add (*names, g_strdup (fields[SHADOW_NAME]));
    }
  return TRUE;
}

static gboolean
is_account_name (const char *name)
{
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (g_utf8_get_char (p) == 0xfffd || g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return *name != '\0' && *name != '+' && *name != '-' && strlen (name) <= 256;
}

static gboolean
is_login_shell (const char *shell)
{
  g_autofree char *name = g_path_get_basename (shell);

  return !g_str_equal (name, "nologin") && !g_str_equal (name, "false") && !g_str_equal (name, "sync");
}

/* The first part of the comment field; “&” in it stands for the account's name with a capital: passwd(5). */
static char *
parse_full_name (const char *gecos, const char *account)
{
  GString *name = g_string_new_len (gecos, (gssize) strcspn (gecos, ","));
  g_autofree char *capital = g_strdup (account);

  capital[0] = g_ascii_toupper (capital[0]);
  g_string_replace (name, "&", capital, 1);
  if (name->len == 0)
    return g_string_free (name, TRUE);
  return g_string_free (name, FALSE);
}

static HostAccount *
parse_account (const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, ":", PASSWD_N_FIELDS + 1);
  guint64 uid;

  if (g_strv_length (fields) != PASSWD_N_FIELDS || !is_account_name (fields[PASSWD_NAME]) ||
      !g_ascii_string_to_unsigned (fields[PASSWD_UID], 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    return NULL;

  HostAccount *account = g_new0 (HostAccount, 1);
  account->name = g_strdup (fields[PASSWD_NAME]);
  account->uid = (guint) uid;
  account->full_name = parse_full_name (fields[PASSWD_GECOS], account->name);
  account->home = g_strdup (fields[PASSWD_HOME]);
  account->shell = g_strdup (*fields[PASSWD_SHELL] != '\0' ? fields[PASSWD_SHELL] : "/bin/sh");
  account->has_login_shell = is_login_shell (account->shell);
  account->is_human = uid == 0 || (uid >= FIRST_HUMAN_UID && uid <= LAST_HUMAN_UID);
  return account;
}

gboolean
host_collect_accounts (HostInventory *self, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GHashTable) switched_off = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_broken = 0;

  if (!host_inventory_read (self, "etc/passwd", &text, error) ||
      !read_switched_off (self, &switched_off, error))
    return FALSE;

  char *rest = text, *line;
  while ((line = strsep (&rest, "\n")) != NULL)
    {
      /* Lines with + or - are nsswitch's compat mode; comments are tolerated by many tools. */
      if (*line == '\0' || *line == '#' || *line == '+' || *line == '-')
        continue;

      /* As for getpwnam(3), the first line of a name counts. */
      g_autofree char *name = g_strndup (line, strcspn (line, ":"));
      if (g_hash_table_contains (seen, name))
        continue;

      HostAccount *account = parse_account (line);
      if (!account)
        {
          n_broken++;
          continue;
        }
      account->is_active = account->has_login_shell && !g_hash_table_contains (switched_off, account->name);
      g_ptr_array_add (self->accounts, account);
      g_hash_table_add (seen, account->name);
    }

  if (n_broken > 0)
    g_ptr_array_add (
        self->warnings,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "%u line of /etc/passwd is broken: the account in it is not imported; "
                         "“pwck -r” tells which",
                         "%u lines of /etc/passwd are broken: the accounts in them are not imported; "
                         "“pwck -r” tells which",
                         n_broken),
            n_broken));
  return TRUE;
}
