/* SPDX-License-Identifier: Apache-2.0 */

/* The interfaces with their addresses. Loopback addresses are left out: in the graph an address is one thing, whoever
 * reports it, so 127.0.0.1 would join all machines into one. */

#include "config.h"

#include "host-collectors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include <libcar/car.h>

static gboolean
is_loopback (int family, gconstpointer address)
{
  if (family == AF_INET)
    return *(const guint8 *) address == 127;
  return IN6_IS_ADDR_LOOPBACK ((const struct in6_addr *) address);
}

static void
add_address (HostInterface *interface, int family, gconstpointer address)
{
  char text[INET6_ADDRSTRLEN];

  if (is_loopback (family, address) || !inet_ntop (family, address, text, sizeof text))
    return;
  if (!g_ptr_array_find_with_equal_func (interface->addresses, text, g_str_equal, NULL))
    g_ptr_array_add (interface->addresses, g_strdup (text));
}

/* Ethernet and the like have six bytes, others have eight; tunnels keep their end's IP address there, which is not
 * one. In lower case, as Linux writes it. */
static void
set_macaddress (HostInterface *interface, const guint8 *bytes, gsize length)
{
  static const guint8 none[8];

  if ((length != 6 && length != 8) || memcmp (bytes, none, length) == 0)
    return;

  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (text, "%s%02x", i > 0 ? ":" : "", bytes[i]);
  g_free (interface->macaddress);
  interface->macaddress = g_string_free (text, FALSE);
}

static HostInterface *
get_interface (HostInventory *self, const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);

  for (guint i = 0; i < self->interfaces->len; i++)
    {
      HostInterface *interface = self->interfaces->pdata[i];
      if (g_str_equal (interface->name, valid))
        return interface;
    }
  return host_inventory_add_interface (self, valid);
}

static gboolean
ask_kernel (HostInventory *self, GError **error)
{
  struct ifaddrs *all;

  if (getifaddrs (&all) != 0)
    {
      g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN,
                   _ ("The kernel does not tell the network interfaces: %s"), g_strerror (errno));
      return FALSE;
    }

  for (struct ifaddrs *entry = all; entry; entry = entry->ifa_next)
    {
      HostInterface *interface = get_interface (self, entry->ifa_name);
      gconstpointer address = entry->ifa_addr;

      if (!address)
        continue;
      if (entry->ifa_addr->sa_family == AF_INET)
        add_address (interface, AF_INET, &((const struct sockaddr_in *) address)->sin_addr);
      else if (entry->ifa_addr->sa_family == AF_INET6)
        add_address (interface, AF_INET6, &((const struct sockaddr_in6 *) address)->sin6_addr);
      else if (entry->ifa_addr->sa_family == AF_PACKET)
        set_macaddress (interface, ((const struct sockaddr_ll *) address)->sll_addr,
                        MIN (((const struct sockaddr_ll *) address)->sll_halen, 8));
    }
  freeifaddrs (all);
  return TRUE;
}

static gboolean
is_interface_name (const char *name)
{
  return *name != '.' && g_utf8_validate (name, -1, NULL);
}

static void
read_macaddresses (HostInventory *self)
{
  g_autoptr (GPtrArray) names = host_inventory_list (self, "sys/class/net", is_interface_name);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename ("sys/class/net", names->pdata[i], "address", NULL);
      g_autofree char *text = host_inventory_read_word (self, path);
      HostInterface *interface = get_interface (self, names->pdata[i]);
      guint8 bytes[8];
      gsize length = 0;

      for (const char *p = text;
           p && length < sizeof bytes && g_ascii_isxdigit (p[0]) && g_ascii_isxdigit (p[1]);
           p += p[2] == ':' ? 3 : 2)
        bytes[length++] = (guint8) (g_ascii_xdigit_value (p[0]) << 4 | g_ascii_xdigit_value (p[1]));
      if (text && strlen (text) == length * 3 - 1)
        set_macaddress (interface, bytes, length);
    }
}

/* 32 digits, four columns, the interface's name. */
static void
parse_if_inet6 (HostInventory *self, char *text)
{
  char *rest = text, *line;

  while ((line = strsep (&rest, "\n")) != NULL)
    {
      char digits[33], name[17];
      struct in6_addr address;

      if (sscanf (line, "%32[0-9a-f] %*x %*x %*x %*x %16s", digits, name) != 2 || strlen (digits) != 32)
        continue;
      for (guint i = 0; i < 16; i++)
        address.s6_addr[i] =
            (guint8) (g_ascii_xdigit_value (digits[2 * i]) << 4 | g_ascii_xdigit_value (digits[2 * i + 1]));
      add_address (get_interface (self, name), AF_INET6, &address);
    }
}

/* The routing table's tree: the machine's own addresses are its leaves of kind “/32 host LOCAL”. It does not tell on
 * which interface they are. */
static void
parse_fib_trie (HostInventory *self, char *text)
{
  char *rest = text, *line;
  struct in_addr address = { 0 };
  HostInterface *unknown = host_inventory_add_interface (self, NULL);

  while ((line = strsep (&rest, "\n")) != NULL)
    {
      char dotted[16];

      if (sscanf (line, " |-- %15[0-9.]", dotted) == 1 && inet_pton (AF_INET, dotted, &address) == 1)
        continue;
      if (strstr (line, "/32 host LOCAL") && address.s_addr != 0)
        add_address (unknown, AF_INET, &address);
    }
}

static gboolean
read_files (HostInventory *self, GError **error)
{
  g_autofree char *fib_trie = NULL;
  g_autofree char *if_inet6 = NULL;

  read_macaddresses (self);

  /* Of the first process, which is in the machine's own network; what reads this may be in a container's. */
  if (!host_inventory_read (self, "proc/1/net/if_inet6", &if_inet6, error) ||
      !host_inventory_read (self, "proc/1/net/fib_trie", &fib_trie, error))
    return FALSE;
  if (if_inet6)
    parse_if_inet6 (self, if_inet6);
  if (fib_trie)
    parse_fib_trie (self, fib_trie);

  if (self->interfaces->len == 0)
    g_ptr_array_add (
        self->infos,
        g_strdup_printf (_ ("%s holds no running system’s /proc and /sys: no address is imported"),
                         self->root_path));
  return TRUE;
}

gboolean
host_collect_network (HostInventory *self, GError **error)
{
  return self->is_this_machine ? ask_kernel (self, error) : read_files (self, error);
}
