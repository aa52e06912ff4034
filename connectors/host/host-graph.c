/* SPDX-License-Identifier: Apache-2.0 */

/* The inventory as vertices and edges. All edges are here that the core model has between the collections imported. */

#include "config.h"

#include "host-graph.h"

#include <string.h>

typedef struct
{
  HostInventory *inventory;
  HostGraphFunc func;
  gpointer user_data;
  GHashTable *seen; /* what was handed out: two interfaces may have one address, two sockets one owner */
  CarRecord *record;
  GError *error; /* once set, nothing more is handed out */
} Writer;

static void
writer_init (Writer *self, HostInventory *inventory, HostGraphFunc func, gpointer user_data)
{
  *self = (Writer){ .inventory = inventory, .func = func, .user_data = user_data };
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->record = car_record_new ();
}

static gboolean
writer_finish (Writer *self, GError **error)
{
  g_hash_table_unref (self->seen);
  car_record_free (self->record);
  if (!self->error)
    return TRUE;
  g_propagate_error (error, self->error);
  return FALSE;
}

/* Hands out the record, unless one of this name was. `name` is taken. */
static void
writer_emit (Writer *self, const char *collection, char *name)
{
  if (g_hash_table_add (self->seen, name) && !self->error)
    self->func (collection, self->record, self->user_data, &self->error);
}

/* One name for one thing of one machine: everything but addresses and names, which machines may share. */
static char *
make_id (Writer *self, const char *kind, const char *key)
{
  return g_strjoin (":", self->inventory->id, kind, key, NULL);
}

static char *
get_account_id (Writer *self, const HostAccount *account)
{
  return make_id (self, "account", account->name);
}

static char *
get_user_id (Writer *self, const HostAccount *account)
{
  return make_id (self, "user", account->name);
}

static char *
get_application_id (Writer *self, const HostApplication *application)
{
  static const char *const kinds[] = {
    [HOST_APPLICATION_SYSTEM] = "os",
    [HOST_APPLICATION_PACKAGE] = "package",
    [HOST_APPLICATION_PROGRAM] = "program",
  };

  return make_id (self, kinds[application->kind], application->key);
}

static char *
get_port_id (Writer *self, const HostPort *port)
{
  g_autofree char *key = g_strdup_printf ("%s:%u", port->address, port->number);

  return make_id (self, port->protocol, key);
}

static void
set_text (CarRecord *record, const char *name, const char *value)
{
  if (value && *value != '\0')
    car_record_set_string (record, name, value);
}

/* Takes `properties`. */
static void
set_properties (CarRecord *record, CarRecord *properties)
{
  g_autofree char *json = car_record_to_json (properties);

  car_record_set_json (record, "properties", json);
  car_record_free (properties);
}

static void
write_asset (Writer *self)
{
  const HostInventory *machine = self->inventory;

  car_record_clear (self->record);
  car_record_set_string (self->record, "external_id", machine->id);
  car_record_set_string (self->record, "name", machine->name);
  car_record_set_string (self->record, "asset_type", machine->type);
  car_record_set_string (self->record, "description", machine->description);
  writer_emit (self, "asset", g_strdup (machine->id));
}

static void
write_hostname (Writer *self, const char *name)
{
  car_record_clear (self->record);
  car_record_set_string (self->record, "_key", name);
  car_record_set_string (self->record, "host_name", name);
  writer_emit (self, "hostname", g_strconcat ("hostname/", name, NULL));
}

static void
write_interface (Writer *self, const HostInterface *interface)
{
  for (guint i = 0; i < interface->addresses->len; i++)
    {
      const char *address = interface->addresses->pdata[i];
      car_record_clear (self->record);
      car_record_set_string (self->record, "_key", address);
      car_record_set_string (self->record, "name", address);
      writer_emit (self, "ipaddress", g_strconcat ("ipaddress/", address, NULL));
    }

  if (!interface->macaddress)
    return;
  car_record_clear (self->record);
  car_record_set_string (self->record, "_key", interface->macaddress);
  car_record_set_string (self->record, "name", interface->macaddress);
  car_record_set_string (self->record, "interface", interface->name);
  writer_emit (self, "macaddress", g_strconcat ("macaddress/", interface->macaddress, NULL));
}

static void
write_account (Writer *self, const HostAccount *account)
{
  g_autofree char *id = get_account_id (self, account);
  CarRecord *properties = car_record_new ();

  car_record_set_int (properties, "uid", account->uid);
  set_text (properties, "home", account->home);
  set_text (properties, "shell", account->shell);

  car_record_clear (self->record);
  car_record_set_string (self->record, "external_id", id);
  car_record_set_string (self->record, "name", account->name);
  car_record_set_boolean (self->record, "active", account->is_active);
  set_properties (self->record, properties);
  writer_emit (self, "account", g_steal_pointer (&id));
}

