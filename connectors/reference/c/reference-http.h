/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/car.h>

G_BEGIN_DECLS

/* GET requests to one server, with HTTP Basic. They follow redirects, and try again what fails for a moment. */
typedef struct _ReferenceHttp ReferenceHttp;

/* All paths stand behind `url`. */
ReferenceHttp *
reference_http_new (const char *url, const char *username, const char *password, GError **error);
void reference_http_free (ReferenceHttp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReferenceHttp, reference_http_free)

/* The JSON that is there. Fails with CAR_DATASOURCE_FAILURE; `status`, which may be NULL, tells the HTTP status, 0 where
 * there was no answer. */
JsonNode *reference_http_get (ReferenceHttp *self,
                              const char *path,
                              guint *status,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
