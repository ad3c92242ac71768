/** Routes of our own: bulk submission and state proofs. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { fromHex, toHex } from '@snapscale/crypto';
import { bytesKey, keyBytes, rowKey, type StateKey, tableId } from '@snapscale/execution';
import {
  blockHeaderSchema,
  decode,
  encode,
  packedTransactionSchema,
  Reader,
  reject,
  slotToText,
} from '@snapscale/protocol';
import { busy, invalidRequest } from '../server/failure.js';
import type { HandlersOf, RequestContext } from '../server/handler.js';
import { nameOf } from '../view/fields.js';
import { parseU64 } from '../view/table-bounds.js';
import { eosioCodeOf, payerOf, rejectionOf } from './transactions.js';

type SubmitResult = ResponseOf<Routes['snap']['submit']>;

/** Most transactions of one bulk request. */
const BULK_MAX = 20_000;
/** Transactions of a bulk request that count as one request for the rate limit. */
const BULK_PER_TOKEN = 10;

export const snapHandlers: HandlersOf<Pick<Routes['snap'], 'submit' | 'getStateProof'>> = {
  submit(context, body) {
    const packed = splitBulk(body);
    context.charge(Math.floor(packed.length / BULK_PER_TOKEN));
    for (const bytes of packed) context.requirePayer(() => payerOf(decode(packedTransactionSchema, bytes)));
    return submitAll(context, packed);
  },

  async getStateProof({ backend }, request) {
    const key = entryKey(request);
    const entry = await backend.stateProof(key);
    if (entry === undefined) {
      return reject('unsupported_feature', 'this chain does not commit to its state');
    }
    const header = backend.blockById(entry.id)?.block.header;
    return {
      block_num: entry.num,
      block_id: toHex(entry.id),
      block_time: slotToText(entry.slot),
      ...(header === undefined ? {} : { block_header: toHex(encode(blockHeaderSchema, header)) }),
      state_root: toHex(entry.root),
      key: toHex(keyBytes(key)),
      value: entry.value === undefined ? null : toHex(entry.value),
      proof: toHex(entry.proof),
    };
  },
};

/** The transactions of a bulk request: (varuint32 length, bytes) one after the other. @throws DecodeError */
function splitBulk(body: Uint8Array): Uint8Array[] {
  const reader = new Reader(body);
  const packed: Uint8Array[] = [];
  while (reader.remaining > 0) {
    if (packed.length >= BULK_MAX) throw invalidRequest(`a request may hold at most ${BULK_MAX} transactions`);
    packed.push(reader.bytes());
  }
  return packed;
}

async function submitAll({ backend }: RequestContext, packed: readonly Uint8Array[]): Promise<SubmitResult> {
  const outcomes = await Promise.all(packed.map((bytes) => backend.submit(bytes, 'push')));
  if (outcomes.length > 0 && outcomes.every(({ kind }) => kind === 'busy')) throw busy();
  const rejected: SubmitResult['rejected'][number][] = [];
  outcomes.forEach((outcome, index) => {
    const rejection = rejectionOf(outcome);
    if (rejection !== undefined) rejected.push({ index, code: eosioCodeOf(rejection), message: rejection.message });
  });
  return { accepted: outcomes.length - rejected.length, rejected };
}

/** The key of an entry, given in hex or as a row. */
export function entryKey(request: {
  readonly key?: string | undefined;
  readonly code?: string | undefined;
  readonly scope?: string | undefined;
  readonly table?: string | undefined;
  readonly primary_key?: string | undefined;
}): StateKey {
  const { key, code, scope, table, primary_key: primary } = request;
  if (key !== undefined) {
    if (!/^([0-9a-fA-F]{2})+$/.test(key)) throw invalidRequest('key must be hex');
    return bytesKey(fromHex(key.toLowerCase()));
  }
  if (code === undefined || scope === undefined || table === undefined || primary === undefined) {
    throw invalidRequest('key, or code, scope, table and primary_key are needed');
  }
  const id = tableId(nameOf(code), parseU64(scope, 'scope'), nameOf(table));
  return rowKey(id, parseU64(primary, 'primary_key'));
}
