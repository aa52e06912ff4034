/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What GraphQL's text (specification of October 2021) says, as far as queries go. Nothing here knows of
 * collections. */

#define CAR_GRAPHQL_MAX_DEPTH 32

typedef enum
{
  CAR_GRAPHQL_NULL,
  CAR_GRAPHQL_BOOLEAN,
  CAR_GRAPHQL_INT,
  CAR_GRAPHQL_FLOAT,
  CAR_GRAPHQL_STRING,
  CAR_GRAPHQL_ENUM,
  CAR_GRAPHQL_LIST,
  CAR_GRAPHQL_OBJECT,
  CAR_GRAPHQL_VARIABLE,
} CarGraphqlType;

/* Everything hangs together by `next` and lives as long as the document. */
typedef struct _CarGraphqlValue CarGraphqlValue;
struct _CarGraphqlValue
{
  CarGraphqlType type;
  const char *name; /* of an argument, of an object's member, of a directive */
  const char *text; /* spelling, unescaped string, name of an enum value or variable; "true" or "false" */
  gsize length;     /* of text: a string may hold NULs */
  gboolean given;   /* with a variable, as JSON: there an enum's value is a string */
  CarGraphqlValue *items;
  CarGraphqlValue *next;
};

typedef enum
{
  CAR_GRAPHQL_FIELD,
  CAR_GRAPHQL_SPREAD,          /* of the fragment `name` */
  CAR_GRAPHQL_INLINE_FRAGMENT, /* on the type `name`, or NULL */
} CarGraphqlSelectionKind;

typedef struct _CarGraphqlSelection CarGraphqlSelection;
struct _CarGraphqlSelection
{
  CarGraphqlSelectionKind kind;
  const char *alias; /* the name where none was given */
  const char *name;
  CarGraphqlValue *arguments;
  CarGraphqlValue *directives; /* objects: `items` are the arguments */
  CarGraphqlSelection *children;
  CarGraphqlSelection *next;
};

typedef struct _CarGraphqlVariable CarGraphqlVariable;
struct _CarGraphqlVariable
{
  const char *name;
  const char *type; /* the innermost name */
  gboolean is_list;
  gboolean non_null;
  CarGraphqlValue *fallback;
  CarGraphqlVariable *next;
};

typedef struct _CarGraphqlOperation CarGraphqlOperation;
struct _CarGraphqlOperation
{
  const char *type; /* "query", "mutation" or "subscription" */
  const char *name; /* NULL for an anonymous one */
  CarGraphqlVariable *variables;
  CarGraphqlSelection *selections;
  CarGraphqlOperation *next;
};

typedef struct _CarGraphqlFragment CarGraphqlFragment;
struct _CarGraphqlFragment
{
  const char *name;
  const char *on;
  CarGraphqlSelection *selections;
  CarGraphqlFragment *next;
};

typedef struct
{
  GPtrArray *pool; /* what all of the above lies in */
  CarGraphqlOperation *operations;
  CarGraphqlFragment *fragments;
} CarGraphqlDocument;

/* `text` must be UTF-8. NULL with *problem (what and where, to be freed) for anything that is no
 * executable document. */
CarGraphqlDocument *car_graphql_parse (const char *text, gsize length, char **problem);
void car_graphql_document_free (CarGraphqlDocument *self);

/* Room that lives as long as the document. */
gpointer car_graphql_document_alloc (CarGraphqlDocument *self, gsize size);

const CarGraphqlValue *car_graphql_value_find (const CarGraphqlValue *first, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarGraphqlDocument, car_graphql_document_free)

G_END_DECLS
