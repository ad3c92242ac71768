/**
 * The certificate authorities of a network on this machine: a root, and an issuing CA for each organisation, in the directory
 * that the CA program works with. Here certificates are made without that program: at first, and when they have expired.
 */
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isNodeOf, type LocalNode, type LocalOrganisation } from '@snapscale/api';
import { parsePrivateKey, publicKeyOf } from '@snapscale/crypto';
import {
  crlUrlOf,
  decryptPrivateKey,
  encodePem,
  type FileToWrite,
  formatCaConfiguration,
  IssuingAuthority,
  newPrivateKey,
  newSecret,
  organisationFiles,
  parseCaConfiguration,
  parseCertificates,
  privateKeyPem,
  rootFiles,
  signerOf,
} from '@snapscale/sdk/certificates';
import type { CertifiedOrganisation } from '../../founding/consortium-file.js';
import type { Identity } from '../../p2p/identity.js';
import { writeFileAtomicSync } from '../../store/atomic-write.js';

const DAY_SEC = 86_400;
/** Of issuing CAs: nobody wants to rotate those of a development network. */
const ISSUING_LIFE_SEC = 3650 * DAY_SEC;
/** A little less than the roles `producer` and `edge` allow, because certificates begin in the past. */
const NODE_LIFE_SEC = 90 * DAY_SEC - 3600;
/** The passphrase has 160 random bits: rounds would add nothing but time at each start. */
const ITERATIONS = 1000;
const PASSPHRASE_FILE = 'passphrase';
const random = (size: number) => webcrypto.getRandomValues(new Uint8Array(size));

/** Where the CA program is reached, and the nodes: for those who are invited. */
export type Reach = { readonly url: string; readonly peers: readonly string[]; readonly chainId: string };

/** Makes root and issuing CAs in an empty directory. */
export async function createAuthorities(
  directory: string,
  organisations: readonly LocalOrganisation[],
  { url, peers, chainId }: Reach,
  nowMs: number,
): Promise<void> {
  const passphrase = newSecret(random);
  const options = { passphrase, crypto: webcrypto, random, iterations: ITERATIONS, nowMs };
  const root = await rootFiles({ ...options, title: 'SnapScale development network' });
  writeFiles(directory, [
    { path: PASSPHRASE_FILE, bytes: new TextEncoder().encode(`${passphrase}\n`), mode: 0o600 },
    ...root.files,
  ]);
  for (const { account, title } of organisations) {
    const chainKey = newPrivateKey('K1', random);
    const organisation = { organisation: account, title, chainKey, url, peers, chainId, lifeSec: ISSUING_LIFE_SEC };
    writeFiles(directory, (await organisationFiles({ ...options, ...organisation, root })).files);
  }
}

export class NetworkAuthorities {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** False where somebody has taken it away: certificates that are there go on to be valid. */
  get exist(): boolean {
    return existsSync(join(this.#directory, 'root', 'root.pem'));
  }

  /** Certificate of the root, PEM. */
  get root(): string {
    return this.#read('root/root.pem');
  }

  /** What the chain is to know of an organisation. */
  organisation({ account, title }: LocalOrganisation): CertifiedOrganisation {
    const caKey = publicKeyOf(parsePrivateKey(this.#read(`${account}/chain.key`).trim()));
    return { account, title, issuer: this.#read(`${account}/issuing.pem`), caKey };
  }

  /** A certificate of its organisation for a node, with a new key. */
  async issue(node: LocalNode, nowMs: number): Promise<Identity> {
    const { name, organisation } = node;
    // Those that it has replaced come after it.
    const issuer = parseCertificates(this.#read(`${organisation}/issuing.pem`))[0]!;
    const passphrase = this.#read(PASSPHRASE_FILE).trim();
    const issuingKey = await decryptPrivateKey(this.#read(`${organisation}/issuing.key`), passphrase, webcrypto);
    const { url } = parseCaConfiguration(this.#read(`${organisation}/ca.json`));
    const authority = new IssuingAuthority({
      certificate: issuer,
      signer: signerOf(issuingKey),
      random,
      crlUrl: url === undefined ? undefined : crlUrlOf(url, organisation, issuer),
    });
    const key = newPrivateKey('R1', random);
    const hosts = ['localhost', '127.0.0.1'];
    const grant = {
      roles: ['producer', 'edge'],
      node: certifiedName(node),
      account: name,
      hosts,
      lifeSec: NODE_LIFE_SEC,
      nowMs,
    };
    const certificate = await authority.issue(publicKeyOf(key), grant);
    return {
      certificate: encodePem('CERTIFICATE', certificate) + encodePem('CERTIFICATE', issuer.der),
      privateKey: privateKeyPem(key),
      authorities: parseCertificates(this.#read(`${organisation}/roots.pem`)).map(({ der }) =>
        encodePem('CERTIFICATE', der),
      ),
    };
  }

  /** Ports change when others have taken them; networks from before have no id of their chain there. */
  setReach(organisation: string, { url, peers, chainId }: Reach): void {
    const path = join(this.#directory, organisation, 'ca.json');
    const before = readFileSync(path, 'utf8');
    const after = formatCaConfiguration({ ...parseCaConfiguration(before), url, peers, chainId });
    if (after !== before) writeFileAtomicSync(path, new TextEncoder().encode(after));
  }

  #read(path: string): string {
    return readFileSync(join(this.#directory, path), 'utf8');
  }
}

/** The name of a node in its certificate. Accounts have no hyphen: the node of the account `north1` is `north-1` there. */
export function certifiedName({ name, organisation }: LocalNode): string {
  return isNodeOf(organisation, name) ? name : `${organisation}-${name.slice(organisation.length)}`;
}

function writeFiles(directory: string, files: readonly FileToWrite[]): void {
  for (const { path, bytes, mode } of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { mode });
  }
}
