/** What the benchmark says to its load generator and its probe, and hears from them. */

/** How transfers are sent. */
export type SendMode =
  /** Signed beforehand, many per request, binary. */
  | 'bulk'
  /** As `bulk`, but signed while sending, as wallets' gateways and nodeos' own generator do. */
  | 'bulk-live'
  /** One per request, JSON, the endpoint of every wallet. */
  | 'send_transaction'
  /** `push_transactions`: a list per request, JSON. */
  | 'push_transactions';

export type ToGenerator =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly port: number;
      readonly accounts: number;
      readonly seed: number;
    }
  | { readonly kind: 'run'; readonly plan: RunPlan }
  | { readonly kind: 'exit' };

/** One stretch of load. */
export type RunPlan = {
  readonly mode: SendMode;
  /** Transfers per request. */
  readonly batch: number;
  /** Requests that are under way at once, each on a connection of its own. */
  readonly connections: number;
  readonly seconds: number;
  /** Transfers per second; undefined sends as fast as the node answers. */
  readonly rate?: number;
  /** Transfers to sign before the start (not for `bulk-live`); the run ends when they are used up. */
  readonly prepare: number;
  /** Where to write one `SentTransfer` per transfer. */
  readonly logFile: string;
  /** HTTP ports that the connections go to in turn; default the one of `open`. */
  readonly ports?: readonly number[];
};

export type FromGenerator =
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepared'; readonly count: number; readonly seconds: number }
  | { readonly kind: 'done'; readonly result: RunResult };

export type RunResult = {
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly firstError: string | undefined;
  /** First request and last answer, milliseconds since 1970. */
  readonly beganMs: number;
  readonly endedMs: number;
  /** CPU time of the generator in between, seconds. */
  readonly cpuSeconds: number;
  /** True when the prepared transfers did not last. */
  readonly ranDry: boolean;
};

/** Layout of the generator's log: id, time of sending, time of the answer (f64 ms since 1970), 1 when it was accepted. */
export const SENT_RECORD_BYTES = 32 + 8 + 8 + 1;

export type SentTransfer = {
  readonly id: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly accepted: boolean;
};

/** Reads the generator's log. */
export function* readSentTransfers(bytes: Buffer): Generator<SentTransfer> {
  for (let at = 0; at + SENT_RECORD_BYTES <= bytes.length; at += SENT_RECORD_BYTES) {
    yield {
      id: bytes.toString('latin1', at, at + 32),
      sentMs: bytes.readDoubleLE(at + 32),
      answeredMs: bytes.readDoubleLE(at + 40),
      accepted: bytes[at + 48] === 1,
    };
  }
}

export type ToProbe =
  | { readonly kind: 'open'; readonly port: number; readonly intervalMs: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'exit' };

/** What the probe has seen since it was asked last. */
export type ProbeReport = {
  /** Times of get_info, milliseconds, from when each should have been asked. */
  readonly infoMs: readonly number[];
  readonly failures: number;
  /** Block number and the moment the event stream said that it is final. */
  readonly finals: readonly (readonly [num: number, atMs: number])[];
};

export type FromProbe = { readonly kind: 'ready' } | { readonly kind: 'report'; readonly report: ProbeReport };

/** Where a node answers. */
export type WatchedNode = { readonly name: string; readonly port: number };

export type ToOnlooker =
  | { readonly kind: 'open'; readonly nodes: readonly WatchedNode[] }
  /** Forget what was seen until now. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'take' };

/** A node's event stream said that this block, and those before it, are final. Milliseconds since 1970. */
export type SeenFinal = { readonly node: string; readonly num: number; readonly atMs: number };

export type FromOnlooker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'report'; readonly finals: readonly SeenFinal[] };

/** Milliseconds since 1970, finer than `Date.now`, and comparable between the processes of one machine. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}
