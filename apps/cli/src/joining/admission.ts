/** The way of an organisation into the consortium: its keys, the root's signature, the decision of the others. */
import { createHash } from 'node:crypto';
import { formatPublicKey, parsePublicKey, publicKeyOf, toHex } from '@snapscale/crypto';
import {
  combinedKeys,
  findAccount,
  type KeySource,
  keysInMemory,
  linkPermissionAction,
  parseAuthority,
  setPermissionAction,
} from '@snapscale/sdk';
import type { Certificate } from '@snapscale/sdk/certificates';
import { act, consortiumAction } from '../consortium/acting.js';
import { decisionTitle } from '../consortium/decision-text.js';
import { consider } from '../consortium/proposals.js';
import {
  type AuthorityRow,
  consortiumAccount,
  consortiumRow,
  consortiumRows,
  type OrganisationRow,
  organisationStates,
  type ProposalRow,
} from '../consortium/rows.js';
import { userKeys } from '../keys/signer.js';
import type { CaClient } from '../membership/ca-client.js';
import { readCode } from '../membership/code-input.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import type { JoinState } from './org-join.js';
import type { OrganisationDirectory } from './organisation-directory.js';
import type { Outcome } from './walk.js';

/** What the CA signs on chain. */
const caActions = ['issue', 'renew', 'revoke', 'reject', 'nominate', 'prune'] as const;
/** The permission that it signs with. */
const caPermission = 'ca';

/** Steps up to the membership. */
export class Admission {
  readonly #session: Session;
  readonly #values: Values;
  readonly #directory: OrganisationDirectory;
  readonly #state: JoinState;
  /** The CA of whoever has invited. */
  readonly #inviter: CaClient;

  constructor(session: Session, values: Values, directory: OrganisationDirectory, state: JoinState, inviter: CaClient) {
    this.#session = session;
    this.#values = values;
    this.#directory = directory;
    this.#state = state;
    this.#inviter = inviter;
  }

