/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-model.h"

/* What every JSON reader can hold exactly (RFC 8259, section 6). */
#define SAFE_INTEGER 9007199254740991.0
#define ANY_DOUBLE G_MAXDOUBLE

/* Addresses are any text: an inventory holds what people typed, and a connector has to cope with it. */

static const AssetField xrefproperty_fields[] = {
  { "extref_typename", ASSET_TEXT },
  { "extref_value", ASSET_TEXT },
  { "q_extref_typeid", ASSET_INTEGER, "0", -SAFE_INTEGER, SAFE_INTEGER },
  { NULL },
};

static const AssetField vulnerability_fields[] = {
  { "name", ASSET_TEXT },
  { "published_on", ASSET_INTEGER, "0", 0, SAFE_INTEGER },
  { "disclosed_on", ASSET_INTEGER, "0", 0, SAFE_INTEGER },
  { "updated_on", ASSET_INTEGER, "0", 0, SAFE_INTEGER },
  { "vcvssbmid", ASSET_INTEGER, "0", -SAFE_INTEGER, SAFE_INTEGER },
  { "base_score", ASSET_NUMBER, "0", 0, 10 },
  { "xref_properties", ASSET_LINKS, "[]", .target = "xrefproperties" },
  { NULL },
};

static const AssetField site_fields[] = {
  { "name", ASSET_TEXT },
  { "address", ASSET_TEXT },
  { NULL },
};

static const AssetField asset_fields[] = {
  { "name", ASSET_TEXT },
  { "type", ASSET_TEXT, "\"Other\"" },
  { "initial_value", ASSET_NUMBER, "0", -ANY_DOUBLE, ANY_DOUBLE },
  { "site", ASSET_LINK, "null", .target = "sites" },
  { "vulnerabilities", ASSET_LINKS, "[]", .target = "vulnerabilities" },
  { NULL },
};

static const AssetField ip_address_fields[] = {
  { "address", ASSET_TEXT },
  { "asset", ASSET_LINK, .target = "assets" },
  { NULL },
};

static const AssetField mac_address_fields[] = {
  { "address", ASSET_TEXT },
  { "asset", ASSET_LINK, .target = "assets" },
  { "ip_addresses", ASSET_LINKS, "[]", .target = "ip_addresses" },
  { NULL },
};

static const AssetField host_fields[] = {
  { "host", ASSET_TEXT },
  { "asset", ASSET_LINK, .target = "assets" },
  { NULL },
};

static const AssetField app_fields[] = {
  { "name", ASSET_TEXT },
  { "assets", ASSET_LINKS, "[]", .target = "assets" },
  { NULL },
};

static const AssetField port_fields[] = {
  { "port_number", ASSET_INTEGER, NULL, 0, 65535 },
  { "layer7application", ASSET_TEXT, "\"unknown\"" },
  { "protocol", ASSET_TEXT, "\"tcp\"" },
  { "apps", ASSET_LINKS, "[]", .target = "apps" },
  { "ip_addresses", ASSET_LINKS, "[]", .target = "ip_addresses" },
  { NULL },
};

/* A collection comes after all that its fields lead to. Its place here is its number in the change log. */
const AssetCollection asset_collections[ASSET_N_COLLECTIONS + 1] = {
  { "xrefproperties", xrefproperty_fields },
  { "vulnerabilities", vulnerability_fields },
  { "sites", site_fields },
  { "assets", asset_fields },
  { "ip_addresses", ip_address_fields },
  { "mac_addresses", mac_address_fields },
  { "hosts", host_fields },
  { "apps", app_fields },
  { "ports", port_fields },
  { NULL },
};

const AssetCollection *
asset_collection_find (const char *name)
{
  for (const AssetCollection *collection = asset_collections; collection->name; collection++)
    if (g_str_equal (collection->name, name))
      return collection;

  return NULL;
}

gboolean
asset_field_is_nullable (const AssetField *field)
{
  return field->type == ASSET_LINK && field->fallback;
}

char *
asset_field_link_table (const AssetCollection *collection, const AssetField *field)
{
  return g_strdup_printf ("%s_%s", collection->name, field->name);
}

static void
append_column (GString *sql, const AssetField *field)
{
  static const char *const types[] = {
    [ASSET_TEXT] = "TEXT NOT NULL",
    [ASSET_INTEGER] = "INTEGER NOT NULL",
    [ASSET_NUMBER] = "REAL NOT NULL",
  };

  g_string_append_printf (sql, ", %s ", field->name);
  if (field->type != ASSET_LINK)
    g_string_append (sql, types[field->type]);
  else if (asset_field_is_nullable (field))
    g_string_append_printf (sql, "INTEGER REFERENCES %s ON DELETE SET NULL", field->target);
  else
    g_string_append_printf (sql, "INTEGER NOT NULL REFERENCES %s ON DELETE CASCADE", field->target);
}

