/** A root and an issuing CA for tests, and the programs that judge what they issue. */
import { spawnSync } from 'node:child_process';
import { randomBytes, webcrypto } from 'node:crypto';
import type { PrivateKey } from '@snapscale/crypto';
import { newPrivateKey } from '../ca-directory.js';
import { type Certificate, parseCertificate } from '../certificate.js';
import { createIssuing, createRoot, IssuingAuthority, type MemberGrant } from '../issue.js';
import { type Signer, signerOf } from '../keys.js';
import type { WebCrypto } from '../private-key.js';

export const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
export const crypto: WebCrypto = webcrypto;
export const nowMs = Date.UTC(2026, 10, 24, 12);

/** An organisation with its issuing CA, under a root of its own. */
export type TestAuthority = {
  readonly rootKey: PrivateKey;
  readonly root: Certificate;
  readonly rootSigner: Signer;
  readonly issuing: IssuingAuthority;
  readonly issuingSigner: Signer;
};

export async function testAuthority(organisation: string, at = nowMs, crlUrl?: string): Promise<TestAuthority> {
  const rootKey = newPrivateKey('R1', random);
  const rootSigner = signerOf(rootKey);
  const root = parseCertificate(await createRoot({ title: 'Test root', signer: rootSigner, nowMs: at, random }));
  const issuingSigner = signerOf(newPrivateKey('R1', random));
  const certificate = parseCertificate(
    await createIssuing({
      root,
      signer: rootSigner,
      organisation,
      title: organisation,
      publicKey: issuingSigner.publicKey,
      nowMs: at,
      random,
      crlUrl,
    }),
  );
  const issuing = new IssuingAuthority({ certificate, signer: issuingSigner, random, crlUrl });
  return { rootKey, root, rootSigner, issuing, issuingSigner };
}

/** A member's certificate with a new key. */
export async function testMember(
  { issuing }: TestAuthority,
  grant: Partial<MemberGrant> = {},
  type: 'K1' | 'R1' = 'R1',
): Promise<{ readonly certificate: Certificate; readonly key: PrivateKey }> {
  const key = newPrivateKey(type, random);
  const filled = { roles: ['client'], lifeSec: 86_400, nowMs, ...grant };
  return { certificate: parseCertificate(await issuing.issue(signerOf(key).publicKey, filled)), key };
}

/** Whether a program is installed here. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
}

/** Runs openssl. Returns what it printed, whether it liked the input or not. */
export function openssl(
  args: readonly string[],
  input?: string | Uint8Array,
): { ok: boolean; text: string; bytes: Buffer } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input });
  return { ok: status === 0, text: `${stdout}${stderr}`, bytes: stdout };
}
