/** What a route is: one declaration that gives the server its checks, clients their types, and OpenAPI its text. */
import type { JsonSchema, Schema } from './schema.js';

/** HTTP methods of routes. */
export type Method = 'GET' | 'POST';

/** How a request or an answer travels. */
export type MediaType =
  | 'application/json'
  | 'application/octet-stream'
  | 'text/plain'
  | 'text/event-stream'
  | 'text/html'
  | 'application/x-pem-file';

/**
 * What a route is for, as far as it concerns who may call it (docs/spec/access.md): `open`: for everybody, always; `read`: shows
 * the chain; `write`: changes it; `local`: for everybody on the machine of the node, for others as `read`.
 */
export type RouteAccess = 'open' | 'read' | 'write' | 'local';

/** One endpoint. `Request` and `Response` are the types of its JSON. */
export type Route<Request = unknown, Response = unknown> = {
  readonly path: string;
  /** Methods that it answers; with GET the fields of the request are query parameters. */
  readonly methods: readonly Method[];
  /** Status of a success. */
  readonly status: 200 | 201 | 202;
  readonly access: RouteAccess;
  /** Heading under which it is listed. */
  readonly group: string;
  /** A line. */
  readonly summary: string;
  /** Paragraphs, where the line is not enough. */
  readonly doc?: string;
  readonly request: Schema<Request>;
  readonly response: Schema<Response>;
  /** `application/json` where not given. */
  readonly requestType?: MediaType;
  readonly responseType?: MediaType;
  /** A request that works on a fresh chain, for the documentation page. */
  readonly example?: Readonly<Record<string, unknown>>;
};

/** A route of any types. */
export type AnyRoute = Omit<Route, 'request' | 'response'> & {
  readonly request: JsonSchema;
  readonly response: JsonSchema;
};

/** The request type of a route. */
export type RequestOf<R> = R extends Route<infer Request, unknown> ? Request : never;

/** The response type of a route. */
export type ResponseOf<R> = R extends Route<unknown, infer Response> ? Response : never;

type Declared<Request, Response> = Omit<Route<Request, Response>, 'methods' | 'status' | 'access'> & {
  readonly methods?: readonly Method[];
  readonly status?: 200 | 201 | 202;
  readonly access?: RouteAccess;
};

/** Declares a route that reads: GET and POST, 200. */
export function query<Request, Response>(route: Declared<Request, Response>): Route<Request, Response> {
  return { methods: ['GET', 'POST'], status: 200, access: 'read', ...route };
}

/** Declares a route that changes something: POST, 202. */
export function command<Request, Response>(route: Declared<Request, Response>): Route<Request, Response> {
  return { methods: ['POST'], status: 202, access: 'write', ...route };
}
