/** Bytes that a stranger chooses: each reader answers with its own error, quickly, whatever it is given. */
import { toHex } from '@snapscale/crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { newPrivateKey } from './ca-directory.js';
import { parseCertificate, parseCertificates } from './certificate.js';
import { CertificateError } from './certificate-error.js';
import { decodeCertsOnly, encodeCertsOnly } from './certs-only.js';
import { chainOf, checkMember, checkProfiles } from './chain.js';
import { DerReader, der, sequence, tags } from './encoding/der.js';
import { decodePem, encodePem } from './encoding/pem.js';
import { signerOf } from './keys.js';
import { parsePrivateKeyPem, privateKeyPem } from './private-key.js';
import { checkRequest, createRequest } from './request.js';
import { createCrl, isCrlOf, parseCrl } from './revocation-list.js';
import { nowMs, random, type TestAuthority, testAuthority, testMember } from './testing/test-authority.js';

const MUTATIONS = 400;

/** The same sequence each time (a linear congruential generator). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(original: Uint8Array, draw: (below: number) => number): Uint8Array {
  const bytes = original.slice();
  switch (draw(5)) {
    case 0:
      return bytes.subarray(0, draw(bytes.length));
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + draw(3000));
      longer.set(bytes);
      return longer;
    }
    case 2:
      for (let i = 0; i < 8; i++) bytes[draw(bytes.length)] = draw(256);
      return bytes;
    case 3:
      bytes.copyWithin(draw(bytes.length), draw(bytes.length), draw(bytes.length));
      return bytes;
    default:
      bytes[draw(bytes.length)]! ^= 1 << draw(8);
      return bytes;
  }
}

let authority: TestAuthority;
const samples: Record<string, { readonly bytes: Uint8Array; readonly read: (bytes: Uint8Array) => unknown }> = {};

beforeAll(async () => {
  authority = await testAuthority('north');
  const { certificate } = await testMember(authority, { node: 'north-1', hosts: ['10.0.0.1'] });
  const key = newPrivateKey('R1', random);
  const entries = Array.from({ length: 20 }, (_, i) => ({
    serial: random(16),
    revokedSec: 1_700_000_000 + i,
    reason: i % 2,
  }));
  samples.certificate = { bytes: certificate.der, read: (bytes) => checkMember(parseCertificate(bytes)) };
  samples.request = { bytes: await createRequest(signerOf(key), { node: 'north-1' }), read: checkRequest };
  samples.bundle = {
    bytes: encodeCertsOnly([certificate.der, authority.root.der]),
    read: (bytes) => decodeCertsOnly(bytes).map(parseCertificate),
  };
  samples.list = {
    bytes: await createCrl({
      issuer: authority.issuing.certificate,
      signer: authority.issuingSigner,
      entries,
      number: 1n,
      nowMs,
      nextUpdateMs: nowMs + 1000,
    }),
    read: parseCrl,
  };
  const text = new TextDecoder();
  samples.key = {
    bytes: new TextEncoder().encode(privateKeyPem(key)),
    read: (bytes) => parsePrivateKeyPem(text.decode(bytes)),
  };
  samples.pem = {
    bytes: new TextEncoder().encode(encodePem('CERTIFICATE', certificate.der)),
    read: (bytes) => parseCertificates(text.decode(bytes)),
  };
});

describe('mutated input', () => {
  for (const name of ['certificate', 'request', 'bundle', 'list', 'key', 'pem']) {
    test(`${name}: an own error, and never slow`, () => {
      const { bytes, read } = samples[name]!;
      read(bytes);
      const draw = chance(name.length * 7919);
      const started = performance.now();
      for (let i = 0; i < MUTATIONS; i++) {
        const input = mutated(bytes, draw);
        try {
          read(input);
        } catch (error) {
          if (!(error instanceof CertificateError)) throw new Error(`${toHex(input)}: ${error}`, { cause: error });
        }
      }
      // An average: a single one may meet garbage collection or a busy machine.
      expect((performance.now() - started) / MUTATIONS).toBeLessThan(50);
    });
  }
});

describe('DER', () => {
  const refused = (bytes: number[], read: (reader: DerReader) => unknown) =>
    expect(() => {
      const reader = new DerReader(Uint8Array.from(bytes), 'input');
      read(reader);
      reader.end();
    }).toThrow(CertificateError);

  test('takes one encoding for each value only', () => {
    refused([0x30, 0x81, 0x01, 0x00], (reader) => reader.any());
    refused([0x30, 0x80, 0x00, 0x00], (reader) => reader.any());
    refused([0x30, 0x84, 0, 0, 0, 1, 0], (reader) => reader.any());
    refused([0x02, 0x02, 0x00, 0x01], (reader) => reader.unsigned(8));
    refused([0x02, 0x01, 0x80], (reader) => reader.unsigned(8));
    refused([0x02, 0x00], (reader) => reader.unsigned(8));
    refused([0x01, 0x01, 0x01], (reader) => reader.boolean());
    refused([0x06, 0x02, 0x2a, 0x80], (reader) => reader.oid());
    refused([0x06, 0x03, 0x2a, 0x80, 0x01], (reader) => reader.oid());
    refused([0x03, 0x02, 0x07, 0xff], (reader) => reader.bits());
    refused([0x1f, 0x81, 0x01, 0x00], (reader) => reader.any());
    refused([0x05, 0x00, 0x00], (reader) => reader.any());
    refused([...der(tags.utcTime, new TextEncoder().encode('260230120000Z'))], (reader) => reader.time());
    refused([...der(tags.utcTime, new TextEncoder().encode('2601011200Z'))], (reader) => reader.time());
  });

  test('deep nesting costs nothing', () => {
    let nested = sequence();
    for (let depth = 0; depth < 500; depth++) nested = sequence(nested);
    expect(() => parseCertificate(nested)).toThrow(CertificateError);
    expect(() => checkRequest(nested)).toThrow(CertificateError);
  });
});

describe('forged and misused', () => {
  test('a request by another key, and one with bytes after its end', async () => {
    const [own, other] = [signerOf(newPrivateKey('R1', random)), signerOf(newPrivateKey('R1', random))];
    const forged = await createRequest({ publicKey: own.publicKey, sign: other.sign }, { account: 'alice' });
    expect(() => checkRequest(forged)).toThrow(/possession is not proven/);
    const request = await createRequest(own, { account: 'alice' });
    expect(() => checkRequest(Uint8Array.from([...request, 0]))).toThrow(/after its end/);
    expect(() => checkRequest(new Uint8Array(2049))).toThrow(/at most 2048/);
  });

  test('a member that issues, an issuing CA of another organisation, a root that nobody signed', async () => {
    const { issuing, root, rootSigner } = authority;
    const member = await testMember(authority, { node: 'north-1' });
    const chain = [member.certificate, issuing.certificate, root];
    expect(checkProfiles(chain)).toMatchObject({ organisation: 'north', node: 'north-1', roles: ['client'] });
    expect(() => checkProfiles([member.certificate, member.certificate, root])).toThrow(/may not issue/);
    expect(() => checkProfiles([issuing.certificate, issuing.certificate, root])).toThrow(/that of an authority/);
    expect(() => checkProfiles([member.certificate, root, root])).toThrow(/further CAs/);
    const south = await testAuthority('south');
    expect(() => checkProfiles([member.certificate, south.issuing.certificate, root])).toThrow(
      /south has issued a certificate for north/,
    );
    expect(chainOf(member.certificate, [south.root, root, south.issuing.certificate, issuing.certificate])).toEqual(
      chain,
    );
    expect(chainOf(member.certificate, [south.root, south.issuing.certificate])).toHaveLength(1);
    expect(rootSigner.publicKey).toEqual(root.publicKey);
  });

  test('a node that bears the name of another organisation’s', async () => {
    for (const node of ['south', 'south-1', 'north1', 'northern', 'x-north-1']) {
      const { certificate } = await testMember(authority, { node });
      expect(() => checkMember(certificate)).toThrow(/not that of a node of north/);
      expect(() => checkProfiles([certificate, authority.issuing.certificate, authority.root])).toThrow(
        /node of north/,
      );
    }
    const { certificate } = await testMember(authority, { node: 'north' });
    expect(checkMember(certificate).node).toBe('north');
  });

  test('names that would say something else', async () => {
    const key = signerOf(newPrivateKey('R1', random)).publicKey;
    const issue = (grant: object) => authority.issuing.issue(key, { roles: ['client'], lifeSec: 60, nowMs, ...grant });
    for (const grant of [
      { node: 'north-1,URI:urn:snap:org:south' },
      { node: '' },
      { hosts: ['*.example.org'] },
      { hosts: ['a b'] },
      { account: 'x'.repeat(100) },
      { roles: [] },
      { roles: ['client\u0000producer'] },
      { commonName: 'x'.repeat(65) },
    ]) {
      await expect(issue(grant)).rejects.toThrow(CertificateError);
    }
  });

  test('control characters of a name are not printed', async () => {
    const request = checkRequest(
      await createRequest(signerOf(newPrivateKey('R1', random)), { commonName: 'a\u001b[31m\u202eb' }),
    );
    expect(request.subject.attributes[0]![1]).toBe('a\ufffd[31m\ufffdb');
  });

  test('a list that another authority signed', async () => {
    const south = await testAuthority('north');
    const list = parseCrl(samples.list!.bytes);
    expect(isCrlOf(list, authority.issuing.certificate)).toBe(true);
    expect(isCrlOf(list, south.issuing.certificate)).toBe(false);
    expect(list.entries).toHaveLength(20);
    expect(list.entries[1]).toMatchObject({ revokedSec: 1_700_000_001, reason: 1 });
  });

  test('PEM: other labels, cut off, headers, several', () => {
    const pem = encodePem('CERTIFICATE', Uint8Array.of(1, 2, 3));
    expect(() => decodePem(pem, 'X509 CRL')).toThrow(/it has: CERTIFICATE/);
    expect(() => decodePem(pem.slice(0, 40), 'CERTIFICATE')).toThrow(/no end/);
    expect(() => decodePem(pem + pem, 'CERTIFICATE')).toThrow(/2 blocks/);
    expect(() => decodePem(pem.replace('AQID', 'Proc-Type: 4'), 'CERTIFICATE')).toThrow(/headers/);
    expect(decodePem(`text before\r\n${pem.replaceAll('\n', '\r\n')}`, 'CERTIFICATE')).toEqual(Uint8Array.of(1, 2, 3));
  });
});
