import { createHash, createPublicKey, generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { encodeBase64Url, privateKeyFromBytes, publicKeyOf, sha256, sign } from '@snapscale/crypto';
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type AccessClaims,
  type AccessToken,
  checkTokenClaims,
  digestOf,
  formatAccessToken,
  isEncryptedToken,
  parseAccessToken,
  type TokenAlgorithm,
  type TokenCertificate,
  targetOf,
  tokenLimits,
  tokenSigningInput,
} from './access-token.js';
import { jwkOf, publicKeyOfJwk, thumbprintOf } from './key-thumbprint.js';

const text = (value: string) => new TextEncoder().encode(value);
const leaf = Uint8Array.from({ length: 400 }, (_, i) => i & 0xff);
const issuer = Uint8Array.from({ length: 301 }, (_, i) => (i * 7) & 0xff);
const chain: TokenCertificate = { kind: 'chain', chain: [leaf, issuer] };
const keys = {
  ES256: privateKeyFromBytes('R1', new Uint8Array(32).fill(7)),
  ES256K: privateKeyFromBytes('K1', new Uint8Array(32).fill(9)),
};
const nowSec = 1_900_000_000;
const claims: AccessClaims = {
  iss: 'urn:snap:account:alice',
  aud: 'urn:snap:node:north-1',
  jkt: thumbprintOf(jwkOf(publicKeyOf(keys.ES256))),
  htm: 'POST',
  htu: '/v1/chain/get_info',
  digest: digestOf(text('{}')),
  iat: nowSec,
  exp: nowSec + 60,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
};
const expected = {
  audience: claims.aud,
  thumbprint: claims.jkt,
  method: 'POST',
  target: '/v1/chain/get_info',
  digest: claims.digest,
  nowSec,
};

function make(algorithm: TokenAlgorithm = 'ES256', certificate = chain, content = claims): string {
  const input = tokenSigningInput(algorithm, certificate, content);
  return formatAccessToken(input, sign(keys[algorithm], sha256(text(input))).subarray(2));
}

/** A token of any header and claims, written as given. */
function forge(header: unknown, content: unknown, signature = encodeBase64Url(new Uint8Array(64))): string {
  const part = (value: unknown) =>
    encodeBase64Url(
      value instanceof Uint8Array ? value : text(typeof value === 'string' ? value : JSON.stringify(value)),
    );
  return `${part(header)}.${part(content)}.${signature}`;
}

function parsed(token: string): AccessToken {
  const reading = parseAccessToken(token);
  if (reading.kind === 'refused') throw new Error(reading.detail);
  return reading.token;
}

const goodHeader = { alg: 'ES256', typ: 'snap-dc+jwt', 'x5t#S256': digestOf(leaf) };

