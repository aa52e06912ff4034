/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Secrets, and how they are kept out of texts. Whoever was told a secret may say it again in another spelling. These are found:
 *
 *   - as it is;
 *   - percent-encoded (RFC 3986), in capitals or not, with `+` for a space;
 *   - in a JSON string (RFC 8259), with whatever escapes;
 *   - in HTML, with the names of its special characters or with numbers;
 *   - in a JSON Pointer (RFC 6901), where a message says where something is;
 *   - in Base64 or base64url (RFC 4648), alone or anywhere in a longer text, such as that of Basic authentication;
 *   - in one of these in another one, up to three of them, such as a JSON string in HTML in a URL.
 *
 * A secret of less than four characters is not looked for: too much else looks like it. */
typedef struct _CarRedaction CarRedaction;

#define CAR_REDACTION_MIN_LENGTH 4

CarRedaction *car_redaction_new (void);

/* Overwrites the secrets. */
void car_redaction_free (CarRedaction *self);

/* White space at its ends does not count: an HTTP header would lose it. */
void car_redaction_add (CarRedaction *self, const char *secret);

/* Whether a secret is too short to be looked for. */
gboolean car_redaction_is_too_short (const char *secret);

/* The text with `***` for each secret, in UTF-8 whatever it was. */
char *car_redaction_hide (const CarRedaction *self, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarRedaction, car_redaction_free)

G_END_DECLS
