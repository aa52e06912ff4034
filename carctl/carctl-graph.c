/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-counts.h"
#include "carctl/carctl-held.h"
#include "carctl/carctl-svg.h"
#include "carctl/carctl.h"

/* carctl graph: an object and what is around it, as a tree, for Graphviz or drawn by it; without an object, the numbers of all. */

#define MAX_DEPTH 9
#define MAX_NODES 2000

typedef struct
{
  char *collection;
  char *id;
  char *label;
  guint depth;
  guint number;     /* its place in the order */
  GPtrArray *edges; /* (element-type Edge): those that lead on from it in the tree */
} Node;

typedef struct
{
  char *collection;
  gboolean is_out; /* it leads from the node above */
  Node *node;
} Edge;

typedef struct
{
  CarClient *client;
  GHashTable *nodes; /* collection and id → Node */
  GPtrArray *order;  /* (element-type Node): the nearest first */
  guint max_depth;
  gboolean is_cut;
} Graph;

static void
edge_free (gpointer data)
{
  Edge *edge = data;

  g_free (edge->collection);
  g_free (edge);
}

static void
node_free (gpointer data)
{
  Node *node = data;

  g_free (node->collection);
  g_free (node->id);
  g_free (node->label);
  g_ptr_array_unref (node->edges);
  g_free (node);
}

/* What a person calls it. */
static char *
make_label (const CarJsonSpan *object)
{
  static const char *const names[] = { "name", "_key", "external_id" };
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names) && text == NULL; i++)
    text = car_json_span_dup_member (object, names[i]);
  return text == NULL ? g_strdup ("") : car_text_to_printable (text, -1);
}

/* The node of an object; NULL where it is in the graph already, or where there is no more room. */
static Node *
add_node (Graph *graph, const CarJsonSpan *object, guint depth)
{
  g_autofree char *collection = car_json_span_dup_member (object, "_collection");
  g_autofree char *id = car_json_span_dup_member (object, "_id");
  g_autofree char *key = g_strconcat (collection == NULL ? "" : collection, "\n", id, NULL);

  if (collection == NULL || id == NULL || g_hash_table_contains (graph->nodes, key))
    return NULL;
  if (graph->order->len == MAX_NODES)
    {
      graph->is_cut = TRUE;
      return NULL;
    }

  Node *node = g_new0 (Node, 1);
  node->collection = g_steal_pointer (&collection);
  node->id = g_steal_pointer (&id);
  node->label = make_label (object);
  node->depth = depth;
  node->number = graph->order->len;
  node->edges = g_ptr_array_new_with_free_func (edge_free);
  g_hash_table_insert (graph->nodes, g_steal_pointer (&key), node);
  g_ptr_array_add (graph->order, node);
  return node;
}

static void
add_neighbour (Graph *graph, Node *node, const CarJsonSpan *related)
{
  const CarJsonSpan link = car_json_span_get_member (related, "link");
  const CarJsonSpan object = car_json_span_get_member (related, "node");
  Node *other = object.type == CAR_JSON_OBJECT ? add_node (graph, &object, node->depth + 1) : NULL;

  if (other == NULL)
    return;

  g_autofree char *from = car_json_span_dup_member (&link, "_from");
  Edge *edge = g_new0 (Edge, 1);
  edge->collection = car_json_span_dup_member (&link, "_collection");
  edge->is_out = g_strcmp0 (from, node->id) == 0;
  edge->node = other;
  g_ptr_array_add (node->edges, edge);
}

/* The answer about a vertex: itself, and what is around it. *answer (transfer full) is what the value stands in. */
static gboolean
read_graph (Graph *graph,
            const char *collection,
            const char *id,
            CarJsonSpan *value,
            GBytes **answer,
            GError **error)
{
  const char *const path[] = { collection, id, "graph", NULL };
  gsize length;

  *answer =
      car_client_call (graph->client, CAR_API_VERSION_V2, "GET", path, NULL, NULL, 0, NULL, NULL, error);
  if (*answer == NULL)
    return FALSE;

  const char *text = g_bytes_get_data (*answer, &length);
  return car_json_read_text (text, length, value, error);
}

static void
add_neighbours (Graph *graph, Node *node, const CarJsonSpan *answer)
{
  const CarJsonSpan related = car_json_span_get_member (answer, "related");
  g_autoptr (GArray) items = car_json_span_get_items (&related);

  for (guint i = 0; items != NULL && i < items->len; i++)
    add_neighbour (graph, node, &g_array_index (items, CarJsonSpan, i));
}

/* The first of the graph, and what is around it. */
static gboolean
begin (Graph *graph, const char *collection, const char *id, GError **error)
{
  g_autoptr (GBytes) answer = NULL;
  CarJsonSpan value;

  if (!carctl_held_check_collection (graph->client, collection, error) ||
      !read_graph (graph, collection, id, &value, &answer, error))
    return FALSE;

  const CarJsonSpan result = car_json_span_get_member (&value, "result");
  g_autoptr (GArray) items = car_json_span_get_items (&result);
  Node *node =
      items != NULL && items->len > 0 ? add_node (graph, &g_array_index (items, CarJsonSpan, 0), 0) : NULL;
  if (node == NULL)
    return car_failure_refuse (error, _ ("the service has no “%s” in %s"), id, collection);

  add_neighbours (graph, node, &value);
  return TRUE;
}

static gboolean
expand (Graph *graph, Node *node, GError **error)
{
  g_autoptr (GBytes) answer = NULL;
  CarJsonSpan value;

  if (!read_graph (graph, node->collection, node->id, &value, &answer, error))
    return FALSE;

  add_neighbours (graph, node, &value);
  return TRUE;
}

