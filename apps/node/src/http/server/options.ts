/** Settings of the HTTP server. */

/** What can be set; everything has a default. */
export type HttpOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Value of `Access-Control-Allow-Origin`; empty sends none, so that web pages of other origins cannot read answers. */
  readonly allowOrigin: string;
  /** Largest JSON request. nodeos: 2 MiB. */
  readonly bodyBytesMax: number;
  /** Largest request of `/v1/snap/submit`. */
  readonly bulkBytesMax: number;
  /** Time for a client to send its whole request. */
  readonly requestTimeoutMs: number;
  /** Time for a client to send its headers. */
  readonly headersTimeoutMs: number;
  /** Time that an idle connection is kept. */
  readonly keepAliveTimeoutMs: number;
  /** Connections at once. */
  readonly connectionsMax: number;
  /** Time that one read of tables may take; rows that did not fit follow on the next page. */
  readonly queryTimeMs: number;
  /** Requests with `retry_trx` that wait at once. */
  readonly waitingMax: number;
  /** Requests per second of one client; 0: no limit. */
  readonly ratePerSecond: number;
  /** Requests that a client may make at once after a pause. */
  readonly rateBurst: number;
  /** Requests per second of one certificate, and of all certificates of an organisation; 0: no limit. */
  readonly certificateRatePerSecond: number;
  readonly certificateRateBurst: number;
  readonly organisationRatePerSecond: number;
  readonly organisationRateBurst: number;
  /** Take the client's address from `X-Forwarded-For`: only behind a proxy that sets it. */
  readonly trustProxy: boolean;
  /** Event streams at once, and of one client. */
  readonly streamsMax: number;
  readonly streamsPerClientMax: number;
  /** Bytes that may wait for a client of an event stream before it must read. */
  readonly streamBufferBytesMax: number;
  /** Time after which a client of an event stream that does not read is dropped. */
  readonly streamStallTimeoutMs: number;
  /** Pause between signs of life on a quiet event stream. */
  readonly streamHeartbeatMs: number;
  /** Age of the newest block from which the node counts as stalled. */
  readonly headAgeMaxMs: number;
};

/** Defaults: a node on the loopback interface, for development. */
export const defaultHttpOptions: HttpOptions = {
  host: '127.0.0.1',
  port: 8888,
  allowOrigin: '*',
  bodyBytesMax: 2 * 1024 * 1024,
  bulkBytesMax: 16 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 15_000,
  connectionsMax: 4096,
  queryTimeMs: 30,
  waitingMax: 1024,
  ratePerSecond: 0,
  rateBurst: 200,
  certificateRatePerSecond: 0,
  certificateRateBurst: 400,
  organisationRatePerSecond: 0,
  organisationRateBurst: 2000,
  trustProxy: false,
  streamsMax: 512,
  streamsPerClientMax: 32,
  streamBufferBytesMax: 1024 * 1024,
  streamStallTimeoutMs: 30_000,
  streamHeartbeatMs: 15_000,
  headAgeMaxMs: 60_000,
};
