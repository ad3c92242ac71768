/** Reading the directory of a CA: `packages/sdk/src/certificates/ca-directory.ts` says what is in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PrivateKey, parsePrivateKey } from '@snapscale/crypto';
import {
  type CaConfiguration,
  type Certificate,
  parseCaConfiguration,
  parseCertificates,
} from '@snapscale/sdk/certificates';
import { ConfigurationError } from '../failures.js';

/** The files of an organisation, without its issuing key. */
export type OrganisationFiles = {
  readonly folder: string;
  readonly configuration: CaConfiguration;
  /** The issuing CA: the first certificate of issuing.pem. */
  readonly issuing: Certificate;
  /** Those that it has replaced: what they issued can still be renewed. */
  readonly earlier: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly chainKey: PrivateKey;
  /** What whoever knows it may do everything with at this CA; undefined: only tokens of operators count. */
  readonly adminSecret: string | undefined;
};

/** Folder of the consortium's root. */
export const rootFolder = 'root';

/** Accounts of the organisations in a directory, sorted. @throws ConfigurationError when there is none */
export function organisationsIn(directory: string): string[] {
  if (!existsSync(directory))
    throw new ConfigurationError(`${directory} does not exist: it must be the directory of a CA`);
  const found = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'ca.json')))
    .map((entry) => entry.name)
    .sort();
  if (found.length > 0) return found;
  throw new ConfigurationError(`${directory} has no folder of an organisation (with ca.json in it)`);
}

/** Reads the files of an organisation. @throws ConfigurationError saying which file is missing or wrong */
export function readOrganisation(directory: string, account: string): OrganisationFiles {
  const folder = join(directory, account);
  const configuration = readAs(join(folder, 'ca.json'), parseCaConfiguration);
  if (configuration.organisation !== account) {
    throw new ConfigurationError(`${folder}/ca.json is that of ${configuration.organisation}`);
  }
  if (!existsSync(join(folder, 'issuing.pem')) && existsSync(join(folder, 'issuing.csr'))) {
    throw new ConfigurationError(
      `${folder} has a request (issuing.csr) but no certificate: let the consortium’s root sign it, and store the answer as issuing.pem and roots.pem`,
    );
  }
  const [issuing, ...earlier] = readAs(join(folder, 'issuing.pem'), parseCertificates);
  if (issuing!.names.organisations[0] !== account) {
    throw new ConfigurationError(`${folder}/issuing.pem is the certificate of another CA than that of ${account}`);
  }
  const secretFile = join(folder, 'admin.secret');
  return {
    folder,
    configuration,
    issuing: issuing!,
    earlier,
    roots: readAs(join(folder, 'roots.pem'), parseCertificates),
    chainKey: readAs(join(folder, 'chain.key'), (text) => parsePrivateKey(text.trim())),
    adminSecret: existsSync(secretFile) ? readAs(secretFile, (text) => text.trim()) || undefined : undefined,
  };
}

/** Id of the chain that the organisations of a directory belong to; undefined where none says it. @throws ConfigurationError */
export function chainIdIn(directory: string): string | undefined {
  const ids = organisationsIn(directory).flatMap(
    (account) => readAs(join(directory, account, 'ca.json'), parseCaConfiguration).chainId ?? [],
  );
  if (new Set(ids).size < 2) return ids[0];
  throw new ConfigurationError(`the organisations in ${directory} belong to different chains (chain_id in ca.json)`);
}

/** Text of a file, as `read` understands it. @throws ConfigurationError with the path, never with the content */
export function readAs<T>(path: string, read: (text: string) => T): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ConfigurationError(
      isMissing ? `${path} is missing` : `${path} cannot be read: ${(error as Error).message}`,
    );
  }
  try {
    return read(text);
  } catch (error) {
    throw new ConfigurationError(`${path}: ${(error as Error).message}`);
  }
}