static void
write_user (Writer *self, const HostAccount *account)
{
  g_autofree char *id = get_user_id (self, account);

  car_record_clear (self->record);
  car_record_set_string (self->record, "external_id", id);
  car_record_set_string (self->record, "username", account->name);
  car_record_set_string (self->record, "name", account->full_name ? account->full_name : account->name);
  set_text (self->record, "fullname", account->full_name);
  car_record_set_boolean (self->record, "active", account->is_active);
  writer_emit (self, "user", g_steal_pointer (&id));
}

static void
write_application (Writer *self, const HostApplication *application)
{
  static const char *const types[] = {
    [HOST_APPLICATION_SYSTEM] = "operating system",
    [HOST_APPLICATION_PACKAGE] = "package",
    [HOST_APPLICATION_PROGRAM] = "program",
  };
  g_autofree char *id = get_application_id (self, application);
  CarRecord *properties = car_record_new ();

  set_text (properties, "version", application->version);
  set_text (properties, "architecture", application->architecture);
  if (application->kind == HOST_APPLICATION_PROGRAM)
    set_text (properties, "path", application->key);

  car_record_clear (self->record);
  car_record_set_string (self->record, "external_id", id);
  car_record_set_string (self->record, "name", application->name);
  car_record_set_string (self->record, "app_type", types[application->kind]);
  car_record_set_boolean (self->record, "is_os", application->kind == HOST_APPLICATION_SYSTEM);
  set_text (self->record, "description", application->description);
  set_text (self->record, "cpe", application->cpe);
  set_properties (self->record, properties);
  writer_emit (self, "application", g_steal_pointer (&id));
}

static void
write_port (Writer *self, const HostPort *port)
{
  g_autofree char *id = get_port_id (self, port);
  g_autofree char *name = g_strdup_printf ("%u/%s", port->number, port->protocol);
  CarRecord *properties = car_record_new ();

  car_record_set_string (properties, "address", port->address);

  car_record_clear (self->record);
  car_record_set_string (self->record, "external_id", id);
  car_record_set_string (self->record, "name", name);
  car_record_set_int (self->record, "port_number", port->number);
  car_record_set_string (self->record, "protocol", port->protocol);
  car_record_set_string (self->record, "status", "listening");
  set_properties (self->record, properties);
  writer_emit (self, "port", g_steal_pointer (&id));
}

gboolean
host_graph_foreach_vertex (HostInventory *inventory, HostGraphFunc func, gpointer user_data, GError **error)
{
  Writer writer;

  writer_init (&writer, inventory, func, user_data);
  write_asset (&writer);
  for (guint i = 0; i < inventory->names->len; i++)
    write_hostname (&writer, inventory->names->pdata[i]);
  for (guint i = 0; i < inventory->interfaces->len; i++)
    write_interface (&writer, inventory->interfaces->pdata[i]);
  for (guint i = 0; i < inventory->accounts->len; i++)
    {
      const HostAccount *account = inventory->accounts->pdata[i];
      write_account (&writer, account);
      if (account->is_human)
        write_user (&writer, account);
    }
  for (guint i = 0; i < inventory->applications->len; i++)
    write_application (&writer, inventory->applications->pdata[i]);
  for (guint i = 0; i < inventory->ports->len; i++)
    write_port (&writer, inventory->ports->pdata[i]);
  return writer_finish (&writer, error);
}

/* One end of an edge (protocol.md, "The envelope"). What collects it knows how the vertex is named. */
typedef struct
{
  const char *collection;
  const char *name;
  gboolean is_key;
} End;

static End
by_id (const char *collection, const char *id)
{
  return (End){ collection, id, FALSE };
}

static End
by_key (const char *collection, const char *key)
{
  return (End){ collection, key, TRUE };
}

/* “_from_external_id”: ID, or “_from”: “COLLECTION/KEY”. */
static void
set_end (CarRecord *record, const char *member, const End *end)
{
  if (end->is_key)
    {
      g_autofree char *key = g_strconcat (end->collection, "/", end->name, NULL);
      car_record_set_string (record, member, key);
    }
  else
    {
      g_autofree char *id_member = g_strconcat (member, "_external_id", NULL);
      car_record_set_string (record, id_member, end->name);
    }
}

static void
write_edge (Writer *self, End from, End to)
{
  g_autofree char *collection = g_strconcat (from.collection, "_", to.collection, NULL);

  car_record_clear (self->record);
  set_end (self->record, "_from", &from);
  set_end (self->record, "_to", &to);
  writer_emit (self, collection, g_strjoin ("\n", collection, from.name, to.name, NULL));
}

static void
write_interface_edges (Writer *self, const HostInterface *interface)
{
  const HostInventory *machine = self->inventory;

  if (interface->macaddress)
    write_edge (self, by_id ("asset", machine->id), by_key ("macaddress", interface->macaddress));
  for (guint i = 0; i < interface->addresses->len; i++)
    {
      const char *address = interface->addresses->pdata[i];
      write_edge (self, by_id ("asset", machine->id), by_key ("ipaddress", address));
      if (interface->macaddress)
        write_edge (self, by_key ("ipaddress", address), by_key ("macaddress", interface->macaddress));
      for (guint j = 0; j < machine->names->len; j++)
        write_edge (self, by_key ("ipaddress", address), by_key ("hostname", machine->names->pdata[j]));
    }
}