/* `row` is what the trigger calls the row: OLD or NEW. */
static void
append_log_entry (GString *sql, const char *collection, const char *row, const char *pk, gboolean deleted)
{
  g_string_append_printf (sql, "INSERT INTO changes (collection, pk, deleted) VALUES (%d, %s.%s, %d); ",
                          (int) (asset_collection_find (collection) - asset_collections), row, pk, deleted);
}

static void
append_collection (GString *sql, const AssetCollection *collection)
{
  const char *name = collection->name;
  g_autoptr (GString) changed = g_string_new (NULL);

  /* AUTOINCREMENT: a number is never given twice, or a delta would take one object for another. */
  g_string_append_printf (sql, "CREATE TABLE %s (pk INTEGER PRIMARY KEY AUTOINCREMENT", name);
  for (const AssetField *field = collection->fields; field->name; field++)
    if (field->type != ASSET_LINKS)
      {
        append_column (sql, field);
        g_string_append_printf (changed, "%sOLD.%s IS NOT NEW.%s", changed->len ? " OR " : "", field->name,
                                field->name);
      }
  g_string_append (sql, ") STRICT;\n");

  for (const AssetField *field = collection->fields; field->name; field++)
    if (field->type == ASSET_LINK)
      g_string_append_printf (sql, "CREATE INDEX %s_of_%s ON %s (%s);\n", name, field->name, name,
                              field->name);

  g_string_append_printf (sql, "CREATE TRIGGER %s_created AFTER INSERT ON %s BEGIN ", name, name);
  append_log_entry (sql, name, "NEW", "pk", FALSE);
  g_string_append_printf (sql, "END;\nCREATE TRIGGER %s_changed AFTER UPDATE ON %s WHEN %s BEGIN ", name,
                          name, changed->str);
  append_log_entry (sql, name, "NEW", "pk", FALSE);
  g_string_append_printf (sql, "END;\nCREATE TRIGGER %s_deleted AFTER DELETE ON %s BEGIN ", name, name);
  append_log_entry (sql, name, "OLD", "pk", TRUE);
  g_string_append (sql, "END;\n");
}

static void
append_link_table (GString *sql, const AssetCollection *collection, const AssetField *field)
{
  g_autofree char *table = asset_field_link_table (collection, field);

  g_string_append_printf (sql,
                          "CREATE TABLE %s ("
                          "origin INTEGER NOT NULL REFERENCES %s ON DELETE CASCADE, "
                          "target INTEGER NOT NULL REFERENCES %s ON DELETE CASCADE, "
                          "PRIMARY KEY (origin, target)) STRICT, WITHOUT ROWID;\n"
                          "CREATE INDEX %s_of_target ON %s (target);\n",
                          table, collection->name, field->target, table, table);

  g_string_append_printf (sql, "CREATE TRIGGER %s_linked AFTER INSERT ON %s BEGIN ", table, table);
  append_log_entry (sql, collection->name, "NEW", "origin", FALSE);
  append_log_entry (sql, field->target, "NEW", "target", FALSE);
  g_string_append_printf (sql, "END;\nCREATE TRIGGER %s_unlinked AFTER DELETE ON %s BEGIN ", table, table);
  append_log_entry (sql, collection->name, "OLD", "origin", FALSE);
  append_log_entry (sql, field->target, "OLD", "target", FALSE);
  g_string_append (sql, "END;\n");
}

/* Triggers keep the change log, so that there is no way to change the inventory past it: deletions that follow from
 * another one are in it too. SQLite runs what a foreign key does before the trigger of the deletion that caused it:
 * an object's own deletion is always its last entry. */
char *
asset_model_schema (void)
{
  GString *sql = g_string_new ("CREATE TABLE IF NOT EXISTS changes ("
                               "state INTEGER PRIMARY KEY AUTOINCREMENT, "
                               "collection INTEGER NOT NULL, "
                               "pk INTEGER NOT NULL, "
                               "deleted INTEGER NOT NULL) STRICT;\n");
  for (const AssetCollection *collection = asset_collections; collection->name; collection++)
    {
      append_collection (sql, collection);
      for (const AssetField *field = collection->fields; field->name; field++)
        if (field->type == ASSET_LINKS)
          append_link_table (sql, collection, field);
    }
  return g_string_free (sql, FALSE);
}

char *
asset_model_drop (void)
{
  GString *sql = g_string_new (NULL);

  /* What refers to others comes first: then nothing is left that a foreign key would have to look after. */
  for (const AssetCollection *collection = asset_collections; collection->name; collection++)
    {
      g_autoptr (GString) drop = g_string_new (NULL);
      for (const AssetField *field = collection->fields; field->name; field++)
        if (field->type == ASSET_LINKS)
          {
            g_autofree char *table = asset_field_link_table (collection, field);
            g_string_append_printf (drop, "DROP TABLE %s;\n", table);
          }
      g_string_append_printf (drop, "DROP TABLE %s;\n", collection->name);
      g_string_prepend (sql, drop->str);
    }
  return g_string_free (sql, FALSE);
}
