/** Two organisations with members, the state that knows them, and an HTTP server that lets them in. For tests. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { AdmissionPolicy } from '@snapscale/api';
import type { PrivateKey } from '@snapscale/crypto';
import { ConsortiumState } from '@snapscale/execution/testing';
import {
  type Certificate,
  createIssuing,
  createRoot,
  encodePem,
  IssuingAuthority,
  type MemberGrant,
  newPrivateKey,
  parseCertificate,
  privateKeyPem,
  type Signer,
  signerOf,
} from '@snapscale/sdk/certificates';
import { type MemberIdentity, memberIdentity, requestToken } from '@snapscale/sdk/identity';
import { type HttpObserver, type HttpServer, startHttpServer } from '../../server/http-server.js';
import type { HttpOptions } from '../../server/options.js';
import { MemoryChain } from '../../testing/memory-chain.js';
import { NodeKeys } from '../node-keys.js';
import { admissionOf } from '../setting.js';

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
const empty = new Uint8Array(0);

/** An issuing CA with its key. */
export type TestCa = { readonly root: Certificate; readonly authority: IssuingAuthority };

/** Somebody with a certificate. */
export type TestMember = {
  readonly identity: MemberIdentity;
  readonly certificate: Certificate;
  readonly organisation: string;
  /** Leaf and issuing CA. */
  readonly pem: string;
  readonly keyPem: string;
};

/** How a member differs from one in order. */
export type MemberWish = Partial<MemberGrant> & {
  readonly ca?: TestCa;
  readonly type?: 'K1' | 'R1';
  /** What the chain says of it; false: nothing. */
  readonly row?:
    | { readonly status?: number; readonly validUntilSec?: number; readonly roles?: readonly string[] }
    | false;
};

/** What a token says otherwise than it should. */
export type TokenWish = {
  readonly audience?: string;
  readonly thumbprint?: string;
  readonly method?: string;
  readonly target?: string;
  readonly body?: Uint8Array;
  readonly nowMs?: number;
  readonly sendHash?: boolean;
};

/** A root with its signer. */
async function newRoot(title: string, nowMs: number): Promise<{ root: Certificate; signer: Signer }> {
  const signer = signerOf(newPrivateKey('R1', random));
  return { root: parseCertificate(await createRoot({ title, signer, nowMs, random })), signer };
}

async function newCa(
  { root, signer }: { root: Certificate; signer: Signer },
  organisation: string,
  nowMs: number,
): Promise<TestCa> {
  const own = signerOf(newPrivateKey('R1', random));
  const certificate = parseCertificate(
    await createIssuing({ root, signer, organisation, title: organisation, publicKey: own.publicKey, nowMs, random }),
  );
  return { root, authority: new IssuingAuthority({ certificate, signer: own, random }) };
}

export class TestConsortium {
  readonly state = new ConsortiumState();
  readonly north: TestCa;
  readonly south: TestCa;
  /** Of another network. */
  readonly foreign: TestCa;
  #version = 1n;

  private constructor(north: TestCa, south: TestCa, foreign: TestCa) {
    this.north = north;
    this.south = south;
    this.foreign = foreign;
    this.state.authority(north.root.der);
    for (const [organisation, { authority }] of [['north', north] as const, ['south', south] as const]) {
      this.state.organisation(organisation, { scope: ['auditor', 'client', 'edge', 'observer', 'producer'] });
      this.state.authority(authority.certificate.der, { organisation });
    }
    this.state.role('client', 'read', 'write');
    this.state.role('edge', 'peer', 'read', 'serve', 'write');
    this.state.role('observer', 'peer', 'read');
    this.state.role('producer', 'peer', 'produce', 'read', 'write');
    this.state.role('auditor', 'audit');
    this.state.found(this.#version);
  }

  static async create(): Promise<TestConsortium> {
    const nowMs = Date.now();
    const root = await newRoot('Test root', nowMs);
    const other = await newRoot('Other root', nowMs);
    const [north, south, foreign] = await Promise.all([
      newCa(root, 'north', nowMs),
      newCa(root, 'south', nowMs),
      newCa(other, 'north', nowMs),
    ]);
    return new TestConsortium(north, south, foreign);
  }

  /** A member with a certificate that is on chain. */
  async member(wish: MemberWish = {}): Promise<TestMember> {
    const { ca = this.north, type = 'R1', row = {}, ...grant } = wish;
    const key: PrivateKey = newPrivateKey(type, random);
    const filled = { roles: ['client'], lifeSec: 86_400, nowMs: Date.now(), ...grant };
    const signer = signerOf(key);
    const certificate = parseCertificate(await ca.authority.issue(signer.publicKey, filled));
    const { organisation } = ca.authority;
    const chain = [certificate.der, ca.authority.certificate.der];
    const member: TestMember = {
      // Refuses what no member may be called; doors must refuse it by themselves.
      get identity() {
        return memberIdentity({ certificate: chain, key: signer });
      },
      certificate,
      organisation,
      pem: chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
      keyPem: privateKeyPem(key),
    };
    if (row !== false) this.enter(member, ca, { roles: filled.roles.map((role) => role.replaceAll('-', '.')), ...row });
    return member;
  }

  /** Puts a member's row on chain. */
  enter(
    { certificate, organisation }: TestMember,
    ca: TestCa,
    row: Exclude<MemberWish['row'], false | undefined>,
  ): void {
    this.state.member(organisation, {
      issuer: ca.authority.certificate.der,
      serial: certificate.serial,
      digest: certificate.digest,
      subjectKey: certificate.publicKey,
      roles: ['client'],
      ...only('node', certificate.names.nodes),
      ...only('account', certificate.names.accounts),
      ...row,
    });
  }

  /** Lets doors know that something has changed. @param reads 0 open, 1 members, 2 by role */
  changed(reads = 0): void {
    this.#version++;
    this.state.found(this.#version, reads);
  }
}

function only<Key extends string>(key: Key, [value]: readonly string[]): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string });
}

