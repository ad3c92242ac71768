/**
 * Bytes of a private transfer (UTXO-71): prefix, pseudo-outputs, range proof, signature. One encoding for each transfer, every count
 * bounded before anything is read.
 */
import { compareBytes, concatBytes } from '../../bytes.js';
import { ANCHOR_BYTES, ENCRYPTED_AMOUNT_BYTES, type PrivateOutput, SEALED_MEMO_BYTES } from '../address/output.js';
import { rangeProofBytes } from '../range-proof/proof.js';
import { INPUTS_MAX, RING_SIZES, ringSignatureBytes } from '../ring-signature/signature.js';
import { ByteReader, type FieldBytes, u8, u32, u64, varuint } from './bytes.js';
import { ephemeralKeyCount, type PrivateTransfer, type UnprovenTransfer } from './transfer.js';

/** Bits of each amount in the range proof. */
export const AMOUNT_BITS = 64;

const VERSION = 1;
/** Two-row Borromean; 2 is kept for CLSAG. */
const SCHEME = 1;
const KIND_PRIVATE = 2;
const KIND_WITHDRAWAL = 3;
const FLAG_MEMOS = 1;
const FLAG_AUDITOR = 2;
const ASSET_BYTES = 16;
const AUDITOR_SEAL_BYTES = 48;
const WITHDRAWAL_MEMO_BYTES_MAX = 256;
const OUTPUT_COUNTS: readonly number[] = [2, 4, 8, 16];

/** The parts that are hashed apart. */
export function encodeParts(transfer: UnprovenTransfer): { prefix: Uint8Array; base: Uint8Array } {
  const { inputs, outputs, withdrawal, auditorSeals } = transfer;
  const hasMemos = outputs.some(({ memo }) => memo !== undefined);
  const flags = (hasMemos ? FLAG_MEMOS : 0) | (auditorSeals.length > 0 ? FLAG_AUDITOR : 0);
  const fields: FieldBytes[] = [
    u8(VERSION),
    u8(SCHEME),
    u8(withdrawal === undefined ? KIND_PRIVATE : KIND_WITHDRAWAL),
    u32(transfer.expirySec),
    transfer.asset,
    u64(transfer.fee),
    u8(inputs.length),
    u8(transfer.ringSize),
    ...inputs.flatMap(({ ring, image }) => [...ring.map((member, i) => varuint(member - (ring[i - 1] ?? 0n))), image]),
    u8(outputs.length),
    u8(flags),
    ...outputs.flatMap((output, i) => [...outputFields(output), auditorSeals[i] ?? new Uint8Array()]),
    ...transfer.ephemeralKeys,
  ];
  if (withdrawal !== undefined) {
    const { account, amount, memo } = withdrawal;
    fields.push(u64(account), u64(amount), varuint(BigInt(memo.length)), memo);
  }
  return { prefix: concatBytes(...fields), base: concatBytes(...inputs.map(({ pseudoOutput }) => pseudoOutput)) };
}

/** The bytes of a transfer. */
export function encodeTransfer(transfer: PrivateTransfer): Uint8Array {
  const { prefix, base } = encodeParts(transfer);
  return concatBytes(prefix, base, transfer.rangeProof, transfer.signature);
}

