/** A node that lets members in by token alone, for tests: it verifies with node:crypto, as far as chain state is not needed. */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
  X509Certificate,
} from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccessRefusalCode, accessChallenge, accessProblem } from '@snapscale/api';
import {
  type AccessToken,
  checkTokenClaims,
  isEncryptedToken,
  type PublicJwk,
  parseAccessToken,
  thumbprintOf,
} from '@snapscale/api/identity';
import { compactDecrypt } from 'jose';

/** What a test may set while it runs. */
export type DoorState = {
  admission: 'open' | 'members';
  /** How far the node's clock is ahead. */
  aheadMs: number;
  nowMs: () => number;
  /** Answers with 404 to get_access, as other nodes of the family do. */
  hasAccess: boolean;
  /** Refuses the next tokens with these codes. */
  readonly refuse: AccessRefusalCode[];
  /** What was asked, and how the certificate was named. */
  readonly log: { path: string; by: 'nobody' | 'chain' | 'hash' | 'refused'; code?: AccessRefusalCode }[];
  readonly tokens: string[];
};

export type FakeDoor = {
  readonly url: string;
  readonly state: DoorState;
  /** Takes another key into use. */
  changeKey(curve?: 'prime256v1' | 'secp256k1'): void;
  /** Forgets all certificates, as a restart does. */
  forget(): void;
  close(): Promise<void>;
};

/** Starts one. @param root certificate that chains end at, PEM */
export async function fakeDoor(root: string, nowMs: () => number): Promise<FakeDoor> {
  const state: DoorState = {
    admission: 'members',
    aheadMs: 0,
    nowMs,
    hasAccess: true,
    refuse: [],
    log: [],
    tokens: [],
  };
  const door = new Door(state, root);
  const server: Server = createServer((request, response) => void door.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    changeKey: (curve) => door.changeKey(curve),
    forget: () => door.known.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

class Door {
  readonly known = new Map<string, X509Certificate>();
  readonly #used = new Set<string>();
  readonly #state: DoorState;
  readonly #root: X509Certificate;
  #key: KeyObject;
  #jwk: PublicJwk;

  constructor(state: DoorState, root: string) {
    this.#state = state;
    this.#root = new X509Certificate(root);
    [this.#key, this.#jwk] = newKey('prime256v1');
  }

  changeKey(curve: 'prime256v1' | 'secp256k1' = 'prime256v1'): void {
    [this.#key, this.#jwk] = newKey(curve);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const path = request.url ?? '';
    if (path === '/v1/snap/get_access') return this.#describe(response);
    const text = request.headers.authorization?.replace(/^Bearer /, '');
    if (text === undefined && this.#state.admission === 'open') {
      this.#state.log.push({ path, by: 'nobody' });
      return json(response, 200, content(path));
    }
    const outcome = text === undefined ? 'missing' : await this.#check(text, request, Buffer.concat(pieces));
    if (typeof outcome !== 'string') {
      this.#state.log.push({ path, by: outcome.certificate.kind });
      return json(response, 200, content(path));
    }
    this.#state.log.push({ path, by: 'refused', code: outcome });
    response.setHeader('www-authenticate', accessChallenge(outcome));
    const problem = accessProblem(outcome);
    json(response, problem.status, problem, 'application/problem+json');
  }

  #describe(response: ServerResponse): void {
    const { hasAccess } = this.#state;
    json(response, hasAccess ? 200 : 404, {
      admission: this.#state.admission,
      audience: 'urn:snap:node:fake',
      jwk: this.#jwk,
      thumbprint: thumbprintOf(this.#jwk),
      clock: this.#clockMs(),
    });
  }

  async #check(text: string, request: IncomingMessage, body: Buffer): Promise<AccessToken | AccessRefusalCode> {
    this.#state.tokens.push(text);
    const ordered = this.#state.refuse.shift();
    if (ordered !== undefined) return ordered;
    const plain = isEncryptedToken(text) ? await this.#decrypt(text) : text;
    const reading = parseAccessToken(plain);
    if (reading.kind === 'refused') return reading.code;
    const { token } = reading;
    const leaf = this.#leafOf(token);
    if (leaf === undefined) return 'certificate_chain';
    const key = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    if (!verify('sha256', token.signingInput, key, token.signature)) return 'signature';
    const wrong = checkTokenClaims(token.claims, {
      audience: 'urn:snap:node:fake',
      thumbprint: thumbprintOf(this.#jwk),
      method: request.method ?? '',
      target: request.url ?? '',
      digest: createHash('sha256').update(body).digest('base64url'),
      nowSec: Math.floor(this.#clockMs() / 1000),
    });
    if (wrong !== undefined) return wrong;
    if (this.#used.has(token.claims.jti)) return 'replayed';
    this.#used.add(token.claims.jti);
    return token;
  }

  #leafOf({ certificate }: AccessToken): X509Certificate | undefined {
    if (certificate.kind === 'hash') return this.known.get(certificate.hash);
    const [leaf, issuing] = certificate.chain.map((der) => new X509Certificate(der));
    if (leaf === undefined || issuing === undefined) return undefined;
    if (!leaf.verify(issuing.publicKey) || !issuing.verify(this.#root.publicKey)) return undefined;
    this.known.set(createHash('sha256').update(leaf.raw).digest('base64url'), leaf);
    return leaf;
  }

  async #decrypt(text: string): Promise<string> {
    try {
      return Buffer.from((await compactDecrypt(text, this.#key)).plaintext).toString('latin1');
    } catch {
      return '';
    }
  }

  #clockMs(): number {
    return this.#state.nowMs() + this.#state.aheadMs;
  }
}

/** What clients of the family ask for first. */
function content(path: string): object {
  return path.startsWith('/v1/chain/get_info')
    ? {
        server_version: '00000000',
        chain_id: 'aa'.repeat(32),
        head_block_num: 7,
        last_irreversible_block_num: 5,
        last_irreversible_block_id: '00000005'.padEnd(64, '0'),
        head_block_id: '00000007'.padEnd(64, '0'),
        head_block_time: '2030-01-01T00:00:00.000',
        head_block_producer: 'north',
        virtual_block_cpu_limit: 1,
        virtual_block_net_limit: 1,
        block_cpu_limit: 1,
        block_net_limit: 1,
      }
    : { path };
}

function newKey(namedCurve: 'prime256v1' | 'secp256k1'): [KeyObject, PublicJwk] {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const { crv, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: crv === 'secp256k1' ? crv : 'P-256', x: x!, y: y! } as const;
  return [createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })), jwk];
}

function json(response: ServerResponse, status: number, body: object, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
