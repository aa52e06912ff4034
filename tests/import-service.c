/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "import-service.h"

#define READY                                                                                                \
  "{\"databases\":[{\"name\":\"d\",\"graph_name\":\"assets\",\"is_ready\":true,\"missing_collections\":[],"  \
  "\"collections_without_indexes\":[],\"collections\":[]}]}"

void
import_service_teach (FakeService *service, const char *source_record)
{
  const char *done = "{\"status\":\"COMPLETE\"}";
  const char *job = "{\"job_id\":\"j\"}";

  fake_service_answer_always (service, "GET", "v2/databases", 200, READY);
  fake_service_answer_always (service, "GET", "v3/importSchema", 200, SCHEMA);
  fake_service_answer_always (service, "GET", "v2/source/" SOURCE, 200, source_record);
  fake_service_answer_always (service, "POST", "v2/source/" SOURCE "/full-import-in-progress", 200, job);
  fake_service_answer_always (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress", 200, job);
  fake_service_answer_always (service, "GET", "v2/jobstatus/j", 200, done);
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"i\"}");
  fake_service_answer_always (service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[]}");
  fake_service_answer_always (service, "DELETE", "v2/source/" SOURCE "/asset", 200, DONE);
  fake_service_answer_always (service, "PATCH", "v2/source", 200, DONE);
  fake_service_answer_always (service, "POST", "v3/query", 200, HOLDS_NO_MORE);
}

FakeService *
import_service_new (const char *source_record)
{
  FakeService *service = fake_service_new ();

  import_service_teach (service, source_record);
  return service;
}

GStrv
import_service_make_environment (FakeService *service, const char *const variables[4])
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  g_autofree char *url = g_strconcat ("CAR_SERVICE_URL=", fake_service_get_url (service), NULL);

  g_autofree char *state = g_strconcat ("CAR_STATE_DIR=", fake_service_get_state_folder (service), NULL);

  g_strv_builder_add_many (all, url, state, "CAR_SERVICE_KEY=the-key", "CAR_SERVICE_PASSWORD=the-password",
                           "CONNECTION_NAME=a/b c%&ü", "CONTRACT_SERVER=x", NULL);
  for (guint i = 0; i < 4 && variables[i] != NULL; i++)
    g_strv_builder_add (all, variables[i]);

  return g_strv_builder_end (all);
}
