/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the connector found on a machine. The collectors (host-collectors.h) fill it in (one file each), host-graph.c makes vertices and
 * edges of it. All texts in it are UTF-8. */

typedef struct
{
  char *name; /* as in passwd */
  guint uid;
  char *full_name; /* or NULL */
  char *home;
  char *shell;
  gboolean has_login_shell;
  gboolean is_active;
  gboolean is_human; /* root, or one of those whom adduser numbers as people */
} HostAccount;

typedef enum
{
  HOST_APPLICATION_SYSTEM,
  HOST_APPLICATION_PACKAGE,
  HOST_APPLICATION_PROGRAM, /* listens on a port and belongs to no package */
} HostApplicationKind;

typedef struct
{
  HostApplicationKind kind;
  char *key; /* unique among those of its kind */
  char *name;
  char *description;  /* or NULL */
  char *version;      /* or NULL */
  char *architecture; /* or NULL */
  char *cpe;          /* or NULL */
  GPtrArray *run_by;  /* of HostAccount: under which of them it listens */
} HostApplication;

typedef struct
{
  char *name;           /* NULL where it is not known to which interface the addresses belong */
  char *macaddress;     /* or NULL */
  GPtrArray *addresses; /* of char *, in the spelling of RFC 5952; no loopback address */
} HostInterface;

typedef struct
{
  const char *protocol; /* "tcp" or "udp" */
  char *address;        /* "0.0.0.0" and "::" stand for all */
  guint16 number;
  gboolean takes_ipv4; /* for "::" */
  gboolean has_visible_owner;
  GPtrArray *owners; /* of HostApplication */
} HostPort;

typedef struct
{
  char *root_path;
  int root_fd;
  gboolean is_this_machine; /* the root is / */

  char *id;   /* 32 hexadecimal digits, derived from the machine id */
  char *name; /* of the machine */
  char *type;
  char *description;
  GPtrArray *names;        /* of char *: its host names, in lower case */
  GPtrArray *interfaces;   /* of HostInterface */
  GPtrArray *accounts;     /* of HostAccount */
  GPtrArray *applications; /* of HostApplication: the system, packages, programs */
  GPtrArray *ports;        /* of HostPort */

  GPtrArray *warnings; /* of char *: what could not be seen, and what to do */
  GPtrArray *infos;    /* of char *: what is not there */
} HostInventory;

/* An inventory with nothing in it yet, of the machine whose file system is below the root folder. */
HostInventory *host_inventory_new (const char *root, GError **error);
void host_inventory_free (HostInventory *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HostInventory, host_inventory_free)

/* For the collectors. Paths are relative to the root folder, without a leading slash; symbolic links do not lead out
 * of it. A text is made valid UTF-8 without NULs, whatever the file holds.
 *
 * host_inventory_read(): *text is NULL where there is no such file, or none that may be read (which becomes a
 * warning). FALSE only where the file may be there and reading it went wrong: leaving out what it holds would let the
 * service close it. */
gboolean host_inventory_read (HostInventory *self, const char *path, char **text, GError **error);
char *host_inventory_read_word (HostInventory *self, const char *path);
gboolean host_inventory_exists (HostInventory *self, const char *path);
int host_inventory_open_folder (HostInventory *self, const char *path);
/* The names in a folder, sorted; empty where there is none. */
GPtrArray *host_inventory_list (HostInventory *self, const char *path, gboolean (*wanted) (const char *name));

HostApplication *host_inventory_add_application (HostInventory *self,
                                                 HostApplicationKind kind,
                                                 const char *key,
                                                 const char *name);
HostInterface *host_inventory_add_interface (HostInventory *self, const char *name);

G_END_DECLS
