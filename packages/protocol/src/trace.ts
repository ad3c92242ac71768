/** What executing a transaction did, in an own binary form (first byte: version) and in nodeos's JSON. */
import { type Action, actionSchema } from './action.js';
import { transactionStatusSchema } from './block.js';
import { array, mapped, nullable, optional, pair, struct } from './codec/composites.js';
import { FormatError } from './codec/errors.js';
import { arrayFromJson, type Json, type JsonObject, objectFromJson, stringFromJson } from './codec/json.js';
import { bool, bytes, checksum256, clippedString, i64, u8, u32, u64, varuint32 } from './codec/scalars.js';
import type { Schema, TypeOf } from './codec/schema.js';
import { limits } from './limits.js';
import { type Name, nameSchema } from './name.js';
import { type ActionReceipt, actionReceiptSchema } from './receipt.js';
import { isRejectionCode, type Rejection, rejectionByEosioCode, rejections } from './rejections.js';
import { slotSchema, slotToText } from './time.js';

const evidenceText = clippedString(limits.rejectionEvidenceBytesMax);

const rejectionStruct = struct('rejection', {
  eosioCode: u32,
  message: clippedString(limits.rejectionMessageBytesMax),
  evidence: array(pair(evidenceText, evidenceText), limits.rejectionEvidenceMax),
});

/** Wire type of a rejection; texts that are too long are cut. JSON is fc's form of an exception: `{code, name, message, stack: [{context, format, data}]}`. */
export const rejectionSchema: Schema<Rejection> = mapped('rejection', rejectionStruct, {
  view({ eosioCode, message, evidence }): Rejection {
    const info = rejectionByEosioCode(eosioCode);
    if (info === undefined) throw new FormatError(`${eosioCode} is not a rejection code`);
    if (evidence.length === 0) return { code: info.code, message };
    const sorted = evidence.every(([key], index) => index === 0 || evidence[index - 1]![0] < key);
    if (!sorted) throw new FormatError('evidence is not sorted');
    return { code: info.code, message, evidence: Object.fromEntries(evidence) };
  },
  back: (value) => ({
    eosioCode: rejections[value.code].eosioCode,
    message: value.message,
    evidence: Object.entries(value.evidence ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limits.rejectionEvidenceMax),
  }),
  toJson: rejectionToJson,
  fromJson: rejectionFromJson,
});

function rejectionToJson(value: Rejection): Json {
  const { eosioCode, name, what } = rejections[value.code];
  const context = { level: 'error', file: '', line: 0, method: '', hostname: '', thread_name: '', timestamp: '' };
  return {
    code: eosioCode,
    name,
    message: what,
    stack: [{ context, format: value.message, data: value.evidence ?? {} }],
  };
}

function rejectionFromJson(json: Json): Rejection {
  const object = objectFromJson(json, 'except');
  const code = stringFromJson(object.name, 'except.name');
  if (!isRejectionCode(code)) throw new FormatError(`${code} is not a rejection code`);
  const [first = {}] = arrayFromJson(object.stack, 'except.stack');
  const { format = '', data = {} } = objectFromJson(first, 'except.stack');
  const message = stringFromJson(format, 'except.stack.format');
  const entries = Object.entries(objectFromJson(data, 'except.stack.data'));
  if (entries.length === 0) return { code, message };
  return {
    code,
    message,
    evidence: Object.fromEntries(entries.map(([key, text]) => [key, stringFromJson(text, key)])),
  };
}

/** Wire type of a change in RAM use. */
export const accountRamDeltaSchema = struct('account_ram_delta', { account: nameSchema, delta: i64 });

/** By how many bytes an account's RAM use changed. */
export type AccountRamDelta = TypeOf<typeof accountRamDeltaSchema>;

const actionTraceStruct = struct(
  'action_trace',
  {
    actionOrdinal: varuint32,
    creatorActionOrdinal: varuint32,
    closestUnnotifiedAncestorActionOrdinal: varuint32,
    receipt: nullable(actionReceiptSchema),
    receiver: nameSchema,
    action: actionSchema,
    contextFree: bool,
    elapsedUs: varuint32,
    console: clippedString(limits.consoleBytesMax),
    accountRamDeltas: array(accountRamDeltaSchema, limits.ramDeltasMax),
    returnValue: bytes(limits.returnValueBytesMax),
    except: nullable(rejectionSchema),
  },
  { action: 'act', elapsedUs: 'elapsed', returnValue: 'return_value_hex_data' },
);

