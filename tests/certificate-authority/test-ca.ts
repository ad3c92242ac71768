/** A CA of three organisations in this process, with its directory, its chain, and a client. */
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ApplicationAnswer, CertificateApplication } from '@snapscale/api';
import { type RunningCa, startCa } from '@snapscale/ca';
import type { PrivateKey } from '@snapscale/crypto';
import {
  type Certificate,
  createRequest,
  encodePem,
  type FileToWrite,
  newPrivateKey,
  organisationFiles,
  rootFiles,
  signerOf,
} from '@snapscale/sdk/certificates';
import { pino } from 'pino';
import { TestChain } from './test-chain.js';

export const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));

/** An answer over HTTP. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly bytes: Buffer;
};

export class TestCa {
  readonly directory: string;
  readonly root: Certificate;
  readonly rootKey: PrivateKey;
  readonly issuing: ReadonlyMap<string, Certificate>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly chain: TestChain;
  /** Lines of the log. */
  readonly logged: string[] = [];
  /** Roots that clients trust. */
  trusted: readonly Certificate[];
  /** So much the CA's clock is ahead: a renewal must give a later end. */
  aheadMs = 0;
  ca: RunningCa | undefined;

  private constructor(fields: Pick<TestCa, 'directory' | 'root' | 'rootKey' | 'issuing' | 'secrets' | 'chain'>) {
    this.directory = fields.directory;
    this.root = fields.root;
    this.trusted = [fields.root];
    this.rootKey = fields.rootKey;
    this.issuing = fields.issuing;
    this.secrets = fields.secrets;
    this.chain = fields.chain;
  }

  static async create(): Promise<TestCa> {
    const directory = mkdtempSync(join(tmpdir(), 'snap-ca-test-'));
    const nowMs = Date.now();
    const protection = { passphrase: 'of the test', crypto: webcrypto, random, iterations: 1000, nowMs };
    const root = await rootFiles({ ...protection, title: 'Test root' });
    const files: FileToWrite[] = [...root.files];
    const issuing = new Map<string, Certificate>();
    for (const organisation of ['north', 'south', 'small']) {
      const chainKey = newPrivateKey('K1', random);
      const made = await organisationFiles({
        ...protection,
        root,
        organisation,
        title: `${organisation} Ltd`,
        chainKey,
      });
      issuing.set(organisation, made.certificate);
      files.push(...made.files);
    }
    writeFiles(directory, files);
    const secrets = new Map(
      files
        .filter(({ path }) => path.endsWith('admin.secret'))
        .map(({ path, bytes }) => [dirname(path), Buffer.from(bytes).toString().trim()]),
    );
    const chain = await TestChain.found(root.certificate, issuing);
    for (const organisation of issuing.keys())
      chain.allow(organisation, ['issue', 'renew', 'revoke', 'reject', 'prune']);
    return new TestCa({ directory, root: root.certificate, rootKey: root.key, issuing, secrets, chain });
  }

  async start(): Promise<void> {
    const log = pino({ level: 'debug', base: null }, { write: (line: string) => void this.logged.push(line) });
    this.ca = await startCa({
      directory: this.directory,
      port: 0,
      tlsPort: 0,
      host: '127.0.0.1',
      hosts: [],
      nodes: ['http://127.0.0.1:1'],
      keys: { passphrase: 'of the test', devices: new Map(), pin: undefined, iterations: 1000 },
      log,
      chain: this.chain,
      nowMs: () => Date.now() + this.aheadMs,
      roundMs: 100,
      rate: 100,
    });
  }

  async stop(): Promise<void> {
    await this.ca?.stop();
    this.ca = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A file beside those of the CA. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  /** A request over plain HTTP. */
  async http(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
    const answer = await fetch(`${this.ca!.url}${path}`, {
      method,
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(text === undefined ? {} : { body: text as BodyInit }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: bytes.toString(), bytes };
  }

  /** The same as an operator of an organisation. */
  asOperator(organisation: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.http(method, `/v1/ca/${organisation}${path}`, body, {
      authorization: `Bearer ${this.secrets.get(organisation)}`,
    });
  }

  /** The same over HTTPS, with a client certificate. */
  https(method: string, path: string, body: string, identity?: { cert: string; key: string }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const authorities = this.trusted.map(({ der }) => encodePem('CERTIFICATE', der));
      const options = { method, ca: authorities, agent: false as const, ...identity };
      const sent = httpsRequest(`${this.ca!.tlsUrl}${path}`, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString(), bytes });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** The secret of a new invitation. */
  async invite(organisation: string, terms: Record<string, unknown>): Promise<string> {
    const { status, text } = await this.asOperator(organisation, 'POST', '/invitations', terms);
    if (status !== 201) throw new Error(text);
    return (JSON.parse(text) as { code: string }).code;
  }

  /** Asks for a certificate. */
  async ask(
    organisation: string,
    key: PrivateKey,
    application: Partial<CertificateApplication>,
  ): Promise<Answer & { body: ApplicationAnswer }> {
    const request = encodePem('CERTIFICATE REQUEST', await createRequest(signerOf(key), {}));
    const answer = await this.http('POST', `/v1/ca/${organisation}/requests`, { request, ...application });
    return { ...answer, body: JSON.parse(answer.text) };
  }
}

function writeFiles(directory: string, files: readonly FileToWrite[]): void {
  for (const { path, bytes, mode } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes, { mode });
  }
}
