/**
 * Billable RAM of everything that an account can own, in bytes: the one table of antelope-core 2.6.
 *
 * The figures are those of nodeos, whose fixed parts are rounded up to a multiple of 16 and count the indices that it
 * keeps; they are a tariff, not a measurement of this implementation.
 */
export const billableBytes = {
  /** An account itself, without its permissions. */
  account: 2048,
  /** A permission, without the items of its authority. */
  permission: 288,
  /** A key in an authority, besides the bytes of the packed key. */
  authorityKey: 16,
  /** A permission level in an authority. */
  authorityAccount: 32,
  /** A wait in an authority. */
  authorityWait: 16,
  /** A link of an action to a permission. */
  permissionLink: 144,
  /** A table record: billed with the first row of (code, scope, table). */
  table: 112,
  /** A row of a primary index, besides its data. */
  row: 112,
  idx64: 128,
  idx128: 144,
  idx256: 160,
  idxDouble: 128,
  idxLongDouble: 144,
  /** Each byte of code. */
  codeByte: 10,
  /** Each byte of an ABI. */
  abiByte: 1,
} as const;
