/**
 * Memory of an instance. Below IO are constants and small scratch; the loader writes only into IO, and makes the memory large
 * enough for the tables of as many fixed points as it asks for. Nothing is ever allocated.
 */

/** What callers write and read. */
export const IO: usize = 0x40000;
export const IO_BYTES: usize = 0x100000;

/** Terms of a sum that are not fixed points: extended points, and their scalars. */
export const TERMS_MAX: i32 = 4096;
export const TERM_POINTS: usize = IO + IO_BYTES;
export const TERM_SCALARS: usize = TERM_POINTS + 160 * 4096;

/** Scratch of sums: digits, tables, buckets. */
export const SUM: usize = TERM_SCALARS + 32 * 4096;
export const SUM_BYTES: usize = 0x300000;

/** Scalars of fixed points, by slot; scratch of proofs behind them. */
export const SLOTS_MAX: i32 = 3 + 2 * 64 * 16;
export const SLOT_SCALARS: usize = SUM + SUM_BYTES;
export const PROOF: usize = SLOT_SCALARS + 32 * 2052;
export const PROOF_BYTES: usize = 0xc0000;

/** Comb of the generator for secret scalars: 32 rows of 8 affine points. */
export const COMB: usize = PROOF + PROOF_BYTES;
export const COMB_BYTES: usize = 32 * 8 * 120;

/** Tables of fixed points, by slot: odd multiples, affine. The last part of the memory. */
export const FIXED_WIDTH: i32 = 7;
export const FIXED_ENTRIES: usize = 32;
export const TABLE_BYTES: usize = FIXED_ENTRIES * 120;
export const TABLES: usize = COMB + COMB_BYTES;

/** Slots: the generator, the two bases of commitments, then g_0, h_0, g_1, h_1, … of range proofs. */
export const SLOT_GENERATOR: i32 = 0;
export const SLOT_VALUE: i32 = 1;
export const SLOT_BLINDING: i32 = 2;
export const SLOT_VECTORS: i32 = 3;
