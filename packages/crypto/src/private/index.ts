/**
 * Public surface of @snapscale/crypto/private: what private transfers are made of (docs/spec/private-transfers.md). A readable
 * reference over BigInt: never constant time, and slow. A kernel that replaces it must agree with it on every input.
 */
export {
  contextOfAccount,
  contextOfImage,
  type InputContext,
  type OutputKind,
} from './address/derivations.js';
export {
  ANCHOR_BYTES,
  ENCRYPTED_AMOUNT_BYTES,
  type FoundOutput,
  type MadeOutput,
  MEMO_BYTES,
  makeChange,
  makePayment,
  type OutputPlace,
  openOutput,
  type PrivateOutput,
  SEALED_MEMO_BYTES,
  sharedSecretOf,
  spendSecretOf,
} from './address/output.js';
export {
  deriveWalletKeys,
  formatAddress,
  type PrivateAddress,
  parseAddress,
  type ViewKeys,
  type WalletKeys,
} from './address/wallet-keys.js';
export {
  type DisclosedOutput,
  imageStatement,
  type LogarithmProof,
  openAuditorSeal,
  ownershipStatement,
  paidTo,
  proveLogarithm,
  readDisclosure,
  sealForAuditor,
  verifyLogarithm,
} from './disclosure.js';
export { BASES, type CommitmentBases, DALEK_BASES, makeProofGenerators, type ProofGenerators } from './generators.js';
export {
  decodeNonIdentity,
  decodePoint,
  decodeScalar,
  encodePoint,
  encodeScalar,
  GROUP_ORDER,
  type Point,
  type Scalar,
} from './group.js';
export { imageBase, keyImage } from './key-image.js';
export { AMOUNT_MAX, commit, commitVisible, type Opening } from './pedersen.js';
export type { RandomSource } from './randomness.js';
export { decodeRangeProof, encodeRangeProof, type RangeProof, rangeProofBytes } from './range-proof/proof.js';
export { proveRange } from './range-proof/prove.js';
export { type RangeClaim, type RangeParameters, verifyRange, verifyRanges } from './range-proof/verify.js';
export { type HintedClaim, makeHints, type RingHints, verifyWithHints } from './ring-signature/hints.js';
export { type SecretInput, signRings } from './ring-signature/sign.js';
export {
  decodeRingSignature,
  encodeRingSignature,
  INPUTS_MAX,
  RING_SIZES,
  type RingInput,
  type RingMember,
  type RingSignature,
  ringSignatureBytes,
} from './ring-signature/signature.js';
export { verifyRings } from './ring-signature/verify.js';
export { Transcript } from './transcript.js';
export { type BuiltTransfer, buildTransfer, type Payment, type Spend, type TransferPlan } from './transfer/build.js';
export { decodeTransfer, encodeTransfer } from './transfer/codec.js';
export { prefixHash, rangeTranscript, signingMessage, transferId } from './transfer/hashes.js';
export { ephemeralKeyOf, type PrivateTransfer, type TransferInput, type Withdrawal } from './transfer/transfer.js';
export { findFault, findFaults, type TransferClaim, type TransferFault } from './transfer/verify.js';
