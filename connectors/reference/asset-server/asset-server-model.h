/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The inventory, stated once: the tables, what a client may send and what it is answered come from here. */

typedef enum
{
  ASSET_TEXT,    /* up to ASSET_TEXT_MAX characters, without NULs */
  ASSET_INTEGER, /* minimum to maximum */
  ASSET_NUMBER,  /* a finite double from minimum to maximum */
  ASSET_LINK,    /* one object of the target collection */
  ASSET_LINKS,   /* any number of them */
} AssetFieldType;

#define ASSET_TEXT_MAX 255
#define ASSET_MAX_FIELDS 8
#define ASSET_N_COLLECTIONS 9

typedef struct
{
  const char *name; /* NULL ends the list */
  AssetFieldType type;
  const char *fallback; /* JSON: the value of a field that is not given; NULL: the field is required */
  double minimum, maximum;
  const char *target; /* the collection that a link leads to */
} AssetField;

typedef struct
{
  const char *name; /* NULL ends the list */
  const AssetField *fields;
} AssetCollection;

extern const AssetCollection asset_collections[ASSET_N_COLLECTIONS + 1];

/* NULL where there is no such collection. */
const AssetCollection *asset_collection_find (const char *name);

/* A link that may be null: it outlives the object that it leads to. */
gboolean asset_field_is_nullable (const AssetField *field);

/* The name of the table that holds a field of many links. */
char *asset_field_link_table (const AssetCollection *collection, const AssetField *field);

/* The SQL that makes all tables of the model, and the triggers that keep its change log (where that is there
 * already, it goes on). */
char *asset_model_schema (void);

/* The SQL that drops all of it but the change log. */
char *asset_model_drop (void);

G_END_DECLS
