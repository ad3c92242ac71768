/** What a host function is: the one declaration from which linking, metering, guards and documentation follow. */
import type { WasmType } from '../wasm/validate.js';
import type { HostEnvironment } from './environment.js';

/** A parameter as it is declared: 'name: type'. Pointers are i32 offsets into the contract's memory. */
export type Parameter = `${string}: ${WasmType}`;

type ValueOf<T> = T extends 'i64' ? bigint : T extends WasmType ? number : undefined;
type TypeOfParameter<P> = P extends `${string}: ${infer T extends WasmType}` ? T : never;

/** JavaScript arguments of a list of parameters: i64 arrives as a signed bigint, i32 as a signed number. */
type Arguments<P extends readonly Parameter[]> = { -readonly [K in keyof P]: ValueOf<TypeOfParameter<P[K]>> };

/** Where a function may be called. */
type Availability = {
  /** true: everywhere; false: not in context-free actions; 'only': in context-free actions alone. */
  readonly contextFree: boolean | 'only';
  /** Only receivers that the chain trusts may call it. Everybody may link it. */
  readonly privileged: boolean;
};

/** A host function as the tables of the runtime see it. */
export type HostFunction = Availability & {
  readonly name: string;
  readonly params: readonly WasmType[];
  readonly result?: WasmType;
  /** Price of a call, whatever its arguments; what depends on them is charged by the function itself. */
  readonly gas: number;
  /** One paragraph for contract authors: what it does, returns and rejects. Parameters carry their declared names. */
  readonly doc: string;
  readonly paramNames: readonly string[];
  /** The JavaScript function for one environment. */
  readonly make: (environment: HostEnvironment) => (...args: never[]) => unknown;
};

/** The parts of a declaration as they are written down; everything not said is the common case. */
export type Declaration<P extends readonly Parameter[], R extends WasmType | undefined> = Partial<Availability> & {
  readonly params: P;
  readonly result?: R;
  readonly gas: number;
  readonly doc: string;
  readonly make: (environment: HostEnvironment) => (...args: Arguments<P>) => R extends WasmType ? ValueOf<R> : void;
};

/** Makes a declaration; by default a function is not available to context-free actions and needs no privilege. */
export function declare<const P extends readonly Parameter[], R extends WasmType | undefined = undefined>(
  name: string,
  declaration: Declaration<P, R>,
): HostFunction {
  const split = declaration.params.map((param) => param.split(': ') as [string, WasmType]);
  const { result, gas, doc, make, contextFree = false, privileged = false } = declaration;
  return {
    name,
    params: split.map(([, type]) => type),
    paramNames: split.map(([paramName]) => paramName),
    ...(result === undefined ? {} : { result }),
    gas,
    contextFree,
    privileged,
    doc,
    make: make as HostFunction['make'],
  };
}
