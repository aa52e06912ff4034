/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client-private.h>

/* A service that answers what a test tells it to, in a thread of the test's process, on a free port of the loopback
 * interface. Paths are as they stand on the wire (percent-encoded), behind `/api/car/`, without a query. */
typedef struct _FakeService FakeService;

/* What a service says of a change that it made. */
#define DONE "{\"result\":\"OK\"}"

typedef enum
{
  FAKE_DROP,     /* closes the connection without an answer */
  FAKE_TRUNCATE, /* promises more than it sends, then closes the connection */
  FAKE_HANG,     /* never answers */
  FAKE_TRICKLE,  /* begins an answer that never ends */
} FakeMisbehaviour;

typedef struct
{
  char *method;
  char *path;
  char *query; /* "" where there is none */
  char *body;
  char *authorization;
  char *user_agent;
  char *accept;
  char *content_type;
  char *certificate; /* the client's, as PEM; NULL: none */
} FakeRequest;

FakeService *fake_service_new (void);

/* Speaks TLS, with this private key and certificate. */
FakeService *fake_service_new_with_tls (const char *pem);

/* The same, and talks to nobody who shows none. Any is taken. */
FakeService *fake_service_new_asking_for_certificate (const char *pem);

void fake_service_free (FakeService *self);

/* A client of the service, with limits fit for a test. */
CarClient *fake_service_make_client (FakeService *self);
const char *fake_service_get_url (FakeService *self);

/* A state folder (CAR_STATE_DIR) for those that run against this service, removed with it: another service of a test may get
 * its port. */
const char *fake_service_get_state_folder (FakeService *self);

/* One answer each, in this order; fake_service_answer_always() is for when they are used up. `headers`: "Name: value". */
void
fake_service_answer (FakeService *self, const char *method, const char *path, guint status, const char *body);
void fake_service_answer_with (FakeService *self,
                               const char *method,
                               const char *path,
                               guint status,
                               const char *body,
                               const char *header);
void fake_service_misbehave (FakeService *self, const char *method, const char *path, FakeMisbehaviour how);
void fake_service_answer_always (FakeService *self,
                                 const char *method,
                                 const char *path,
                                 guint status,
                                 const char *body);

/* What was asked so far; a request stays valid as long as the service. */
guint fake_service_get_n_requests (FakeService *self);
const FakeRequest *fake_service_get_request (FakeService *self, guint index);
guint fake_service_count (FakeService *self, const char *method, const char *path);

/* Blocks until it was asked that often. */
void fake_service_wait_for_requests (FakeService *self, guint n_requests);

/* Cancels as soon as it was asked that often; the thread is to be joined. */
GThread *fake_service_cancel_at (FakeService *self, guint n_requests, GCancellable *cancellable);

/* Fails the test where an answer was not fetched. */
void fake_service_assert_all_fetched (FakeService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeService, fake_service_free)
