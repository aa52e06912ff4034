/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is wrong with a TLS connection besides what GIO finds; NULL: nothing. */
const char *car_tls_find_problem (GTlsProtocolVersion version, GTlsCertificate *certificate);

G_END_DECLS
