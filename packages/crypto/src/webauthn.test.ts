import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeBase64Url } from './base64url.js';
import { concatBytes, fromHex, toHex } from './bytes.js';
import { publicKeyOf, recoverPublicKey, sign } from './ecdsa.js';
import { sha256 } from './hash.js';
import {
  formatPublicKey,
  formatSignature,
  makeWebAuthnPublicKey,
  makeWebAuthnSignature,
  type PublicKey,
  parsePublicKey,
  parseSignature,
  privateKeyFromBytes,
  type Signature,
  webAuthnParts,
} from './keys.js';

type Assertion = Record<
  'publicKey' | 'authenticatorData' | 'clientDataJson' | 'r' | 's' | 'digest' | 'signature',
  string
>;
const vectors: { assertions: (Assertion & { browser: string; recovered?: string })[] } = JSON.parse(
  readFileSync(new URL('../../../vectors/crypto/webauthn.json', import.meta.url), 'utf8'),
);

const ascii = (text: string) => new TextEncoder().encode(text);
const key = privateKeyFromBytes('R1', sha256(ascii('an authenticator')));
const digest = sha256(ascii('a transaction'));
const HOST = 'device.example';

/** What an authenticator returns, with room to do it wrong. */
function assertion(
  options: { client?: string | Uint8Array; host?: string; flags?: number; extra?: number; size?: number } = {},
): Signature {
  const full = concatBytes(
    sha256(ascii(options.host ?? HOST)),
    Uint8Array.of(options.flags ?? 1),
    new Uint8Array(4 + (options.extra ?? 0)),
  );
  const authenticatorData = full.slice(0, options.size ?? full.length);
  const client = options.client ?? clientData();
  const clientBytes = typeof client === 'string' ? ascii(client) : client;
  const signed = sign(key, sha256(concatBytes(authenticatorData, sha256(clientBytes))));
  return makeWebAuthnSignature(signed.subarray(1), authenticatorData, clientBytes);
}

function clientData(changes: Record<string, unknown> = {}): string {
  const honest = { type: 'webauthn.get', challenge: encodeBase64Url(digest), origin: `https://${HOST}` };
  return JSON.stringify({ ...honest, ...changes });
}

function expectedKey(presence: number, host = HOST): PublicKey {
  return makeWebAuthnPublicKey(publicKeyOf(key).subarray(1), presence, ascii(host));
}

describe('assertions of real browsers', () => {
  test.each(vectors.assertions)('$browser', (v) => {
    const signature = parseSignature(v.signature);
    expect(formatSignature(signature)).toBe(v.signature);
    expect(toHex(signature.subarray(2, 34))).toBe(v.r);
    expect(toHex(webAuthnParts(signature).authenticatorData)).toBe(v.authenticatorData);
    expect(toHex(webAuthnParts(signature).clientDataJson)).toBe(v.clientDataJson);
    expect(formatPublicKey(recoverPublicKey(signature, fromHex(v.digest)))).toBe(v.recovered ?? v.publicKey);
    expect(formatPublicKey(parsePublicKey(v.publicKey))).toBe(v.publicKey);
  });
});

describe('accepted', () => {
  test.each([
    ['no flag', 0x00, 0],
    ['user present', 0x01, 1],
    ['user verified', 0x05, 2],
    ['verified without present', 0x04, 2],
    ['other flags', 0xc0, 0],
  ])('%s becomes the presence in the key', (_, flags, presence) => {
    expect(recoverPublicKey(assertion({ flags }), digest)).toEqual(expectedKey(presence));
  });

  test.each([
    ['a port', clientData({ origin: `https://${HOST}:8443` })],
    ['an empty port', clientData({ origin: `https://${HOST}:` })],
    ['other members', clientData({ crossOrigin: false, nested: { list: [1, 2, { deep: null }] }, answer: 42 })],
    [
      'white space and another order',
      ` {"origin":"https://${HOST}" ,\n"challenge":"${encodeBase64Url(digest)}","type":"webauthn.get"} `,
    ],
    ['the last of two equal names', `{"type":"webauthn.create",${clientData().slice(1)}`],
    ['a member named __proto__', `{"__proto__":{"type":"x"},${clientData().slice(1)}`],
  ])('%s', (_, client) => {
    expect(recoverPublicKey(assertion({ client }), digest)).toEqual(expectedKey(1));
  });

  test('extensions after the authenticator data', () => {
    expect(recoverPublicKey(assertion({ extra: 60 }), digest)).toEqual(expectedKey(1));
  });

  test('another host signs for another key', () => {
    const client = clientData({ origin: 'https://mallory.example' });
    const recovered = recoverPublicKey(assertion({ client, host: 'mallory.example' }), digest);
    expect(recovered).toEqual(expectedKey(1, 'mallory.example'));
    expect(recovered).not.toEqual(expectedKey(1));
  });
});

