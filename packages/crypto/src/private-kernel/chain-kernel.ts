/** The kernel with the fixed points of this chain, whose thousands of generators it makes itself. */
import { shake256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../bytes.js';
import { BASES } from '../private/generators.js';
import { encodePoint } from '../private/group.js';
import { RANGE_PROOF_VALUES_MAX } from '../private/range-proof/proof.js';
import { AMOUNT_BITS } from '../private/transfer/codec.js';
import { compileKernel } from './instance.js';
import { PrivateKernel } from './kernel.js';

const UNIFORM_BYTES = 64;

/**
 * A kernel for amounts of 64 bits, and range proofs of up to `parties` amounts: 16 to verify what the chain allows, 2 for most
 * wallets. `module` as in {@link PrivateKernel.create}. The generators are dalek's chains, as in the reference. Cost: 30 ms, and 8 ms
 * and half a megabyte for each amount.
 */
export async function createChainKernel(
  parties: number = RANGE_PROOF_VALUES_MAX,
  module?: object,
): Promise<PrivateKernel> {
  const compiled = module ?? (await compileKernel());
  const bases = { valueBase: encodePoint(BASES.valueBase), blindingBase: encodePoint(BASES.blindingBase) };
  const mapper = await PrivateKernel.create({ ...bases, bits: AMOUNT_BITS, g: [], h: [] }, compiled);
  const vector = (letter: 'G' | 'H') =>
    Array.from({ length: parties }, (_, party) => {
      const stream = shake256.create({}).update(chainLabel(letter, party));
      return Array.from({ length: AMOUNT_BITS }, () => mapper.pointFromUniform(stream.xof(UNIFORM_BYTES)));
    }).flat();
  return PrivateKernel.create({ ...bases, bits: AMOUNT_BITS, g: vector('G'), h: vector('H') }, compiled);
}

function chainLabel(letter: 'G' | 'H', party: number): Uint8Array {
  const label = new Uint8Array(5);
  label[0] = letter.charCodeAt(0);
  new DataView(label.buffer).setUint32(1, party, true);
  return concatBytes(new TextEncoder().encode('GeneratorsChain'), label);
}
