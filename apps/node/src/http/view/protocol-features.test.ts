import { concatBytes, fromHex, sha256, toHex } from '@snapscale/crypto';
import { expect, it } from 'vitest';
import { activatedFeatures } from './protocol-features.js';

/** Numbers of the built-in features in EOSIO and Antelope, which enter their digests. */
const builtinIds: Readonly<Record<string, number>> = {
  PREACTIVATE_FEATURE: 0,
  ONLY_LINK_TO_EXISTING_PERMISSION: 1,
  REPLACE_DEFERRED: 2,
  NO_DUPLICATE_DEFERRED_ID: 3,
  FIX_LINKAUTH_RESTRICTION: 4,
  DISALLOW_EMPTY_PRODUCER_SCHEDULE: 5,
  RESTRICT_ACTION_TO_SELF: 6,
  ONLY_BILL_FIRST_AUTHORIZER: 7,
  FORWARD_SETCODE: 8,
  GET_SENDER: 9,
  RAM_RESTRICTIONS: 10,
  WEBAUTHN_KEY: 11,
  WTMSIG_BLOCK_SIGNATURES: 12,
  ACTION_RETURN_VALUE: 13,
  BLOCKCHAIN_PARAMETERS: 16,
  GET_CODE_HASH: 17,
  CONFIGURABLE_WASM_LIMITS2: 18,
  CRYPTO_PRIMITIVES: 19,
  GET_BLOCK_NUM: 20,
  BLS_PRIMITIVES2: 21,
  DISABLE_DEFERRED_TRXS_STAGE_1: 22,
  DISABLE_DEFERRED_TRXS_STAGE_2: 23,
};

it('descriptions and dependencies give the digests of the features', () => {
  for (const feature of activatedFeatures) {
    const codename = feature.specification[0]!.value;
    const dependencies = [...feature.dependencies].sort();
    const packed = concatBytes(
      new Uint8Array(4),
      fromHex(feature.description_digest),
      Uint8Array.of(dependencies.length),
      ...dependencies.map(fromHex),
      Uint8Array.of(builtinIds[codename]!, 0, 0, 0),
    );
    expect(toHex(sha256(packed)), codename).toBe(feature.feature_digest);
  }
});
