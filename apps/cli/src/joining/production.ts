/** What an organisation of the consortium runs: its CA, its node's certificate, and the entries of its producer. */
import { resolve } from 'node:path';
import { formatPublicKey, parsePublicKey } from '@snapscale/crypto';
import { tableRows } from '@snapscale/sdk';
import { describeCertificate, parseCertificates } from '@snapscale/sdk/certificates';
import { act, consortiumAction } from '../consortium/acting.js';
import { type ApplicationRow, consortiumRow } from '../consortium/rows.js';
import { identityPath } from '../identities/identity-files.js';
import { CaClient } from '../membership/ca-client.js';
import { readCode } from '../membership/code-input.js';
import { applyAt, publicKeyText } from '../membership/enrolment.js';
import { CommandError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import type { Admission } from './admission.js';
import {
  certificateOf,
  hasCertificate,
  identityKey,
  producerKeys,
  startOptions,
  writeCertificate,
} from './node-directory.js';
import type { JoinState } from './org-join.js';
import type { OrganisationDirectory } from './organisation-directory.js';
import { lastLines, type Program, publicHost, reachableOptions, type Starter } from './programs.js';
import type { Outcome } from './walk.js';

/** Roles of the organisation's own node. */
const nodeRoles = ['producer', 'edge'];

/** Steps after the admission. */
export class Production {
  readonly #session: Session;
  readonly #values: Values;
  readonly #directory: OrganisationDirectory;
  readonly #state: JoinState;
  readonly #starter: Starter;
  readonly #admission: Admission;

  constructor(
    session: Session,
    values: Values,
    directory: OrganisationDirectory,
    state: JoinState,
    starter: Starter,
    admission: Admission,
  ) {
    this.#session = session;
    this.#values = values;
    this.#directory = directory;
    this.#state = state;
    this.#starter = starter;
    this.#admission = admission;
  }

  /** The CA as a program. */
  caProgram(): Program {
    const { caPort, caTlsPort, hosts } = this.#state;
    const { environment, options } = this.#session;
    return {
      kind: 'ca',
      args: [
        ...['--data', this.#directory.ca, '--port', String(caPort), '--tls-port', String(caTlsPort)],
        ...['--node', this.#session.url],
        ...(publicHost(hosts) === undefined ? [] : ['--host', '0.0.0.0', '--names', hosts.join(',')]),
        // For nodes that let members alone write.
        ...(options.identity === undefined ? [] : ['--identity', identityPath(environment, options.identity)]),
      ],
      log: resolve(this.#directory.path, 'ca.log'),
      pidFile: resolve(this.#directory.path, 'ca.pid'),
    };
  }

  /** The node as a program. */
  nodeProgram(): Program {
    const { port, peerPort, peers, hosts, caTlsPort } = this.#state;
    return {
      kind: 'node',
      args: [
        // Where the node renews its certificate.
        ...['--ca', `https://localhost:${caTlsPort}`],
        ...['--data', this.#directory.node, ...startOptions(this.#directory.node, hosts)],
        ...['--port', String(port), '--peer-port', String(peerPort), '--peers', peers.join(',')],
        ...reachableOptions(hosts),
      ],
      log: resolve(this.#directory.path, 'node.log'),
      pidFile: resolve(this.#directory.path, 'node.pid'),
    };
  }

  /** Starts the CA, and waits until it answers for the organisation. */
  async startCa(): Promise<Outcome> {
    const { organisation, caPort, caUrl } = this.#state;
    const program = this.caProgram();
    const how = this.#starter.start(program);
    try {
      await this.#ownCa().organisation(organisation);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return {
        kind: 'missing',
        soon: true,
        text: `the CA does not answer yet at port ${caPort}`,
        todo: [`It ${how}. Its log: ${program.log}`, ...lastLines(program.log)].join('\n'),
      };
    }
    return { kind: 'done', text: `${how}, ${caUrl}` };
  }

  /** The certificate of the organisation's node, from its own CA. */
  async certificate(): Promise<Outcome> {
    const { organisation, hosts } = this.#state;
    const { node } = this.#directory;
    if (!hasCertificate(node)) {
      const key = identityKey(node);
      await this.#consent(publicKeyText(key));
      const ca = this.#ownCa();
      const wish = { roles: nodeRoles, node: organisation, account: organisation, hosts };
      const { code } = await ca.invite(organisation, wish);
      const answer = await applyAt(ca, organisation, key, { ...wish, invitation: readCode(code).secret });
      if (answer.certificate === undefined) {
        return {
          kind: 'missing',
          text: `the own CA has not issued it: ${answer.reason ?? answer.status}`,
          todo: `Its log: ${this.caProgram().log}`,
        };
      }
      writeCertificate(node, answer.certificate, answer.authorities ?? []);
    }
    const { roles, not_after: until } = describeCertificate(parseCertificates(certificateOf(node))[0]!, Date.now());
    return { kind: 'done', text: `for ${roles.join(', ')}, until ${until.slice(0, 10)}` };
  }

  /** The producer and its finalizer key, in the system contract. */
  async registered(): Promise<Outcome> {
    const { organisation } = this.#state;
    const { blockKey, finalizerKey, proofOfPossession } = producerKeys(this.#directory.node, organisation);
    const by = [`${organisation}@active`];
    const keys = await this.#admission.accountKeys();
    const [producer] = await this.#systemRows('producers', organisation);
    const isProducer = producer?.is_active === 1 && sameKey(producer.producer_key, blockKey);
    if (!isProducer) {
      const data = { producer: organisation, producer_key: blockKey, url: '', location: 0 };
      await act(
        this.#session,
        this.#values,
        [{ account: 'eosio', name: 'regproducer', authorization: by, data }],
        keys,
      );
    }
    const finalizerKeys = await this.#systemRows('finkeys');
    if (
      !finalizerKeys.some(
        ({ finalizer_name: owner, finalizer_key: key }) => owner === organisation && key === finalizerKey,
      )
    ) {
      const data = {
        finalizer_name: organisation,
        finalizer_key: finalizerKey,
        proof_of_possession: proofOfPossession,
      };
      await act(this.#session, this.#values, [{ account: 'eosio', name: 'regfinkey', authorization: by, data }], keys);
    }
    return { kind: 'done', text: `${blockKey}, ${finalizerKey.slice(0, 24)}…` };
  }

  /** The account says on chain that it wants this certificate. */
  async #consent(subjectKey: string): Promise<void> {
    const { organisation } = this.#state;
    const client = await this.#session.client();
    const row = await consortiumRow<ApplicationRow>(client, 'requests', organisation, organisation);
    if (row?.subject_key === subjectKey) return;
    const roles = [...nodeRoles].sort();
    const data = {
      applicant: organisation,
      organisation,
      subject_key: subjectKey,
      node: organisation,
      roles,
      request: '',
    };
    await act(
      this.#session,
      this.#values,
      [consortiumAction('apply', [`${organisation}@active`], data)],
      await this.#admission.accountKeys(),
    );
  }

  async #systemRows(table: string, key?: string): Promise<Readonly<Record<string, unknown>>[]> {
    const client = await this.#session.client();
    const rows: Readonly<Record<string, unknown>>[] = [];
    const bounds = key === undefined ? {} : { lower_bound: key, upper_bound: key };
    for await (const row of tableRows(client, { code: 'eosio', scope: 'eosio', table, ...bounds })) {
      rows.push(row as Readonly<Record<string, unknown>>);
    }
    return rows;
  }

  #ownCa(): CaClient {
    const url = `http://127.0.0.1:${this.#state.caPort}`;
    return new CaClient(url, this.#session.plainFetch(), async () => `Bearer ${this.#directory.adminSecret}`);
  }
}

function sameKey(text: unknown, key: string): boolean {
  try {
    return formatPublicKey(parsePublicKey(String(text))) === key;
  } catch {
    return false;
  }
}