/** Reads a transfer. @throws CryptoError for everything that {@link encodeTransfer} would not give. */
export function decodeTransfer(bytes: Uint8Array): PrivateTransfer {
  const reader = new ByteReader(bytes, 'a private transfer');
  reader.expect('version', [VERSION]);
  reader.expect('scheme', [SCHEME]);
  const kind = reader.expect('kind', [KIND_PRIVATE, KIND_WITHDRAWAL]);
  const expirySec = reader.u32();
  const asset = reader.take(ASSET_BYTES);
  const fee = reader.u64();
  const inputCount = reader.u8();
  if (inputCount < 1 || inputCount > INPUTS_MAX) reader.fail(`${inputCount} inputs, not 1 to ${INPUTS_MAX}`);
  const ringSize = reader.expect('ring size', RING_SIZES);
  const spent = Array.from({ length: inputCount }, () => ({
    ring: readRing(reader, ringSize),
    image: reader.take(32),
  }));
  const outputCount = reader.expect('number of outputs', OUTPUT_COUNTS);
  const flags = reader.expect('flags', [0, FLAG_MEMOS, FLAG_AUDITOR, FLAG_MEMOS | FLAG_AUDITOR]);
  const auditorSeals: Uint8Array[] = [];
  const outputs = Array.from({ length: outputCount }, () => {
    const output = readOutput(reader, (flags & FLAG_MEMOS) !== 0);
    if ((flags & FLAG_AUDITOR) !== 0) auditorSeals.push(reader.take(AUDITOR_SEAL_BYTES));
    return output;
  });
  const ephemeralKeys = Array.from({ length: ephemeralKeyCount(outputCount) }, () => reader.take(32));
  const withdrawal = kind === KIND_WITHDRAWAL ? readWithdrawal(reader) : undefined;
  const inputs = spent.map((input) => ({ ...input, pseudoOutput: reader.take(32) }));
  const rangeProof = reader.take(rangeProofBytes(AMOUNT_BITS, outputCount));
  const signature = reader.take(ringSignatureBytes(inputCount, ringSize));
  reader.end();
  checkOrder(reader, inputs, outputs);
  return {
    expirySec,
    asset,
    fee,
    ringSize,
    inputs,
    outputs,
    ephemeralKeys,
    auditorSeals,
    withdrawal,
    rangeProof,
    signature,
  };
}

function outputFields(output: PrivateOutput): FieldBytes[] {
  const { key, commitment, viewTag, encryptedAmount, encryptedAnchor, memo } = output;
  return [key, commitment, u8(viewTag), encryptedAmount, encryptedAnchor, memo ?? new Uint8Array()];
}

function readOutput(reader: ByteReader, hasMemo: boolean): PrivateOutput {
  return {
    key: reader.take(32),
    commitment: reader.take(32),
    viewTag: reader.u8(),
    encryptedAmount: reader.take(ENCRYPTED_AMOUNT_BYTES),
    encryptedAnchor: reader.take(ANCHOR_BYTES),
    memo: hasMemo ? reader.take(SEALED_MEMO_BYTES) : undefined,
  };
}

/** The first number, then differences: none but the first number may be zero. */
function readRing(reader: ByteReader, ringSize: number): bigint[] {
  const ring: bigint[] = [];
  for (let i = 0; i < ringSize; i++) {
    const step = reader.varuint();
    if (i > 0 && step === 0n) reader.fail('a ring has a member twice');
    ring.push((ring[i - 1] ?? 0n) + step);
  }
  if (ring.at(-1)! >= 2n ** 64n) reader.fail('a ring’s member has a number above 64 bits');
  return ring;
}

function readWithdrawal(reader: ByteReader) {
  const account = reader.u64();
  const amount = reader.u64();
  const size = reader.varuint();
  if (size > WITHDRAWAL_MEMO_BYTES_MAX) reader.fail(`a memo of ${size} bytes, at most ${WITHDRAWAL_MEMO_BYTES_MAX}`);
  return { account, amount, memo: reader.take(Number(size)) };
}

/** Images ascend, so none is there twice; no two outputs have one key (UTXO-72). */
function checkOrder(
  reader: ByteReader,
  inputs: readonly { image: Uint8Array }[],
  outputs: readonly { key: Uint8Array }[],
): void {
  inputs.forEach(({ image }, i) => {
    if (i > 0 && compareBytes(inputs[i - 1]!.image, image) >= 0) reader.fail('its key images do not ascend');
  });
  outputs.forEach(({ key }, i) => {
    if (outputs.some((other, j) => j < i && compareBytes(other.key, key) === 0))
      reader.fail('two outputs have one key');
  });
}
