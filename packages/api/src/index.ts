/** The HTTP interface of a node: route table, typed client, event streams, OpenAPI document. Pure; `fetch` is passed in. */
export { type ReadResult, readRequest, violations } from './check.js';
export {
  type ApiClient,
  type ByteReader,
  type CallOptions,
  type ClientOptions,
  callRoute,
  createApiClient,
  type Fetch,
  type FetchAnswer,
} from './client.js';
export { ApiError, type ErrorBody, errorBody, TransportError } from './errors.js';
export {
  formatServerSentEvent,
  readStreamEvent,
  type ServerSentEvent,
  ServerSentEventParser,
  type StreamEvent,
  type StreamRequest,
  streamEvents,
} from './event-stream.js';
export {
  defaultNetworkDirectory,
  type LauncherAddress,
  type LocalNode,
  type LocalNodeState,
  type LocalNodeStatus,
  logFileNames,
  type NetworkCommand,
  type NetworkDescription,
  type NetworkReply,
  type NetworkRequest,
  type NetworkStatus,
  networkFiles,
} from './local-network.js';
export { type OpenApiInfo, openApiDocument } from './openapi.js';
export type { AnyRoute, MediaType, Method, RequestOf, ResponseOf, Route } from './route.js';
export { allRoutes, type Routes, routes } from './routes/index.js';
export type { TransactionInput } from './routes/transactions.js';
export type { JsonSchema, JsonValue, Schema, ValueOf } from './schema.js';
export {
  type ChainProof,
  type Checkpoint,
  chainProof as chainProofSchema,
  checkpoint as checkpointSchema,
  type ProofPart,
  proofVersion,
} from './schemas/proof.js';
