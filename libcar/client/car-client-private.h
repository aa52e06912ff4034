/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

G_BEGIN_DECLS

/* The time limits of a client, in milliseconds: tests shorten them. */
typedef struct
{
  guint call_timeout;      /* one HTTP exchange */
  guint first_retry_delay; /* doubled, with some chance, at each further one */
  guint max_retry_delay;   /* also the most that a Retry-After is honoured */
  guint max_retries;
  guint first_poll_delay; /* between looks at a job; grows up to max_poll_delay */
  guint max_poll_delay;
  guint job_timeout; /* a job that is not done by then is a recoverable failure */
  guint max_silence; /* while a job is waited for; then the log says so, at intervals that double */
} CarClientLimits;

void car_client_set_limits (CarClient *self, const CarClientLimits *limits);
void car_client_get_limits (CarClient *self, CarClientLimits *limits);

/* car_client_import_bytes() for the uploader, which splits what is too large (HTTP 413): then NULL with *too_large
 * TRUE and no error. */
char *car_client_post_page (CarClient *self,
                            GBytes *envelope,
                            gboolean *too_large,
                            GCancellable *cancellable,
                            GError **error);

/* One look at the oldest of the import jobs, as many as one call can ask for: the ids of those that are done leave
 * `ids`, an array of strings that it frees. A job that failed is a failure. */
gboolean
car_client_look_at_imports (CarClient *self, GPtrArray *ids, GCancellable *cancellable, GError **error);

/* The growing waits between looks at jobs, and their end. Renewed whenever a job is seen to be done; spending answers the
 * next wait in milliseconds, or fails (recoverable) where no job was done for too long. */
typedef struct
{
  guint delay;
  guint silence;
  gint64 word; /* when the log says that it is still waited for */
  gint64 deadline;
} CarPatience;

void car_client_begin_patience (CarClient *self, CarPatience *patience);
void car_client_renew_patience (CarClient *self, CarPatience *patience);
gboolean car_client_spend_patience (CarClient *self,
                                    CarPatience *patience,
                                    const char *id,
                                    guint *delay,
                                    GError **error);

/* "name/version" of the connector, told to the service as User-Agent besides libcar's own. */
void car_client_set_user_agent (CarClient *self, const char *product);

G_END_DECLS
