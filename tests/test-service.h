/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A car-service process of the build folder, on a free port of the loopback, with credentials of its own. */
typedef struct
{
  char *url; /* http://127.0.0.1:PORT/api/car/v2 */
  guint16 port;
  char *key;
  char *password;
  char *token;
  char *database; /* or ":memory:" */

  GPid pid;
  int output; /* of its standard output */
  SoupSession *session;
} TestService;

/* Returns once it listens; fails the test where it does not. `database` is a file, which outlives the service, or NULL
 * for one in memory. */
TestService *test_service_start (const char *database);

/* Ends it as an operator does (SIGTERM), asserts that it exits with 0, and frees all. */
void test_service_stop (TestService *self);

/* SIGKILL: it has no chance to write anything more. */
void test_service_kill (TestService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestService, test_service_stop)

/* One call, with the key and password. `path` follows the base URL ("databases"), or begins with "v3/". `body` is JSON,
 * may be NULL. The answer's body; "" where there is none. *status is 0 where the service did not answer. */
char *test_service_request (TestService *self,
                            const char *method,
                            const char *path,
                            const char *body,
                            guint *status);

/* The same with one more header, "NAME: VALUE". */
char *test_service_request_with (TestService *self,
                                 const char *method,
                                 const char *path,
                                 const char *header,
                                 const char *body,
                                 guint *status);

/* test_service_request(), asserting the status; parsed. */
JsonNode *test_service_call (TestService *self,
                             const char *method,
                             const char *path,
                             const char *body,
                             guint expected_status);

/* Posts an envelope and returns its job's id. */
char *test_service_import (TestService *self, const char *envelope);

/* Waits until the job (also an import's) is done; its status: "COMPLETE" or "ERROR". */
char *test_service_wait_for_job (TestService *self, const char *id);

/* Sets the database up, so that it is ready. */
void test_service_set_up (TestService *self);

/* The service's program, as the tests find it. */
char *test_service_get_program (void);

G_END_DECLS
