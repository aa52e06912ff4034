/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-hash-private.h>

G_BEGIN_DECLS

/* The objects of a collection in a folder of carctl collect, in the order of its file. In memory is only where each stands. */

typedef struct _CarctlEntry CarctlEntry;
struct _CarctlEntry
{
  CarJsonHash name;  /* of what names it */
  CarJsonHash value; /* of all of it */
  goffset place;
  gsize length;
  CarctlEntry *partner; /* the caller's: the object on the other side */
};

typedef struct
{
  char *path;
  int fd;          /* -1: the folder has no such file, and so none of the objects */
  GArray *entries; /* (element-type CarctlEntry) */
} CarctlCollection;

/* What names an object. FALSE: it does not count. */
typedef gboolean (*CarctlNamer) (const CarJsonSpan *object, CarJsonHash *name, gconstpointer user_data);

/* CAR_APP_ERROR_INVALID_PARAMETER: a line is no object, or one with two members of one name. */
gboolean carctl_collection_open (CarctlCollection *self,
                                 const char *folder,
                                 const char *collection,
                                 CarctlNamer namer,
                                 gconstpointer user_data,
                                 GError **error);
void carctl_collection_clear (CarctlCollection *self);

/* The text of an object, which `object` is about. NULL: the file is another one by now. */
char *carctl_collection_read (const CarctlCollection *self,
                              const CarctlEntry *entry,
                              CarJsonSpan *object,
                              GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarctlCollection, carctl_collection_clear)

G_END_DECLS
