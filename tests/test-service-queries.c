/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "test-service.h"

/* What a client sees of the graph over HTTP: the dialect of the published schema, ids, what is the same thing, and what is
 * closed (protocol.md, "Queries" and "What a CAR service keeps"). tests/test-query.c has the dialect in its breadth. */

static void
import (TestService *service, const char *source, const char *members)
{
  g_autofree char *envelope = g_strdup_printf (
      "{\"source\":{\"_key\":\"%s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1700000000000},%s}", source,
      members);
  g_autofree char *id = test_service_import (service, envelope);
  g_autofree char *path = g_strconcat ("importstatus/", id, NULL);
  g_autofree char *state = test_service_wait_for_job (service, id);
  guint status;
  g_autofree char *answer = test_service_request (service, "GET", path, NULL, &status);

  g_test_message ("%s", answer);
  g_assert_cmpstr (state, ==, "COMPLETE");
  g_assert_null (strstr (answer, "warnings"));
}

static char *
ask_at (TestService *service, const char *query, const char *moment)
{
  g_autoptr (JsonObject) request = json_object_new ();
  json_object_set_string_member (request, "query", query);
  g_autoptr (JsonNode) node = json_node_alloc ();
  json_node_init_object (node, request);
  g_autofree char *body = json_to_string (node, FALSE);
  g_autofree char *header = g_strconcat ("x-hasura-car-timepoint: ", moment, NULL);
  guint status;
  char *answer = moment != NULL
                     ? test_service_request_with (service, "POST", "v3/query", header, body, &status)
                     : test_service_request (service, "POST", "v3/query", body, &status);

  g_test_message ("%s", query);
  g_assert_cmpuint (status, ==, 200);
  return answer;
}

static void
assert_data (TestService *service, const char *query, const char *data)
{
  g_autofree char *answer = ask_at (service, query, NULL);
  g_autofree char *expected = g_strdup_printf ("{\"data\":%s}", data);

  g_assert_cmpstr (answer, ==, expected);
}

static void
change (TestService *service, const char *method, const char *path, const char *body, guint expected)
{
  guint status;
  g_autofree char *answer = test_service_request (service, method, path, body, &status);

  g_test_message ("%s %s: %u %s", method, path, status, answer);
  g_assert_cmpuint (status, ==, expected);
}

