/**
 * The files of an authority that is being replaced, in the folder `next` beside its own: key, request, certificate, and
 * `rotation.json`, which is written last and says that a rotation is under way. Each step can be interrupted anywhere: what
 * was begun is finished at the next start, before any key is opened.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '@snapscale/crypto';
import { type Certificate, encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import { writeFileAtomic } from '../files/atomic-file.js';
import { readAs } from '../files/ca-files.js';

/** A rotation under way. */
export type RotationRecord = {
  readonly startedMs: number;
  readonly previousUntilSec: number;
  /** Account of the organisation that proposes it. */
  readonly by: string;
  readonly proposal?: number | undefined;
  /** When it was last sent to the chain. */
  readonly proposedMs?: number | undefined;
};

/** How the last rotation ended. */
export type RotationOutcome = {
  readonly kind: 'done' | 'refused' | 'given_up';
  readonly atMs: number;
  readonly proposal?: number | undefined;
  readonly reason?: string | undefined;
};

const PRIVATE = 0o600;
const PUBLIC = 0o644;

export class AuthorityFiles {
  readonly folder: string;
  readonly #name: 'issuing' | 'root';

  constructor(folder: string, name: 'issuing' | 'root') {
    this.folder = folder;
    this.#name = name;
  }

  /** Key of the next one, below the folder. */
  get nextKey(): string {
    return join('next', `${this.#name}.key`);
  }

  /** The rotation under way. */
  get record(): RotationRecord | undefined {
    return this.#read('next/rotation.json', (text) => JSON.parse(text) as RotationRecord);
  }

  get outcome(): RotationOutcome | undefined {
    return this.#read('last-rotation.json', (text) => JSON.parse(text) as RotationOutcome);
  }

  /** Request for the next one, in PEM. */
  get request(): string | undefined {
    return this.#read(join('next', `${this.#name}.csr`), (text) => text);
  }

  get next(): Certificate | undefined {
    return this.#read(join('next', `${this.#name}.pem`), parseCertificates)?.[0];
  }

  /** Those that were replaced here and whose keys are kept, for their revocation lists. `key`: below the folder. */
  get previous(): { readonly certificate: Certificate; readonly key: string }[] {
    return readdirSync(this.folder)
      .filter((file) => /^previous-\d+\.pem$/.test(file))
      .map((file) => ({
        certificate: readAs(join(this.folder, file), parseCertificates)[0]!,
        key: file.replace(/pem$/, 'key'),
      }));
  }

  /** Begins a rotation. `key`: PEM, undefined where it is in a device. */
  begin(
    record: RotationRecord,
    made: {
      readonly key: string | undefined;
      readonly request?: string;
      readonly certificate?: Uint8Array | undefined;
    },
  ): void {
    this.#remove('next');
    const { key, request, certificate } = made;
    if (key !== undefined) this.#write(this.nextKey, key, PRIVATE);
    if (request !== undefined) this.#write(join('next', `${this.#name}.csr`), request, PUBLIC);
    if (certificate !== undefined) this.store(certificate);
    this.update(record);
  }

  /** Keeps the certificate of the next one. */
  store(der: Uint8Array): void {
    this.#write(join('next', `${this.#name}.pem`), encodePem('CERTIFICATE', der), PUBLIC);
  }

  update(record: RotationRecord): void {
    this.#write('next/rotation.json', JSON.stringify(record), PRIVATE);
  }

  /** Ends the rotation without the next one. */
  abandon(outcome: RotationOutcome): void {
    this.#write('last-rotation.json', JSON.stringify(outcome), PUBLIC);
    this.#remove('next');
  }

  /** Puts the next one into the place of the present one, which is kept. */
  replace(outcome: RotationOutcome): void {
    const [next, present] = [this.next!, this.#present()];
    this.#write('last-rotation.json', JSON.stringify(outcome), PUBLIC);
    if (!equalBytes(present[0]!.der, next.der)) {
      this.#keep(present[0]!);
      // A root stands alone; issuing CAs keep those before them, whose certificates can be renewed.
      const all = this.#name === 'root' ? [next] : [next, ...present];
      this.#write(`${this.#name}.pem`, all.map(({ der }) => encodePem('CERTIFICATE', der)).join(''), PUBLIC);
    }
    this.finish();
  }

  /** Finishes a replacement that was interrupted after the certificate was in its place. */
  finish(): void {
    const next = this.next;
    if (next === undefined || !existsSync(join(this.folder, `${this.#name}.pem`))) return;
    if (!equalBytes(this.#present()[0]!.der, next.der)) return;
    const key = this.#read(this.nextKey, (text) => text);
    if (key !== undefined) this.#write(`${this.#name}.key`, key, PRIVATE);
    this.#remove('next');
  }

  #present(): Certificate[] {
    return readAs(join(this.folder, `${this.#name}.pem`), parseCertificates);
  }

  /** Keeps an authority as `previous-N`: the certificate last, so that what is there is whole. */
  #keep(certificate: Certificate): void {
    if (this.previous.some((kept) => equalBytes(kept.certificate.der, certificate.der))) return;
    const number = 1 + Math.max(0, ...this.previous.map(({ key }) => Number(/\d+/.exec(key)![0])));
    const key = join(this.folder, `${this.#name}.key`);
    if (existsSync(key)) this.#write(`previous-${number}.key`, readFileSync(key, 'utf8'), PRIVATE);
    this.#write(`previous-${number}.pem`, encodePem('CERTIFICATE', certificate.der), PUBLIC);
  }

  #read<T>(file: string, read: (text: string) => T): T | undefined {
    const path = join(this.folder, file);
    return existsSync(path) ? readAs(path, read) : undefined;
  }

  #write(file: string, text: string, mode: number): void {
    writeFileAtomic(join(this.folder, file), Buffer.from(text), mode);
  }

  #remove(file: string): void {
    // The record goes first: what is left without it is nothing that counts.
    rmSync(join(this.folder, file, 'rotation.json'), { force: true });
    rmSync(join(this.folder, file), { recursive: true, force: true });
  }
}