/** What a door is set up with. */
export type DoorWish = {
  readonly policy?: AdmissionPolicy;
  readonly chain?: MemoryChain;
  readonly options?: Partial<HttpOptions>;
  readonly observer?: HttpObserver;
  /** The clock of the node. */
  readonly nowMs?: () => number;
  /** A chain on which no consortium was founded; roots count then. */
  readonly alone?: boolean;
};

/** A server with both doors. */
export class TestDoor {
  readonly server: HttpServer;
  readonly chain: MemoryChain;
  readonly node: TestMember;
  readonly #root: string;

  private constructor(server: HttpServer, chain: MemoryChain, node: TestMember, root: string) {
    this.server = server;
    this.chain = chain;
    this.node = node;
    this.#root = root;
  }

  static async open(consortium: TestConsortium, wish: DoorWish = {}): Promise<TestDoor> {
    const { policy = 'members', chain = new MemoryChain(), options = {}, observer = {}, nowMs = Date.now } = wish;
    if (wish.alone !== true) chain.finalState = () => consortium.state;
    const node = await consortium.member({ roles: ['edge'], node: 'north-edge1', hosts: ['localhost', '127.0.0.1'] });
    const root = encodePem('CERTIFICATE', consortium.north.root.der);
    const server = await startHttpServer(chain, { port: 0, ...options }, observer, {
      policy,
      admission: admissionOf(chain, [root], nowMs),
      keys: new NodeKeys('urn:snap:node:north-edge1', node.keyPem, nowMs),
      nowMs,
      tls: { port: 0, identity: { certificate: node.pem, privateKey: node.keyPem } },
    });
    return new TestDoor(server, chain, node, root);
  }

  /** A token for a request. */
  token({ identity }: Pick<TestMember, 'identity'>, target: string, wish: TokenWish = {}): Promise<string> {
    const { audience, thumbprint } = this.server.access.keys;
    return requestToken(
      identity,
      { audience: wish.audience ?? audience, thumbprint: wish.thumbprint ?? thumbprint },
      { method: wish.method ?? 'GET', target: wish.target ?? target, body: wish.body ?? empty },
      { nowMs: () => wish.nowMs ?? Date.now(), randomBytes: random },
      wish.sendHash,
    );
  }

  /** Asks by HTTP, with a token when there is one. */
  async ask(target: string, token?: string, init: RequestInit = {}): Promise<Answer> {
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(this.server.url + target, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: jsonOf(text), text };
  }

  /** Asks by HTTPS, with a client certificate when there is one. */
  askTls(target: string, member?: Pick<TestMember, 'pem' | 'keyPem'>, body?: string): Promise<Answer> {
    const credential = member === undefined ? {} : { cert: member.pem, key: member.keyPem };
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.server.tlsPort,
          path: target,
          method: body === undefined ? 'GET' : 'POST',
          ca: this.#root,
          agent: false,
          ...credential,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece) => (text += piece));
          response.on('end', () => {
            const headers = new Headers(response.headers as Record<string, string>);
            resolve({ status: response.statusCode ?? 0, headers, json: jsonOf(text), text });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

/** An answer. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says; tests look at it
  readonly json: any;
  readonly text: string;
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
