/** Public surface of @snapscale/crypto/private-kernel: the fast implementation of what @snapscale/crypto/private defines. */
export { createChainKernel } from './chain-kernel.js';
export type {
  FixedPoints,
  KernelHintedClaim,
  KernelOpening,
  KernelRangeClaim,
  KernelRingClaim,
  KernelRingInput,
  KernelSpendSecrets,
  ScannedOutput,
  TaggedOutput,
} from './claims.js';
export { compileKernel } from './instance.js';
export { PrivateKernel } from './kernel.js';
export type { KernelTranscript } from './transcript.js';
export { findTransferFaults, type KernelTransferClaim } from './transfers.js';
