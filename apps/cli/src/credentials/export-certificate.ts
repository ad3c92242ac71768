/** `cert export`: the certificate of an identity, for other programs. */
import { writeFileSync } from 'node:fs';
import { decodePemAll } from '@snapscale/sdk/certificates';
import { readIdentityFolder, unsealed } from '../identities/identity-files.js';
import { passphrase } from '../keys/passphrase.js';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { chosenIdentity } from './certificate-files.js';

export const exportCertificate: Handler = async (session, values) => {
  const name = await chosenIdentity(session);
  const format = values.text('format') ?? 'pem';
  const out = values.text('out');
  if (format !== 'pem' && format !== 'der') {
    throw usageError(
      `--format ${format}: expected pem or der`,
      format === 'p12'
        ? 'For PKCS#12: snapscale cert export --key --out FILE.pem, then openssl pkcs12 -export -in FILE.pem -out FILE.p12'
        : undefined,
    );
  }
  const withKey = values.flag('key');
  if (format === 'der' && (withKey || values.flag('roots'))) {
    throw usageError('a DER file holds the certificate alone', 'For the key and the roots as well: --format pem.');
  }
  const folder = readIdentityFolder(session.environment, name);
  if (folder.certificate === undefined) {
    throw new CommandError(
      'identity_waiting',
      exitCodes.unauthorized,
      `the certificate of the identity ${name} has not been issued yet`,
    );
  }
  if (format === 'der') {
    const [der] = decodePemAll(folder.certificate, 'CERTIFICATE');
    if (out === undefined) throw usageError('a DER file is no text for a terminal', 'Name a file: --out FILE.der');
    writeOut(out, der!);
    return session.output.note(`Written to ${out}.`);
  }
  const key = withKey ? await unsealed(name, folder, () => passphrase(session)) : '';
  const roots = values.flag('roots') ? folder.authorities.map((pem) => `${pem.trim()}\n`).join('') : '';
  const text = `${ended(key)}${ended(folder.certificate)}${roots}`;
  if (out !== undefined) {
    writeOut(out, text);
    session.output.note(`Written to ${out}.`);
  } else if (session.output.json) {
    session.output.result({ identity: name, pem: text }, () => []);
  } else {
    session.output.lines([text.trimEnd()]);
  }
  if (withKey) session.output.warn(`what was written holds the private key of ${name}, not encrypted`);
};

function ended(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`;
}

/** Readable by the owner alone: it may hold a key. A file that is there already is not overwritten. */
function writeOut(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw configurationError(
      `${path} cannot be written: ${code === 'EEXIST' ? 'it is there already' : error instanceof Error ? error.message : String(error)}`,
    );
  }
}
