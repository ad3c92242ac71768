/**
 * Checks a node's proof of what the state holds, trusting nothing but a block id: the header hashes to the id, carries
 * the root of the state, and the hashes of the proof lead from the entry to that root.
 *
 * Written for clients, apart from the prover, by the description of the tree: leaves are sha256(key) ‖ sha256(value) in
 * the order of their key hashes; at most 16 of them form a bucket, sha256(0x00 ‖ leaves), or 32 zero bytes when there
 * are none; above it sha256(0x01 ‖ left ‖ right), the side given by the bits of the key's hash.
 */
import type { ResponseOf, Routes } from '@snapscale/api';
import { compareBytes, concatBytes, equalBytes, fromHex, sha256 } from '@snapscale/crypto';
import { blockHeaderSchema, blockId, DecodeError, decode, stateRootOf } from '@snapscale/protocol';

/** A node's answer to a request for a proof. */
export type StateProofAnswer = ResponseOf<Routes['snap']['getStateProof']>;

/** What a proof shows, or why it shows nothing. */
export type ProofVerdict =
  | { readonly valid: true; readonly member: boolean; readonly blockNum: number; readonly headerChecked: boolean }
  | { readonly valid: false; readonly reason: string };

const HASH_BYTES = 32;
const LEAF_BYTES = 64;
const HEAD_BYTES = 5;
const LEAVES_MAX = 16;
const SIBLINGS_MAX = 256;
const VERSION = 1;

/**
 * Verifies an answer of `get_state_proof`. Whether the block id is that of the chain is the caller's to know: from
 * another node, or from a final block that it has seen. `headerChecked` is false when the node gave no header: then the
 * root is only what the node says.
 */
export function verifyStateProof(answer: StateProofAnswer): ProofVerdict {
  try {
    const root = fromHex(answer.state_root);
    const header = answer.block_header;
    const problem = header === undefined ? undefined : headerProblem(header, answer.block_id, root);
    if (problem !== undefined) return { valid: false, reason: problem };
    const key = fromHex(answer.key);
    const value = answer.value === null ? null : fromHex(answer.value);
    const wrong = stateProofProblem(root, key, value, fromHex(answer.proof));
    if (wrong !== undefined) return { valid: false, reason: wrong };
    return { valid: true, member: value !== null, blockNum: answer.block_num, headerChecked: header !== undefined };
  } catch (error) {
    const expected = error instanceof DecodeError || (error instanceof Error && error.name === 'CryptoError');
    if (!expected) throw error;
    return { valid: false, reason: `the answer is malformed: ${error.message}` };
  }
}

/** Why a proof does not show that the state with this root has this entry, or none (`value` null); undefined if it does. */
export function stateProofProblem(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | null,
  proof: Uint8Array,
): string | undefined {
  return proofProblem(proof, sha256(key), value, root);
}

function headerProblem(hex: string, id: string, root: Uint8Array): string | undefined {
  const header = decode(blockHeaderSchema, fromHex(hex));
  if (!equalBytes(blockId(header), fromHex(id))) return 'the header does not hash to the id of the block';
  const committed = stateRootOf(header);
  if (committed === undefined) return 'the header carries no state root';
  return equalBytes(committed, root) ? undefined : 'the header carries another state root';
}

function proofProblem(
  proof: Uint8Array,
  keyHash: Uint8Array,
  value: Uint8Array | null,
  root: Uint8Array,
): string | undefined {
  const [version, kind, leafCount = 0, low = 0, high = 0] = proof;
  const siblingCount = low | (high << 8);
  const leavesEnd = HEAD_BYTES + leafCount * LEAF_BYTES;
  if (version !== VERSION || leafCount > LEAVES_MAX || siblingCount > SIBLINGS_MAX) return 'the proof is malformed';
  if (proof.length !== leavesEnd + siblingCount * HASH_BYTES) return 'the proof has the wrong size';
  if (kind !== (value === null ? 0 : 1)) return 'the proof is for the opposite';
  const leaves = proof.subarray(HEAD_BYTES, leavesEnd);
  const siblings = chunks(proof.subarray(leavesEnd), HASH_BYTES);
  const entries = chunks(leaves, LEAF_BYTES).map((leaf) => ({ key: leaf.subarray(0, 32), value: leaf.subarray(32) }));
  if (!belongHere(entries, keyHash, siblings.length)) return 'the leaves are not in order, or not of this bucket';
  const found = entries.find((entry) => equalBytes(entry.key, keyHash));
  if (value === null && found !== undefined) return 'the entry is there';
  if (value !== null && (found === undefined || !equalBytes(found.value, sha256(value)))) {
    return 'the entry has another value';
  }
  let node = leaves.length === 0 ? new Uint8Array(HASH_BYTES) : sha256(concatBytes(Uint8Array.of(0), leaves));
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const [left, right] = bitAt(keyHash, depth) === 0 ? [node, siblings[depth]!] : [siblings[depth]!, node];
    node = sha256(concatBytes(Uint8Array.of(1), left, right));
  }
  return equalBytes(node, root) ? undefined : 'the hashes do not lead to the state root';
}

/** Whether leaves are strictly ordered and each begins with the `depth` bits that lead to the bucket of a key. */
function belongHere(entries: readonly { key: Uint8Array }[], keyHash: Uint8Array, depth: number): boolean {
  return entries.every(({ key }, index) => {
    if (index > 0 && compareBytes(entries[index - 1]!.key, key) >= 0) return false;
    for (let bit = 0; bit < depth; bit++) if (bitAt(key, bit) !== bitAt(keyHash, bit)) return false;
    return true;
  });
}

function bitAt(hash: Uint8Array, bit: number): number {
  return (hash[bit >>> 3]! >>> (7 - (bit & 7))) & 1;
}

function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}
