/** `token create`: a token for one request of another program. */
import { readFileSync } from 'node:fs';
import { type PublicJwk, tokenLimits } from '@snapscale/api/identity';
import { encryptToken, requestToken } from '@snapscale/sdk/identity';
import { openIdentity } from '../identities/identity-store.js';
import { passphrase } from '../keys/passphrase.js';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { identityPorts, type Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { readStandardInput } from '../terminal/prompt.js';
import { chosenIdentity } from './certificate-files.js';

/** A body, and how curl is told of it. */
type Body = { readonly bytes: Uint8Array; readonly curl: string };
/** What of get_access a token needs. */
type Access = { audience: string; thumbprint: string; jwk: PublicJwk; clock: string | number };

export const createToken: Handler = async (session, values) => {
  const body = await bodyOf(values);
  const method = (values.text('method') ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
  if (!/^[A-Z]{1,16}$/.test(method)) throw usageError(`--method ${method}: expected one as GET or POST`);
  const target = targetOf(values.text('path') ?? '/v1/chain/get_info');
  const name = await chosenIdentity(session);
  const identity = await openIdentity(session.environment, name, () => passphrase(session));
  const access = await askAccess(session);
  const aheadMs = Number(access.clock) - Date.now();
  const ports = { ...identityPorts, nowMs: () => Date.now() + aheadMs };
  if (identity.certificate.notAfterSec * 1000 <= ports.nowMs()) {
    session.output.warn(`the certificate of ${name} has expired: nodes will refuse it`);
  }
  const request = { method, target, body: body?.bytes ?? new Uint8Array(0) };
  const plain = await requestToken(identity, access, request, ports, false, tokenLimits.lifeSecMax);
  const token = values.flag('encrypt') ? await encryptToken(plain, access.jwk, access.thumbprint) : plain;
  const url = `${session.url.replace(/\/+$/, '')}${target}`;
  const command = curlCommand(method, url, token, body);
  session.output.result(
    {
      token,
      header: `Authorization: Bearer ${token}`,
      method,
      url,
      audience: access.audience,
      seconds: tokenLimits.lifeSecMax,
      curl: command,
    },
    () => [values.flag('curl') ? command : token],
  );
  session.output.note(`For ${method} ${target} at ${access.audience}, once, within ${tokenLimits.lifeSecMax} seconds.`);
};

/** The path as it is sent: letters that addresses do not have are escaped, as curl and fetch do. */
function targetOf(path: string): string {
  const base = 'http://node.invalid';
  if (!path.startsWith('/') || path.startsWith('//') || !URL.canParse(path, base)) {
    throw usageError(`--path ${path}: expected a path like /v1/chain/get_info`);
  }
  const { pathname, search } = new URL(path, base);
  return `${pathname}${search}`;
}

async function askAccess(session: Session): Promise<Access> {
  const url = `${session.url.replace(/\/+$/, '')}/v1/snap/get_access`;
  const answer = await session.plainFetch()(url, { method: 'GET', headers: {} });
  const text = await answer.text();
  try {
    const access = JSON.parse(text) as Access;
    if (answer.ok && typeof access.audience === 'string' && typeof access.thumbprint === 'string') return access;
  } catch {
    // Said below.
  }
  throw new CommandError(
    'no_tokens',
    exitCodes.failed,
    `the node at ${session.url} does not say what a token must name (status ${answer.status} from get_access)`,
    'It is of a version without access tokens, or another kind of node.',
  );
}

async function bodyOf(values: Values): Promise<Body | undefined> {
  const text = values.text('body');
  if (text === undefined) return undefined;
  if (text === '-') return { bytes: new TextEncoder().encode(await readStandardInput()), curl: '@-' };
  if (!text.startsWith('@')) return { bytes: new TextEncoder().encode(text), curl: text };
  try {
    return { bytes: readFileSync(text.slice(1)), curl: text };
  } catch (error) {
    throw configurationError(
      `--body ${text} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function curlCommand(method: string, url: string, token: string, body: Body | undefined): string {
  const head = `curl -sS -X ${method} ${quoted(url)} -H ${quoted(`Authorization: Bearer ${token}`)}`;
  if (body === undefined) return head;
  return `${head} -H 'Content-Type: application/json' --data-binary ${quoted(body.curl)}`;
}

/** For shells: nothing inside single quotes means anything. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
