/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/run/car-journal-private.h>
#include <libcar/run/car-run-options-private.h>
#include <libcar/run/car-state-folder-private.h>
#include <libcar/schema/car-schema-extension.h>
#include <libcar/staging/car-data-handler-private.h>

G_BEGIN_DECLS

/* What a run takes from the one before, and leaves for the one after: all that was read, and could not be sent. */
typedef struct _CarResume CarResume;

/* NULL where this run neither takes nor leaves anything. The folder is locked, and outlives it. */
CarResume *car_resume_new (CarStateFolder *folder, const CarSettings *settings, const CarRunOptions *options);
void car_resume_free (CarResume *self);

/* The schema extension is one of the things that both runs must have alike. */
void car_resume_set_extension (CarResume *self, CarSchemaExtension *extension);

/* Takes what an earlier run left into a new data handler. NULL: there is nothing that fits; the log says why, where there was
 * something, and it is removed. The data handler is of no use then. `last_save_point`: what the service holds; NULL: nothing.
 * `refusal`: why nothing fits; NULL: something may. */
CarJournal *car_resume_take (CarResume *self,
                             CarDataHandler *data_handler,
                             const char *last_save_point,
                             const char *refusal);

/* Leaves what was read, before any of it is sent. Where that fails, a warning says so. `reason`: of a full import; NULL: it is an
 * incremental one. */
void car_resume_leave (CarResume *self,
                       CarDataHandler *data_handler,
                       const char *reason,
                       const char *last_save_point,
                       const char *save_point);

/* The end of the run. What is left stays for the next run if that is to send it. */
void car_resume_end (CarResume *self, gboolean stays);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarResume, car_resume_free)

G_END_DECLS
