/** The OpenAPI 3.1 document of the route table. */
import { errorBody, problemBody } from './errors.js';
import { accessTokenType } from './identity/access-token.js';
import type { AnyRoute } from './route.js';
import { allRoutes } from './routes/index.js';
import type { JsonSchema } from './schema.js';

/** What the document says of the server. */
export type OpenApiInfo = { readonly version: string; readonly serverUrl?: string };

type Components = Map<string, unknown>;

/** How clients show who they are. */
const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: accessTokenType,
    description: 'A token that the client makes for each request from its key and certificate.',
  },
  clientCertificate: { type: 'mutualTLS', description: 'The certificate itself, at `tls_port` of get_access.' },
};
/** None is needed where the node lets everybody do it: get_access says. */
const security = [{}, { accessToken: [] }, { clientCertificate: [] }];
const refused = { $ref: '#/components/responses/Refused' };
const refusals = { 401: refused, 403: refused, 429: refused };

/** Makes the document. Schemas with a title are listed once, under `components`. */
export function openApiDocument({ version, serverUrl }: OpenApiInfo): Record<string, unknown> {
  const components: Components = new Map();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of allRoutes()) {
    const item: Record<string, unknown> = {};
    for (const method of route.methods) item[method.toLowerCase()] = operation(route, method, components);
    paths[route.path] = item;
  }
  const error = schemaOf(errorBody, components);
  const problem = schemaOf(problemBody, components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'SnapScale node',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Antelope-compatible HTTP interface. Integers beyond ±4294967295 are decimal strings, bytes are hex, times are UTC without a zone letter.',
    },
    ...(serverUrl === undefined ? {} : { servers: [{ url: serverUrl }] }),
    tags: [...new Set(allRoutes().map((route) => route.group))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes,
      responses: {
        Refused: {
          description: 'Who asks is not let in (docs/spec/access.md); 429: later.',
          content: { 'application/problem+json': { schema: problem } },
        },
        Error: { description: 'The request failed.', content: { 'application/json': { schema: error } } },
      },
    },
  };
}

function operation(route: AnyRoute, method: string, components: Components): Record<string, unknown> {
  const requestType = route.requestType ?? 'application/json';
  const responseType = route.responseType ?? 'application/json';
  const request: Record<string, unknown> =
    method === 'GET'
      ? { parameters: parameters(route.request, components) }
      : {
          requestBody: {
            required: (route.request.required?.length ?? 0) > 0 || requestType !== 'application/json',
            content: {
              [requestType]: {
                schema:
                  requestType === 'application/json'
                    ? schemaOf(route.request, components)
                    : { type: 'string', format: 'binary' },
                ...(route.example === undefined ? {} : { example: route.example }),
              },
            },
          },
        };
  return {
    operationId: `${method.toLowerCase()}${route.path.replace(/[/_.]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [route.group],
    summary: route.summary,
    ...(route.doc === undefined ? {} : { description: route.doc }),
    ...(route.access === 'open' ? {} : { security }),
    ...request,
    responses: {
      ...(route.access === 'open' ? {} : refusals),
      [route.status]: {
        description: 'Success.',
        content: { [responseType]: { schema: schemaOf(route.response, components) } },
      },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function parameters(schema: JsonSchema, components: Components): unknown[] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    ...(field.description === undefined ? {} : { description: field.description }),
    schema: schemaOf(field, components),
  }));
}

/** A schema with its titled parts replaced by references. */
function schemaOf(schema: JsonSchema, components: Components): unknown {
  const { title } = schema;
  if (title === undefined) return inline(schema, components);
  if (!components.has(title)) {
    components.set(title, undefined);
    components.set(title, inline(schema, components));
  }
  return { $ref: `#/components/schemas/${title}` };
}

function inline(schema: JsonSchema, components: Components): Record<string, unknown> {
  const result: Record<string, unknown> = { ...schema };
  if (schema.items !== undefined) result.items = schemaOf(schema.items, components);
  if (schema.prefixItems !== undefined)
    result.prefixItems = schema.prefixItems.map((item) => schemaOf(item, components));
  if (schema.anyOf !== undefined) result.anyOf = schema.anyOf.map((option) => schemaOf(option, components));
  if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = schemaOf(schema.additionalProperties, components);
  }
  if (schema.properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, field]) => [key, schemaOf(field, components)]),
    );
  }
  return result;
}
