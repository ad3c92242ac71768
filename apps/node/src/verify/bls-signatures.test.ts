import {
  type BlsPublicKey,
  type BlsSignature,
  blsAggregate,
  blsPublicKeyOf,
  blsSignatureFromUncompressed,
  blsVerifyAggregate,
  generateBlsPrivateKey,
  sha256,
} from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { loadBlsSigning, portableBls } from './bls-signatures.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const secrets = ['a', 'b', 'c', 'd'].map((label) =>
  generateBlsPrivateKey(Uint8Array.from([...sha256(bytes(label)), ...sha256(bytes(label)).subarray(0, 16)])),
);
const keys = secrets.map(blsPublicKeyOf);
const digest = sha256(bytes('a vote'));
/** A point of the curve that is not of the group: x = 2. */
const outOfGroup = blsSignatureFromUncompressed(
  Buffer.from(
    `${'0'.repeat(191)}2${
      '172e93db764a8400a7d5071b6b6f5de0da2f0f4a063119abca014006b7c40a2cfe291a1924e65db0d6d0fcfbf3bf3d5c' +
      '18c6b864ae17dc9da64203ffefb966306425a7bc6aeb7c75247438372716284a4173830420cd476ba1a365b95bfcec38'
    }`,
    'hex',
  ),
);
const native = loadBlsSigning();
const signatures = secrets.map((secret) => native.sign(secret, digest));

describe('finalizers’ signatures', () => {
  it('are native where the package has a library for the machine', () => {
    const hasLibrary = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'];
    const expected = hasLibrary.includes(`${process.platform}-${process.arch}`)
      ? 'BLS: native (blst)'
      : 'BLS: portable';
    expect(native.description).toContain(expected);
  });

  it('are the same, native and portable', () => {
    expect(portableBls.sign(secrets[0]!, digest)).toEqual(signatures[0]);
    const aggregate = native.verifyAggregate(keys, signatures, digest);
    expect(aggregate).toEqual(blsAggregate(signatures));
    expect(portableBls.verifyAggregate(keys, signatures, digest)).toEqual(aggregate);
    expect(blsVerifyAggregate(keys, digest, aggregate!)).toBe(true);
  });

  it('of one key twice count twice', () => {
    const twice = [keys[0]!, keys[0]!, keys[1]!];
    const both = [signatures[0]!, signatures[0]!, signatures[1]!];
    expect(native.verifyAggregate(twice, both, digest)).toEqual(blsAggregate(both));
    expect(native.verifyAggregate(twice, both.slice(1), digest)).toBeUndefined();
  });

  const flipped = (signature: BlsSignature, at: number): BlsSignature => {
    const copy = signature.slice();
    copy[at]! ^= 1;
    return copy as BlsSignature;
  };
  const bad: readonly [string, readonly BlsPublicKey[], readonly BlsSignature[], Uint8Array][] = [
    ['of another digest', keys, signatures, sha256(bytes('another vote'))],
    ['with one missing', keys, signatures.slice(1), digest],
    ['with one too many', keys.slice(1), signatures, digest],
    ['with one of another key', keys, [signatures[1]!, ...signatures.slice(1)], digest],
    ['with a flipped bit', [keys[0]!], [flipped(signatures[0]!, 7)], digest],
    ['that are too short', [keys[0]!], [signatures[0]!.subarray(1) as BlsSignature], digest],
    ['that are empty', [keys[0]!], [new Uint8Array(0) as BlsSignature], digest],
    ['that are zero', [keys[0]!], [new Uint8Array(192) as BlsSignature], digest],
    ['that are all ones', [keys[0]!], [new Uint8Array(192).fill(255) as BlsSignature], digest],
    ['under a key of zeros', [new Uint8Array(96) as BlsPublicKey], [signatures[0]!], digest],
    ['under a key of all ones', [new Uint8Array(96).fill(255) as BlsPublicKey], [signatures[0]!], digest],
    ['out of the group', [keys[0]!], [outOfGroup], digest],
    ['with a part out of the group', keys, [...signatures.slice(1), outOfGroup], digest],
    ['of nobody', [], [], digest],
    ['under no key', [], [signatures[0]!], digest],
    ['of none', [keys[0]!], [], digest],
  ];
  it.each(bad)('are refused: %s', (_, someKeys, some, on) => {
    expect(native.verifyAggregate(someKeys, some, on)).toBeUndefined();
    expect(portableBls.verifyAggregate(someKeys, some, on)).toBeUndefined();
  });
});