describe('access tokens', () => {
  it.each(['ES256', 'ES256K'] as const)('%s: are read back, and node:crypto verifies them', (algorithm) => {
    const token = parsed(make(algorithm));
    expect(token).toMatchObject({ algorithm, certificate: chain, claims });
    const key = createPublicKey({ key: { ...jwkOf(publicKeyOf(keys[algorithm])) }, format: 'jwk' });
    const options = { key, dsaEncoding: 'ieee-p1363' } as const;
    expect(nodeVerify('sha256', token.signingInput, options, token.signature)).toBe(true);
    expect(nodeVerify('sha256', text('another'), options, token.signature)).toBe(false);
  });

  it('verify with jose, which knows ES256 alone', async () => {
    const key = await importJWK({ ...jwkOf(publicKeyOf(keys.ES256)) }, 'ES256');
    const { payload, protectedHeader } = await jwtVerify(make(), key, {
      typ: 'snap-dc+jwt',
      audience: claims.aud,
      currentDate: new Date(nowSec * 1000),
    });
    expect(payload).toEqual(claims);
    expect(protectedHeader.x5c).toEqual([leaf, issuer].map((der) => Buffer.from(der).toString('base64')));
  });

  it('are accepted from another maker', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const head = Buffer.from(JSON.stringify(goodHeader)).toString('base64url');
    const input = `${head}.${Buffer.from(JSON.stringify({ ...claims, nbf: nowSec, sub: 'ignored' })).toString('base64url')}`;
    const signature = nodeSign('sha256', text(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const token = parsed(`${input}.${signature.toString('base64url')}`);
    expect(token.claims).toEqual(claims);
    expect(token.certificate).toEqual({ kind: 'hash', hash: createHash('sha256').update(leaf).digest('base64url') });
  });

  it('are parsed the same each time', () => {
    const token = make();
    expect(parseAccessToken(token)).toEqual(parseAccessToken(token));
  });

  it.each<[string, string, string]>([
    ['no text', '', 'three parts'],
    ['two parts', 'a.b', 'three parts'],
    ['four parts', `${make()}.AAAA`, 'three parts'],
    ['too many characters', `${make()}${'A'.repeat(tokenLimits.charsMax)}`, 'characters'],
    ['padding', `${make()}=`, '64 bytes'],
    ['a signature in DER', forge(goodHeader, claims, encodeBase64Url(new Uint8Array(70))), '64 bytes'],
    ['a short signature', forge(goodHeader, claims, encodeBase64Url(new Uint8Array(63))), '64 bytes'],
    ['no signature', forge(goodHeader, claims, ''), '64 bytes'],
    ['a header that is a list', forge([], claims), 'no JSON object'],
    ['a header that is null', forge('null', claims), 'no JSON object'],
    ['a header with a byte order mark', forge(`\ufeff${JSON.stringify(goodHeader)}`, claims), 'no JSON object'],
    ['a header that is not UTF-8', forge(Uint8Array.of(0x7b, 0xff, 0x7d), claims), 'no JSON object'],
    ['an algorithm twice', forge(`{"alg":"none",${JSON.stringify(goodHeader).slice(1)}`, claims), 'twice'],
    [
      'an algorithm twice, escaped',
      forge(`{"\\u0061lg":"none",${JSON.stringify(goodHeader).slice(1)}`, claims),
      'twice',
    ],
    ['no algorithm', forge({ ...goodHeader, alg: undefined }, claims), 'no algorithm'],
    ['an algorithm that is a number', forge({ ...goodHeader, alg: 7 }, claims), 'no algorithm'],
    ['another typ', forge({ ...goodHeader, typ: 'JWT' }, claims), 'typ'],
    ['crit', forge({ ...goodHeader, crit: ['exp'] }, claims), 'other fields'],
    ['an own key', forge({ ...goodHeader, jwk: jwkOf(publicKeyOf(keys.ES256)) }, claims), 'other fields'],
    ['an address of keys', forge({ ...goodHeader, jku: 'https://127.0.0.1/' }, claims), 'other fields'],
    ['a body that is not encoded', forge({ ...goodHeader, b64: false }, claims), 'other fields'],
    ['a prototype', forge(`{"__proto__":{"x":1},${JSON.stringify(goodHeader).slice(1)}`, claims), 'other fields'],
    ['no certificate', forge({ alg: 'ES256', typ: 'snap-dc+jwt' }, claims), 'one of x5c and'],
    ['two certificates', forge({ ...goodHeader, x5c: ['AAAA'] }, claims), 'one of x5c and'],
    ['an empty chain', forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: [] }, claims), '1 to 4'],
    ['a long chain', forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: Array(5).fill('AAAA') }, claims), '1 to 4'],
    ['a chain of numbers', forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: [7] }, claims), 'base64'],
    ['a chain in base64url', forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: ['-_-_'] }, claims), 'base64'],
    ['a chain with stray bits', forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: ['AB=='] }, claims), 'base64'],
    [
      'a large certificate',
      forge({ alg: 'ES256', typ: 'snap-dc+jwt', x5c: [Buffer.alloc(4097).toString('base64')] }, claims),
      'base64',
    ],
    ['a short hash', forge({ ...goodHeader, 'x5t#S256': 'AAAA' }, claims), 'SHA-256'],
    ['claims twice', forge(goodHeader, `{"aud":"x",${JSON.stringify(claims).slice(1)}`), 'twice'],
    ['claims that are a text', forge(goodHeader, '"text"'), 'no JSON object'],
    ['claims that nest deeply', forge(goodHeader, '['.repeat(4000)), 'no JSON object'],
    ['a list of audiences', forge(goodHeader, { ...claims, aud: [claims.aud] }), 'claim aud'],
    ['no audience', forge(goodHeader, { ...claims, aud: undefined }), 'claim aud'],
    ['an audience in other letters', forge(goodHeader, { ...claims, aud: 'urn:snap:node:nörth' }), 'claim aud'],
    ['a long issuer', forge(goodHeader, { ...claims, iss: 'a'.repeat(257) }), 'claim iss'],
    ['an issuer with a line feed', forge(goodHeader, { ...claims, iss: 'a\nb' }), 'claim iss'],
    ['a short key', forge(goodHeader, { ...claims, jkt: 'AAAA' }), 'claim jkt'],
    ['a method in small letters', forge(goodHeader, { ...claims, htm: 'get' }), 'claim htm'],
    ['a target without a path', forge(goodHeader, { ...claims, htu: 'http://127.0.0.1' }), 'claim htu'],
    ['a target with a query for its host', forge(goodHeader, { ...claims, htu: 'https://x?/v1/a' }), 'claim htu'],
    ['a target with a fragment', forge(goodHeader, { ...claims, htu: '/a#b' }), 'claim htu'],
    ['a target of another scheme', forge(goodHeader, { ...claims, htu: 'file:///etc/hosts' }), 'claim htu'],
    ['a digest in hex', forge(goodHeader, { ...claims, digest: '00'.repeat(32) }), 'claim digest'],
    ['a time that is a text', forge(goodHeader, { ...claims, iat: '1' }), 'claim iat'],
    ['half a second', forge(goodHeader, { ...claims, exp: 1.5 }), 'claim exp'],
    ['a time without end', forge(goodHeader, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')), 'claim exp'],
    ['a time before 1970', forge(goodHeader, { ...claims, iat: -1 }), 'claim iat'],
    ['a short jti', forge(goodHeader, { ...claims, jti: '1' }), 'claim jti'],
    ['a jti that is a number', forge(goodHeader, { ...claims, jti: 1234567890123456 }), 'claim jti'],
  ])('are refused as malformed: %s', (_, token, problem) => {
    expect(parseAccessToken(token)).toMatchObject({
      kind: 'refused',
      code: 'malformed',
      detail: expect.stringContaining(problem),
    });
  });

  it.each(['none', 'HS256', 'RS256', 'PS256', 'EdDSA', 'ES384', 'es256', ''])('refuse the algorithm "%s"', (alg) => {
    expect(parseAccessToken(forge({ ...goodHeader, alg }, claims))).toMatchObject({
      kind: 'refused',
      code: 'algorithm',
    });
  });

  it('are refused wherever they are cut', () => {
    const token = make();
    for (let length = 0; length < token.length; length += 13) {
      expect(parseAccessToken(token.slice(0, length)).kind).toBe('refused');
    }
  });

  it('never throw, whatever is changed in them', () => {
    const token = make();
    const alphabet = 'AZaz09-_+/=."\\\u0000\ufffd{}[]:, ';
    let seed = 1;
    const next = (bound: number): number => (seed = (seed * 48_271) % 2_147_483_647) % bound;
    for (let round = 0; round < 500; round++) {
      const characters = [...token];
      for (let change = 0; change <= next(3); change++) {
        const at = next(characters.length);
        if (next(3) === 0) characters.splice(at, 1 + next(40));
        else characters[at] = alphabet[next(alphabet.length)]!;
      }
      const text = characters.join('');
      const reading = parseAccessToken(text);
      // What is still read must be what was written there: no second form of one token.
      if (reading.kind === 'token') {
        const { signingInput, signature } = reading.token;
        expect(formatAccessToken(new TextDecoder().decode(signingInput), signature)).toBe(text);
      } else {
        expect(reading.detail.length).toBeLessThan(200);
      }
    }
  });

  it('cost little when they are made to cost much', () => {
    const size = tokenLimits.charsMax;
    const hostile = [
      'A'.repeat(size),
      '.'.repeat(size),
      `${'e30.'.repeat(size / 4)}`,
      forge(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`, '{}'),
      forge(`{${Array.from({ length: 500 }, (_, i) => `"${i}":0`).join()}}`, '{}'),
      forge(`{"alg":"${'\\"'.repeat(1500)}"}`, '{}'),
      forge({ ...goodHeader, 'x5t#S256': undefined, x5c: Array(1200).fill('') }, claims),
    ];
    for (const token of hostile) expect(parseAccessToken(token).kind).toBe('refused');
  });

  it('are told from encrypted ones', () => {
    expect(isEncryptedToken(make())).toBe(false);
    expect(isEncryptedToken('a.b.c.d.e')).toBe(true);
    expect(isEncryptedToken('a.b.c.d.e.f')).toBe(false);
  });
});

