/* SPDX-License-Identifier: Apache-2.0 */

/* What the examples in libcar's doc comments leave out: the classes of a connector, and its data source. */

#include <libcar/car.h>

typedef CarFullImport InventoryImport;
typedef CarFullImportClass InventoryImportClass;

typedef struct
{
  CarIncrementalImport parent_instance;
  char **deleted;
} InventoryChanges;

typedef struct
{
  char *id;
  char *name;
  double risk;
} Host;

GType inventory_server_get_type (void);
GType inventory_import_get_type (void);
gboolean inventory_server_log_in (CarAssetServer *self, GCancellable *cancellable);
gboolean
inventory_server_read_page (CarAssetServer *self, char **page, GCancellable *cancellable, GError **error);
gboolean
inventory_server_ask_latest (CarAssetServer *self, char **latest, GCancellable *cancellable, GError **error);
gboolean inventory_server_has_history_since (CarAssetServer *self, const char *change);
char **inventory_server_list_deleted (CarAssetServer *self,
                                      const char *last,
                                      const char *new,
                                      GCancellable *cancellable,
                                      GError **error);
void read_page (JsonArray *page);
