/**
 * The directory of a certificate authority: what is in it, and the files that make a new one. Nothing is written here; the
 * caller writes what is returned, so that the CLI, the launcher and tests make the same.
 *
 * `root/` (only with whoever holds the consortium's root): `root.pem`, `root.key`. For each organisation a folder with its
 * account as name: `issuing.pem`, `issuing.key`, `roots.pem`, `ca.json`, `chain.key`, `admin.secret`; `issuing.csr` until
 * the root has signed. `passphrase` opens the keys where no other way is given.
 */
import { certificateRoles } from '@snapscale/api';
import { CryptoError, formatPrivateKey, generatePrivateKey, type PrivateKey, toHex } from '@snapscale/crypto';
import { type Certificate, parseCertificate } from './certificate.js';
import { failCertificate } from './certificate-error.js';
import { encodePem } from './encoding/pem.js';
import { createIssuing, createRoot, type RandomBytes } from './issue.js';
import { signerOf } from './keys.js';
import { encryptPrivateKey, type WebCrypto } from './private-key.js';
import { createRequest } from './request.js';

/** A file to write; `path` is below the directory of the CA, with slashes. */
export type FileToWrite = { readonly path: string; readonly bytes: Uint8Array; readonly mode: number };

/** Who gets certificates of an organisation. */
export type IssuingPolicy = {
  /** `invitation`: whoever has one gets a certificate at once, others wait for a person; `person`: all wait. */
  readonly approval: 'invitation' | 'person';
  /** Roles that this CA gives. */
  readonly roles: readonly string[];
  /** Roles that anybody gets at once, without an invitation. */
  readonly automatic: readonly string[];
  /** Life of a certificate by role, in seconds. With several roles the shortest counts. */
  readonly lives: Readonly<Record<string, number>>;
};

/** `ca.json` of an organisation. */
export type CaConfiguration = {
  readonly organisation: string;
  readonly title: string;
  /** Where others reach this CA; it is written into certificates and invitations. */
  readonly url: string | undefined;
  /** `host:port` of nodes, for those who are invited to run one. */
  readonly peers: readonly string[];
  /** Id of the chain in hex: nodes of another one are not believed. Undefined in directories that were made without. */
  readonly chainId?: string | undefined;
  readonly policy: IssuingPolicy;
};

/** How keys are made and encrypted. */
export type KeyProtection = {
  readonly passphrase: string;
  readonly crypto: WebCrypto;
  readonly random: RandomBytes;
  /** Rounds of PBKDF2; 600,000 where not given. Fewer only for a passphrase that is itself random. */
  readonly iterations?: number | undefined;
};

const DAY_SEC = 86_400;
const ORGANISATIONS_PATTERN = /^[a-z1-5.]{1,12}$/;

/** Lives where an organisation says nothing else: of nodes 90 days, of people 30, of devices a year. */
export const defaultLives: Readonly<Record<string, number>> = {
  producer: 90 * DAY_SEC,
  edge: 90 * DAY_SEC,
  observer: 90 * DAY_SEC,
  client: 30 * DAY_SEC,
  device: 365 * DAY_SEC,
  'ca-operator': 30 * DAY_SEC,
  auditor: 30 * DAY_SEC,
};

/** The policy of a new CA. */
export const defaultPolicy: IssuingPolicy = {
  approval: 'invitation',
  roles: certificateRoles,
  automatic: [],
  lives: defaultLives,
};

/** A new key. `random` must be secure. */
export function newPrivateKey(type: 'K1' | 'R1', random: RandomBytes): PrivateKey {
  for (;;) {
    try {
      return generatePrivateKey(type, random(32));
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
    }
  }
}

/** A new passphrase or secret: 160 random bits in base32. */
export function newSecret(random: RandomBytes): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from(random(32), (byte) => alphabet[byte & 31]).join('');
}

