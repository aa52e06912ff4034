/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The folder in which the runs of one source on this machine leave what the next one needs (docs/running.md, "The state
 * folder"). Nobody but its user can look into it. */
typedef struct _CarStateFolder CarStateFolder;

/* The folder of this source of this service, made where it is missing, below `parent`, or below the user's own folder for state
 * where that is NULL. NULL, with an error that says why: there can be none, or it is not the user's alone. */
CarStateFolder *
car_state_folder_open (const char *parent, const char *url, const char *source, GError **error);
void car_state_folder_free (CarStateFolder *self);

const char *car_state_folder_get_path (const CarStateFolder *self);

/* To name files from: what it names stays the same folder, whatever becomes of the path. */
int car_state_folder_get_fd (const CarStateFolder *self);

/* Takes the folder for the run of this process, until it is freed or the process ends, whatever ends it. Sets
 * CAR_RECOVERABLE_FAILURE where another run has it; every other error says that the folder cannot be locked. */
gboolean car_state_folder_lock (CarStateFolder *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarStateFolder, car_state_folder_free)

G_END_DECLS
