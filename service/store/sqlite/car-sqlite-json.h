/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* jsonb, as PostgreSQL compares it, for a database that has none. */

/* Both are JSON; FALSE where one is not. */
gboolean
car_sqlite_json_contains (const char *whole, gsize whole_length, const char *part, gsize part_length);
gboolean car_sqlite_json_has_key (const char *json, gsize length, const char *key, gsize key_length);

/* A text that sorts and compares as the JSON does (transfer full). NULL for what is no JSON. */
char *car_sqlite_json_sort_key (const char *json, gsize length, gsize *key_length);

G_END_DECLS
