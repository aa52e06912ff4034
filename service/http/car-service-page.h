/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* The page for people: files that the program brings with it (service/page). They are the same for everybody, and hold
 * nothing of anybody. */

/* The file at this path of an address; NULL: none of the page's is there. */
GBytes *car_service_page_find (const char *path, const char **content_type);

/* What a browser shall know of each of them: nothing comes from elsewhere, and nobody frames it. */
void car_service_page_set_headers (SoupMessageHeaders *answer, const char *content_type);

G_END_DECLS
