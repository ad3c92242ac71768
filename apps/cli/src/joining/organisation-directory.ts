/** The directory of an organisation that joins a consortium: its CA, its node, and what the walk remembers. */
import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPublicKey, parsePrivateKey, publicKeyOf } from '@snapscale/crypto';
import {
  type Certificate,
  type FileToWrite,
  formatCaConfiguration,
  joiningFiles,
  newPrivateKey,
  newSecret,
  parseCaConfiguration,
  parseCertificates,
  signedFiles,
  type WebCrypto,
} from '@snapscale/sdk/certificates';
import { configurationError } from '../program/failures.js';
import { AccountKey } from './account-key.js';
import { writePrivate } from './walk.js';

/** Rounds of the key derivation: the passphrase is random here, so that no more are needed. */
const ITERATIONS = 10_000;

const random = (size: number) => new Uint8Array(randomBytes(size));

/** What is in the directory. */
export class OrganisationDirectory {
  readonly path: string;
  readonly organisation: string;

  constructor(path: string, organisation: string) {
    this.path = path;
    this.organisation = organisation;
  }

  /** Data of the organisation's CA. */
  get ca(): string {
    return join(this.path, 'ca');
  }

  /** Data of the organisation's node. */
  get node(): string {
    return join(this.path, 'node');
  }

  /** Makes the keys of the CA and the request for the root, unless they are there. @returns whether they were made now */
  async makeCa(options: {
    readonly title: string;
    readonly url?: string | undefined;
    readonly peers?: readonly string[] | undefined;
  }): Promise<boolean> {
    if (existsSync(this.#ca('issuing.key'))) return false;
    const passphrasePath = join(this.ca, 'passphrase');
    if (!existsSync(passphrasePath)) writePrivate(passphrasePath, `${newSecret(random)}\n`);
    const { files } = await joiningFiles({
      ...options,
      organisation: this.organisation,
      chainKey: newPrivateKey('K1', random),
      passphrase: readFileSync(passphrasePath, 'utf8').trim(),
      crypto: webcrypto as unknown as WebCrypto,
      random,
      iterations: ITERATIONS,
    });
    // The issuing key last: where it is, the rest is.
    this.#write(
      [...files].sort((a, b) => Number(a.path.endsWith('issuing.key')) - Number(b.path.endsWith('issuing.key'))),
    );
    return true;
  }

  /** The request for the root, in PEM. */
  get request(): string {
    return this.#read('issuing.csr');
  }

  get requestPath(): string {
    return this.#ca('issuing.csr');
  }

  /** The issuing CA's certificate; undefined until the root has signed it. */
  get issuing(): Certificate | undefined {
    return existsSync(this.#ca('issuing.pem')) ? parseCertificates(this.#read('issuing.pem'))[0] : undefined;
  }

  /** Writes what the root has signed. */
  writeIssuing(certificate: string, roots: readonly string[]): void {
    const [issuing] = parseCertificates(certificate);
    this.#write(signedFiles(this.organisation, issuing!.der, roots.flatMap(parseCertificates)));
  }

  /** Says to the CA which chain it belongs to, at the first time. @throws CommandError when it is of another one */
  pinChain(chainId: string): void {
    const configuration = parseCaConfiguration(this.#read('ca.json'));
    if (configuration.chainId === chainId) return;
    if (configuration.chainId !== undefined) {
      throw configurationError(
        `the CA in ${this.ca} is of the chain ${configuration.chainId.slice(0, 12)}…, not of ${chainId.slice(0, 12)}…`,
        'Name a node of its chain with -u.',
      );
    }
    writePrivate(this.#ca('ca.json'), formatCaConfiguration({ ...configuration, chainId }), 0o644);
  }

  /** The key with which the CA signs on chain. */
  get chainKey(): string {
    return formatPublicKey(publicKeyOf(parsePrivateKey(this.#read('chain.key').trim())));
  }

  /** What an operator of the CA is known by. */
  get adminSecret(): string {
    return this.#read('admin.secret').trim();
  }

  /** The key of the organisation's account, where it came in a file. */
  get accountKey(): AccountKey {
    return new AccountKey(this.path);
  }

  #ca(file: string): string {
    return join(this.ca, this.organisation, file);
  }

  #read(file: string): string {
    try {
      return readFileSync(this.#ca(file), 'utf8');
    } catch (error) {
      throw configurationError(
        `${this.#ca(file)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #write(files: readonly FileToWrite[]): void {
    mkdirSync(this.ca, { recursive: true, mode: 0o700 });
    for (const { path, bytes, mode } of files) writePrivate(join(this.ca, path), bytes, mode);
  }
}