/* Each feature of the dialect once. */
static void
test_dialect (void)
{
  static const struct
  {
    const char *query;
    const char *data;
  } cases[] = {
    /* Operators, by the types of columns. */
    { "{asset(where:{name:{_eq:\"alpha\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{name:{_neq:\"alpha\"}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{name:{_in:[\"alpha\",\"x\"]}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{name:{_nin:[\"alpha\"]}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{description:{_is_null:true}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{name:{_like:\"al%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{name:{_nlike:\"al%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{name:{_ilike:\"AL%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{name:{_nilike:\"AL%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{name:{_similar:\"(al|om)%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{name:{_nsimilar:\"(al|om)%\"}}){id}}", "{\"asset\":[{\"id\":\"s/a2\"}]}" },
    { "{asset(where:{risk:{_gt:2}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{risk:{_gte:2.5}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{risk:{_lt:2.5}}){id}}", "{\"asset\":[]}" },
    { "{asset(where:{risk:{_lte:2.5}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{ipaddress(where:{name:{_gt:\"10.0.0.0\"}}){id name region_id}}",
      "{\"ipaddress\":[{\"id\":\"s/0/10.0.0.1\",\"name\":\"10.0.0.1\",\"region_id\":\"0\"}]}" },
    { "{asset(where:{properties:{_contains:{k:{n:1}}}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{properties:{_contained_in:{k:{n:1},l:[1,2],m:3}}}){id}}",
      "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{properties:{_has_key:\"k\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{properties:{_has_keys_any:[\"z\",\"k\"]}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    { "{asset(where:{properties:{_has_keys_all:[\"z\",\"k\"]}}){id}}", "{\"asset\":[]}" },
    { "{asset(where:{_or:[{name:{_eq:\"x\"}},{_and:[{name:{_eq:\"alpha\"}},{_not:{risk:{_gt:9}}}]}]}){id}}",
      "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    /* Relations, there and back, and in conditions and orders. */
    { "{asset(where:{ipaddresses:{ipaddress:{name:{_eq:\"10.0.0.1\"}}}}){ipaddresses{ipaddress{name}}}}",
      "{\"asset\":[{\"ipaddresses\":[{\"ipaddress\":[{\"name\":\"10.0.0.1\"}]}]}]}" },
    { "{ipaddress{assets{asset{name}}}}",
      "{\"ipaddress\":[{\"assets\":[{\"asset\":[{\"name\":\"alpha\"}]}]}]}" },
    { "{vulnerability{applications{application_id}assets{risk_score}}}",
      "{\"vulnerability\":[{\"applications\":[],\"assets\":[{\"risk_score\":1.5}]}]}" },
    { "{asset_vulnerability(where:{source:{_eq:\"s\"}}){asset_id,vulnerability_id,source}}",
      "{\"asset_vulnerability\":[{\"asset_id\":\"s/a1\",\"vulnerability_id\":\"s/v\",\"source\":\"s\"}]}" },
    /* Lists. */
    { "{asset(order_by:{name:desc}){name}}", "{\"asset\":[{\"name\":\"beta\"},{\"name\":\"alpha\"}]}" },
    { "{asset(order_by:{name:asc},limit:1,offset:1){name}}", "{\"asset\":[{\"name\":\"beta\"}]}" },
    { "{asset(distinct_on:source,order_by:[{source:asc},{name:desc}]){name}}",
      "{\"asset\":[{\"name\":\"beta\"}]}" },
    { "{asset_by_pk(_pk:1){name}other:asset_by_pk(_pk:999999){name}}",
      "{\"asset_by_pk\":{\"name\":\"alpha\"},\"other\":null}" },
    { "{asset(where:{name:{_eq:\"alpha\"}}){properties(path:\"$.l[1]\")}}",
      "{\"asset\":[{\"properties\":2}]}" },
    { "{asset_aggregate{aggregate{count max{risk}min{name}sum{risk}avg{risk}}}}",
      "{\"asset_aggregate\":{\"aggregate\":{\"count\":2,\"max\":{\"risk\":2.5},\"min\":{\"name\":\"alpha\"},"
      "\"sum\":{\"risk\":2.5},\"avg\":{\"risk\":2.5}}}}" },
    { "{asset(where:{name:{_regex:\"^al\"}}){id}}", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
    /* What GraphQL itself has. */
    { "{a:asset(limit:1,order_by:{id:asc}){id}a:asset(limit:1,order_by:{id:asc}){...F __typename}}"
      "fragment F on asset{name ...on asset{source}}",
      "{\"a\":[{\"id\":\"s/a1\",\"name\":\"alpha\",\"source\":\"s\",\"__typename\":\"asset\"}]}" },
    { "query Q($y:Boolean=true){__typename port @skip(if:$y){id}tag @include(if:$y){id name}}",
      "{\"__typename\":\"query_root\",\"tag\":[{\"id\":\"s/prod\",\"name\":\"prod\"}]}" },
    { "{__type(name:\"asset\"){name kind}__schema{queryType{name}mutationType{name}}}",
      "{\"__type\":{\"name\":\"asset\",\"kind\":\"OBJECT\"},\"__schema\":{\"queryType\":{\"name\":\"query_"
      "root\"},"
      "\"mutationType\":{\"name\":\"mutation_root\"}}}" },
    /* Collections of an extension, by the same rules. */
    { "{cave(where:{assets:{asset:{name:{_eq:\"alpha\"}}}}){id depth assets{asset_id}}} # unchecked",
      "{\"cave\":[{\"id\":\"s/c\",\"depth\":3,\"assets\":[{\"asset_id\":\"s/a1\"}]}]}" },
    { "{asset(where:{caves:{cave_id:{_eq:\"s/c\"}}}){id}} # unchecked", "{\"asset\":[{\"id\":\"s/a1\"}]}" },
  };
  g_autoptr (TestService) service = test_service_start (NULL);

  change (service, "POST", "v3/carSchema",
          "{\"key\":\"k\",\"version\":\"1\",\"schema\":{\"vertices\":[{\"name\":\"cave\",\"properties\":{"
          "\"depth\":"
          "{\"type\":\"integer\"}}}],\"edges\":[{\"end1\":\"asset\",\"end2\":\"cave\"}]}}",
          201);
  import (
      service, "s",
      "\"asset\":[{\"external_id\":\"a1\",\"name\":\"alpha\",\"risk\":2.5,\"description\":\"d\",\"tag\":["
      "\"prod\"],"
      "\"properties\":{\"k\":{\"n\":1},\"l\":[1,2]}},{\"external_id\":\"a2\",\"name\":\"beta\"}],"
      "\"ipaddress\":[{\"_key\":\"10.0.0.1\"}],\"vulnerability\":[{\"external_id\":\"v\",\"name\":\"CVE\"}],"
      "\"cave\":[{\"external_id\":\"c\",\"depth\":3}],"
      "\"asset_cave\":[{\"_from_external_id\":\"a1\",\"_to_external_id\":\"c\"}],"
      "\"asset_ipaddress\":[{\"_from_external_id\":\"a1\",\"_to\":\"10.0.0.1\"}],"
      "\"asset_vulnerability\":[{\"_from_external_id\":\"a1\",\"_to_external_id\":\"v\",\"risk_score\":1.5}"
      "]");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_data (service, cases[i].query, cases[i].data);

  /* Names that this service had once, and those that no service has. */
  const char *const wrong[] = { "{asset{_key}} # unchecked",
                                "{asset_ipaddress{from_id}} # unchecked",
                                "{asset_ipaddress{active}} # unchecked",
                                "{asset{asset_ipaddress{source}}} # unchecked",
                                "{nothing{id}} # unchecked",
                                "{asset{id{x}}} # unchecked" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *answer = ask_at (service, wrong[i], NULL);
      g_assert_true (g_str_has_prefix (answer, "{\"errors\":[{"));
    }
}

#define ODD "k/,?#%25'\\\"\\\\ü"
#define ODD_IN_URL "k%2F%2C%3F%23%2525%27%22%5C%C3%BC"

/* Ids hold whatever keys hold, and each names one object. */
static void
test_ids (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service, "a=b",
          "\"asset\":[{\"external_id\":\"" ODD
          "\",\"name\":\"odd\"},{\"external_id\":\"k\",\"name\":\"short\"}],"
          "\"ipaddress\":[{\"_key\":\"10.0.0.1\"},{\"_key\":\"10.0.0.1\",\"region_id\":\"lab\"},{\"_key\":"
          "\"2001:DB8::1\"}],"
          "\"hostname\":[{\"_key\":\"h/x\"}],\"macaddress\":[{\"_key\":\"00:1B:44:11:3A:B7\"}],"
          "\"asset_ipaddress\":[{\"_from_external_id\":\"" ODD "\",\"_to\":\"10.0.0.1\"},"
          "{\"_from_external_id\":\"k\",\"_to\":\"ipaddress/lab/10.0.0.1\"}],"
          "\"asset_hostname\":[{\"_from_external_id\":\"" ODD "\",\"_to\":\"hostname/h/x\"}]");
  import (service, "a=b.2", "\"asset\":[{\"external_id\":\"" ODD "\",\"name\":\"another\"}]");

  assert_data (
      service, "{asset(where:{id:{_eq:\"a=b/" ODD "\"}}){id external_id source name hostnames{hostname_id}}}",
      "{\"asset\":[{\"id\":\"a=b/" ODD "\",\"external_id\":\"" ODD "\",\"source\":\"a=b\",\"name\":\"odd\","
      "\"hostnames\":[{\"hostname_id\":\"a=b/h/x\"}]}]}");
  assert_data (
      service, "{ipaddress(order_by:{id:asc}){id}hostname{id}macaddress{id name}}",
      "{\"ipaddress\":[{\"id\":\"a=b/0/10.0.0.1\"},{\"id\":\"a=b/0/2001:DB8::1\"},{\"id\":\"a=b/lab/"
      "10.0.0.1\"}],"
      "\"hostname\":[{\"id\":\"a=b/h/x\"}],\"macaddress\":[{\"id\":\"a=b/00:1B:44:11:3A:B7\",\"name\":"
      "\"00:1b:44:11:3a:b7\"}]}");

  change (service, "PATCH", "asset?external_id=" ODD_IN_URL, "{\"name\":\"x\"}", 409);
  change (service, "PATCH", "asset?source=a%3Db&external_id=" ODD_IN_URL, "{\"name\":\"x\"}", 200);
  change (service, "DELETE", "source/a%3Db/asset?external_ids=" ODD_IN_URL, NULL, 200);
  assert_data (service, "{asset(order_by:{id:asc}){id name}asset_hostname{id:asset_id}}",
               "{\"asset\":[{\"id\":\"a=b.2/" ODD
               "\",\"name\":\"another\"},{\"id\":\"a=b/k\",\"name\":\"short\"}],"
               "\"asset_hostname\":[]}");

  /* The address without its region is that of the region 0. */
  change (service, "DELETE", "source/a%3Db/ipaddress?keys=10.0.0.1,0%2F2001:DB8::1", NULL, 200);
  assert_data (service, "{ipaddress{id}}", "{\"ipaddress\":[{\"id\":\"a=b/lab/10.0.0.1\"}]}");
  change (service, "PATCH", "asset_ipaddress?source=a%3Db&from=k&to=lab%2F10.0.0.1", "{\"active\":false}",
          200);
  change (service, "DELETE", "source/a%3Db/ipaddress?keys=lab%2F10.0.0.1", NULL, 200);
  assert_data (service, "{ipaddress{id}asset_ipaddress{source}}",
               "{\"ipaddress\":[],\"asset_ipaddress\":[]}");
}

/* An edge that is not active is closed: now it is not there, then it was; sent again it is a new one. */
static void
test_closed_edges (void)
{
  static const char edges[] = "{asset_hostname{asset_id}asset{hostnames{hostname_id}}}";
  static const char there[] =
      "{\"asset_hostname\":[{\"asset_id\":\"s/a\"}],\"asset\":[{\"hostnames\":[{\"hostname_id\":\"s/h\"}]}]}";
  static const char gone[] = "{\"asset_hostname\":[],\"asset\":[{\"hostnames\":[]}]}";
  g_autoptr (TestService) service = test_service_start (NULL);

#define EDGE(active) "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"h\",\"active\":" active "}]"
  import (
      service, "s",
      "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\"}]," EDGE ("true"));
  assert_data (service, edges, there);
  g_usleep (5000);
  g_autoptr (GDateTime) then = g_date_time_new_now_utc ();
  g_autofree char *moment = g_date_time_format (then, "%Y-%m-%dT%H:%M:%S.%f");
  g_usleep (5000);

  import (service, "s", EDGE ("false"));
  assert_data (service, edges, gone);
  g_autofree char *answer = ask_at (service, edges, moment);
  g_autofree char *expected = g_strdup_printf ("{\"data\":%s}", there);
  g_assert_cmpstr (answer, ==, expected);

  import (service, "s", EDGE ("true"));
  assert_data (service, edges, there);
  change (service, "PATCH", "asset_hostname?source=s&from=a&to=h", "{\"active\":false}", 200);
  assert_data (service, edges, gone);
  change (service, "PATCH", "asset_hostname?source=s&from=a&to=h", "{\"active\":true}", 200);
  assert_data (service, edges, there);
}

/* What is the same thing in several sources has one connecting_id, whatever its spelling; what every machine has joins
 * nothing. */
static void
test_same_thing (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service, "s",
          "\"hostname\":[{\"_key\":\"Host.Example\"}],\"macaddress\":[{\"_key\":\"00:1B:44:11:3A:B7\"},"
          "{\"_key\":\"ff:ff:ff:ff:ff:ff\"}],\"ipaddress\":[{\"_key\":\"2001:DB8::0:1\"},{\"_key\":\"127.0.0."
          "1\"},"
          "{\"_key\":\"0.0.0.0\"}],\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"tag\":[\"prod\"]}],"
          "\"user\":[{\"external_id\":\"u\"}],\"account\":[{\"external_id\":\"c\",\"name\":\"ann\"}],"
          "\"user_account\":[{\"_from_external_id\":\"u\",\"_to_external_id\":\"c\"}]");
  import (
      service, "t",
      "\"hostname\":[{\"_key\":\"host.example.\"}],\"macaddress\":[{\"_key\":\"001b:4411:3ab7\",\"name\":"
      "\"00:1b:44:11:3a:b7\"},"
      "{\"_key\":\"FF:FF:FF:FF:FF:FF\"}],\"ipaddress\":[{\"_key\":\"2001:db8::1\"},{\"_key\":\"127.0.0.1\"},"
      "{\"_key\":\"0.0.0.0\"}],\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"tag\":[\"prod\"]}],"
      "\"user\":[{\"external_id\":\"v\"}],\"account\":[{\"external_id\":\"d\",\"name\":\"ann\"}],"
      "\"user_account\":[{\"_from_external_id\":\"v\",\"_to_external_id\":\"d\"}]");

#define INSTANCES(collection)                                                                                \
  "{" collection "(where:{source:{_eq:\"s\"}},order_by:{id:asc}){instances(order_by:{id:asc}){id}}}"
  assert_data (service, INSTANCES ("hostname"),
               "{\"hostname\":[{\"instances\":[{\"id\":\"s/Host.Example\"},{\"id\":\"t/host.example.\"}]}]}");
  assert_data (
      service, INSTANCES ("macaddress"),
      "{\"macaddress\":[{\"instances\":[{\"id\":\"s/00:1B:44:11:3A:B7\"},{\"id\":\"t/001b:4411:3ab7\"}]},"
      "{\"instances\":[{\"id\":\"s/ff:ff:ff:ff:ff:ff\"}]}]}");
  assert_data (service, INSTANCES ("ipaddress"),
               "{\"ipaddress\":[{\"instances\":[{\"id\":\"s/0/0.0.0.0\"}]},{\"instances\":[{\"id\":\"s/0/"
               "127.0.0.1\"}]},"
               "{\"instances\":[{\"id\":\"s/0/2001:DB8::0:1\"},{\"id\":\"t/0/2001:db8::1\"}]}]}");
  assert_data (service, INSTANCES ("asset"), "{\"asset\":[{\"instances\":[{\"id\":\"s/a\"}]}]}");
  assert_data (service, INSTANCES ("account"),
               "{\"account\":[{\"instances\":[{\"id\":\"s/c\"},{\"id\":\"t/d\"}]}]}");
  assert_data (service, INSTANCES ("user"),
               "{\"user\":[{\"instances\":[{\"id\":\"s/u\"},{\"id\":\"t/v\"}]}]}");
  assert_data (service, INSTANCES ("tag"),
               "{\"tag\":[{\"instances\":[{\"id\":\"s/prod\"},{\"id\":\"t/prod\"}]}]}");

  /* An account of two users is shared: it makes nobody the same. */
  import (service, "t",
          "\"user\":[{\"external_id\":\"w\"}],\"user_account\":[{\"_from_external_id\":\"w\",\"_to_external_"
          "id\":\"d\"}]");
  assert_data (service, INSTANCES ("user"), "{\"user\":[{\"instances\":[{\"id\":\"s/u\"}]}]}");
}

/* A deletion comes after the pages that were posted before it, also those that wait. */
static void
test_deletion_in_order (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *envelope =
          g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1},"
                           "\"asset\":[{\"external_id\":\"a%u\",\"name\":\"n\"}]}",
                           i);
      g_free (test_service_import (service, envelope));
    }
  change (service, "DELETE", "source/s/asset?external_ids=a18,a19", NULL, 200);
  assert_data (service, "{asset(where:{external_id:{_in:[\"a17\",\"a18\",\"a19\"]}}){external_id}}",
               "{\"asset\":[{\"external_id\":\"a17\"}]}");
}

static void
end_full_import (TestService *service, const char *method)
{
  g_autoptr (JsonNode) answer =
      test_service_call (service, method, "source/s/full-import-in-progress", NULL, 200);
  g_autofree char *state = test_service_wait_for_job (
      service, json_object_get_string_member (json_node_get_object (answer), "job_id"));

  g_assert_cmpstr (state, ==, "COMPLETE");
}

/* What is counted as it comes and goes, and what is counted when it is asked for. */
static void
assert_counts (TestService *service, guint assets, guint edges)
{
  g_autofree char *expected = g_strdup_printf (
      "{\"kept\":{\"aggregate\":{\"count\":%u}},\"counted\":{\"aggregate\":{\"count\":%u}},"
      "\"kept_edges\":{\"aggregate\":{\"count\":%u}},\"counted_edges\":{\"aggregate\":{\"count\":%u}}}",
      assets, assets, edges, edges);

  assert_data (
      service,
      "{kept:asset_aggregate(where:{source:{_eq:\"s\"}}){aggregate{count}}"
      "counted:asset_aggregate(where:{source:{_eq:\"s\"},id:{_is_null:false}}){aggregate{count}}"
      "kept_edges:asset_ipaddress_aggregate{aggregate{count}}"
      "counted_edges:asset_ipaddress_aggregate(where:{asset_id:{_is_null:false}}){aggregate{count}}}",
      expected);
}

static void
test_counts (void)
{
#define AN_ASSET(id, name) "{\"external_id\":\"" id "\",\"name\":\"" name "\"}"
#define TO_ADDRESS(id) "{\"_from_external_id\":\"" id "\",\"_to\":\"10.0.0.1\"}"
  g_autoptr (TestService) service = test_service_start (NULL);

  assert_counts (service, 0, 0);
  import (service, "other", "\"asset\":[" AN_ASSET ("1", "a") "]");
  import (service, "s",
          "\"asset\":[" AN_ASSET ("1", "a") "," AN_ASSET ("2", "b") "," AN_ASSET (
              "3", "c") "],"
                        "\"ipaddress\":[{\"_key\":\"10.0.0.1\"}],\"asset_ipaddress\":[" TO_ADDRESS (
                            "1") "," TO_ADDRESS ("2") "," TO_ADDRESS ("3") "]");
  assert_counts (service, 3, 3);

  /* The same again, changed, and twice at once. */
  import (service, "s",
          "\"asset\":[" AN_ASSET ("1", "a") "," AN_ASSET ("2", "x") "," AN_ASSET ("2", "y") "]");
  assert_counts (service, 3, 3);
  change (service, "PATCH", "asset_ipaddress?source=s&from=1&to=10.0.0.1", "{\"active\":false}", 200);
  assert_counts (service, 3, 2);
  change (service, "DELETE", "source/s/asset?external_ids=2,none", NULL, 200);
  assert_counts (service, 2, 1);
  import (service, "s", "\"asset\":[" AN_ASSET ("2", "b") "]");
  assert_counts (service, 3, 1);

  end_full_import (service, "POST");
  import (service, "s", "\"asset\":[" AN_ASSET ("1", "a") "]");
  end_full_import (service, "DELETE");
  assert_counts (service, 1, 0);
  assert_data (service, "{asset_aggregate{aggregate{count}}}",
               "{\"asset_aggregate\":{\"aggregate\":{\"count\":2}}}");

  g_autoptr (JsonNode) token = test_service_call (service, "GET", "v3/clearDbToken", NULL, 200);
  g_autofree char *text = json_to_string (token, FALSE);
  g_autofree char *path = g_strconcat ("v3/clearDb?token=", text, NULL);
  change (service, "POST", path, NULL, 200);
  assert_counts (service, 0, 0);
  import (service, "s", "\"asset\":[" AN_ASSET ("1", "a") "]");
  assert_counts (service, 1, 0);
#undef AN_ASSET
#undef TO_ADDRESS
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/queries/dialect", test_dialect);
  g_test_add_func ("/service/queries/ids", test_ids);
  g_test_add_func ("/service/queries/counts", test_counts);
  g_test_add_func ("/service/queries/closed-edges", test_closed_edges);
  g_test_add_func ("/service/queries/same-thing", test_same_thing);
  g_test_add_func ("/service/queries/deletion-in-order", test_deletion_in_order);

  return g_test_run ();
}
