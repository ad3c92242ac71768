/** Who may act: permission levels and the authorities that satisfy them. */
import { array, struct } from './codec/composites.js';
import { publicKeySchema } from './codec/keys.js';
import { u16, u32 } from './codec/scalars.js';
import type { TypeOf } from './codec/schema.js';
import { limits } from './limits.js';
import { nameSchema } from './name.js';

/** Wire type of a permission level. */
export const permissionLevelSchema = struct('permission_level', { actor: nameSchema, permission: nameSchema });

/** An account and one of its permissions: `alice@active`. */
export type PermissionLevel = TypeOf<typeof permissionLevelSchema>;

/** Wire type of a weighted key. */
export const keyWeightSchema = struct('key_weight', { key: publicKeySchema, weight: u16 });

/** A key and what it counts. */
export type KeyWeight = TypeOf<typeof keyWeightSchema>;

/** Wire type of a weighted permission level. */
export const permissionLevelWeightSchema = struct('permission_level_weight', {
  permission: permissionLevelSchema,
  weight: u16,
});

/** Another account's permission and what it counts. */
export type PermissionLevelWeight = TypeOf<typeof permissionLevelWeightSchema>;

/** Wire type of a weighted delay. */
export const waitWeightSchema = struct('wait_weight', { waitSec: u32, weight: u16 });

/** A delay in seconds and what it counts. */
export type WaitWeight = TypeOf<typeof waitWeightSchema>;

/** Wire type of an authority. Order and uniqueness of the items are the native actions' to check, not the codec's. */
export const authoritySchema = struct('authority', {
  threshold: u32,
  keys: array(keyWeightSchema, limits.authorityItemsMax),
  accounts: array(permissionLevelWeightSchema, limits.authorityItemsMax),
  waits: array(waitWeightSchema, limits.authorityItemsMax),
});

/** Weighted keys, accounts and delays that must sum up to the threshold. */
export type Authority = TypeOf<typeof authoritySchema>;
