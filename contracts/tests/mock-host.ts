/**
 * A stand-in for the node in tests of contracts: just enough of the host functions, over tables in memory. It knows
 * neither limits nor the fees of resources, and a failed action leaves its changes behind unless `apply` is told so.
 */
import { MockDatabase } from './mock-database.js';

/** A failed check of a contract. */
export class ContractFailure extends Error {}

export type ActionCall = {
  readonly receiver: string;
  /** The account that the action was sent to, if it is not the receiver. */
  readonly code?: string;
  readonly action: string;
  readonly data?: Uint8Array;
  /** Accounts that authorized the action. */
  readonly auth?: readonly string[];
};

/** What an action did besides changing tables. */
export type ActionOutcome = {
  readonly notified: readonly string[];
  readonly inline: readonly Uint8Array[];
  readonly console: string;
  readonly result: Uint8Array;
  readonly memoryPages: number;
};

export class MockHost {
  readonly database = new MockDatabase();
  readonly accounts = new Set<string>();
  timeUs = 1_700_000_000_000_000n;
  /** Functions that a test adds or replaces; pointers are into the `memory` it gets. */
  readonly extra = new Map<string, (memory: DataView, ...args: never[]) => unknown>();

  /** Runs one action in a new instance. Throws ContractFailure; then the tables are as before. */
  apply(code: Uint8Array, call: ActionCall): ActionOutcome {
    const before = this.database.snapshot();
    try {
      return new Run(this, call).apply(code);
    } catch (cause) {
      this.database.restore(before);
      throw cause;
    }
  }
}

class Run {
  private readonly host: MockHost;
  private readonly call: ActionCall;
  private readonly notified: string[] = [];
  private readonly inline: Uint8Array[] = [];
  private console = '';
  private result = new Uint8Array();
  private instance: WebAssembly.Instance | undefined;

  constructor(host: MockHost, call: ActionCall) {
    this.host = host;
    this.call = call;
  }

  apply(code: Uint8Array): ActionOutcome {
    const { receiver, action } = this.call;
    const functions = { ...this.contextFunctions(), ...this.consoleFunctions() };
    const database = this.host.database.functions(encodeName(receiver), () => this.view());
    const extra = Object.fromEntries(
      [...this.host.extra].map(([name, implementation]) => [
        name,
        (...args: never[]) => implementation(this.view(), ...args),
      ]),
    );
    const module = new WebAssembly.Module(Uint8Array.from(code));
    const env = { ...functions, ...database, ...extra } as WebAssembly.ModuleImports;
    for (const { name } of WebAssembly.Module.imports(module)) env[name] ??= () => missing(name);
    this.instance = new WebAssembly.Instance(module, { env });
    const signed = (name: string): bigint => BigInt.asIntN(64, encodeName(name));
    const apply = this.instance.exports.apply as (receiver: bigint, code: bigint, action: bigint) => void;
    apply(signed(receiver), signed(this.call.code ?? receiver), signed(action));
    const memoryPages = this.view().byteLength / 65536;
    return { notified: this.notified, inline: this.inline, console: this.console, result: this.result, memoryPages };
  }

  private view(): DataView {
    return new DataView((this.instance!.exports.memory as WebAssembly.Memory).buffer);
  }

  private bytes(pointer: number, size: number): Uint8Array {
    return new Uint8Array(this.view().buffer.slice(pointer, pointer + size));
  }

  private text(pointer: number): string {
    const memory = new Uint8Array(this.view().buffer);
    return Buffer.from(memory.subarray(pointer, memory.indexOf(0, pointer))).toString();
  }

