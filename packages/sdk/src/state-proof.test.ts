import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StateProofAnswer, verifyStateProof } from './state-proof.js';

/** Answers of a real node: for a row that exists, and for one that does not. */
const { member, absent } = JSON.parse(
  readFileSync(new URL('./testdata/state-proofs.json', import.meta.url), 'utf8'),
) as Record<'member' | 'absent', StateProofAnswer>;

/** The hex with one bit flipped. */
function bent(hex: string, bit: number): string {
  const bytes = fromHex(hex);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return toHex(bytes);
}

test('proofs of a node are valid', () => {
  expect(verifyStateProof(member)).toEqual({
    valid: true,
    member: true,
    blockNum: member.block_num,
    headerChecked: true,
  });
  expect(verifyStateProof(absent)).toMatchObject({ valid: true, member: false });
});

test('without a header the root is only what the node says, and that is told', () => {
  const { block_header: _, ...rest } = member;
  expect(verifyStateProof(rest)).toMatchObject({ valid: true, headerChecked: false });
});

describe('what does not belong together is not valid', () => {
  test.each([
    ['another value', { value: bent(member.value!, 3) }, 'another value'],
    ['no value', { value: null }, 'the opposite'],
    ['another key', { key: bent(member.key, 0) }, ''],
    ['another root', { state_root: bent(member.state_root, 9) }, 'another state root'],
    ['another block', { block_id: bent(member.block_id, 99) }, 'does not hash'],
    ['another header', { block_header: bent(member.block_header!, 5) }, 'does not hash'],
    ['a value for what is absent', { ...absent, value: '00' }, 'the opposite'],
    ['a proof cut short', { proof: member.proof.slice(0, -2) }, 'wrong size'],
    ['an empty proof', { proof: '' }, 'malformed'],
    ['odd hex', { proof: 'abc' }, 'malformed'],
    ['a header that is none', { block_header: '00' }, 'malformed'],
  ])('%s', (_, change, reason) => {
    const verdict = verifyStateProof({ ...member, ...change });
    expect(verdict.valid).toBe(false);
    if (!verdict.valid) expect(verdict.reason).toContain(reason);
  });

  test('another root without a header to compare it with', () => {
    const { block_header: _, ...rest } = member;
    const verdict = verifyStateProof({ ...rest, state_root: bent(member.state_root, 9) });
    expect(verdict).toEqual({ valid: false, reason: 'the hashes do not lead to the state root' });
  });

  test('no bit of a proof can be changed', () => {
    const bits = (member.proof.length / 2) * 8;
    fc.assert(
      fc.property(fc.constantFrom(member, absent), fc.nat(bits - 1), (answer, bit) => {
        const place = bit % ((answer.proof.length / 2) * 8);
        return verifyStateProof({ ...answer, proof: bent(answer.proof, place) }).valid === false;
      }),
      { numRuns: 300 },
    );
  });

  test('leaves taken out, repeated or reordered', () => {
    const bytes = fromHex(member.proof);
    const count = bytes[2]!;
    const leaves = Array.from({ length: count }, (_, i) => bytes.slice(5 + 64 * i, 69 + 64 * i));
    const rebuilt = (list: readonly Uint8Array[]) => ({
      ...member,
      proof: toHex(
        new Uint8Array(
          Buffer.concat([
            bytes.slice(0, 2),
            Buffer.of(list.length),
            bytes.slice(3, 5),
            ...list,
            bytes.slice(5 + 64 * count),
          ]),
        ),
      ),
    });
    expect(verifyStateProof(rebuilt(leaves)).valid).toBe(true);
    expect(verifyStateProof(rebuilt(leaves.slice(1))).valid).toBe(false);
    expect(verifyStateProof(rebuilt(leaves.slice().reverse())).valid).toBe(false);
    expect(verifyStateProof(rebuilt([...leaves, leaves.at(-1)!])).valid).toBe(false);
    expect(verifyStateProof(rebuilt([])).valid).toBe(false);
  });
});
