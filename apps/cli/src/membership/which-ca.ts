/** Which certificate authority a command speaks with, and as what. */
import { existsSync, readFileSync } from 'node:fs';
import type { CaOrganisation } from '@snapscale/api';
import { caAudience, jwkOf, thumbprintOf } from '@snapscale/api/identity';
import { parseCertificates } from '@snapscale/sdk/certificates';
import { requestToken, type TokenAudience } from '@snapscale/sdk/identity';
import { identityNames, readIdentityFolder } from '../identities/identity-files.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { identityPorts, type Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { CaClient, type Operator } from './ca-client.js';
import { refuseInTheClear } from './code-input.js';
import { localConsortium } from './local-network.js';

/** The CA and the organisation that `--ca`, `--organisation`, the identity or the local network name. */
export async function caOf(
  session: Session,
  values: Values,
): Promise<{ readonly ca: CaClient; readonly organisation: string }> {
  const url = addressOf(session, values);
  refuseInTheClear(url);
  const local = localConsortium(values);
  const isLocal = url === local?.caUrl;
  const named =
    values.text('organisation') ?? (await session.organisation()) ?? (isLocal ? local?.organisation : undefined);
  const fetch = session.plainFetch();
  const found = await new CaClient(url, fetch).organisation(named);
  const identity = await session.identity();
  const isOperator = identity?.certificate.names.roles.includes('ca-operator') === true;
  const localSecret = isLocal && !isOperator ? local?.secretFile(found.account) : undefined;
  const secret = secretOf(values, session, localSecret);
  const operator: Operator = async (request) => {
    if (secret !== undefined) return `Bearer ${secret}`;
    if (identity === undefined) return undefined;
    return `Bearer ${await requestToken(identity, audienceOf(found), request, identityPorts)}`;
  };
  return { ca: new CaClient(url, fetch, operator), organisation: found.account };
}

/** Whom tokens for a CA name: the key of the issuing CA. */
function audienceOf({ account, certificate }: CaOrganisation): TokenAudience {
  const [issuing] = parseCertificates(certificate);
  return { audience: caAudience(account), thumbprint: thumbprintOf(jwkOf(issuing!.publicKey)) };
}

/** A CA at a known address, for what everybody may do there. */
export function publicCa(session: Session, url: string): CaClient {
  refuseInTheClear(url);
  return new CaClient(url, session.plainFetch());
}

function addressOf(session: Session, values: Values): string {
  const { environment, options } = session;
  const given = values.text('ca') ?? environment.SNAPSCALE_CA;
  if (given !== undefined && given !== '') {
    if (/^https?:\/\/[^\s/]+/.test(given) && URL.canParse(given)) return given;
    throw usageError(`--ca ${given}: this is no address`, 'As http://localhost:8900.');
  }
  const { identity } = options;
  if (identity !== undefined && identityNames(environment).includes(identity)) {
    const { origin } = readIdentityFolder(environment, identity);
    if (origin !== undefined) return origin.ca;
  }
  const local = localConsortium(values);
  if (local !== undefined) return local.caUrl;
  throw new CommandError(
    'ca_missing',
    exitCodes.usage,
    'which certificate authority? No address was given, and there is no network on this machine',
    'Name it with --ca URL, or SNAPSCALE_CA; or the folder of a network on this machine with --network DIR.',
  );
}

/** The secret of the CA: from a file, the environment, or the folder of the network on this machine. */
function secretOf(values: Values, session: Session, local: string | undefined): string | undefined {
  const file = values.text('caSecret');
  if (file !== undefined) return readSecret(file);
  const given = session.environment.SNAPSCALE_CA_SECRET;
  if (given !== undefined && given !== '') return given;
  return local !== undefined && existsSync(local) ? readSecret(local) : undefined;
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw configurationError(
      `the secret of the CA cannot be read from ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
