// SPDX-License-Identifier: AGPL-3.0-only

import {
    buildSchema, getIntrospectionQuery, graphql, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString,
    printSchema,
} from "graphql";

const written = buildSchema(`
    type Query { hello(name: String = "world"): String!, dice(sides: Int!): Int, fails: String, person(id: ID!): Person }
    type Person { id: ID!, name: String, friends(first: Int): [Person!]! }
    type Mutation { rename(id: ID!, name: String!): Person }
`);

type Person = { id: string; name: string; friends: typeof friends };
const people: Person[] = [{ id: "1", name: "Ada" }, { id: "2", name: "Grace" }].map((one) => ({ ...one, friends }));
function friends(this: { id: string }, { first = 9 }): Person[] {
    return people.filter(({ id }) => id !== this.id).slice(0, first);
}

const root = {
    hello: ({ name }: { name: string }) => `Hello ${name}`,
    dice: async ({ sides }: { sides: number }) => sides,
    fails: () => {
        throw new Error("on purpose");
    },
    person: ({ id }: { id: string }) => people.find((one) => one.id === id),
    rename: ({ id, name }: { id: string; name: string }) => ({ ...people.find((one) => one.id === id), name }),
};

const made = new GraphQLSchema({
    query: new GraphQLObjectType({
        name: "Query",
        fields: {
            sum: {
                type: GraphQLInt,
                args: { numbers: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLInt))) } },
                resolve: (_, { numbers }) => numbers.reduce((a: number, b: number) => a + b, 0),
            },
            later: { type: GraphQLString, resolve: () => new Promise((resolve) => setTimeout(() => resolve("late"), 5)) },
        },
    }),
});

export default {
    async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/schema") {
            return new Response(printSchema(written));
        }
        if (pathname === "/introspection") {
            const { data } = await graphql({ schema: written, source: getIntrospectionQuery() });
            return Response.json((data as any).__schema.types.map(({ name }: { name: string }) => name).sort());
        }
        const { query, variables } = (await request.json()) as { query: string; variables?: Record<string, unknown> };
        const schema = pathname === "/made" ? made : written;
        return Response.json(await graphql({ schema, source: query, rootValue: pathname === "/made" ? undefined : root, variableValues: variables }));
    },
} satisfies ExportedHandler;
