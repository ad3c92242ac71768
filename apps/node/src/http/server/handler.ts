/** What handlers get and give: the types that tie them to the route table. */
import type { RequestOf, ResponseOf, Routes } from '@snapscale/api';
import type { StateReader } from '@snapscale/execution';
import type { DecodingBudget, Name } from '@snapscale/protocol';
import type { Access, AccessControl } from '../access/access-control.js';
import type { NodeBackend } from '../backend.js';
import type { AbiCache } from '../view/abi-cache.js';
import type { HttpOptions } from './options.js';

/** What a handler works with. */
export type RequestContext = {
  readonly backend: NodeBackend;
  readonly options: HttpOptions;
  readonly abis: AbiCache;
  /** What the values of the answer may grow to when they are decoded. */
  readonly budget: DecodingBudget;
  /** The state that the client asked for: of the newest block, or with `?at=final` of the newest final one. */
  readonly state: StateReader;
  /** Who asks. */
  readonly access: Access;
  /** The doors themselves, for what they say of themselves. */
  readonly control: AccessControl;
  /** Port of HTTPS; undefined: there is none. */
  readonly tlsPort: number | undefined;
  /** Aborted when the client hangs up, the server stops, or the client may ask no more. */
  readonly signal: AbortSignal;
  /** True when the client is on the machine that the node runs on. */
  readonly isLocal: boolean;
  /** Monotonic clock. */
  nowMs(): number;
  /**
   * To be called for each transaction before it is handed in. Throws when its sender may not write, and no member pays for it.
   * @param payer the account that pays; asked for only where it matters
   */
  requirePayer(payer: () => Name): void;
  /** Counts further work of the client against its rate; throws when there is too much of it. */
  charge(cost: number): void;
};

/** Answers one route. It throws `HttpFailure`, `Reject`, `FormatError` or `DecodeError` for what the client did wrong. */
export type Handler<R> = (
  context: RequestContext,
  request: RequestOf<R>,
) => HandlerResult<ResponseOf<R>> | Promise<HandlerResult<ResponseOf<R>>>;

/** The answer, or the answer with a status that is not the route's. */
type HandlerResult<T> = T | WithStatus<T>;

/** An answer with a status of its own. */
export class WithStatus<T> {
  readonly status: number;
  readonly value: T;

  constructor(status: number, value: T) {
    this.status = status;
    this.value = value;
  }
}

/** Handlers of a family of routes. */
export type HandlersOf<Family> = { readonly [Name in keyof Family]: Handler<Family[Name]> };

/** Routes that the server answers by itself. */
type OwnRoutes = {
  readonly node: 'getMetrics' | 'getOpenApi' | 'getSupportedApis';
  readonly snap: 'stream' | 'getAuthorities';
};

/** One handler for each route that needs one. */
export type AllHandlers = {
  readonly [Family in keyof Routes]: HandlersOf<
    Omit<Routes[Family], Family extends keyof OwnRoutes ? OwnRoutes[Family] : never>
  >;
};