  private contextFunctions() {
    const { receiver, data = new Uint8Array(), auth = [] } = this.call;
    const authorized = (account: bigint): boolean => auth.includes(decodeName(account));
    const assertAuthorized = (account: bigint): void => {
      if (!authorized(account)) throw new ContractFailure(`missing authority of ${decodeName(account)}`);
    };
    return {
      require_auth: assertAuthorized,
      require_auth2: assertAuthorized,
      has_auth: (account: bigint) => Number(authorized(account)),
      is_account: (account: bigint) => Number(this.host.accounts.has(decodeName(account))),
      require_recipient: (account: bigint) => void this.notified.push(decodeName(account)),
      current_receiver: () => BigInt.asIntN(64, encodeName(receiver)),
      current_time: () => this.host.timeUs,
      get_sender: () => 0n,
      action_data_size: () => data.length,
      read_action_data: (pointer: number, size: number) => {
        new Uint8Array(this.view().buffer).set(data.subarray(0, size), pointer);
        return Math.min(size, data.length);
      },
      set_action_return_value: (pointer: number, size: number) => {
        this.result = Uint8Array.from(this.bytes(pointer, size));
      },
      send_inline: (pointer: number, size: number) => void this.inline.push(this.bytes(pointer, size)),
      eosio_assert: (holds: number, message: number) => {
        if (holds === 0) throw new ContractFailure(this.text(message));
      },
      eosio_assert_message: (holds: number, message: number, size: number) => {
        if (holds === 0) throw new ContractFailure(Buffer.from(this.bytes(message, size)).toString());
      },
      eosio_assert_code: (holds: number, code: bigint) => {
        if (holds === 0) throw new ContractFailure(`code ${BigInt.asUintN(64, code)}`);
      },
    };
  }

  private consoleFunctions() {
    const print = (text: string): void => {
      this.console += text;
    };
    const wide = (pointer: number): bigint =>
      this.view().getBigUint64(pointer, true) | (this.view().getBigUint64(pointer + 8, true) << 64n);
    return {
      prints: (pointer: number) => print(this.text(pointer)),
      prints_l: (pointer: number, size: number) => print(Buffer.from(this.bytes(pointer, size)).toString()),
      printi: (value: bigint) => print(String(value)),
      printui: (value: bigint) => print(String(BigInt.asUintN(64, value))),
      printi128: (pointer: number) => print(String(BigInt.asIntN(128, wide(pointer)))),
      printui128: (pointer: number) => print(String(wide(pointer))),
      printsf: (value: number) => print(String(value)),
      printdf: (value: number) => print(String(value)),
      printn: (name: bigint) => print(decodeName(name)),
      printhex: (pointer: number, size: number) => print(Buffer.from(this.bytes(pointer, size)).toString('hex')),
    };
  }
}

function missing(name: string): never {
  throw new Error(`the mock host has no ${name}`);
}

const characters = '.12345abcdefghijklmnopqrstuvwxyz';

/** The 64-bit number of a name. */
export function encodeName(text: string): bigint {
  let value = 0n;
  for (let i = 0; i < text.length; i++) {
    const digit = BigInt(characters.indexOf(text[i]!));
    value |= i < 12 ? digit << BigInt(59 - 5 * i) : digit;
  }
  return value;
}

/** The text of a name's number, signed or not. */
export function decodeName(value: bigint): string {
  const number = BigInt.asUintN(64, value);
  let text = '';
  for (let i = 0; i < 13; i++) text += characters[Number(i < 12 ? (number >> BigInt(59 - 5 * i)) & 31n : number & 15n)];
  return text.replace(/\.+$/, '');
}

/** Packs action data: each part a name, an asset `12.3400 XST`, a symbol `4,XST`, a text, a number or bytes. */
export const pack = {
  name: (text: string): Uint8Array => pack.u64(encodeName(text)),
  u64: (value: bigint): Uint8Array => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return bytes;
  },
  symbol: (text: string): Uint8Array => {
    const [precision = '0', code = ''] = text.split(',');
    return Buffer.concat([Buffer.from([Number(precision)]), Buffer.from(code.padEnd(7, '\0'))]);
  },
  asset: (text: string): Uint8Array => {
    const [amount = '', code = ''] = text.split(' ');
    const decimals = amount.split('.')[1]?.length ?? 0;
    return Buffer.concat([pack.u64(BigInt(amount.replace('.', ''))), pack.symbol(`${decimals},${code}`)]);
  },
  text: (text: string): Uint8Array => {
    const bytes = Buffer.from(text);
    const size: number[] = [];
    let rest = bytes.length;
    for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...size, rest]), bytes]);
  },
  all: (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts),
};
