/** Every bound on what the wire accepts. A decoder refuses what exceeds them before it allocates. */
export const limits = {
  /** Packed transaction after decompression, and its context-free data. */
  transactionBytesMax: 1024 * 1024,
  /** One action's data: a contract with its code fits into a transaction. */
  actionDataBytesMax: 1024 * 1024,
  actionsMax: 1024,
  /** Declared authorizations of one action. */
  authorizationsMax: 1024,
  signaturesMax: 256,
  contextFreeDataItemsMax: 1024,
  extensionsMax: 64,
  extensionBytesMax: 1024 * 1024,
  /** Keys, accounts or waits of one authority; nodeos bounds their sum by 65,536. */
  authorityItemsMax: 65_536,

  /** A transaction as it travels: compressed or not, with signatures and context-free data. */
  packedTransactionBytesMax: 2 * 1024 * 1024,

  transactionsPerBlockMax: 65_536,
  producersMax: 125,
  /** Successive slots of one producer. */
  slotsPerTurn: 12,
  /** While production is paused, slots from one block to the next. */
  pausedSlotsPerBlock: 4,
  /** Empty slots after which the next producer of the schedule takes the place of one that does not produce. */
  yieldAfterSlots: 3,

  /** One bit for each producer of the two schedules that vote together while one follows the other. */
  signerBitmapBytesMax: 32,
  /** Slots by which a block may be ahead of the clock and is kept until its time; one slot is accepted at once. */
  slotsAheadMax: 8,
  /** Blocks that wait for their slot, of all peers and of one. */
  futureBlocksMax: 64,
  futureBlocksPerPeerMax: 16,
  /** Blocks whose parent is not known, of all peers and of one. */
  orphanBlocksMax: 512,
  orphanBlocksPerPeerMax: 64,
  /** Blocks of one producer for one slot that are kept; two prove that it cheats. Blocks with certificates come on top. */
  forksPerSlotMax: 4,
  /** Blocks above the final one that are kept. */
  reversibleBlocksMax: 16_384,
  /** Votes, and certificates, for blocks that are not known, of one peer. */
  unknownVotesPerPeerMax: 128,
  unknownCertificatesPerPeerMax: 8,
  /** Different signatures kept as one voter's until one of them has been verified. */
  voteCandidatesMax: 4,
  /** One packed header in evidence: room for two schedules of 125 producers. */
  evidenceHeaderBytesMax: 64 * 1024,
  /** Slots for which headers and votes are remembered to catch a second one. */
  evidenceSlotsMax: 128,

  /** Action traces of one transaction. */
  actionTracesMax: 65_536,
  consoleBytesMax: 64 * 1024,
  returnValueBytesMax: 1024 * 1024,
  ramDeltasMax: 65_536,
  rejectionMessageBytesMax: 8 * 1024,
  rejectionEvidenceMax: 64,
  rejectionEvidenceBytesMax: 4 * 1024,

  /** Binary ABI of one account. */
  abiBytesMax: 1024 * 1024,
  abiItemsMax: 65_536,
  /** Nesting of types while an ABI is checked and values are decoded or encoded, as nodeos. */
  abiDepthMax: 32,
  /** What decoding may produce, in characters of names and punctuation: `Base` plus `PerByte` for each byte of input. */
  abiOutputCharsBase: 64 * 1024,
  abiOutputCharsPerByte: 64,
  /** Of one value, whatever its size. */
  abiOutputCharsMax: 16 * 1024 * 1024,
  /** Result of encoding one value, as nodeos. */
  abiEncodedBytesMax: 1024 * 1024,
  /** Declared size of a fixed array `T[N]`. */
  abiFixedArrayMax: 65_536,

  /** Longest text of a contract's assertion that is kept. */
  assertMessageBytesMax: 1024,
  authorityDepthMax: 6,
} as const;

/** Bounds of the messages between nodes. */
export const peerLimits = {
  agentBytesMax: 64,
  addressBytesMax: 256,
  helloBodyBytesMax: 768,
  helloSignatureBytesMax: 128,
  codeBytesMax: 48,
  messageTextBytesMax: 512,
  blockBytesMax: 8 * 1024 * 1024,
  compactBlockBytesMax: 4 * 1024 * 1024,
  positionsMax: 65_535,
  transactionsPerMessageMax: 4096,
  transactionMessageBytesMax: 4 * 1024 * 1024,
  voteBytesMax: 512,
  certificateBytesMax: 1024,
  blocksPerAnswerMax: 256,
  blocksMessageBytesMax: 9 * 1024 * 1024,
  manifestBytesMax: 4 * 1024 * 1024,
  chunkBytesMax: 1024 * 1024,
} as const;
