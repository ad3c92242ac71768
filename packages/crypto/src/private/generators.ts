/**
 * Generators with nobody knowing a relation between any two: the value base, and the vectors of range proofs.
 */
import { sha3_512, shake256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../bytes.js';
import { BASE, encodePoint, hashToGroup, type Point, pointFromUniform } from './group.js';

/** What a commitment is made with: C = blinding·blindingBase + value·valueBase. */
export type CommitmentBases = { readonly valueBase: Point; readonly blindingBase: Point };

const ascii = (text: string) => new TextEncoder().encode(text);

/** H of UTXO-5: from a hash, so nobody knows its logarithm to G. */
const VALUE_BASE = hashToGroup(ascii('SnapScale/v1/value-base'), 'SnapScale-v1-value-base-ristretto255');

/** Bases of this chain: blinding on G, so that a commitment to zero is a key on G (UTXO-5). */
export const BASES: CommitmentBases = { valueBase: VALUE_BASE, blindingBase: BASE };

/** Bases that dalek's bulletproofs crate takes by default: value on G, blinding on the hash of G. For its published vectors. */
export const DALEK_BASES: CommitmentBases = {
  valueBase: BASE,
  blindingBase: pointFromUniform(sha3_512(encodePoint(BASE))),
};

/** Vectors of generators for `parties` values of `bits` bits, in order of party and bit. */
export type ProofGenerators = {
  readonly bits: number;
  readonly parties: number;
  readonly g: Point[];
  readonly h: Point[];
};

/**
 * dalek's GeneratorsChain: SHAKE256("GeneratorsChain" | "G" or "H" | party as u32 little-endian), 64 bytes for each point.
 * Cost: about 0.3 ms a point, so make them once.
 */
export function makeProofGenerators(bits: number, parties: number): ProofGenerators {
  const g: Point[] = [];
  const h: Point[] = [];
  for (let party = 0; party < parties; party++) {
    g.push(...chain('G', party, bits));
    h.push(...chain('H', party, bits));
  }
  return { bits, parties, g, h };
}

function chain(letter: 'G' | 'H', party: number, size: number): Point[] {
  const label = new Uint8Array(5);
  label[0] = letter.charCodeAt(0);
  new DataView(label.buffer).setUint32(1, party, true);
  const stream = shake256.create({}).update(concatBytes(ascii('GeneratorsChain'), label));
  return Array.from({ length: size }, () => pointFromUniform(stream.xof(64)));
}
