/* SPDX-License-Identifier: Apache-2.0 */

/* Who the machine is: its id, its names, what kind of machine it is, and its operating system. */

#include "config.h"

#include "host-collectors.h"

#include <string.h>
#include <sys/utsname.h>

#include <glib/gi18n-lib.h>

#include <libcar/car.h>

#define MACHINE_ID_LENGTH 16

static gboolean
parse_machine_id (const char *text, guint8 id[MACHINE_ID_LENGTH])
{
  guint8 any = 0;

  for (guint i = 0; i < MACHINE_ID_LENGTH; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = high < 0 ? -1 : g_ascii_xdigit_value (text[2 * i + 1]);
      if (low < 0)
        return FALSE;
      id[i] = (guint8) (high << 4 | low);
      any |= id[i];
    }
  return any != 0 && text[2 * MACHINE_ID_LENGTH] == '\0';
}

/* machine-id(5) asks not to show the machine id to others, and to derive an id of one's own from it. Done as
 * sd_id128_get_machine_app_specific(3) does: HMAC-SHA256 of a constant of the application, with the machine id for
 * key, cut to 128 bits and marked as a random UUID. The constant must never change: the machine would become another. */
static char *
derive_id (const guint8 machine_id[MACHINE_ID_LENGTH])
{
  static const guint8 application[] = { 0x5c, 0x07, 0x1e, 0x93, 0x2a, 0x64, 0x4f, 0x0d,
                                        0x9b, 0xe1, 0x38, 0xc6, 0xd4, 0x7a, 0x20, 0xf5 };
  guint8 digest[32];
  gsize length = sizeof digest;
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, machine_id, MACHINE_ID_LENGTH);

  g_hmac_update (hmac, application, sizeof application);
  g_hmac_get_digest (hmac, digest, &length);
  digest[6] = (digest[6] & 0x0f) | 0x40;
  digest[8] = (digest[8] & 0x3f) | 0x80;

  GString *id = g_string_new (NULL);
  for (guint i = 0; i < MACHINE_ID_LENGTH; i++)
    g_string_append_printf (id, "%02x", digest[i]);
  return g_string_free (id, FALSE);
}

gboolean
host_collect_identity (HostInventory *self, GError **error)
{
  static const char *const paths[] = { "etc/machine-id", "var/lib/dbus/machine-id" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *text = NULL;
      guint8 machine_id[MACHINE_ID_LENGTH];

      if (!host_inventory_read (self, paths[i], &text, error))
        return FALSE;
      if (text && parse_machine_id (g_strchomp (text), machine_id))
        {
          self->id = derive_id (machine_id);
          return TRUE;
        }
    }

  const char *root = self->is_this_machine ? "" : self->root_path;
  if (self->warnings->len > 0)
    g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_FORBIDDEN,
                 _ ("The machine id, by which this machine is known in the graph, is out of reach: %s"),
                 (const char *) self->warnings->pdata[0]);
  else
    g_set_error (
        error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN,
        _ ("There is no machine id, by which this machine would be known in the graph, in %s/%s or %s/%s. "
           "Make "
           "one with “systemd-machine-id-setup” or “dbus-uuidgen --ensure=/etc/machine-id”; in a container, "
           "mount the machine’s /etc/machine-id"),
        root, paths[0], root, paths[1]);
  return FALSE;
}

