/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car-data-handler-private.h>

G_BEGIN_DECLS

/* What an import did, for the end of a run. */

typedef enum
{
  CAR_SAVE_POINT_UNCHANGED,
  CAR_SAVE_POINT_KEPT,
  CAR_SAVE_POINT_NONE,      /* the connector has none to keep */
  CAR_SAVE_POINT_FORGOTTEN, /* after a failure */
} CarSavePointFate;

typedef struct
{
  char *collection;
  guint64 read;
  guint64 invalid;
  guint64 duplicates;
  guint64 sent;
} CarSummaryRow;

typedef struct
{
  gint64 begin;     /* monotonic microseconds */
  gboolean started; /* an import was decided on */
  gboolean full;
  char *reason; /* why it is a full one */
  GArray *rows; /* (element-type CarSummaryRow), by collection */
  CarSummaryRow total;
  guint64 deleted;
  guint64 bytes; /* staged to be sent */
  CarSavePointFate save_point;
} CarSummary;

void car_summary_init (CarSummary *self);
void car_summary_clear (CarSummary *self);

/* The import that is made from now on. `reason` says why it is a full one; NULL: it is an incremental one. */
void car_summary_start (CarSummary *self, const char *reason);

/* Takes over what the data handler counted. */
void car_summary_collect (CarSummary *self, CarDataHandler *data_handler);

/* Says it: one line in the log, and a table to people who watch. */
void car_summary_tell (const CarSummary *self, gboolean complete);

G_END_DECLS
