/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

/* Encrypted settings for tests, made with libjose. In a file of its own because json-glib and jansson do not go into one. */

/* A new key, as JSON, from a template such as {"alg":"A128KW"}. */
char *secret_maker_make_key (const char *like);

/* The same key without what is secret of it. */
char *secret_maker_get_public_key (const char *key);

/* A token in compact form, with this protected header (what the algorithm adds to it is added). */
char *secret_maker_encrypt (const char *key, const char *header, const char *text, gssize length);

/* A folder for a test: `key` as `.jwk/key.jwk`; NULL: none. */
char *secret_maker_make_folder (const char *key);
void secret_maker_write (const char *folder, const char *name, const char *text, gssize length);
void secret_maker_remove_folder (char *folder);