static gboolean
collect (Graph *graph, const char *collection, const char *id, GError **error)
{
  if (!begin (graph, collection, id, error))
    return FALSE;

  for (guint i = 1; i < graph->order->len && !graph->is_cut; i++)
    {
      Node *node = graph->order->pdata[i];

      if (node->depth < graph->max_depth && !expand (graph, node, error))
        return FALSE;
    }
  return TRUE;
}

static int
compare_edges (gconstpointer a, gconstpointer b)
{
  const Edge *first = *(const Edge *const *) a;
  const Edge *second = *(const Edge *const *) b;
  int order = g_strcmp0 (first->collection, second->collection);

  return order != 0 ? order : strcmp (first->node->label, second->node->label);
}

static void
append_line (GString *out, const Node *node)
{
  g_autofree char *id = car_text_to_printable (node->id, -1);

  g_string_append_printf (out, "%s %s  %s\n", node->collection, node->label, id);
}

static void
append_tree (GString *out, const Node *node, const char *indent)
{
  g_ptr_array_sort (node->edges, compare_edges);
  for (guint i = 0; i < node->edges->len; i++)
    {
      const Edge *edge = node->edges->pdata[i];
      gboolean is_last = i + 1 == node->edges->len;
      g_autofree char *deeper = g_strconcat (indent, is_last ? "   " : "│  ", NULL);

      g_string_append_printf (out, "%s%s %s ", indent, is_last ? "└─" : "├─", edge->is_out ? "→" : "←");
      append_line (out, edge->node);
      append_tree (out, edge->node, deeper);
    }
}

/* A string of Graphviz: what is printable, with its quotes and backslashes escaped. It knows HTML's names of characters too. */
static void
append_dot_text (GString *out, const char *text)
{
  g_autofree char *shown = car_text_to_printable (text, -1);

  g_string_append_c (out, '"');
  for (const char *at = shown; *at != '\0'; at++)
    {
      if (*at == '"' || *at == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *at);
      if (*at == '&')
        g_string_append (out, "amp;");
    }
  g_string_append_c (out, '"');
}

/* Its name is a number: two collections may have the same id, and in a drawing a name stands as it is. */
static void
append_dot_node (GString *out, const Node *node)
{
  g_autofree char *label = g_strdup_printf ("%s: %s", node->collection, node->label);

  g_string_append_printf (out, "  n%u [label=", node->number);
  append_dot_text (out, label);
  g_string_append (out, ", tooltip=");
  append_dot_text (out, node->id);
  g_string_append (out, "];\n");
}

static char *
make_dot (const Graph *graph)
{
  g_autoptr (GString) out = g_string_new ("digraph car {\n  rankdir=LR;\n  node [shape=box];\n");

  for (guint i = 0; i < graph->order->len; i++)
    {
      const Node *node = graph->order->pdata[i];

      append_dot_node (out, node);
      for (guint k = 0; k < node->edges->len; k++)
        {
          const Edge *edge = node->edges->pdata[k];

          g_string_append_printf (out, "  n%u -> n%u;\n", (edge->is_out ? node : edge->node)->number,
                                  (edge->is_out ? edge->node : node)->number);
        }
    }
  g_string_append (out, "}\n");
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
make_tree (const Graph *graph)
{
  const Node *root = graph->order->pdata[0];
  g_autoptr (GString) out = g_string_new (NULL);

  append_line (out, root);
  append_tree (out, root, "");
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
draw (const CarctlCall *call, const Graph *graph, GError **error)
{
  if (!call->dot && !call->svg)
    return make_tree (graph);

  g_autofree char *dot = make_dot (graph);
  return call->svg ? carctl_svg_make (dot, error) : g_steal_pointer (&dot);
}

static gboolean
print_graph (const CarctlCall *call, GError **error)
{
  g_autoptr (GHashTable) nodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) order = g_ptr_array_new_with_free_func (node_free);
  Graph graph = { .nodes = nodes, .order = order, .max_depth = (guint) call->depth };
  g_autoptr (CarClient) client = carctl_open_service (call, error);

  graph.client = client;
  if (client == NULL || !collect (&graph, call->arguments[0], call->arguments[1], error))
    return FALSE;

  g_autofree char *text = draw (call, &graph, error);
  if (text == NULL)
    return FALSE;
  if (graph.is_cut)
    g_printerr (_ ("There is more: no more than %d objects are shown.\n"), MAX_NODES);
  if (call->dot || call->svg)
    return car_output_write (text, error);
  g_print ("%s", text);
  return TRUE;
}

static gboolean
graph (CarctlCall *call, GError **error)
{
  gboolean is_object = call->arguments[0] != NULL;

  if (call->depth < 1 || call->depth > MAX_DEPTH)
    return car_failure_refuse (error, _ ("--depth is a number from 1 to %d"), MAX_DEPTH);
  if (!carctl_check_object (call, error))
    return FALSE;
  if (is_object && call->source != NULL)
    return car_failure_refuse (error, _ ("an id has its source in it: leave out --source"));
  if (!is_object && (call->dot || call->svg))
    return car_failure_refuse (error, _ ("only what is around an object is drawn: give COLLECTION ID"));

  return is_object ? print_graph (call, error) : carctl_counts_print (call, error);
}

const CarctlCommand carctl_graph_command = {
  .name = "graph",
  .arguments = "[COLLECTION ID]",
  .summary = N_ ("Show what is around an object, or count all"),
  .options = CARCTL_DEPTH | CARCTL_DOT | CARCTL_SVG | CARCTL_SOURCE,
  .max_arguments = 2,
  .run = graph,
};
