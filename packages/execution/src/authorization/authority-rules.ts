/** What makes an authority well-formed, and the RAM that it is billed for. */
import { compareBytes, keyTypeOf, PUBLIC_KEY_BYTES, type PublicKey } from '@snapscale/crypto';
import { type Authority, limits, type PermissionLevel } from '@snapscale/protocol';
import { billableBytes } from '../native/billable.js';

/**
 * True when keys, accounts and waits are each in strictly ascending order, no wait is 0, and the threshold is above 0
 * and within reach of the sum of all weights. Cost: linear.
 */
export function isValidAuthority(authority: Authority): boolean {
  const { threshold, keys, accounts, waits } = authority;
  if (keys.length + accounts.length + waits.length > limits.authorityItemsMax) return false;
  if (threshold === 0) return false;
  let weight = 0;
  for (let i = 0; i < keys.length; i++) {
    if (i > 0 && comparePublicKeys(keys[i - 1]!.key, keys[i]!.key) >= 0) return false;
    weight += keys[i]!.weight;
  }
  for (let i = 0; i < accounts.length; i++) {
    if (i > 0 && compareLevels(accounts[i - 1]!.permission, accounts[i]!.permission) >= 0) return false;
    weight += accounts[i]!.weight;
  }
  for (let i = 0; i < waits.length; i++) {
    if (waits[i]!.waitSec <= (i > 0 ? waits[i - 1]!.waitSec : 0)) return false;
    weight += waits[i]!.weight;
  }
  return weight >= threshold;
}

/** Billable RAM of the items of an authority, bytes; the fixed part is in `billableBytes.permission`. */
export function authorityRamBytes(authority: Authority): number {
  let bytes =
    authority.accounts.length * billableBytes.authorityAccount + authority.waits.length * billableBytes.authorityWait;
  for (const { key } of authority.keys) bytes += billableBytes.authorityKey + key.length;
  return bytes;
}

/**
 * The order of keys inside an authority: by type, then by the point's bytes, then for WebAuthn by user presence and by
 * the text of the relying party id. Only in the last does it differ from the order of the packed bytes, where the
 * length of that text comes first.
 */
export function comparePublicKeys(a: PublicKey, b: PublicKey): number {
  if (keyTypeOf(a) !== 'WA' || keyTypeOf(b) !== 'WA') return compareBytes(a, b);
  const fixed = PUBLIC_KEY_BYTES + 1;
  return compareBytes(a.subarray(0, fixed), b.subarray(0, fixed)) || compareBytes(relyingParty(a), relyingParty(b));
}

/** The order of permission levels inside an authority: by actor, then by permission, as numbers. */
export function compareLevels(a: PermissionLevel, b: PermissionLevel): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1;
  if (a.permission !== b.permission) return a.permission < b.permission ? -1 : 1;
  return 0;
}

/** The relying party id: what follows its length, which takes one byte up to 127 and two above. */
function relyingParty(key: PublicKey): Uint8Array {
  const start = PUBLIC_KEY_BYTES + 1;
  return key.subarray(start + (key[start]! < 0x80 ? 1 : 2));
}
