/** The HTTP interface of a node: route table, typed client, event streams, OpenAPI document. Pure; `fetch` is passed in. */

export {
  type ApplicationAnswer,
  type ApplicationDecision,
  type CaOrganisation,
  type CaPolicy,
  type CaProblem,
  type CertificateApplication,
  caPaths,
  type Invitation,
  type InvitationTerms,
  type IssuedCertificate,
  type JoiningOrganisation,
  type OrganisationAnswer,
  type OrganisationApplication,
  type QueuedApplication,
  type RejectionOrder,
  type RevocationOrder,
  type RotationOrder,
  type RotationState,
  revocationReasons,
  type SignedAuthority,
  type SigningOrder,
} from './ca/authority-api.js';
export { formatInvitationCode, type InvitationCode, parseInvitationCode } from './ca/invitation-code.js';
export { isPlainRemote } from './ca/plain-http.js';
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
export { ApiError, type ErrorBody, errorBody, problemBody, TransportError } from './errors.js';
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
  type AccessProblem,
  type AccessRefusal,
  type AccessRefusalCode,
  accessChallenge,
  accessProblem,
  accessRefusalOf,
  accessRefusals,
} from './identity/access-refusals.js';
export {
  accountUri,
  type CertificateRole,
  certificateRoles,
  isNodeOf,
  nodeUri,
  organisationUri,
  roleName,
  roleOfName,
  roleUri,
} from './identity/certificate-names.js';
export {
  caProgramName,
  defaultNetworkDirectory,
  type LauncherAddress,
  type LocalCaStatus,
  type LocalNode,
  type LocalNodeState,
  type LocalNodeStatus,
  type LocalOrganisation,
  logFileNames,
  type NetworkCommand,
  type NetworkDescription,
  type NetworkReply,
  type NetworkRequest,
  type NetworkStatus,
  networkFiles,
} from './local-network.js';
export { type OpenApiInfo, openApiDocument } from './openapi.js';
export type { AnyRoute, MediaType, Method, RequestOf, ResponseOf, Route, RouteAccess } from './route.js';
export { type AdmissionPolicy, admissionPolicies } from './routes/access.js';
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
