/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Whose a full import is (protocol.md, "We do"). A full import belongs to its report: to the one that its beginning names,
 * else to the first one that a page brings. A beginning replaces the full import that was under way.
 *
 * Jobs run in the order in which they were posted, so this is decided when a call comes, in the transaction that posts its
 * job. `report` is the report's _key; NULL where the call names none. All errors are CAR_SERVICE_ERROR 409, or the
 * database's. */

gboolean
car_service_sessions_begin (CarServiceStore *store, const char *source, const char *report, GError **error);

/* A page comes. A page whose report is of no full import is an incremental one. */
gboolean
car_service_sessions_join (CarServiceStore *store, const char *source, const char *report, GError **error);

/* Whether a page whose job runs now is one of a full import. A page without a report may be one where there are any. */
gboolean car_service_sessions_has (CarServiceStore *store,
                                   const char *source,
                                   const char *report,
                                   gboolean *has,
                                   GError **error);

/* The end comes. *job is the job of the same end where it came before, and 0 where it is to be posted, and noted. */
gboolean car_service_sessions_end (CarServiceStore *store,
                                   const char *source,
                                   const char *report,
                                   gint64 *job,
                                   GError **error);
gboolean
car_service_sessions_note_end (CarServiceStore *store, const char *source, gint64 job, GError **error);

G_END_DECLS