/** One receiver's execution of one action. Ordinals count from 1 within the transaction; creator 0 is the transaction. */
export type ActionTrace = {
  readonly actionOrdinal: number;
  readonly creatorActionOrdinal: number;
  readonly closestUnnotifiedAncestorActionOrdinal: number;
  /** Missing when the action did not complete. */
  readonly receipt?: ActionReceipt | undefined;
  readonly receiver: Name;
  readonly action: Action;
  readonly contextFree: boolean;
  readonly elapsedUs: number;
  readonly console: string;
  readonly accountRamDeltas: readonly AccountRamDelta[];
  readonly returnValue: Uint8Array;
  readonly except?: Rejection | undefined;
};

/** Wire type of an action trace. */
export const actionTraceSchema: Schema<ActionTrace> = {
  ...actionTraceStruct,
  toJson: (value) => ({ ...(actionTraceStruct.toJson(value) as JsonObject), error_code: errorCodeJson(value.except) }),
};

/** Wire type of a transaction's bill. */
export const billSchema = struct('bill', {
  payer: nameSchema,
  sponsor: optional(nameSchema),
  cpuFee: u64,
  netFee: u64,
  edge: nameSchema,
});

/** Who paid for a transaction, how much (smallest unit of the system token), and which edge node served it (0: none). */
export type Bill = TypeOf<typeof billSchema>;

const transactionTraceStruct = struct('transaction_trace', {
  id: checksum256,
  blockNum: u32,
  slot: slotSchema,
  status: transactionStatusSchema,
  cpuUsageUs: u32,
  netUsageWords: varuint32,
  elapsedUs: varuint32,
  netUsageBytes: varuint32,
  actionTraces: array(actionTraceSchema, limits.actionTracesMax),
  bill: billSchema,
  except: optional(rejectionSchema),
});

/** What executing a transaction did. `actionTraces` are in the order of their ordinals. */
export type TransactionTrace = TypeOf<typeof transactionTraceStruct>;

const traceVersion = 1;

/** Wire type of a transaction trace: version byte 1, then the fields. JSON is `processed` of `send_transaction`, with `bill`. */
export const transactionTraceSchema: Schema<TransactionTrace> = {
  name: 'transaction_trace',
  sizeMin: 1 + transactionTraceStruct.sizeMin,
  sizeMax: 1 + transactionTraceStruct.sizeMax,
  write(writer, value) {
    u8.write(writer, traceVersion);
    transactionTraceStruct.write(writer, value);
  },
  read(reader) {
    const version = reader.u8();
    if (version !== traceVersion) reader.fail(`transaction trace of version ${version} is not known`);
    return transactionTraceStruct.read(reader);
  },
  toJson: traceToJson,
  fromJson: traceFromJson,
};

function traceToJson(trace: TransactionTrace): Json {
  const id = checksum256.toJson(trace.id);
  const place = { trx_id: id, block_num: trace.blockNum, block_time: slotToText(trace.slot), producer_block_id: null };
  return {
    id,
    block_num: trace.blockNum,
    block_time: slotToText(trace.slot),
    producer_block_id: null,
    receipt: {
      status: transactionStatusSchema.toJson(trace.status),
      cpu_usage_us: trace.cpuUsageUs,
      net_usage_words: trace.netUsageWords,
    },
    elapsed: trace.elapsedUs,
    net_usage: trace.netUsageBytes,
    scheduled: false,
    action_traces: trace.actionTraces.map((action) => ({
      ...(actionTraceSchema.toJson(action) as JsonObject),
      ...place,
    })),
    account_ram_delta: null,
    except: trace.except === undefined ? null : rejectionSchema.toJson(trace.except),
    error_code: errorCodeJson(trace.except),
    bill: billSchema.toJson(trace.bill),
  };
}

function traceFromJson(json: Json): TransactionTrace {
  const object = objectFromJson(json, 'transaction_trace');
  const receipt = objectFromJson(object.receipt, 'transaction_trace.receipt');
  return transactionTraceStruct.fromJson({
    ...object,
    ...receipt,
    slot: object.block_time ?? null,
    elapsed_us: object.elapsed ?? null,
    net_usage_bytes: object.net_usage ?? null,
  });
}

function errorCodeJson(except: Rejection | undefined): Json {
  const text = except?.evidence?.error_code;
  if (text === undefined || !/^\d{1,20}$/.test(text)) return null;
  // Evidence is any text to the decoder, so that this may be a number that no contract can give.
  const code = BigInt(text);
  return code > 0xffff_ffff_ffff_ffffn ? null : u64.toJson(code);
}
