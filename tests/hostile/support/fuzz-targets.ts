/** Everything that turns bytes or text of strangers into values. */
import { deflateSync } from 'node:zlib';
import {
  abiSchema,
  actionType,
  compileAbi,
  DecodeError,
  decodeAbi,
  decodeType,
  encode,
  encodeType,
  type Json,
  packedTransactionSchema,
  parseAbi,
  Reject,
} from '@snapscale/protocol';
import { HttpFailure } from '../../../apps/node/src/http/server/failure.js';
import { parseJsonBody } from '../../../apps/node/src/http/server/json-body.js';
import { loadSignatureRecovery } from '../../../apps/node/src/verify/signature-recovery.js';
import { checkTransaction } from '../../../apps/node/src/verify/verify-transaction.js';
import { LineTableError, readLineTable } from '../../../contracts/compiler/debug/line-table.js';
import { importTable } from '../../../packages/execution/src/host/table.js';
import { checkModule } from '../../../packages/execution/src/wasm/check-module.js';
import { webAssembly } from '../../../packages/execution/src/wasm/engine.js';
import { defaultWasmLimits } from '../../../packages/execution/src/wasm/limits.js';
import { Random } from '../../../packages/execution/src/wasm/testing/random.js';
import { compileStressAbi, makeAbiJson, stressAbi } from '../../../packages/protocol/src/testing/abi-samples.js';
import { Random as SampleRandom } from '../../../packages/protocol/src/testing/random.js';
import { samples } from '../../../packages/protocol/src/testing/samples.js';
import { protonContract } from '../../testing/contract-ledger.js';
import { AttackLedger, setCode } from './attack-ledger.js';
import { evilAbis } from './evil-abis.js';
import type { FuzzTarget } from './fuzz-target.js';
import { textTargets } from './fuzz-text.js';
import { byteTargets } from './fuzz-wire.js';
import { contract } from './modules.js';

const SAMPLES = 12;

/** All decoders, each with a name of its own. */
export function fuzzTargets(): FuzzTarget[] {
  return [
    ...byteTargets(),
    ...textTargets(),
    ...transactionTargets(),
    ...abiTargets(),
    lineTableTarget(),
    moduleTarget(),
    contractTarget(),
  ];
}

/** Refusals of transactions are results, not errors. */
function transactionTargets(): FuzzTarget[] {
  const recover = loadSignatureRecovery().port;
  const chainId = new Uint8Array(32);
  const seeds = Array.from({ length: SAMPLES }, (_, seed) => new SampleRandom(seed + 1));
  const transactions = seeds.map((random) => encode(samples.transaction!.schema, samples.transaction!.make(random)));
  const check = (input: Uint8Array): void => {
    const result = checkTransaction(input, chainId, recover);
    if (result.kind === 'rejected' && result.rejection.message === '') throw new Error('a rejection without words');
  };
  return [
    {
      name: 'transaction as received',
      samples: seeds.map((random) =>
        encode(samples.packedTransaction!.schema, samples.packedTransaction!.make(random)),
      ),
      refusals: [],
      run: check,
    },
    {
      name: 'zlib in a transaction',
      samples: [...transactions, new Uint8Array(900_000)].map((bytes) => deflateSync(bytes)),
      refusals: [],
      run(packedTransaction) {
        const parts = { signatures: [], compression: 1, packedTransaction } as const;
        check(encode(packedTransactionSchema, { ...parts, packedContextFreeData: new Uint8Array(0) }));
        check(encode(packedTransactionSchema, { ...parts, packedContextFreeData: packedTransaction }));
      },
    },
    {
      name: 'transaction of plain bytes',
      samples: transactions,
      refusals: [],
      run(packedTransaction) {
        const packedContextFreeData = new Uint8Array(0);
        check(
          encode(packedTransactionSchema, { signatures: [], compression: 0, packedTransaction, packedContextFreeData }),
        );
      },
    },
  ];
}

