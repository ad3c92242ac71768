/**
 * Proof that somebody cheats (FIN-9, FIN-10): two headers by one producer for one slot, or two votes by one finalizer for
 * two blocks of one slot. A system contract checks the same.
 */
import {
  type BlsPublicKey,
  type BlsSignature,
  compareBytes,
  equalBytes,
  type PublicKey,
  type Signature,
} from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  blockHeaderSchema,
  bytes,
  DecodeError,
  decode,
  encode,
  limits,
  type Name,
  type Schema,
  signatureSchema,
  struct,
  type TypeOf,
  type Vote,
  variant,
  voteDigest,
  voteSchema,
} from '@snapscale/protocol';

const packedHeaderSchema = bytes(limits.evidenceHeaderBytesMax);

const productionEvidenceSchema = struct('production_evidence', {
  firstHeader: packedHeaderSchema,
  firstSignature: signatureSchema,
  secondHeader: packedHeaderSchema,
  secondSignature: signatureSchema,
});

const voteEvidenceSchema = struct('vote_evidence', { first: voteSchema, second: voteSchema });

/** Wire type of evidence. */
export const evidenceSchema = variant('evidence', { production: productionEvidenceSchema, votes: voteEvidenceSchema });

/** Either kind of proof, with the parts in the order of their bytes: one pair has one form. */
export type Evidence = TypeOf<typeof evidenceSchema>;

/** Two packed headers with their signatures. */
export type ProductionEvidence = TypeOf<typeof productionEvidenceSchema>;

/** Two signed votes. */
export type VoteEvidence = TypeOf<typeof voteEvidenceSchema>;

/** Evidence of two signed headers. Undefined if one of them is larger than evidence may be. */
export function productionEvidence(
  a: { readonly header: BlockHeader; readonly signature: Signature },
  b: { readonly header: BlockHeader; readonly signature: Signature },
): Evidence | undefined {
  const parts = [a, b].map(({ header, signature }) => ({ packed: encode(blockHeaderSchema, header), signature }));
  if (parts.some(({ packed }) => packed.length > limits.evidenceHeaderBytesMax)) return undefined;
  const [first, second] = parts.sort((x, y) => compareBytes(x.packed, y.packed)) as [Part, Part];
  const production = {
    firstHeader: first.packed,
    firstSignature: first.signature,
    secondHeader: second.packed,
    secondSignature: second.signature,
  };
  return { kind: 'production', production };
}

type Part = { readonly packed: Uint8Array; readonly signature: Signature };

/** Evidence of two votes. */
export function voteEvidence(a: Vote, b: Vote): Evidence {
  const inOrder = compareBytes(encode(voteSchema, a), encode(voteSchema, b)) < 0;
  return { kind: 'votes', votes: inOrder ? { first: a, second: b } : { first: b, second: a } };
}

/**
 * What two headers prove, or undefined if nothing: FIN-9. The caller compares `key` with the producer's at that time.
 * @param recover the key that signed a digest; undefined if the signature is malformed.
 */
export function checkProductionEvidence(
  evidence: ProductionEvidence,
  recover: (digest: Uint8Array, signature: Signature) => PublicKey | undefined,
): { readonly name: Name; readonly slot: number; readonly key: PublicKey } | undefined {
  const first = tryDecode(blockHeaderSchema, evidence.firstHeader);
  const second = tryDecode(blockHeaderSchema, evidence.secondHeader);
  if (first === undefined || second === undefined) return undefined;
  if (first.slot !== second.slot || first.producer !== second.producer) return undefined;
  if (compareBytes(evidence.firstHeader, evidence.secondHeader) >= 0) return undefined;
  const key = recover(blockDigest(first), evidence.firstSignature);
  const other = recover(blockDigest(second), evidence.secondSignature);
  if (key === undefined || other === undefined || !equalBytes(key, other)) return undefined;
  return { name: first.producer, slot: first.slot, key };
}

/** What two votes prove, or undefined if nothing: FIN-10. The caller finds out whose key it is, or was. */
export function checkVoteEvidence(
  { first, second }: VoteEvidence,
  chainId: Uint8Array,
  verify: (key: BlsPublicKey, digest: Uint8Array, signature: BlsSignature) => boolean,
): { readonly key: BlsPublicKey; readonly slot: number } | undefined {
  if (!contradict(first, second)) return undefined;
  if (compareBytes(encode(voteSchema, first), encode(voteSchema, second)) >= 0) return undefined;
  const valid = [first, second].every((vote) => verify(vote.finalizerKey, voteDigest(chainId, vote), vote.signature));
  return valid ? { key: first.finalizerKey, slot: first.slot } : undefined;
}

/** FIN-10: whether no finalizer that keeps the rules gives both votes. */
export function contradict(a: Vote, b: Vote): boolean {
  return equalBytes(a.finalizerKey, b.finalizerKey) && a.slot === b.slot && !equalBytes(a.blockId, b.blockId);
}

function tryDecode<T>(schema: Schema<T>, packed: Uint8Array): T | undefined {
  try {
    return decode(schema, packed);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
