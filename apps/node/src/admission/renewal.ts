/**
 * Renews the node's certificate by itself: at two thirds of its life the organisation's CA is asked for a successor, which
 * goes into the identity folder, from where it is taken without a restart (NET-23).
 */
import { randomBytes } from 'node:crypto';
import { equalBytes, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  chainOf,
  checkMember,
  createRequest,
  encodePem,
  newPrivateKey,
  parseCertificate,
  parseCertificates,
  parsePrivateKeyPem,
  privateKeyPem,
  signerOf,
} from '@snapscale/sdk/certificates';
import type { Identity } from '../p2p/identity.js';
import { readIdentity } from '../p2p/identity-files.js';
import { type Reenrolment, type ReenrolmentAnswer, ReenrolmentRefused, reenrol } from './est-client.js';
import { writeIdentity } from './identity-folder.js';
import {
  type PendingRequest,
  readPending,
  removePending,
  requestBytes,
  requestText,
  writePending,
} from './pending-request.js';

export type RenewalOptions = {
  /** The identity folder. */
  readonly directory: string;
  /** Address of the CA, `https://host:port`. */
  readonly ca: string;
  /** Whether the successor gets a new key. */
  readonly renewKey: boolean;
  readonly nowMs: () => number;
  /** Until when the chain takes this certificate, in seconds: sooner than it says where its CA was replaced. */
  readonly endSec?: (identity: Identity) => number | undefined;
  /** Whether the chain has a successor of this certificate already. */
  readonly isSuperseded?: (identity: Identity) => boolean;
  readonly event: (level: 'info' | 'warn', name: string, detail: Readonly<Record<string, string | number>>) => void;
  /** Asks the CA. Default: over the network. */
  readonly ask?: (what: Reenrolment) => Promise<ReenrolmentAnswer>;
};

/** The part of its life after which a certificate is renewed. */
const DUE_AT = 2 / 3;
const LOOK_MS_MAX = 60 * 60_000;
const RETRY_MS = 10_000;
/** However long it fails: so many attempts fit into the rest of the life. */
const ATTEMPTS_LEFT_MIN = 20;

export class CertificateRenewal {
  readonly #options: RenewalOptions;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** Until when the certificate counted when it was looked at last. */
  #lastSec = Number.POSITIVE_INFINITY;
  /** An attempt is under way; it decides when the next one is. */
  #isBusy = false;
  #isClosed = false;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#schedule(0);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** The chain may take the certificate for a shorter time than before: then the next attempt may be due sooner. */
  look(): void {
    if (this.#isBusy) return;
    const lastSec = this.#endNow();
    // Others change the chain all the time: that must not wear down the waits between attempts that fail.
    if (lastSec !== undefined && lastSec < this.#lastSec) this.#schedule(0);
  }

  #endNow(): number | undefined {
    const { directory, endSec } = this.#options;
    try {
      return endSec?.(readIdentity(directory));
    } catch {
      // The files are being replaced, or cannot be used: the next attempt says so.
      return undefined;
    }
  }

  #schedule(afterMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), Math.min(LOOK_MS_MAX, Math.max(0, afterMs)));
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { directory, nowMs, event, endSec = () => undefined } = this.#options;
    let leftMs = LOOK_MS_MAX;
    this.#isBusy = true;
    try {
      const identity = readIdentity(directory);
      const own = parseCertificates(identity.certificate)[0]!;
      const lastSec = Math.min(own.notAfterSec, endSec(identity) ?? own.notAfterSec);
      this.#lastSec = lastSec;
      const dueMs = dueAt(own.notBeforeSec, lastSec);
      leftMs = lastSec * 1000 - nowMs();
      if (nowMs() < dueMs) {
        this.#schedule(dueMs - nowMs());
        return;
      }
      const answer = await this.#renew(identity, own, lastSec);
      this.#failures = 0;
      if (answer.kind === 'waiting') event('info', 'renewal-waits', { ca: this.#options.ca, seconds: answer.afterSec });
      this.#schedule(answer.kind === 'waiting' ? answer.afterSec * 1000 : RETRY_MS);
    } catch (error) {
      const waitMs = Math.min(
        RETRY_MS * 2 ** Math.min(this.#failures++, 10),
        Math.max(RETRY_MS, leftMs / ATTEMPTS_LEFT_MIN),
      );
      const reason = error instanceof Error ? error.message : String(error);
      const hours = Math.max(0, Math.floor(leftMs / 3_600_000));
      event('warn', 'renewal-failed', {
        ca: this.#options.ca,
        reason,
        hours,
        againAfterSec: Math.round(waitMs / 1000),
      });
      this.#schedule(waitMs);
    } finally {
      this.#isBusy = false;
    }
  }

  async #renew(identity: Identity, own: Certificate, lastSec: number): Promise<ReenrolmentAnswer> {
    const { ca, renewKey, directory, nowMs, isSuperseded, event, ask = reenrol } = this.#options;
    const names = checkMember(own);
    const pending = await this.#pendingRequest(identity, own);
    const answer = await this.#answerTo(() =>
      ask({ ca, organisation: names.organisation, identity, request: requestBytes(pending) }),
    );
    if (answer.kind === 'waiting') return answer;
    // The roots of the folder may have changed meanwhile, with those of the chain.
    const { authorities } = readIdentity(directory);
    const { publicKey } = signerOf(parsePrivateKeyPem(pending.privateKey));
    const asked = { own, lastSec, publicKey, nowMs: nowMs(), isSuperseded: isSuperseded?.(identity) === true };
    const successor = acceptable(answer.certificates.map(parseCertificate), asked, { ...identity, authorities });
    writeIdentity(directory, {
      certificate: successor.map(({ der }) => encodePem('CERTIFICATE', der)).join(''),
      privateKey: pending.privateKey,
      authorities,
    });
    removePending(directory);
    const expires = new Date(successor[0]!.notAfterSec * 1000).toISOString();
    event('info', 'certificate-renewed', { node: names.node ?? '', expires, key: renewKey ? 'new' : 'the same' });
    return answer;
  }

  /** The one that was not answered yet, or a new one, which is on disk before anybody hears of it. */
  async #pendingRequest(identity: Identity, own: Certificate): Promise<PendingRequest> {
    const { directory, renewKey } = this.#options;
    const of = toHex(own.digest);
    const before = readPending(directory, of);
    if (before !== undefined) return before;
    const names = checkMember(own);
    const { dns, addresses } = own.names;
    const hosts = [...dns.filter((host) => host !== names.node), ...addresses];
    const privateKey = renewKey ? privateKeyPem(newPrivateKey('R1', random)) : identity.privateKey;
    const request = await createRequest(signerOf(parsePrivateKeyPem(privateKey)), { ...names, hosts });
    const pending = { privateKey, request: requestText(request) };
    writePending(directory, of, pending);
    return pending;
  }