/** A root with a new key, and its files. */
export async function rootFiles(
  options: KeyProtection & { readonly title: string; readonly nowMs: number; readonly lifeSec?: number | undefined },
): Promise<{ readonly certificate: Certificate; readonly key: PrivateKey; readonly files: readonly FileToWrite[] }> {
  const key = newPrivateKey('R1', options.random);
  const der = await createRoot({ ...options, signer: signerOf(key) });
  const files = [
    textFile('root/root.pem', encodePem('CERTIFICATE', der), 0o644),
    textFile('root/root.key', await encryptPrivateKey(key, options.passphrase, options), 0o600),
  ];
  return { certificate: parseCertificate(der), key, files };
}

type OrganisationOptions = KeyProtection & {
  /** Account of the organisation. */
  readonly organisation: string;
  readonly title: string;
  /** Signs `issue`, `renew`, `revoke` and `reject` on chain, with the permission `ORGANISATION@ca`. */
  readonly chainKey: PrivateKey;
  readonly url?: string | undefined;
  readonly peers?: readonly string[] | undefined;
  /** Of the chain, where it is known already. */
  readonly chainId?: string | undefined;
  readonly policy?: IssuingPolicy | undefined;
};

/** An organisation's issuing CA with a new key, signed by a root that is at hand, and its files. */
export async function organisationFiles(
  options: OrganisationOptions & {
    readonly root: { readonly certificate: Certificate; readonly key: PrivateKey };
    readonly nowMs: number;
    readonly lifeSec?: number | undefined;
  },
): Promise<{ readonly certificate: Certificate; readonly key: PrivateKey; readonly files: readonly FileToWrite[] }> {
  const { root, url } = options;
  const key = newPrivateKey('R1', options.random);
  const der = await createIssuing({
    ...options,
    root: root.certificate,
    signer: signerOf(root.key),
    publicKey: signerOf(key).publicKey,
    crlUrl: url === undefined ? undefined : rootsCrlUrl(url, root.certificate),
  });
  const signed = signedFiles(options.organisation, der, [root.certificate]);
  return { certificate: parseCertificate(der), key, files: [...(await ownFiles(options, key)), ...signed] };
}

/**
 * The files of an organisation whose issuing CA somebody else's root is to sign, and the request for that. Until
 * `signedFiles` are there, its CA issues nothing.
 */
export async function joiningFiles(
  options: OrganisationOptions,
): Promise<{ readonly request: Uint8Array; readonly files: readonly FileToWrite[] }> {
  const { organisation, title } = options;
  const key = newPrivateKey('R1', options.random);
  const request = await createRequest(signerOf(key), { commonName: title, organisation });
  const file = textFile(`${organisation}/issuing.csr`, encodePem('CERTIFICATE REQUEST', request), 0o644);
  return { request, files: [...(await ownFiles(options, key)), file] };
}

/** The files that a signed issuing CA adds. `certificate` in DER. */
export function signedFiles(
  organisation: string,
  certificate: Uint8Array,
  roots: readonly Certificate[],
): readonly FileToWrite[] {
  return [
    textFile(`${organisation}/issuing.pem`, encodePem('CERTIFICATE', certificate), 0o644),
    textFile(`${organisation}/roots.pem`, roots.map(({ der }) => encodePem('CERTIFICATE', der)).join(''), 0o644),
  ];
}

/**
 * Where a CA serves the revocation list of an organisation's issuing CA. Each authority has a list of its own, so that
 * certificates of one that was replaced can still be checked; without `authority` it is the list of the present one.
 */
export function crlUrlOf(url: string, organisation: string, authority?: Certificate): string {
  const name = authority === undefined ? organisation : crlNameOf(organisation, authority);
  return `${url.replace(/\/+$/, '')}/.well-known/snap/crl/${name}.crl`;
}

/** Where the list of the issuing CAs that a root has signed and that are revoked is served. */
export function rootsCrlUrl(url: string, root?: Certificate): string {
  return crlUrlOf(url, 'roots', root);
}