function abiTargets(): FuzzTarget[] {
  const stress = compileStressAbi();
  const types = [...stress.structs.keys(), ...stress.variants.keys()];
  const abis = Object.values(evilAbis)
    .map((make) => make())
    .filter(({ length }) => length < 5000);
  abis.push(encode(abiSchema, protonContract('eosio.token').abi), encode(abiSchema, parseAbi(stressAbi)));
  const shown = ['plain', 'lists', 'options', 'derived', 'nested', 'tree'].map((type, seed) =>
    new TextEncoder().encode(JSON.stringify([type, makeAbiJson(new SampleRandom(seed), type)])),
  );
  return [
    {
      name: 'ABI and data by it',
      samples: abis,
      refusals: [DecodeError, Reject],
      run(input) {
        const compiled = compileAbi(decodeAbi(input));
        for (const { name } of compiled.abi.actions.slice(0, 4)) {
          const type = actionType(compiled, name);
          if (type !== undefined) decodeType(compiled, type, input.subarray(0, 300));
        }
      },
    },
    {
      name: 'data of the stress ABI',
      samples: Array.from({ length: SAMPLES }, (_, i) =>
        Uint8Array.from({ length: 64 + i * 40 }, (_, k) => (k * (i + 3)) & 3),
      ),
      refusals: [Reject],
      run(input) {
        const type = types[(input[0] ?? 0) % types.length]!;
        const data = input.subarray(1);
        const json = decodeType(stress, type, data);
        // What is shown can be sent. The bytes may be others: JSON does not tell all values apart.
        encodeType(stress, type, JSON.parse(JSON.stringify(json)));
      },
    },
    {
      name: 'JSON by the stress ABI',
      form: 'JSON',
      samples: shown,
      refusals: [HttpFailure, Reject],
      run(input) {
        const request = parseJsonBody(input);
        const [type = '', json = null] = Array.isArray(request) ? (request as Json[]) : [];
        decodeType(stress, String(type), encodeType(stress, String(type), json));
      },
    },
  ];
}

/** Line tables come from the compiler, but a code that is deployed may bring its own. */
function lineTableTarget(): FuzzTarget {
  const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
  const table = (program: readonly number[]): Uint8Array => {
    const header = Buffer.from(
      '01010100fb0e0d0001010101000000010000012f70726f6a65637400' /* up to the directory */ +
        '00612e637070000100000000' /* one file */,
      'hex',
    );
    const unit = [4, 0, ...u32(header.length), ...header, ...program];
    return Uint8Array.from([...u32(unit.length), ...unit]);
  };
  const walk = [0, 5, 2, 16, 0, 0, 0, 3, 2, 1, 0x4b, 5, 3, 9, 2, 0, 8, 6, 2, 4, 4, 1, 0, 1, 1];
  return {
    name: 'line table',
    samples: [table(walk), table([...walk, ...walk]), Buffer.concat([table(walk), table(walk)])],
    refusals: [LineTableError],
    run: (input) => void readLineTable(input),
  };
}

/** What the own validator accepts, the engine accepts; what it refuses, it refuses by a rejection. */
function moduleTarget(): FuzzTarget {
  const loop = 'loop local.get 0 i32.wrap_i64 br_if 0 end';
  const codes = [
    contract(`i32.const 4 i32.const 8 i32.store ${loop}`),
    contract('i32.const 0 @0', { functions: [{ params: 'i32', code: 'local.get 0 if i32.const 1 call 0 end' }] }),
    contract('i32.const 0 i32.const 4 $prints_l', { data: [{ offset: 0, bytes: new Uint8Array(40).fill(65) }] }),
    contract('f64.const 1 f64.const 2 f64.div drop i64.const 3 i64.const 4 i64.rem_s drop', { locals: 'f32 f64 i64' }),
  ];
  return {
    name: 'WASM module',
    samples: codes,
    refusals: [Reject],
    run(input) {
      checkModule(input, defaultWasmLimits, importTable);
      if (!webAssembly.validate(input)) throw new Error('accepts what the engine refuses');
    },
  };
}

/** Code is set and, where that is accepted, run; the state must be as before when either fails. */
function contractTarget(): FuzzTarget {
  let ledger = new AttackLedger();
  let uses = 0;
  return {
    name: 'contract code',
    slow: true,
    refusals: [],
    samples: ['eosio.token', 'rng', 'xtokens'].map((contract) => protonContract(contract).wasm),
    run(input) {
      if (++uses % 200 === 0) ledger = new AttackLedger();
      ledger.limitMs = 20;
      ledger.accounts('fuzz');
      if (input.length === 0 || ledger.strike([setCode('fuzz', input)], { maxCpuUsageMs: 0 }).code !== 'ok') return;
      const before = ledger.fingerprint();
      const random = new Random(input.length);
      const data = Uint8Array.from({ length: random.below(60) }, () => random.next() & 0xff);
      const { code } = ledger.hit('fuzz', data);
      if (code !== 'ok' && ledger.fingerprint() !== before)
        throw new Error(`a failed action (${code}) left something behind`);
      ledger.strike([setCode('fuzz', new Uint8Array(0))], { maxCpuUsageMs: 0 });
    },
  };
}
