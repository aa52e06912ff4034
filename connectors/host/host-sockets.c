/* SPDX-License-Identifier: Apache-2.0 */

/* The ports on which something listens, and which programs those are: the kernel's tables of sockets name each by its
 * inode, and a process that holds it has a link “socket:[INODE]” in its /proc/PID/fd. */

#include "config.h"

#include "host-collectors.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include <libcar/car.h>

/* States of a socket in the kernel's tables (include/net/tcp_states.h). */
#define STATE_LISTEN 0x0a
#define STATE_UNCONNECTED 0x07

/* A process that was seen to hold a listening socket. */
typedef struct
{
  HostPort *port;
  char *path; /* of its program */
  guint uid;
  gboolean is_foreign; /* it lives in another file system, a container's: no package here owns its program */
} Holder;

typedef struct
{
  HostInventory *inventory;
  GHashTable *ports;  /* "tcp 0.0.0.0 22" to HostPort: several sockets may share one (SO_REUSEPORT) */
  GHashTable *inodes; /* of guint64, to HostPort */
  GPtrArray *holders; /* of Holder */
  guint first_ephemeral;
  guint last_ephemeral;
  gboolean has_root_device;
  struct stat root_info;
} Collector;

static void
holder_free (Holder *self)
{
  g_free (self->path);
  g_free (self);
}

/* A UDP socket that a program opened to ask something looks like one that serves; the kernel gives the former a port
 * of this range. They come and go, so none of the range is taken. A listening TCP socket is never a client's. */
static void
read_ephemeral_range (Collector *self)
{
  g_autofree char *text = host_inventory_read_word (self->inventory, "proc/sys/net/ipv4/ip_local_port_range");

  if (!text || sscanf (text, "%u %u", &self->first_ephemeral, &self->last_ephemeral) != 2)
    {
      self->first_ephemeral = 32768;
      self->last_ephemeral = 60999;
    }
}

/* The tables print an address as 32-bit words in the byte order of the machine. */
static char *
parse_address (const char *digits)
{
  guint32 words[4] = { 0 };
  gsize n_words = strlen (digits) / 8;
  char text[INET6_ADDRSTRLEN];

  if (strlen (digits) != 8 && strlen (digits) != 32)
    return NULL;
  for (gsize i = 0; i < n_words; i++)
    {
      g_autofree char *word = g_strndup (digits + 8 * i, 8);
      words[i] = (guint32) g_ascii_strtoull (word, NULL, 16);
    }
  if (n_words == 4 && IN6_IS_ADDR_V4MAPPED ((struct in6_addr *) words))
    return g_strdup (inet_ntop (AF_INET, &words[3], text, sizeof text));
  return g_strdup (inet_ntop (n_words == 1 ? AF_INET : AF_INET6, words, text, sizeof text));
}

static HostPort *
get_port (Collector *self, const char *protocol, const char *address, guint number)
{
  g_autofree char *name = g_strdup_printf ("%s %s %u", protocol, address, number);
  HostPort *port = g_hash_table_lookup (self->ports, name);

  if (port)
    return port;

  port = g_new0 (HostPort, 1);
  port->protocol = protocol;
  port->address = g_strdup (address);
  port->number = (guint16) number;
  port->owners = g_ptr_array_new ();
  g_ptr_array_add (self->inventory->ports, port);
  g_hash_table_insert (self->ports, g_steal_pointer (&name), port);
  return port;
}

static void
parse_socket (Collector *self, const char *protocol, const char *line)
{
  char local[33], remote[33];
  guint port, remote_port, state;
  guint64 inode;
  gboolean is_udp = g_str_equal (protocol, "udp");

  if (sscanf (line,
              " %*u: %32[0-9A-F]:%4x %32[0-9A-F]:%4x %2x %*8x:%*8x %*2x:%*8x %*8x %*u %*u %" G_GUINT64_FORMAT,
              local, &port, remote, &remote_port, &state, &inode) != 6)
    return;
  if (state != (is_udp ? STATE_UNCONNECTED : STATE_LISTEN) || remote_port != 0 || port == 0)
    return;
  if (is_udp && port >= self->first_ephemeral && port <= self->last_ephemeral)
    return;

  g_autofree char *address = parse_address (local);
  if (!address)
    return;

  guint64 *key = g_new (guint64, 1);
  *key = inode;
  g_hash_table_insert (self->inodes, key, get_port (self, protocol, address, port));
}

