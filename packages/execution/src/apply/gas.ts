/**
 * Gas of work that is done outside contracts. 1000 gas are about one microsecond of one core of the reference machine;
 * the prices of host functions are in `host/gas-prices.ts`, those of WASM instructions in `wasm/gas.ts`.
 */
export const nativeGas = {
  /** Every transaction: decoding, duplicate check, authorisation, receipt. */
  transaction: 8_000,
  /** Every signature: its recovery runs on another core, in parallel. */
  signature: 10_000,
  /** Every receiver of an action: trace, sequences, receipt digest. */
  action: 4_000,
  /** Every native action. */
  handler: 10_000,
  /** Every byte of action data handled natively or scheduled. */
  perByte: 4,
  inlineAction: 2_000,
  /** Making a contract ready to run, where a transaction calls many: 90 to 150 us for the instance, 300 us with a small compilation. */
  contractLoad: 250_000,
  /** A byte of its code: compilation takes 70 ns a byte, when the code is not in the cache. */
  loadedByte: 20,
  /** Every further declared authorization, for every receiver: sequence, receipt, trace. */
  declaredLevel: 300,
  /** Every byte of a large action in the trace of a notification, from where it is stored, sent and shown. */
  tracedByte: 20,
  /** Every key, account or wait that the check of an authority looks at. */
  authorizationStep: 500,
} as const;