/* Every account is one of the machine by each of its names. By its addresses it is reached only where it can log in:
 * an account that just runs a service is not. */
static void
write_account_edges (Writer *self, const HostAccount *account)
{
  const HostInventory *machine = self->inventory;
  g_autofree char *id = get_account_id (self, account);

  write_edge (self, by_id ("asset", machine->id), by_id ("account", id));
  if (account->is_human)
    {
      g_autofree char *user = get_user_id (self, account);
      write_edge (self, by_id ("user", user), by_id ("account", id));
    }
  for (guint i = 0; i < machine->names->len; i++)
    write_edge (self, by_id ("account", id), by_key ("hostname", machine->names->pdata[i]));
  for (guint i = 0; account->has_login_shell && i < machine->interfaces->len; i++)
    {
      const HostInterface *interface = machine->interfaces->pdata[i];
      for (guint j = 0; j < interface->addresses->len; j++)
        write_edge (self, by_id ("account", id), by_key ("ipaddress", interface->addresses->pdata[j]));
    }
}

static void
write_application_edges (Writer *self, const HostApplication *application)
{
  g_autofree char *id = get_application_id (self, application);

  write_edge (self, by_id ("asset", self->inventory->id), by_id ("application", id));
  for (guint i = 0; i < application->run_by->len; i++)
    {
      g_autofree char *account = get_account_id (self, application->run_by->pdata[i]);
      write_edge (self, by_id ("account", account), by_id ("application", id));
    }
}

static gboolean
listens_on (const HostPort *port, const char *address)
{
  gboolean is_ipv6 = strchr (address, ':') != NULL;

  if (g_str_equal (port->address, "0.0.0.0"))
    return !is_ipv6;
  if (g_str_equal (port->address, "::"))
    return is_ipv6 || port->takes_ipv4;
  return g_str_equal (port->address, address);
}

/* A port on a loopback address has no address in the graph, for the reason given in host-network.c: only what owns it
 * joins it to the machine. */
static void
write_port_edges (Writer *self, const HostPort *port)
{
  const HostInventory *machine = self->inventory;
  g_autofree char *id = get_port_id (self, port);
  g_autoptr (GPtrArray) owners = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < port->owners->len; i++)
    {
      char *owner = get_application_id (self, port->owners->pdata[i]);
      g_ptr_array_add (owners, owner);
      write_edge (self, by_id ("application", owner), by_id ("port", id));
    }
  for (guint i = 0; i < machine->interfaces->len; i++)
    {
      const HostInterface *interface = machine->interfaces->pdata[i];
      for (guint j = 0; j < interface->addresses->len; j++)
        {
          const char *address = interface->addresses->pdata[j];
          if (!listens_on (port, address))
            continue;
          write_edge (self, by_key ("ipaddress", address), by_id ("port", id));
          for (guint k = 0; k < owners->len; k++)
            write_edge (self, by_id ("application", owners->pdata[k]), by_key ("ipaddress", address));
        }
    }
}

gboolean
host_graph_foreach_edge (HostInventory *inventory, HostGraphFunc func, gpointer user_data, GError **error)
{
  Writer writer;

  writer_init (&writer, inventory, func, user_data);
  for (guint i = 0; i < inventory->names->len; i++)
    write_edge (&writer, by_id ("asset", inventory->id), by_key ("hostname", inventory->names->pdata[i]));
  for (guint i = 0; i < inventory->interfaces->len; i++)
    write_interface_edges (&writer, inventory->interfaces->pdata[i]);
  for (guint i = 0; i < inventory->accounts->len; i++)
    write_account_edges (&writer, inventory->accounts->pdata[i]);
  for (guint i = 0; i < inventory->applications->len; i++)
    write_application_edges (&writer, inventory->applications->pdata[i]);
  for (guint i = 0; i < inventory->ports->len; i++)
    write_port_edges (&writer, inventory->ports->pdata[i]);
  return writer_finish (&writer, error);
}

static gboolean
note_object (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  GPtrArray *objects = user_data;
  g_autofree char *json = car_record_to_json (record);

  g_ptr_array_add (objects, g_strjoin ("\t", collection, json, NULL));
  return TRUE;
}

static gint
compare_objects (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
host_graph_get_digest (HostInventory *inventory)
{
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  host_graph_foreach_vertex (inventory, note_object, objects, NULL);
  host_graph_foreach_edge (inventory, note_object, objects, NULL);

  g_ptr_array_sort (objects, compare_objects);
  for (guint i = 0; i < objects->len; i++)
    {
      const char *object = objects->pdata[i];
      g_checksum_update (checksum, (const guchar *) object, (gssize) strlen (object) + 1);
    }
  return g_strdup (g_checksum_get_string (checksum));
}