describe('claims', () => {
  it.each<[string, Partial<AccessClaims>, string | undefined]>([
    ['as expected', {}, undefined],
    ['with a host', { htu: 'https://gateway.example:8443/v1/chain/get_info' }, undefined],
    ['for another node', { aud: 'urn:snap:node:south-1' }, 'audience'],
    ['for another key', { jkt: 'A'.repeat(43) }, 'audience'],
    ['for another method', { htm: 'GET' }, 'request'],
    ['for another path', { htu: '/v1/chain/get_block' }, 'request'],
    ['with a query', { htu: '/v1/chain/get_info?x=1' }, 'request'],
    ['for another body', { digest: digestOf(text('')) }, 'request'],
    ['at the end of its life', { iat: nowSec - 59, exp: nowSec + 1 }, undefined],
    ['after its life', { iat: nowSec - 60, exp: nowSec }, 'freshness'],
    ['a little ahead', { iat: nowSec + 30, exp: nowSec + 90 }, undefined],
    ['too far ahead', { iat: nowSec + 31, exp: nowSec + 91 }, 'freshness'],
    ['too long', { exp: nowSec + 61 }, 'freshness'],
    ['ending before they begin', { iat: nowSec, exp: nowSec }, 'freshness'],
  ])('%s', (_, changes, code) => {
    expect(checkTokenClaims({ ...claims, ...changes }, expected)).toBe(code);
  });

  it('name the target of an address', () => {
    expect(targetOf('http://127.0.0.1:8888/v1/a?b=%C3%A9&c=d e#f')).toBe('/v1/a?b=%C3%A9&c=d%20e');
    expect(targetOf('https://node')).toBe('/');
  });
});

