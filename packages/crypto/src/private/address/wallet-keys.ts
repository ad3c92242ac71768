/**
 * Keys and addresses of a private wallet (UTXO-40 to UTXO-42). One master secret gives the spend key and the view key; the view key
 * finds what comes in and opens it, and tells nothing about the spend key.
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '../../bytes.js';
import { CryptoError, failCrypto } from '../../errors.js';
import { BASE, decodeNonIdentity, encodePoint, multiplySecret, type Scalar } from '../group.js';
import { Transcript } from '../transcript.js';
import { decodeBech32m, encodeBech32m } from './bech32m.js';

/** What others need in order to pay: version 1 of addresses. */
export type PrivateAddress = {
  /** Which network it belongs to: 1 production, 2 tests and development. */
  readonly network: number;
  /** K_s, an encoded point other than the identity. */
  readonly spendKey: Uint8Array;
  /** K_v, an X25519 public key. */
  readonly viewKey: Uint8Array;
};

/** What finds and opens incoming outputs, and cannot spend them. */
export type ViewKeys = { readonly address: PrivateAddress; readonly viewSecret: Uint8Array };

/** All keys of a wallet. */
export type WalletKeys = ViewKeys & { readonly spendSecret: Scalar };

const PREFIX = 'snap';
const VERSION = 1;
const KEY_BYTES = 32;
const ADDRESS_BYTES = 2 + 2 * KEY_BYTES;
/** Bytes of a master secret: 16 (twelve words of BIP 39 give that much) to 64. */
const MASTER_BYTES_MIN = 16;
const MASTER_BYTES_MAX = 64;

/** All keys from a master secret of 16 to 64 bytes (UTXO-40). A secret path. */
export function deriveWalletKeys(master: Uint8Array, network: number): WalletKeys {
  if (master.length < MASTER_BYTES_MIN || master.length > MASTER_BYTES_MAX) {
    failCrypto(`a master secret has ${MASTER_BYTES_MIN} to ${MASTER_BYTES_MAX} bytes, not ${master.length}`);
  }
  const spendSecret = new Transcript('SnapScale/v1/wallet/spend').append('master', master).challengeScalar('k_s');
  const viewSecret = new Transcript('SnapScale/v1/wallet/view')
    .append('master', master)
    .challengeBytes('k_v', KEY_BYTES);
  if (spendSecret === 0n) failCrypto('a master secret gives no spend key');
  const spendKey = encodePoint(multiplySecret(BASE, spendSecret));
  return { address: { network, spendKey, viewKey: x25519.getPublicKey(viewSecret) }, viewSecret, spendSecret };
}

/** Text of an address: 'snap1…', 117 letters (UTXO-42). */
export function formatAddress({ network, spendKey, viewKey }: PrivateAddress): string {
  return encodeBech32m(PREFIX, concatBytes(Uint8Array.of(VERSION, network), spendKey, viewKey));
}

/** Reads an address. @throws CryptoError for a mistyped one, another version or network, and for keys that nobody can have. */
export function parseAddress(text: string, network: number): PrivateAddress {
  const bytes = decodeBech32m(PREFIX, text);
  if (bytes.length !== ADDRESS_BYTES) failCrypto(`cannot read an address: ${bytes.length} bytes, not ${ADDRESS_BYTES}`);
  if (bytes[0] !== VERSION) failCrypto(`cannot read an address: version ${bytes[0]}, not ${VERSION}`);
  if (bytes[1] !== network) failCrypto(`cannot read an address: it belongs to network ${bytes[1]}, not ${network}`);
  const spendKey = bytes.slice(2, 2 + KEY_BYTES);
  const viewKey = bytes.slice(2 + KEY_BYTES);
  decodeNonIdentity(spendKey);
  if (agree(LOW_ORDER_PROBE, viewKey) === undefined) failCrypto('cannot read an address: its view key is of low order');
  return { network, spendKey, viewKey };
}

/** X25519 (RFC 7748); undefined where the result is zero, as for keys of low order. A secret path. */
export function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, publicKey);
  } catch (cause) {
    if (publicKey.length !== KEY_BYTES)
      throw new CryptoError(`an X25519 key has ${KEY_BYTES} bytes, not ${publicKey.length}`, { cause });
    return undefined;
  }
}

/** Any secret shows low order. */
const LOW_ORDER_PROBE = new Uint8Array(KEY_BYTES).fill(1);
