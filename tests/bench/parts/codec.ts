/** The codec: what every transaction, block and answer passes through. */

import { readFileSync } from 'node:fs';
import { sha256 } from '@snapscale/crypto';
import {
  actionType,
  compileAbi,
  decode,
  decodeType,
  encode,
  encodeType,
  name,
  packedTransactionSchema,
  parseAbi,
  type Schema,
  signedBlockSchema,
  transactionId,
  transactionSchema,
  transactionTraceSchema,
  unpackTransaction,
} from '@snapscale/protocol';
import { BenchLedger } from '../load/bench-ledger.js';
import { MemoryStore } from '../load/bench-stores.js';
import { signFast } from '../load/native-signer.js';
import { developmentKey, loadAccounts, transferAction } from '../load/workload.js';
import { count, heading, printTable } from '../report.js';
import { rateOf } from '../sampling.js';

const BLOCK_TRANSFERS = 1000;
const abiFile = new URL('../../../contracts/system/artifacts/eosio.token.abi', import.meta.url);

type CodecCase = {
  readonly title: string;
  readonly bytes: number;
  readonly operations: number;
  readonly work: () => void;
};

export async function codec({ quick }: { readonly quick: boolean }): Promise<void> {
  heading('codec: one thread, one value after the other');
  const rows: string[][] = [];
  for (const { title, bytes, operations, work } of await codecCases()) {
    const { best, median } = await rateOf(operations, quick ? 200 : 500, work);
    rows.push([
      title,
      `${bytes}`,
      count(best),
      count(median),
      `${((median * bytes) / 2 ** 20).toFixed(0)}`,
      (1e6 / median).toFixed(2),
    ]);
  }
  printTable(['', 'bytes', 'best/s', 'median/s', 'MiB/s', 'µs each'], rows);
}

async function codecCases(): Promise<CodecCase[]> {
  const accounts = loadAccounts(50);
  const ledger = await BenchLedger.found(new MemoryStore(), false, accounts);
  const transfers = Array.from({ length: BLOCK_TRANSFERS }, (_, i) => {
    const from = accounts[i % accounts.length]!;
    const to = accounts[(i + 1) % accounts.length]!;
    return ledger.verified([transferAction(from.name, to.name, 1n, String(i))], [from.publicKey]);
  });
  const finished = await ledger.block(transfers);
  const { received, packed } = transfers[7]!;
  const receivedBytes = encode(packedTransactionSchema, received);
  const trace = finished.traces[7]!;
  const block = {
    header: finished.header,
    producerSignature: signFast(developmentKey, sha256(packed)),
    transactions: finished.transactions,
    blockExtensions: [],
  };
  const token = compileAbi(parseAbi(JSON.parse(readFileSync(abiFile, 'utf8'))));
  const type = actionType(token, name('transfer'))!;
  const data = transferAction(accounts[0]!.name, accounts[1]!.name, 12_345n, 'a memo of usual length').data;
  const json = decodeType(token, type, data);
  const repeat = (work: () => void) => () => {
    for (let i = 0; i < 1000; i++) work();
  };
  const pair = <T>(title: string, schema: Schema<T>, value: T, operations = 1000): CodecCase[] => {
    const bytes = encode(schema, value);
    const many = operations === 1 ? (work: () => void) => work : repeat;
    return [
      { title: `${title}: encode`, bytes: bytes.length, operations, work: many(() => encode(schema, value)) },
      { title: `${title}: decode`, bytes: bytes.length, operations, work: many(() => decode(schema, bytes)) },
    ];
  };
  return [
    ...pair('packed transaction with a transfer', packedTransactionSchema, received),
    ...pair('its transaction', transactionSchema, transfers[7]!.transaction),
    {
      title: 'both: decode, and its id',
      bytes: receivedBytes.length,
      operations: 1000,
      work: repeat(() => transactionId(unpackTransaction(decode(packedTransactionSchema, receivedBytes)).packed)),
    },
    ...pair('trace of a transfer', transactionTraceSchema, trace),
    ...pair(`block of ${BLOCK_TRANSFERS} transfers`, signedBlockSchema, block, 1),
    {
      title: 'transfer by its ABI: JSON to bytes',
      bytes: data.length,
      operations: 1000,
      work: repeat(() => encodeType(token, type, json)),
    },
    {
      title: 'transfer by its ABI: bytes to JSON',
      bytes: data.length,
      operations: 1000,
      work: repeat(() => decodeType(token, type, data)),
    },
    {
      title: 'trace to JSON text',
      bytes: encode(transactionTraceSchema, trace).length,
      operations: 1000,
      work: repeat(() => JSON.stringify(transactionTraceSchema.toJson(trace))),
    },
  ];
}
