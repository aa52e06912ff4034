/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-call-private.h>

G_BEGIN_DECLS

/* Objects that the service left out of an envelope that it imported, for one reason. What is shown and the reason are fit for
 * a message; the collection's name is not: it may hold a secret. */
typedef struct
{
  char *collection; /* its name, to look it up by; NULL: the service says none */
  char *shown;      /* what the service says of the collection; NULL: nothing */
  char *reason;
  guint64 count;
} CarImportWarning;

/* (element-type CarImportWarning) */
GPtrArray *car_import_warnings_new (void);

/* Adds to the one of the same collection and reason, if there is one. */
void car_import_warnings_add (GPtrArray *warnings, const CarImportWarning *warning);

/* Adds what the service says under `warnings` of a job that is done. */
void car_import_warnings_read (GPtrArray *warnings, const CarCaller *caller, const CarJsonSpan *job);

/* Takes them into the log, and empties the array. */
void car_import_warnings_tell (GPtrArray *warnings);

/* What to say of one. */
char *car_import_warning_describe (const CarImportWarning *self);

G_END_DECLS