  /** Keys that sign for the organisation's account: the one that was handed over, and the user's. */
  async accountKeys(): Promise<KeySource> {
    const { accountKey } = this.#directory;
    const file = this.#values.text('accountKey');
    if (file !== undefined) accountKey.take(file);
    return combinedKeys([keysInMemory(accountKey.keys), await userKeys(this.#session)]);
  }

  async keys(): Promise<Outcome> {
    const { title, caUrl, peers } = this.#state;
    const isNew = await this.#directory.makeCa({ title, url: caUrl, peers });
    return {
      kind: 'done',
      text: `${isNew ? 'made' : 'are there'}, in ${this.#directory.path}; they stay on this machine`,
    };
  }

  /** The account must exist, and the user must hold its key. */
  async account(): Promise<Outcome> {
    const { organisation, code } = this.#state;
    const client = await this.#session.client();
    const account = await findAccount(client, organisation);
    const inviter = readCode(code).organisation;
    if (account === undefined) {
      return {
        kind: 'missing',
        text: `there is no account ${organisation}`,
        todo: `${inviter} makes it: snapscale org invite ${organisation} PUBLIC-KEY\nYour public key: snapscale create key --save`,
      };
    }
    const active = account.permissions.find(({ perm_name }) => perm_name === 'active');
    const mine = (await (await this.accountKeys()).publicKeys()).map(formatPublicKey);
    const holds =
      active?.required_auth.keys.some(({ key }) => mine.includes(formatPublicKey(parsePublicKey(key)))) ?? false;
    if (holds && this.#directory.accountKey.isShared) {
      await this.#replaceKey(active?.required_auth.keys.map(({ key }) => formatPublicKey(parsePublicKey(key))) ?? []);
      return { kind: 'done', text: `${organisation}; its key was replaced by one that ${inviter} does not know` };
    }
    if (holds || (active?.required_auth.accounts.length ?? 0) > 0) {
      return { kind: 'done', text: `${organisation}; its key is at hand` };
    }
    return {
      kind: 'missing',
      text: `none of your keys is that of the account ${organisation}`,
      todo: `It needs ${active?.required_auth.keys.map(({ key }) => formatPublicKey(parsePublicKey(key))).join(' or ')}\nImport it (snapscale key import), or give the file that ${inviter} handed over: --account-key FILE`,
    };
  }

  /** Takes the account from whoever has made its key. */
  async #replaceKey(present: readonly string[]): Promise<void> {
    const { organisation } = this.#state;
    const { accountKey } = this.#directory;
    const successor = formatPublicKey(publicKeyOf(accountKey.successor()));
    if (!present.includes(successor)) {
      const authority = parseAuthority(successor);
      const by = [`${organisation}@owner`];
      const actions = [
        setPermissionAction(organisation, 'active', authority, 'owner', by),
        setPermissionAction(organisation, 'owner', authority, '', by),
      ];
      await act(this.#session, this.#values, actions, await this.accountKeys());
    }
    accountKey.replace();
  }

  /** The root signs the issuing CA; the invitation is used up by that. */
  async signed(): Promise<Outcome> {
    const { organisation, title, code } = this.#state;
    if (this.#directory.issuing === undefined) {
      const answer = await this.#inviter.join({
        request: this.#directory.request,
        organisation,
        title,
        invitation: code,
      });
      this.#directory.writeIssuing(answer.certificate, answer.roots);
    }
    const { chain_id: chainId } = await (await this.#session.client()).api.chain.getInfo();
    this.#directory.pinChain(chainId);
    const { digest } = this.#issuing();
    return { kind: 'done', text: `signed by the root, SHA-256 ${toHex(digest).slice(0, 16)}…` };
  }

  /** A member proposes the organisation with this very CA. */
  async proposed(): Promise<Outcome> {
    const { organisation, code } = this.#state;
    if (await this.#isMember()) return { kind: 'done', text: 'was decided' };
    const proposal = await this.#proposal();
    if (proposal !== undefined) {
      return { kind: 'done', text: `number ${proposal.id}, by ${proposal.organisation}` };
    }
    const inviter = readCode(code).organisation;
    return {
      kind: 'missing',
      text: 'no member has proposed it yet',
      todo: `The CA of ${inviter} does it where it may; otherwise ${inviter} does: snapscale org admit ${organisation}`,
    };
  }

  /** The others approve; whoever is last carries it out, else this organisation does. */
  async admitted(): Promise<Outcome> {
    const client = await this.#session.client();
    if (await this.#isMember()) return { kind: 'done', text: `${this.#state.organisation} is admitted` };
    const found = await this.#proposal();
    if (found === undefined) {
      return {
        kind: 'missing',
        text: 'the proposal is gone: cancelled or expired',
        todo: `It is made again with: snapscale org admit ${this.#state.organisation}`,
      };
    }
    const { proposal, standing } = await consider(client, Number(found.id));
    if (standing.state === 'passed') {
      const account = this.#state.organisation;
      const data = { account, proposal: Number(proposal.id) };
      await act(
        this.#session,
        this.#values,
        [consortiumAction('execute', [`${account}@active`], data)],
        await this.accountKeys(),
      );
      return { kind: 'done', text: `proposal ${proposal.id} carried out: ${decisionTitle(proposal.content)}` };
    }
    const approved = standing.votes.filter((vote) => vote.void === undefined).map(({ organisation }) => organisation);
    return {
      kind: 'missing',
      text: `approved by ${approved.join(', ') || 'nobody'}: weight ${standing.approving}, ${standing.needed} needed`,
      todo: `${standing.silent.map(({ organisation }) => organisation).join(', ')}: snapscale proposal approve ${proposal.id}`,
    };
  }

  /** The CA signs with a key of its own, which can enter certificates and nothing else. */
  async authority(): Promise<Outcome> {
    const { organisation } = this.#state;
    const client = await this.#session.client();
    const account = await findAccount(client, organisation);
    const { chainKey } = this.#directory;
    const present = account?.permissions.find(({ perm_name }) => perm_name === caPermission);
    const isSet =
      present?.required_auth.keys.some(({ key }) => formatPublicKey(parsePublicKey(key)) === chainKey) ?? false;
    if (!isSet) {
      const by = [`${organisation}@active`];
      const actions = [
        setPermissionAction(organisation, caPermission, parseAuthority(chainKey), 'active', by),
        ...caActions.map((action) => linkPermissionAction(organisation, consortiumAccount, action, caPermission, by)),
      ];
      await act(this.#session, this.#values, actions, await this.accountKeys());
    }
    return { kind: 'done', text: `${organisation}@${caPermission}, for ${caActions.join(', ')} alone` };
  }

  /** Whether the consortium has admitted the organisation with the CA of this directory. */
  async #isMember(): Promise<boolean> {
    const client = await this.#session.client();
    const { organisation } = this.#state;
    const [row, authority] = await Promise.all([
      consortiumRow<OrganisationRow>(client, 'orgs', organisation),
      consortiumRow<AuthorityRow>(client, 'authorities', authorityKey(this.#issuing())),
    ]);
    return (
      row !== undefined &&
      organisationStates[row.status] === 'active' &&
      authority?.organisation === organisation &&
      authority.digest === toHex(this.#issuing().digest)
    );
  }

  /** The open proposal that admits the organisation with the CA of this directory. */
  async #proposal(): Promise<ProposalRow | undefined> {
    const client = await this.#session.client();
    const certificate = toHex(this.#issuing().der);
    return (await consortiumRows<ProposalRow>(client, 'proposals')).find(
      ({ status, expires, content: [kind, content] }) =>
        status === 0 &&
        Date.parse(`${expires}Z`) > Date.now() &&
        kind === 'admit_organisation' &&
        content.organisation === this.#state.organisation &&
        content.issuer.certificate === certificate,
    );
  }

  #issuing(): Certificate {
    const { issuing } = this.#directory;
    if (issuing === undefined) throw new Error('the issuing CA is not signed yet');
    return issuing;
  }
}

/** The key of a certificate's row in `authorities`. */
function authorityKey({ der }: Certificate): string {
  return createHash('sha256').update(der).digest().readBigUInt64BE().toString();
}
