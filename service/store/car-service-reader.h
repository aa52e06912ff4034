/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Reads the pages of jobs that wait in a thread of its own, a few ahead of the one that writes them. */
typedef struct _CarServiceReader CarServiceReader;

/* A page, or why it cannot be read. */
typedef struct
{
  gint64 job;
  char *model; /* the mark of the model that it was read by */
  CarServicePage *page;
  GError *problem;
} CarServiceReading;

void car_service_reading_free (CarServiceReading *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceReading, car_service_reading_free)

/* `store` is a connection for this thread, which takes it. */
CarServiceReader *car_service_reader_new (CarServiceStore *store, GError **error);

/* Ends the thread. */
void car_service_reader_free (CarServiceReader *self);

/* There may be jobs that wait. From any thread. */
void car_service_reader_wake (CarServiceReader *self);

/* What was read of this job, if it is read ahead; waits where it is about to be. NULL: it is not. The jobs before it are not asked
 * for any more. */
CarServiceReading *car_service_reader_take (CarServiceReader *self, gint64 job);

/* Reads the body of a job by the store's own model. Never NULL. */
CarServiceReading *car_service_reader_read (CarServiceStore *store, gint64 job, GBytes *body);

G_END_DECLS
