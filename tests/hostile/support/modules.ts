/** Attacking contracts from a few words: host functions are imported by being called as `$name`. */
import { importTable } from '../../../packages/execution/src/host/table.js';
import {
  type Assembly,
  type AssemblyFunction,
  assemble,
} from '../../../packages/execution/src/wasm/testing/assembler.js';

/** A module: the code of `apply`, further functions before it, and what else the assembler takes. */
export type ContractParts = Omit<Assembly, 'functions' | 'imports'> & {
  readonly locals?: string;
  /** Functions with indices from the number of imports on: `@0` is the first of them. */
  readonly functions?: readonly AssemblyFunction[];
  /** Host functions to import beyond those called by name. */
  readonly imports?: readonly string[];
};

/** Text of an import as the assembler takes it. */
function signatureOf(name: string): string {
  const found = importTable.get(name);
  if (found === undefined) throw new Error(`no host function ${name}`);
  return `${found.params.join(' ')}>${found.result ?? ''}`;
}

/** A contract whose `apply` is `code`: `$name` calls a host function, `@n` the n-th function of `parts.functions`. */
export function contract(code: string, parts: ContractParts = {}): Uint8Array {
  const { locals = '', functions = [], imports = [], ...rest } = parts;
  const bodies = [...functions.map((one) => one.code), code];
  const called = bodies.flatMap((text) => [...text.matchAll(/\$(\w+)/g)].map((match) => match[1]!));
  const names = [...new Set([...imports, ...called])];
  const link = (text: string): string =>
    text
      .replaceAll(/\$(\w+)/g, (_, name: string) => `call ${names.indexOf(name)}`)
      .replaceAll(/@(\d+)/g, (_, index: string) => `call ${names.length + Number(index)}`);
  return assemble({
    memory: { initial: 1, maximum: undefined },
    ...rest,
    imports: Object.fromEntries(names.map((name) => [name, signatureOf(name)])),
    functions: [
      ...functions.map((one) => ({ ...one, code: link(one.code) })),
      { params: 'i64 i64 i64', locals, code: link(code) },
    ],
  });
}

/** Endless repetition of `body`, which must leave the stack as it was. */
export function forever(body: string): string {
  return `loop ${body} br 0 end`;
}

/** `body` a number of times; counts in the i32 local with this index. */
export function times(count: number, local: number, body: string): string {
  return `i32.const ${count} local.set ${local} loop ${body} local.get ${local} i32.const 1 i32.sub local.tee ${local} br_if 0 end`;
}

/** A name as an i64 constant. */
export function i64(value: bigint): string {
  return `i64.const ${BigInt.asIntN(64, value)}`;
}
