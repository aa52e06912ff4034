/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "fake-service.h"

/* A fake service that takes all calls of an import, and what a connector needs to import into it. */

#define SOURCE "a%2Fb%20c%25%26%C3%BC" /* "a/b c%&ü" */

#define SCHEMA                                                                                               \
  "{\"version\":\"v2\",\"schema\":{\"type\":\"object\",\"properties\":{\"hostname\":{},\"asset_hostname\":{" \
  "},\"asset\":{\"type\":\"array\","                                                                         \
  "\"items\":{"                                                                                              \
  "\"type\":\"object\",\"properties\":{\"external_id\":{\"type\":\"string\"}},\"required\":[\"external_"     \
  "id\"]}}}}}"

#define NO_SAVE_POINT "{\"model_state_id\":\"\"}"
#define SAVE_POINT "{\"model_state_id\":\"last\"}"

/* What the service tells of the places behind those of the objects that were sent. */
#define HOLDS(hostname, asset_hostname, asset)                                                               \
  "{\"data\":{\"hostname\":[" hostname "],\"asset_hostname\":[" asset_hostname "],\"asset\":[" asset "]}}"
#define ONE "{\"source\":\"a/b c%&ü\"}"
#define HOLDS_NO_MORE HOLDS ("", "", "")

/* `source_record`: NO_SAVE_POINT or SAVE_POINT. */
FakeService *import_service_new (const char *source_record);

/* The same for a service that is there. */
void import_service_teach (FakeService *service, const char *source_record);

/* `variables`: up to four, NULL where there are less. */
GStrv import_service_make_environment (FakeService *service, const char *const variables[4]);