static gboolean
read_tables (Collector *self, GError **error)
{
  static const struct
  {
    const char *name;
    const char *protocol;
  } tables[] = { { "tcp", "tcp" }, { "tcp6", "tcp" }, { "udp", "udp" }, { "udp6", "udp" } };
  gboolean any = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      /* Of another root, the first process's: see host-network.c. */
      g_autofree char *path =
          g_strconcat (self->inventory->is_this_machine ? "proc/net/" : "proc/1/net/", tables[i].name, NULL);
      g_autofree char *text = NULL;

      if (!host_inventory_read (self->inventory, path, &text, error))
        return FALSE;
      any |= text != NULL;

      char *rest = text, *line;
      while ((line = strsep (&rest, "\n")) != NULL)
        parse_socket (self, tables[i].protocol, line);
    }

  if (!any)
    g_ptr_array_add (self->inventory->infos,
                     g_strdup (_ ("There are no tables of sockets in /proc: no port is imported")));
  return TRUE;
}

/* A socket on :: takes IPv4 too, unless it was told otherwise: then another one may have the port for IPv4, and a
 * server that says otherwise has one. */
static void
find_dual_stack (Collector *self)
{
  g_autofree char *v6only = host_inventory_read_word (self->inventory, "proc/sys/net/ipv6/bindv6only");

  for (guint i = 0; i < self->inventory->ports->len; i++)
    {
      HostPort *port = self->inventory->ports->pdata[i];
      g_autofree char *ipv4 = g_strdup_printf ("%s 0.0.0.0 %u", port->protocol, port->number);
      port->takes_ipv4 = g_str_equal (port->address, "::") && !g_hash_table_contains (self->ports, ipv4) &&
                         g_strcmp0 (v6only, "1") != 0;
    }
}

static char *
read_link (int folder, const char *name)
{
  char target[4096];
  gssize length = readlinkat (folder, name, target, sizeof target);

  return length > 0 ? g_utf8_make_valid (target, length) : NULL;
}

/* The program's file, also when it was replaced since. NULL where it may not be seen. */
static char *
read_program (int process)
{
  g_autofree char *path = read_link (process, "exe");

  if (path && g_str_has_suffix (path, " (deleted)"))
    path[strlen (path) - strlen (" (deleted)")] = '\0';
  return path && *path == '/' ? g_steal_pointer (&path) : NULL;
}

/* The effective user; G_MAXUINT where it is not told. */
static guint
read_uid (Collector *self, const char *pid)
{
  g_autofree char *path = g_build_filename ("proc", pid, "status", NULL);
  g_autofree char *text = NULL;
  guint uid;

  if (!host_inventory_read (self->inventory, path, &text, NULL) || !text)
    return G_MAXUINT;

  const char *line = strstr (text, "\nUid:");
  return line && sscanf (line, "\nUid: %*u %u", &uid) == 1 ? uid : G_MAXUINT;
}

static gboolean
is_foreign (Collector *self, int process)
{
  struct stat info;

  return self->has_root_device && fstatat (process, "root", &info, AT_NO_AUTOMOUNT) == 0 &&
         (info.st_dev != self->root_info.st_dev || info.st_ino != self->root_info.st_ino);
}

static void
add_holder (Collector *self, HostPort *port, int process, const char *pid)
{
  g_autofree char *path = read_program (process);

  if (!path)
    return;

  Holder *holder = g_new0 (Holder, 1);
  holder->port = port;
  holder->path = g_steal_pointer (&path);
  holder->uid = read_uid (self, pid);
  holder->is_foreign = is_foreign (self, process);
  g_ptr_array_add (self->holders, holder);
  port->has_visible_owner = TRUE;
}

