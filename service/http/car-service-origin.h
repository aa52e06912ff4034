/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What a browser says of where a request comes from. Programs say nothing of it. A page of elsewhere can make a browser send
 * what a form may send, with credentials that the browser remembers, or that another page left behind. */

/* Whether the request is for the loopback or one of these names and addresses. A web page of elsewhere, under a name that its
 * owner made to mean this machine, must not get in (DNS rebinding). */
gboolean car_service_origin_is_our_host (SoupServerMessage *message, const char *const *names);

/* Whether a page of this very address made it: Origin is ours, or, where there is none, Sec-Fetch-Site says so. */
gboolean car_service_origin_is_page (SoupServerMessage *message);

/* Whether a page of elsewhere made it. */
gboolean car_service_origin_is_foreign (SoupServerMessage *message);

/* Whether the request brings JSON, and says so, or nothing. Without asking, a page of elsewhere may only send other types
 * (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
gboolean car_service_origin_is_json (SoupServerMessage *message);

/* Whether the method may change something. */
gboolean car_service_origin_may_change (SoupServerMessage *message);

G_END_DECLS
