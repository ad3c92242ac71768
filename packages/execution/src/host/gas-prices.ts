/**
 * What host functions cost. 1000 gas are about one microsecond of one core of the reference machine.
 *
 * The numbers are part of the protocol. Each comment gives what was measured, in nanoseconds of CPU time, for calls from
 * WASM with node 20 on a 2-core AMD EPYC shared with other work; the state was in memory. Where a price is well above the
 * figure, the comment says why. Curve arithmetic is priced at one and a half times the portable implementation, so that a
 * node without native code keeps up. Prices per byte may be fractions: their product with a length is rounded down.
 */
export const gasPrices = {
  /** Entering and leaving a function that reads a number or checks an argument: 6 to 80. */
  call: 50,
  /** The same with i64 values, which cross as bigints: 8 to 15, and up to 60 an argument when they are not small. */
  callWithNames: 60,
  /** A search of the action's authorizations: 22 to 31 with one. */
  authorization: 60,
  /** 75, and the entry in the list of traces. Running the notified contract is charged by the ledger. */
  notification: 500,
  /** 150 to 250; the array of names is made once for a block. */
  activeProducers: 250,
  /** A byte of them. */
  copiedName: 1,
  /** 450 to 800 with 256 bytes: a copy that outlives the call, and the configuration. */
  returnValue: 600,
  /** One record of the ledger: 32 to 310 when it is in memory; most are not. */
  stateRead: 1_500,
  /** One record written, and later hashed and stored. */
  stateWrite: 4_000,

  /** A check of given keys against authorities: the first lookups. What is read of the input is charged by the byte. */
  checkAuthorization: 20_000,
  checkedByte: 10,
  /** Keys and levels that are given: 2,000 to 3,700 for a key of 34 bytes, decoded, compared and indexed. */
  providedByte: 60,

  /** memcpy of 64 KiB: 0.02 a byte, memset 0.01. */
  copiedByte: 0.03125,
  /**
   * What changes the state is priced by a whole node at work, blocks full of it: changes shown to readers, commitment,
   * log and disk. A block has 200 ms of CPU in a slot of 500 ms, so that about half of the figure keeps the slots.
   */
  /** 10 a byte of a row. */
  storedByte: 5,
  /** 1.0 a byte, and its way into the trace. */
  returnedByte: 2,
  /** A row found on the disk: 0.4 to 0.9 a byte, its checksum included. */
  readByte: 0.75,
  /** Decoding or encoding actions and transactions: up to 4 a byte when they consist of authorizations. */
  decodedByte: 4,

  /** db_find: 190 for a row in use, 540 for a new one, 3,100 for the first of a table. */
  rowFind: 1_500,
  /** next, previous and bounds: 240 to 400 in memory, 5,600 in the store. */
  rowSeek: 3_000,
  /** 35 for the size, 77 with 16 bytes. */
  rowGet: 80,
  /** End iterator: 62, but 1,700 when the table is new, and a lookup in the store. */
  rowEnd: 1_500,
  /** 3,200 with 100 bytes in memory; 22,000 in all. */
  rowStore: 10_000,
  /** The first row of a table, besides the row: another record and two ranges of keys; 28,000 in all. */
  tableStore: 15_000,
  /** 200 to 250 with 16 bytes in memory; 8,000 in all. */
  rowUpdate: 3_000,
  /** 1,160 in memory. */
  rowRemove: 5_000,
  /** Two entries: 3,500 to 4,200 in memory; 32,000 in all. */
  indexStore: 14_000,
  /** 1,400 to 2,400 in memory, whether the entry moves or not. */
  indexUpdate: 10_000,
  /** 1,300 to 1,700 in memory. */
  indexRemove: 7_000,
  /** find_primary: 320 to 370 for an entry in use; a lookup when it is new. */
  indexFind: 1_500,
  /** find_secondary, bounds, next, previous: 550 to 1,100 for entries in use; a search and a lookup when new. */
  indexSeek: 4_500,

  /** Scheduling an action; decoding is charged by the byte, execution by the ledger. */
  sendInline: 2_000,

  /** memcpy, memmove, memset, memcmp below 32 bytes: 18 to 49. */
  memoryCall: 30,
  /** memcmp: 1.0 a byte. */
  comparedByte: 1,

  /** Integers, names and the start of strings: 46 to 240. */
  print: 150,
  /** prints_l: 0.5 a byte. */
  printedByte: 1,
  /** printhex: 6 a byte. */
  printedHexByte: 8,
  /** printsf: 1,700 at 10^-30; printdf: 3,000 at 10^-300. */
  printFloat: 3_000,
  /** printqf: 1,200 near 1, 41,000 at the ends of the range of exponents. */
  printLongDouble: 2_000,
  printExponentBit: 3,

  /** 128-bit integers: 83 to 206. */
  int128: 200,
  /** Add, subtract and multiply 640 to 860, divide 1,110. */
  quadArithmetic: 1_000,
  /** 77 to 184. */
  quadCompare: 180,
  /** 70 to 540. */
  quadConvert: 450,

  /** 485 for 32 bytes, 2.8 a byte (WebAssembly kernel). */
  sha256: { base: 450, perByte: 3 },
  /** 1,770 for 32 bytes, 4.6 a byte. */
  sha1: { base: 1_700, perByte: 5 },
  /** 4,130 for 32 bytes, 12.8 a byte. */
  sha512: { base: 4_000, perByte: 13 },
  /** 2,260 for 32 bytes, 10.3 a byte. */
  ripemd160: { base: 2_200, perByte: 11 },
  /** 5,800 for 32 bytes, 35 a byte. */
  sha3: { base: 5_800, perByte: 36 },

  /** K1, portable: 1.4 to 1.5 million. */
  recoverKey: 2_200_000,
  /** What R1 and WebAuthn keys cost on top: 2.5 million in all. */
  recoverKeyR1: 1_550_000,
  /** 1.5 million. */
  k1Recover: 2_300_000,

  /** 21,000 to 66,000. */
  bn254Add: 80_000,
  /** 1.6 to 2.0 million. */
  bn254Mul: 2_900_000,
  /** 14 to 17 million for one pair, 17 to 21 for two, 53 to 61 for eight. */
  bn254Pair: { base: 13_500_000, perPair: 9_500_000 },
  /**
   * Step: one bit of the exponent, 1.25 products modulo. 77,000 for 32-byte numbers, 303,000 for 64, 12.1 million for
   * 256; beyond, the engine multiplies faster than by the square that is charged.
   */
  modExp: { base: 3_000, perByte: 20, perStep: 450, perProduct: 9 },
  /** 7,600 for 12 rounds, 220 a round. */
  blake2f: { base: 5_000, perRound: 250 },

  /** 60,000 to 120,000. */
  blsG1Add: 150_000,
  /** 140,000 to 180,000. */
  blsG2Add: 250_000,
  /** 2.5 million for one point, 6.7 for 8, 21.7 for 32. */
  blsG1Sum: { base: 3_600_000, perPoint: 950_000 },
  /** 8.0 to 8.6 million for one point, 23.0 for 8, 73.6 for 32. */
  blsG2Sum: { base: 10_000_000, perPoint: 3_200_000 },
  /** 15 to 16 million for one pair, 22 for 4, 36 for 8, 65 for 16. */
  blsPairing: { base: 18_500_000, perPoint: 5_000_000 },
  /** 2.0 to 2.3 million. */
  blsG1Map: 3_300_000,
  /** 6.5 to 7.3 million. */
  blsG2Map: 10_500_000,
  /** 3,100 to 4,600. */
  blsFpMod: 6_500,
  /** 4,100 to 7,800. */
  blsFpMul: 9_000,
  /** 250,000 to 300,000 for 512 bits. */
  blsFpExp: 420_000,

  /** A producer of a proposed schedule: a square root to check its key, 43 bytes. */
  producerByte: 5_000,
  /** A finalizer of a proposed policy: a curve equation to check its key, at least 107 bytes. */
  finalizerByte: 250,
} as const;