/* NULL unless it can name one machine, as other sources of the graph would name it. */
static char *
normalise_host_name (const char *name)
{
  gsize length = name ? strlen (name) : 0;

  if (length == 0 || length > 253 || *name == '.' || *name == '-' ||
      strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-") != length)
    return NULL;

  g_autofree char *lower = g_ascii_strdown (name, -1);
  if (lower[length - 1] == '.')
    lower[length - 1] = '\0';
  if (g_str_equal (lower, "localhost") || g_str_has_prefix (lower, "localhost."))
    return NULL;
  return g_steal_pointer (&lower);
}

/* Whole names of this machine in /etc/hosts: those that begin with its name and a dot. No DNS server is asked: the
 * answer would depend on the network, and each run would tell somebody of it. */
static gboolean
add_names_of_hosts_file (HostInventory *self, const char *name, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *prefix = g_strconcat (name, ".", NULL);

  if (!host_inventory_read (self, "etc/hosts", &text, error))
    return FALSE;

  char *rest = text, *line;
  while ((line = strsep (&rest, "\n")) != NULL)
    {
      line[strcspn (line, "#")] = '\0';
      g_auto (GStrv) words = g_strsplit_set (line, " \t\r", -1);
      for (guint i = 1; words[0] && words[i]; i++)
        {
          g_autofree char *other = normalise_host_name (words[i]);
          if (other && g_str_has_prefix (other, prefix) &&
              !g_ptr_array_find_with_equal_func (self->names, other, g_str_equal, NULL))
            g_ptr_array_add (self->names, g_steal_pointer (&other));
        }
    }
  return TRUE;
}

static gboolean
collect_names (HostInventory *self, GError **error)
{
  g_autofree char *file_name = host_inventory_read_word (self, "etc/hostname");
  g_autofree char *name = normalise_host_name (file_name);

  if (!name && self->is_this_machine)
    name = normalise_host_name (g_get_host_name ());

  if (!name)
    {
      g_ptr_array_add (self->infos,
                       g_strdup (_ ("The machine has no host name of its own: no hostname is imported")));
      self->name = g_strdup_printf ("machine-%.8s", self->id);
      return TRUE;
    }

  g_ptr_array_add (self->names, g_strdup (name));
  self->name = g_steal_pointer (&name);
  return add_names_of_hosts_file (self, self->name, error);
}

/* DMTF DSP0134 (SMBIOS), "System Enclosure or Chassis Types". */
static const char *
describe_chassis (const char *code)
{
  switch (code ? g_ascii_strtoll (code, NULL, 10) : 0)
    {
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 13:
    case 15:
    case 16:
    case 24:
    case 35:
    case 36:
      return "desktop";
    case 8:
    case 9:
    case 10:
    case 14:
    case 31:
    case 32:
      return "laptop";
    case 11:
      return "handset";
    case 30:
      return "tablet";
    case 33:
    case 34:
      return "embedded";
    default:
      return "server";
    }
}

static void
collect_type (HostInventory *self)
{
  if (host_inventory_exists (self, ".dockerenv") || host_inventory_exists (self, "run/.containerenv") ||
      host_inventory_exists (self, "run/systemd/container"))
    {
      self->type = g_strdup ("container");
      return;
    }
  g_autofree char *code = host_inventory_read_word (self, "sys/class/dmi/id/chassis_type");
  self->type = g_strdup (describe_chassis (code));
}

/* NAME=value, quoted as in a shell: os-release(5). NULL where the line is not one. */
static char *
unquote_value (const char *line)
{
  const char *equals = strchr (line, '=');

  return equals ? g_shell_unquote (equals + 1, NULL) : NULL;
}

static GHashTable *
parse_os_release (char *text)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  char *rest = text, *line;

  while ((line = strsep (&rest, "\n")) != NULL)
    {
      char *value = *line != '#' ? unquote_value (g_strchomp (line)) : NULL;
      if (value)
        g_hash_table_replace (values, g_strndup (line, strcspn (line, "=")), value);
    }
  return g_steal_pointer (&values);
}

static char *
get_architecture (HostInventory *self)
{
  char *architecture = host_inventory_read_word (self, "proc/sys/kernel/arch");
  struct utsname uts;

  if (!architecture && self->is_this_machine && uname (&uts) == 0)
    architecture = g_strdup (uts.machine);
  return architecture;
}

static const char *
lookup_text (GHashTable *values, const char *name, const char *fallback)
{
  const char *value = g_hash_table_lookup (values, name);

  return value && *value != '\0' ? value : fallback;
}

static gboolean
collect_os (HostInventory *self, GError **error)
{
  g_autofree char *text = NULL;

  if (!host_inventory_read (self, "etc/os-release", &text, error) ||
      (!text && !host_inventory_read (self, "usr/lib/os-release", &text, error)))
    return FALSE;

  g_autoptr (GHashTable) values = parse_os_release (text);
  const char *name = lookup_text (values, "PRETTY_NAME", lookup_text (values, "NAME", "Linux"));
  g_autofree char *kernel = host_inventory_read_word (self, "proc/sys/kernel/osrelease");
  g_autofree char *architecture = get_architecture (self);

  HostApplication *system = host_inventory_add_application (self, HOST_APPLICATION_SYSTEM, "system", name);
  system->version = g_strdup (lookup_text (values, "VERSION_ID", NULL));
  system->cpe = g_strdup (lookup_text (values, "CPE_NAME", NULL));
  system->architecture = g_strdup (architecture);
  if (kernel)
    system->description = g_strdup_printf ("Linux %s", kernel);

  self->description = architecture ? g_strdup_printf ("%s, %s", name, architecture) : g_strdup (name);
  return TRUE;
}

gboolean
host_collect_system (HostInventory *self, GError **error)
{
  collect_type (self);
  return collect_names (self, error) && collect_os (self, error);
}
