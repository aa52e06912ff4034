/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* A folder of objects: COLLECTION.jsonl holds those of a collection, one a line, as the connector gave them. */

#define CARCTL_OBJECTS_SUFFIX ".jsonl"
#define CARCTL_OBJECTS_SUMMARY "summary.json"

/* Writes the objects of a file of pages, as car-bundle stages them, into the folder; they lose what is the run's alone: the report,
 * the source and the time of an edge. No file: nothing. */
gboolean carctl_objects_split (const char *pages, const char *folder, GError **error);

/* The collections of a folder: a set of names. CAR_APP_ERROR_INVALID_PARAMETER: carctl collect did not write the folder. */
GHashTable *carctl_objects_list (const char *folder, GError **error);

G_END_DECLS
