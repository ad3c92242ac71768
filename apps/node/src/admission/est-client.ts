/** Asks a certificate authority for the successor of a certificate: EST (RFC 7030), `simplereenroll`, over TLS with the one that there is. */
import { request as httpsRequest } from 'node:https';
import { decodeBase64, decodeCertsOnly } from '@snapscale/sdk/certificates';
import type { Identity } from '../p2p/identity.js';

export type Reenrolment = {
  /** Address of the CA, `https://host:port`. */
  readonly ca: string;
  /** Account of the organisation whose CA it is. */
  readonly organisation: string;
  readonly identity: Identity;
  /** PKCS#10 in DER. */
  readonly request: Uint8Array;
};

export type ReenrolmentAnswer =
  /** In DER, the new certificate first. */
  | { readonly kind: 'issued'; readonly certificates: readonly Uint8Array[] }
  /** A person must approve it first. */
  | { readonly kind: 'waiting'; readonly afterSec: number };

/** The CA has answered, and gives no certificate. */
export class ReenrolmentRefused extends Error {
  override readonly name = 'ReenrolmentRefused';
  /** Of HTTP. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 64 << 10;
const WAIT_SEC_DEFAULT = 300;

/** Rejects with an Error that says what the CA answered, or why there is no answer. */
export async function reenrol({ ca, organisation, identity, request }: Reenrolment): Promise<ReenrolmentAnswer> {
  const url = new URL(`${ca}/.well-known/est/${organisation}/simplereenroll`);
  if (url.protocol !== 'https:') {
    throw new Error(`${ca}: a certificate is renewed over TLS only; give the CA's https:// address`);
  }
  const { status, retryAfter, body } = await post(url, identity, Buffer.from(request).toString('base64'));
  if (status === 202) return { kind: 'waiting', afterSec: waitOf(retryAfter) };
  if (status !== 200) throw new ReenrolmentRefused(status, `${url.href} answered ${status}: ${printable(body)}`);
  const certificates = decodeCertsOnly(decodeBase64(body, 'answer of the CA'));
  return { kind: 'issued', certificates };
}

type Answer = { readonly status: number; readonly retryAfter: string | undefined; readonly body: string };

function post(url: URL, { certificate, privateKey, authorities }: Identity, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpsRequest(
      url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/pkcs10',
          'content-transfer-encoding': 'base64',
          'content-length': body.length,
        },
        cert: certificate,
        key: privateKey,
        ca: [...authorities],
        minVersion: 'TLSv1.3',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('latin1');
        answer.on('data', (part: string) => {
          text += part;
          if (text.length > ANSWER_BYTES_MAX) {
            asked.destroy(new Error(`${url.href} answers with more than ${ANSWER_BYTES_MAX} bytes`));
          }
        });
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'], body: text }),
        );
      },
    );
    asked.on('error', (cause) => reject(new Error(`${url.href} cannot be asked: ${cause.message}`, { cause })));
    asked.end(body);
  });
}

function waitOf(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : WAIT_SEC_DEFAULT;
}

/** What another program says, for a log. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
