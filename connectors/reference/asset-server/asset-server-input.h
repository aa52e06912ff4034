/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "connectors/reference/asset-server/asset-server-store.h"

G_BEGIN_DECLS

/* What a client sends, checked. */

typedef struct
{
  AssetStore *store;
  const char *authority; /* HOST:PORT, as the client calls this server */
  const AssetCollection *collection;
  gint64 pk; /* of the object that is changed; 0: it is made */
  gboolean
      partial; /* fields that are missing stay as they are; else they take their fallback, or are required */
} AssetInput;

/* Reads a body into `record`. FALSE without an error: what is wrong with it was appended to `problems`, as a JSON
 * object of arrays of messages by field (`detail`: by the body as a whole). */
gboolean asset_input_read (const AssetInput *self,
                           const char *text,
                           gsize length,
                           AssetRecord *record,
                           GString *problems,
                           GError **error);

/* A number as it stands in a path or query: decimal digits and nothing else, without zeros before them. */
gboolean asset_input_parse_pk (const char *text, gint64 *pk);

G_END_DECLS
