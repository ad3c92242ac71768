/** The identities of the user, opened: certificates with keys that sign. */
import { X509Certificate } from 'node:crypto';
import { organisationUri } from '@snapscale/api';
import { type MemberIdentity, memberIdentity } from '@snapscale/sdk/identity';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import type { Environment } from '../program/session.js';
import { type IdentityFolder, readIdentityFolder, unsealed } from './identity-files.js';

export { identityNames } from './identity-files.js';

/**
 * Opens an identity.
 * @param passphrase asked for where the private key is sealed; that of the environment where not given
 * @throws CommandError when there is none, its certificate has not come yet, or its files do not belong together
 */
export async function openIdentity(
  environment: Environment,
  name: string,
  passphrase = () => passphraseOf(environment, name),
): Promise<MemberIdentity> {
  const folder = readIdentityFolder(environment, name);
  const certificate = certificateIn(name, folder);
  const key = await unsealed(name, folder, passphrase);
  try {
    return memberIdentity({ certificate, key });
  } catch (error) {
    throw configurationError(
      `the identity ${name} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      `Get another one: snapscale member apply CODE --name OTHER`,
    );
  }
}

/** The organisation that issued the certificate of an identity; undefined where nothing says so. */
export function identityOrganisation(environment: Environment, name: string): string | undefined {
  const { certificate, origin } = readIdentityFolder(environment, name);
  return certificate === undefined ? origin?.organisation : organisationOf(certificate);
}

function certificateIn(name: string, { certificate }: IdentityFolder): string {
  if (certificate !== undefined) return certificate;
  throw new CommandError(
    'identity_waiting',
    exitCodes.unauthorized,
    `the certificate of the identity ${name} has not been issued yet`,
    `Ask for it again: snapscale member apply --name ${name}`,
  );
}

/** From the name `urn:snap:org:…` of a certificate. */
function organisationOf(pem: string): string | undefined {
  const names = new X509Certificate(pem).subjectAltName?.split(', ') ?? [];
  return names.find((name) => name.startsWith(`URI:${organisationUri}`))?.slice(`URI:${organisationUri}`.length);
}

async function passphraseOf({ SNAPSCALE_PASSPHRASE: known }: Environment, name: string): Promise<string> {
  if (known !== undefined && known !== '') return known;
  throw new CommandError(
    'passphrase_needed',
    exitCodes.unauthorized,
    `the private key of the identity ${name} is encrypted`,
    'Give the passphrase in $SNAPSCALE_PASSPHRASE.',
  );
}