static void
inspect_process (Collector *self, const char *pid)
{
  g_autofree char *path = g_build_filename ("proc", pid, NULL);
  int process = host_inventory_open_folder (self->inventory, path);
  int fds = process < 0 ? -1 : openat (process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *folder = fds < 0 ? NULL : fdopendir (fds);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  struct dirent *entry;

  if (!folder && fds >= 0)
    close (fds);
  while (folder && (entry = readdir (folder)) != NULL)
    {
      g_autofree char *target = read_link (dirfd (folder), entry->d_name);
      guint64 inode;
      if (!target || sscanf (target, "socket:[%" G_GUINT64_FORMAT "]", &inode) != 1)
        continue;
      HostPort *port = g_hash_table_lookup (self->inodes, &inode);
      if (port && g_hash_table_add (seen, port))
        add_holder (self, port, process, pid);
    }
  if (folder)
    closedir (folder);
  if (process >= 0)
    close (process);
}

static gboolean
is_pid (const char *name)
{
  return *name != '\0' && name[strspn (name, G_CSET_DIGITS)] == '\0';
}

static gboolean
inspect_processes (Collector *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) pids = host_inventory_list (self->inventory, "proc", is_pid);

  for (guint i = 0; i < pids->len && g_hash_table_size (self->inodes) > 0; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      inspect_process (self, pids->pdata[i]);
    }
  return TRUE;
}

static HostAccount *
find_account (HostInventory *inventory, guint uid)
{
  for (guint i = 0; i < inventory->accounts->len; i++)
    {
      HostAccount *account = inventory->accounts->pdata[i];
      if (account->uid == uid)
        return account;
    }
  return NULL;
}

static void
add_once (GPtrArray *array, gpointer item)
{
  if (item && !g_ptr_array_find (array, item, NULL))
    g_ptr_array_add (array, item);
}

static HostApplication *
get_program (Collector *self, GHashTable *programs, const char *path)
{
  HostApplication *program = g_hash_table_lookup (programs, path);

  if (!program)
    {
      g_autofree char *name = g_path_get_basename (path);
      program = host_inventory_add_application (self->inventory, HOST_APPLICATION_PROGRAM, path, name);
      g_hash_table_insert (programs, program->key, program);
    }
  return program;
}

static gboolean
name_owners (Collector *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) packages = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) programs = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->holders->len; i++)
    {
      Holder *holder = self->holders->pdata[i];
      if (!holder->is_foreign)
        g_hash_table_insert (packages, (gpointer) host_get_merged_path (holder->path), NULL);
    }
  if (!host_find_packages_of_files (self->inventory, packages, cancellable, error))
    return FALSE;

  for (guint i = 0; i < self->holders->len; i++)
    {
      Holder *holder = self->holders->pdata[i];
      HostApplication *owner =
          holder->is_foreign ? NULL : g_hash_table_lookup (packages, host_get_merged_path (holder->path));
      if (!owner)
        owner = get_program (self, programs, holder->path);
      add_once (holder->port->owners, owner);
      add_once (owner->run_by, find_account (self->inventory, holder->uid));
    }
  return TRUE;
}

static void
tell_what_is_hidden (Collector *self)
{
  GPtrArray *ports = self->inventory->ports;
  guint n_hidden = 0;

  for (guint i = 0; i < ports->len; i++)
    n_hidden += !((HostPort *) ports->pdata[i])->has_visible_owner;
  if (n_hidden == 0)
    return;

  if (geteuid () != 0)
    g_ptr_array_add (
        self->inventory->warnings,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "%u of %u listening sockets belongs to a process of another user; run as root to "
                         "see which program owns it",
                         "%u of %u listening sockets belong to processes of other users; run as root to "
                         "see which programs own them",
                         n_hidden),
            n_hidden, ports->len));
  else
    g_ptr_array_add (
        self->inventory->infos,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "%u of %u listening sockets belongs to no process that can be seen from here: the "
                         "kernel has it, or this container may not look at others’ processes, for "
                         "which it needs CAP_SYS_PTRACE",
                         "%u of %u listening sockets belong to no process that can be seen from here: the "
                         "kernel has them, or this container may not look at others’ processes, for "
                         "which it needs CAP_SYS_PTRACE",
                         n_hidden),
            n_hidden, ports->len));
}

gboolean
host_collect_sockets (HostInventory *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) ports = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) inodes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GPtrArray) holders = g_ptr_array_new_with_free_func ((GDestroyNotify) holder_free);
  Collector collector = { .inventory = self, .ports = ports, .inodes = inodes, .holders = holders };

  collector.has_root_device = fstat (self->root_fd, &collector.root_info) == 0;
  read_ephemeral_range (&collector);
  if (!read_tables (&collector, error) || !inspect_processes (&collector, cancellable, error) ||
      !name_owners (&collector, cancellable, error))
    return FALSE;
  find_dual_stack (&collector);
  tell_what_is_hidden (&collector);
  return TRUE;
}
