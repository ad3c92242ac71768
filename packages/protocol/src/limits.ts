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

  transactionsPerBlockMax: 65_536,
  producersMax: 125,
  /** Successive slots of one producer. */
  slotsPerTurn: 12,

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