  /** A request that the CA cannot read is not sent again: the next one is a new one. All else may be a matter of time. */
  async #answerTo(ask: () => Promise<ReenrolmentAnswer>): Promise<ReenrolmentAnswer> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ReenrolmentRefused && error.status === 400) removePending(this.#options.directory);
      throw error;
    }
  }
}

/** What an answer is held against. */
type Asked = {
  readonly own: Certificate;
  /** Until when that counts. */
  readonly lastSec: number;
  readonly publicKey: Uint8Array;
  readonly nowMs: number;
  /** The chain has another certificate in its place. */
  readonly isSuperseded: boolean;
};

/**
 * The new certificate and its CA, if they are what was asked for: a CA that answers wrongly must not put an identity out of use.
 * @throws Error
 */
function acceptable(
  certificates: readonly Certificate[],
  { own, lastSec, publicKey, nowMs, isSuperseded }: Asked,
  { certificate, authorities }: Identity,
): Certificate[] {
  const [fresh] = certificates;
  if (fresh === undefined) throw new Error('the CA answered without a certificate');
  const [before, after] = [checkMember(own), checkMember(fresh)];
  if (!equalBytes(fresh.publicKey, publicKey)) throw new Error('the CA answered with a certificate of another key');
  if (before.node !== after.node || before.organisation !== after.organisation) {
    throw new Error(`the CA answered with a certificate of ${after.node} of ${after.organisation}`);
  }
  if (fresh.notBeforeSec * 1000 > nowMs || fresh.notAfterSec * 1000 <= nowMs) {
    throw new Error('the new certificate is not valid now');
  }
  // Where the chain has put the new one in place of the old one there is no way back: it is the better one however long it lives.
  if (fresh.notAfterSec <= lastSec && !isSuperseded) {
    throw new Error('the new certificate does not live longer than the old one');
  }
  const roots = authorities.flatMap(parseCertificates);
  // Issuing CAs that the answer leaves out are known from before.
  const chain = chainOf(fresh, [...certificates.slice(1), ...parseCertificates(certificate), ...roots]);
  const last = chain.at(-1)!;
  if (!roots.some((root) => equalBytes(root.digest, last.digest))) {
    throw new Error('no root of authorities.pem has signed the CA of the new certificate');
  }
  return chain.filter((link) => link !== last || chain.length === 1);
}

function dueAt(firstSec: number, lastSec: number): number {
  return (firstSec + (lastSec - firstSec) * DUE_AT) * 1000;
}

function random(size: number): Uint8Array {
  return new Uint8Array(randomBytes(size));
}
