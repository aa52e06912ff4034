// SPDX-License-Identifier: Apache-2.0
// Says what graphql-js finds wrong: graphql-validate.js SCHEMA.json QUERIES.json [SCHEMA.json QUERIES.json], where SCHEMA.json is
// an introspection's result and QUERIES.json a list of texts. For node with the npm package graphql; exit code 3 where that is missing.

'use strict';

const fs = require('fs');

let graphql;
try {
    graphql = require('graphql');
} catch {
    process.exit(3);
}

function check(schema, query) {
    try {
        return graphql.validate(schema, graphql.parse(query));
    } catch (error) {
        if (error instanceof graphql.GraphQLError)
            return [error];
        throw error;
    }
}

const files = process.argv.slice(2).map(file => JSON.parse(fs.readFileSync(file, 'utf8')));
const problems = [];

for (let i = 0; i < files.length; i += 2) {
    const schema = graphql.buildClientSchema(files[i]);

    problems.push(...graphql.validateSchema(schema).map(problem => problem.message));
    for (const query of files[i + 1])
        problems.push(...check(schema, query).map(problem => `${problem.message}: ${JSON.stringify(query)}`));
}
for (const problem of problems)
    console.log(problem);
process.exit(problems.length > 0 ? 1 : 0);
