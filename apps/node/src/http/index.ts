/** The HTTP interface of a node. */
export type {
  BlockPoint,
  ChainEvent,
  ChainInfo,
  HealthCheck,
  NodeBackend,
  NodeHealth,
  ProvenEntry,
  ServerVersion,
  StoredBlock,
  SubmitMode,
  SubmitOutcome,
  TrackedVote,
  TransactionLocation,
  TransactionStatusInfo,
} from './backend.js';
export { type HttpObserver, type HttpServer, startHttpServer } from './server/http-server.js';
export { defaultHttpOptions, type HttpOptions } from './server/options.js';