describe('refused', () => {
  test.each([
    ['not JSON', 'hey man', /not JSON/],
    ['empty', '', /not JSON/],
    ['text after the object', `${clientData()}x`, /not JSON/],
    ['not UTF-8', concatBytes(ascii(clientData().slice(0, -1)), fromHex('2cff227d')), /not JSON/],
    ['a byte order mark', concatBytes(fromHex('efbbbf'), ascii(clientData())), /not JSON/],
    ['deeply nested', `${'['.repeat(2000)}`, /not JSON/],
    ['an array', `[${clientData()}]`, /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['a string', '"x"', /not a JSON object/],
    ['registration', clientData({ type: 'webauthn.create' }), /type/],
    ['no type', clientData({ type: undefined }), /type/],
    ['no challenge', clientData({ challenge: undefined }), /challenge/],
    ['another challenge', clientData({ challenge: encodeBase64Url(sha256(digest)) }), /challenge/],
    ['a short challenge', clientData({ challenge: 'blahBLAH' }), /challenge/],
    ['a challenge with padding', clientData({ challenge: `${encodeBase64Url(digest)}=` }), /challenge/],
    [
      'a challenge in the other alphabet',
      clientData({ challenge: Buffer.from(digest).toString('base64') }),
      /challenge/,
    ],
    ['a challenge that is no text', clientData({ challenge: [encodeBase64Url(digest)] }), /challenge/],
    ['http', clientData({ origin: `http://${HOST}` }), /https/],
    ['no scheme', clientData({ origin: HOST }), /https/],
    ['an empty origin', clientData({ origin: '' }), /https/],
    ['no origin', clientData({ origin: undefined }), /https/],
    ['an origin that is no text', clientData({ origin: { toString: 'https://' } }), /https/],
    ['another host', clientData({ origin: 'https://mallory.example' }), /relying party/],
    ['a path', clientData({ origin: `https://${HOST}/path` }), /relying party/],
  ])('%s', (_, client, reason) => {
    expect(() => recoverPublicKey(assertion({ client }), digest)).toThrow(reason);
  });

  test('an authenticator that signed for another host', () => {
    expect(() => recoverPublicKey(assertion({ host: 'other.example' }), digest)).toThrow(/relying party/);
  });

  test.each([0, 1, 32, 36])('authenticator data of %i bytes', (size) => {
    expect(() => recoverPublicKey(assertion({ size }), digest)).toThrow(/at least 37/);
  });

  test('a header byte for an uncompressed key', () => {
    const bent = assertion().slice() as Signature;
    bent[1]! -= 4;
    expect(() => recoverPublicKey(bent, digest)).toThrow(/header byte/);
  });

  test('an empty relying party, which no key can name', () => {
    const client = clientData({ origin: 'https://' });
    expect(() => recoverPublicKey(assertion({ client, host: '' }), digest)).toThrow(/empty/);
  });

  test('changed authenticator data recovers to another key', () => {
    const { authenticatorData, clientDataJson } = webAuthnParts(assertion());
    const changed = authenticatorData.slice();
    changed[36]! ^= 1;
    const bent = makeWebAuthnSignature(assertion().subarray(1, 66), changed, clientDataJson);
    expect(recoverPublicKey(bent, digest)).not.toEqual(expectedKey(1));
  });
});
