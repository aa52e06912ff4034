/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/base/car-failure-private.h>
#include <libcar/settings/car-settings-private.h>
#include <libcar/staging/car-data-handler-private.h>
#include <libcar/staging/car-data-handler.h>

G_BEGIN_DECLS

/* What a run did, for its end. */

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
  guint64 conflicts;
  guint64 dangling; /* of edges that were sent: they lead to what was not brought */
  guint64 sent;
  guint64 deleted;
  guint64 closed;
  char *why_invalid; /* a JSON array of what is wrong, and how often */
} CarSummaryRow;

/* The connector could not read all of a collection. */
typedef struct
{
  char *collection;
  char *reason;
} CarSummaryReason;

typedef struct
{
  gint64 begin; /* monotonic microseconds */
  GDateTime *begin_time;
  gboolean started; /* an import was decided on */
  gboolean full;
  char *reason;  /* why it is a full one */
  char *read_at; /* when an earlier run read what this one sent: ISO 8601; NULL: this one read it */
  GArray *rows;  /* (element-type CarSummaryRow), by collection */
  CarSummaryRow total;
  guint64 bytes; /* staged to be sent */
  CarSavePointFate save_point;
  const char *closing; /* whether what a full import's end closes is guarded; NULL: it did not come to that */
  GPtrArray *incomplete; /* (element-type CarSummaryReason) */

  int exit_code;
  char *failure; /* NULL: there was none, else these two say more of it */
  CarFailureKind failure_kind;
  const char *failed_step;
} CarSummary;

void car_summary_init (CarSummary *self);
void car_summary_clear (CarSummary *self);

/* The import that is made from now on. `reason` says why it is a full one; NULL: it is an incremental one. */
void car_summary_start (CarSummary *self, const char *reason);

/* What is sent is what an earlier run read, at this time. */
void car_summary_set_resumed (CarSummary *self, const char *read_at);

/* Takes over what the data handler counted. */
void car_summary_collect (CarSummary *self, CarDataHandler *data_handler);

/* What the connector could not read whole, and why. */
void car_summary_add_incomplete (CarSummary *self, const char *collection, const char *reason);

/* How the run failed. */
void car_summary_set_failure (CarSummary *self,
                              CarFailureKind kind,
                              int exit_code,
                              const char *step,
                              const char *message);

/* Writes it as JSON to the file that the setting `summary` names, if it does: docs/running.md says what is in it. When
 * that fails there is a warning. */
void car_summary_write (CarSummary *self, const CarSettings *settings);

/* The word for what became of the save point. */
const char *car_summary_get_save_point (const CarSummary *self);

/* Says it: one line in the log, and a table to people who watch. */
void car_summary_tell (CarSummary *self, gboolean complete);

G_END_DECLS
