/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store-private.h"

/* The numbers i from 0 up to `factor` times the model's size (?1). */
#define EACH(factor)                                                                                         \
  "WITH RECURSIVE each (i) AS ("                                                                             \
  "SELECT 0 WHERE ?1 > 0 UNION ALL SELECT i + 1 FROM each WHERE i + 1 < ?1 * " factor ") "

/* Each is given the model's size as ?1. Objects are numbered from 1 on. The addresses are plain numbers that go on
 * from 10.10.10.11 and 02:00:00:00:00:00: all of 10.0.0.0/8 is one network, where 10.10.10.255 is an address like any
 * other. */
static const char *const steps[] = {
  "INSERT INTO xrefproperties (pk, extref_typename, extref_value, q_extref_typeid) "
  "SELECT value + 1, printf ('xref property %d', value), printf ('%d', 1000 + value), 20 + value "
  "FROM json_each ('[0, 1, 2]') WHERE ?1 >= 0",

  EACH ("2") "INSERT INTO vulnerabilities "
             "(pk, name, published_on, disclosed_on, updated_on, vcvssbmid, base_score) "
             "SELECT i + 1, printf ('Vulnerability %d', i), 1600000000000 + i, 1590000000000 + i, "
             "1610000000000 + i, "
             "70000 + i, i % 101 / 10.0 FROM each",

  "INSERT INTO sites (pk, name, address) "
  "SELECT value + 1, printf ('Site %d', value), printf ('%d Main Street', 100 + 100 * value) "
  "FROM json_each ('[0, 1]') WHERE ?1 >= 0",

  EACH ("1") "INSERT INTO assets (pk, name, type, initial_value, site) "
             "SELECT i + 1, printf ('asset%d.domain.com', i), 'Server', 1000 + i % 10 * 250, i % 2 + 1 FROM "
             "each",

  EACH ("1") "INSERT INTO ip_addresses (pk, address, asset) "
             "SELECT i + 1, printf ('10.%d.%d.%d', (657931 + i) / 65536 % 256, (657931 + i) / 256 % 256, "
             "(657931 + i) % 256), i + 1 FROM each",

  EACH (
      "1") "INSERT INTO mac_addresses (pk, address, asset) "
           "SELECT i + 1, printf ('02:00:00:%02x:%02x:%02x', i / 65536 % 256, i / 256 % 256, i % 256), i + 1 "
           "FROM each",

  EACH ("1") "INSERT INTO hosts (pk, host, asset) SELECT i + 1, printf ('system%d.domain.com', i), i + 1 "
             "FROM each",

  EACH ("3") "INSERT INTO apps (pk, name) SELECT i + 1, printf ('Application %d', i) FROM each",

  "INSERT INTO ports (pk, port_number, layer7application, protocol) "
  "SELECT 1, 8090, 'http', 'tcp' WHERE ?1 >= 0",

  "INSERT INTO vulnerabilities_xref_properties "
  "SELECT vulnerabilities.pk, xrefproperties.pk FROM vulnerabilities CROSS JOIN xrefproperties WHERE ?1 >= 0",

  "INSERT INTO assets_vulnerabilities SELECT (pk + 1) / 2, pk FROM vulnerabilities WHERE ?1 >= 0",

  "INSERT INTO mac_addresses_ip_addresses SELECT pk, pk FROM mac_addresses WHERE ?1 >= 0",

  "INSERT INTO apps_assets SELECT pk, (pk + 2) / 3 FROM apps WHERE ?1 >= 0",

  "INSERT INTO ports_apps SELECT 1, pk FROM apps WHERE ?1 >= 0",

  "INSERT INTO ports_ip_addresses SELECT 1, pk FROM ip_addresses WHERE ?1 >= 0",
};

gboolean
asset_store_populate (AssetStore *self, gint64 size, GError **error)
{
  if (!asset_store_begin (self, error))
    return FALSE;

  gboolean ok = TRUE;
  for (guint i = 0; ok && i < G_N_ELEMENTS (steps); i++)
    ok = asset_store_run (self, error, steps[i], 1, size);
  return asset_store_end (self, ok, error);
}