/** Name of the list of one authority; `organisation`: an account, or `roots`. */
export function crlNameOf(organisation: string, { digest }: Certificate): string {
  return `${organisation}-${toHex(digest.subarray(0, 8))}`;
}

/** Reads `ca.json`. @throws CertificateError saying which field is wrong */
export function parseCaConfiguration(text: string): CaConfiguration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return failCertificate('malformed', `ca.json is no JSON: ${(error as Error).message}`);
  }
  const fields = objectOf(value, 'ca.json');
  const organisation = fields.organisation;
  if (typeof organisation !== 'string' || !ORGANISATIONS_PATTERN.test(organisation)) {
    return failCertificate('malformed', 'ca.json: "organisation" must be the account of the organisation');
  }
  const policy = objectOf(fields.policy ?? {}, '"policy" in ca.json');
  const { approval = defaultPolicy.approval } = policy;
  if (approval !== 'invitation' && approval !== 'person') {
    return failCertificate('malformed', 'ca.json: "approval" must be "invitation" or "person"');
  }
  return {
    organisation,
    title: typeof fields.title === 'string' && fields.title !== '' ? fields.title : organisation,
    url: urlOf(fields.url),
    peers: textsOf(fields.peers ?? [], 'peers'),
    chainId: chainIdOf(fields.chain_id),
    policy: {
      approval,
      roles: textsOf(policy.roles ?? defaultPolicy.roles, 'roles'),
      automatic: textsOf(policy.automatic ?? [], 'automatic'),
      lives: { ...defaultLives, ...livesOf(policy.lives ?? {}) },
    },
  };
}

/** Text of `ca.json`. */
export function formatCaConfiguration({ organisation, title, url, peers, chainId, policy }: CaConfiguration): string {
  return `${JSON.stringify({ organisation, title, url, peers, chain_id: chainId, policy }, null, 2)}\n`;
}

async function ownFiles(options: OrganisationOptions, key: PrivateKey): Promise<FileToWrite[]> {
  const { organisation, title, url, peers = [], chainId, policy = defaultPolicy, chainKey, passphrase } = options;
  if (!ORGANISATIONS_PATTERN.test(organisation)) {
    failCertificate('wrong_profile', `${JSON.stringify(organisation)} is not the name of an account`);
  }
  const configuration = formatCaConfiguration({ organisation, title, url, peers, chainId, policy });
  return [
    textFile(`${organisation}/ca.json`, configuration, 0o644),
    textFile(`${organisation}/issuing.key`, await encryptPrivateKey(key, passphrase, options), 0o600),
    textFile(`${organisation}/chain.key`, `${formatPrivateKey(chainKey)}\n`, 0o600),
    textFile(`${organisation}/admin.secret`, `${newSecret(options.random)}\n`, 0o600),
  ];
}

function textFile(path: string, text: string, mode: number): FileToWrite {
  return { path, bytes: new TextEncoder().encode(text), mode };
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failCertificate('malformed', `${what} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function textsOf(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    return failCertificate('malformed', `ca.json: "${field}" must be a list of texts`);
  }
  return value;
}

function livesOf(value: unknown): Record<string, number> {
  const lives = Object.entries(objectOf(value, '"lives" in ca.json'));
  for (const [role, life] of lives) {
    if (typeof life !== 'number' || !Number.isSafeInteger(life) || life < 60) {
      failCertificate('malformed', `ca.json: the life of ${role} must be a number of seconds, at least 60`);
    }
  }
  return Object.fromEntries(lives) as Record<string, number>;
}

function chainIdOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  return failCertificate('malformed', 'ca.json: "chain_id" must be the id of the chain, 64 hex digits');
}

function urlOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !/^https?:\/\/[^\s/]+/.test(value)) {
    return failCertificate('malformed', 'ca.json: "url" must be an address like https://ca.example.org:8443');
  }
  return value.replace(/\/+$/, '');
}