describe('thumbprints', () => {
  it('are those of the example in the documentation of jose', () => {
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'jJ6Flys3zK9jUhnOHf6G49Dyp5hah6CNP84-gY-n9eo',
      y: 'nhI6iD5eFXgBTLt_1p3aip-5VbZeMhxeFSpjfEAf7Ww',
    } as const;
    expect(thumbprintOf(jwk)).toBe('w9eYdC6_s_tLQ8lH6PUpc0mddazaqtPgeC2IgWDiqY8');
    expect(jwkOf(publicKeyOfJwk(jwk))).toEqual(jwk);
  });

  it.each(['ES256', 'ES256K'] as const)('%s: are those of jose, whatever else the key says', async (algorithm) => {
    const jwk = jwkOf(publicKeyOf(keys[algorithm]));
    const more = { use: 'sig', kid: 'x', ...jwk };
    expect(thumbprintOf(more)).toBe(await calculateJwkThumbprint(more));
    expect(publicKeyOfJwk(jwk)).toEqual(publicKeyOf(keys[algorithm]));
  });

  it('refuse points that are on no curve', () => {
    const jwk = jwkOf(publicKeyOf(keys.ES256));
    expect(() => publicKeyOfJwk({ ...jwk, x: jwk.y })).toThrow('curve');
    expect(() => publicKeyOfJwk({ ...jwk, x: 'AA' })).toThrow('bytes');
    expect(() => publicKeyOfJwk({ ...jwk, crv: 'secp256k1' })).toThrow('curve');
  });
});

it('the header that jose reads has nothing unexpected', () => {
  expect(Object.keys(decodeProtectedHeader(make()))).toEqual(['alg', 'typ', 'x5c']);
});
