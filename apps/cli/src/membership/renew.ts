/** `member renew`: the successor of an identity's certificate, with the same key or a new one. */
import { encodePem, parsePrivateKeyPem, signerOf } from '@snapscale/sdk/certificates';
import { renewIdentity } from '@snapscale/sdk/identity';
import { readIdentityFolder, sealed, unsealed, writeIdentityFolder } from '../identities/identity-files.js';
import { openIdentity } from '../identities/identity-store.js';
import { givenPassphrase, passphrase } from '../keys/passphrase.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import { identityPorts } from '../program/session.js';
import { showIdentity } from './apply.js';
import { newSubjectKey, pemOf } from './enrolment.js';

export const renewMember: Handler = async (session, values) => {
  const { environment, options, output } = session;
  const name = options.identity;
  if (name === undefined) throw usageError('renew which identity?', 'Name it: --identity NAME');
  const folder = readIdentityFolder(environment, name);
  const url = values.text('ca') ?? folder.origin?.ca;
  if (url === undefined) throw usageError(`where the identity ${name} came from is not known`, 'Name its CA: --ca URL');
  let known: string | undefined;
  const secret = async () => (known ??= await passphrase(session));
  const identity = await openIdentity(environment, name, secret);
  const isSealed = !folder.privateKey.startsWith('-----BEGIN');
  const key = values.flag('newKey') ? newSubjectKey() : parsePrivateKeyPem(await unsealed(name, folder, secret));
  const privateKey = values.flag('newKey')
    ? await sealed(pemOf(key), isSealed ? await secret() : givenPassphrase(session))
    : folder.privateKey;
  const { organisation } = identity;
  const stop = output.progress(`Renewing at the CA of ${organisation}`);
  try {
    const fetch = session.plainFetch();
    const next = await renewIdentity(fetch, identity, identityPorts, { url, organisation }, signerOf(key));
    const renewed = {
      ...folder,
      privateKey,
      certificate: next.chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
      origin: { request: '', ...folder.origin, ca: url, organisation },
    };
    showIdentity(session, name, writeIdentityFolder(environment, name, renewed), renewed);
    output.note('The earlier certificate stays valid for a while beside it.');
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error)) throw error;
    throw new CommandError(
      'renewal_failed',
      exitCodes.unauthorized,
      `the identity ${name} was not renewed: ${error.message}`,
      'A certificate that is expired or revoked cannot be renewed: ask for an invitation, and apply anew.',
    );
  } finally {
    stop();
  }
};
