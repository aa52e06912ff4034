/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

G_BEGIN_DECLS

/* A collection's objects of one source, in any order, stand at the places 0, 1, 2 … */
typedef struct
{
  const char *collection;
  guint64 place;
  gboolean is_taken; /* the answer */
} CarPlace;

/* The last place that a query can ask for: GraphQL's Int has 32 bits. */
#define CAR_PLACE_MAX G_MAXINT32

typedef enum
{
  CAR_PLACES_FAILED,   /* with an error: the service is away, or the call was cancelled */
  CAR_PLACES_NO_QUERY, /* the service has no such call for this client */
  CAR_PLACES_REFUSED,  /* the service does not answer this question */
  CAR_PLACES_ANSWERED,
} CarPlacesOutcome;

/* Asks in one query whether there is an object of the source at each place (protocol.md, "Closing"). That says how many
 * there are without counting, which the published dialect cannot do. *refusal (transfer full) is why the service does not
 * answer. A service may answer 404 where it finds nothing at all: `held` (nullable) is a collection that certainly holds
 * something of the source, so that a 404 says that the service has no queries. */
CarPlacesOutcome car_client_ask_places (CarClient *self,
                                        const char *source,
                                        const char *held,
                                        CarPlace *places,
                                        guint n_places,
                                        char **refusal,
                                        GCancellable *cancellable,
                                        GError **error);

G_END_DECLS
