/**
 * What is to become of a request that comes in: it is known already, or it gets a certificate at once, or somebody has to look at
 * it. Judging waits for nothing, so that nothing comes between a judgement and its entry in the journal: an invitation is not
 * used twice, nor a name given twice, by requests that come at once.
 */
import { equalBytes } from '@snapscale/crypto';
import type { CertificateRequest, IssuingPolicy } from '@snapscale/sdk/certificates';
import type { Consortium } from '../chain/consortium.js';
import { Refusal } from '../failures.js';
import type { Application, Grant, Invitation } from './application.js';
import type { ApplicationLog } from './application-log.js';
import { askedGrant, checkGrant, checkKeyFits, type InvitedGrant, invitedGrant, isSameGrant } from './grant-rules.js';

/** A request, with what stands beside it. */
export type Incoming = {
  readonly request: CertificateRequest;
  readonly asked: Partial<Grant>;
  /** Hash of the secret of the invitation that came with it. */
  readonly hash: string | undefined;
};

/** What is to become of it. */
export type Judgement =
  | { readonly kind: 'known'; readonly application: Application }
  | {
      readonly kind: 'new';
      readonly invitation: Invitation | undefined;
      readonly grant: Grant;
      /** Why somebody has to approve it; undefined: nobody has to. */
      readonly reason: string | undefined;
      /** A name that nobody at the CA has given it: `readNodes` finds out who has which. */
      readonly chosenNode: string | undefined;
    };

/** The names of nodes are read again after this. */
const NODES_KEPT_MS = 5000;
const toApprove = 'an operator has to approve it';

export class Intake {
  readonly #log: ApplicationLog;
  readonly #consortium: Consortium;
  readonly #account: string;
  readonly #nowMs: () => number;
  /** Names of nodes with a valid certificate. */
  #nodes: { readonly untilMs: number; readonly names: ReadonlySet<string | undefined> } = {
    untilMs: 0,
    names: new Set(),
  };
  /** Those that have got one here since the start: they may be missing above. */
  readonly #given = new Set<string>();

  constructor(options: {
    readonly log: ApplicationLog;
    readonly consortium: Consortium;
    readonly account: string;
    readonly nowMs: () => number;
  }) {
    this.#log = options.log;
    this.#consortium = options.consortium;
    this.#account = options.account;
    this.#nowMs = options.nowMs;
  }

  /** @throws Refusal */
  judge({ request, asked, hash }: Incoming, policy: IssuingPolicy): Judgement {
    const wanted = askedGrant(asked, request.names);
    const application = this.#earlier(request, wanted, hash);
    if (application !== undefined) return { kind: 'known', application };
    const invitation = hash === undefined ? undefined : this.usable(hash);
    const isAutomatic = (roles: readonly string[]) => roles.every((role) => policy.automatic.includes(role));
    // What anybody gets is like an invitation that names nothing but roles.
    const open = wanted.roles.length > 0 && isAutomatic(wanted.roles) ? { roles: wanted.roles } : undefined;
    const given = invitation === undefined ? open : certificateGrant(invitation);
    const invited = given === undefined ? undefined : invitedGrant(given, wanted);
    const grant = invited?.grant ?? wanted;
    checkGrant(grant, policy, this.#account);
    checkKeyFits(grant, request.publicKey);
    if (invited === undefined) return { kind: 'new', invitation, grant, reason: toApprove, chosenNode: undefined };
    const byPerson = policy.approval === 'person' && !isAutomatic(grant.roles);
    const reason = this.#objection(invited) ?? (byPerson ? toApprove : undefined);
    return { kind: 'new', invitation, grant, reason, chosenNode: invited.chosenNode };
  }

  /** An invitation that is good. @throws Refusal */
  usable(hash: string): Invitation {
    const invitation = this.#log.invitation(hash);
    if (invitation === undefined) throw new Refusal(401, 'invitation', 'the invitation is not known here');
    if (invitation.expiresMs <= this.#nowMs()) throw new Refusal(401, 'invitation', 'the invitation has expired');
    if (invitation.usesLeft <= 0) throw new Refusal(401, 'invitation', 'the invitation has been used');
    return invitation;
  }

  /** Reads which nodes there are. @throws ChainUnavailable */
  async readNodes(): Promise<void> {
    if (this.#nowMs() < this.#nodes.untilMs) return;
    const nowSec = this.#nowMs() / 1000;
    const members = await this.#consortium.members();
    const valid = members.filter(({ status, validUntilSec }) => status !== 'revoked' && validUntilSec > nowSec);
    this.#nodes = { untilMs: this.#nowMs() + NODES_KEPT_MS, names: new Set(valid.map(({ node }) => node)) };
  }

  /** A node has got a certificate. */
  gave(node: string | undefined): void {
    if (node !== undefined) this.#given.add(node);
  }

  /**
   * The application that a request belongs to. What it asks for stands beside the request, and anybody may have sent the same
   * bytes with other names: then this is another application, and a person sees both.
   * @throws Refusal
   */
  #earlier(
    { der, publicKey }: CertificateRequest,
    wanted: Grant,
    invitation: string | undefined,
  ): Application | undefined {
    const known = this.#log.ofKey(publicKey).filter(({ status }) => status !== 'refused');
    const decided = known.find(({ status }) => status !== 'waiting');
    // Somebody else may have spent an invitation of their own on these bytes: what came of it is not what is asked for now.
    const isOfAnother =
      decided?.invitation !== undefined && invitation !== undefined && decided.invitation !== invitation;
    if (decided !== undefined && !isOfAnother && equalBytes(decided.request, der)) return decided;
    const waiting = known.filter(({ status }) => status === 'waiting');
    const isMeant = (one: Application) =>
      invitation === undefined
        ? wanted.roles.length === 0 || isSameGrant(one.grant, wanted)
        : one.invitation === invitation;
    const meant = waiting.find((one) => equalBytes(one.request, der) && isMeant(one));
    if (meant !== undefined) return meant;
    const isOther = ({ request }: Application) => !equalBytes(request, der);
    const isUnderWay = decided !== undefined && (isOfAnother || decided.status !== 'issued');
    if (!isUnderWay && (invitation !== undefined || !waiting.some(isOther))) return undefined;
    throw new Refusal(
      409,
      'duplicate_key',
      'another request with this key was made: send the same one again, with the same invitation, or use a new key',
    );
  }

  /** Why somebody has to look at what the bearer of an invitation has chosen. */
  #objection({ chosenNode, chosenHosts }: InvitedGrant): string | undefined {
    if (chosenHosts.length > 0) {
      return `the invitation does not name ${chosenHosts.join(', ').slice(0, 200)}: an operator has to approve it`;
    }
    if (chosenNode === undefined) return undefined;
    // The name of the organisation itself is that of its producer; with dots it would also be one of the DNS.
    const isOpen = chosenNode !== this.#account && !chosenNode.slice(this.#account.length).includes('.');
    if (isOpen && !this.#isKnown(chosenNode)) return undefined;
    return `the invitation does not name the node ${chosenNode}: an operator has to approve it`;
  }

  #isKnown(node: string): boolean {
    if (this.#nodes.names.has(node) || this.#given.has(node)) return true;
    return this.#log.open().some(({ grant, status }) => grant.node === node && status !== 'waiting');
  }
}

/** What an invitation gives. One for an organisation that joins gives nothing here. @throws Refusal */
function certificateGrant({ organisation, grant }: Invitation): Grant {
  if (organisation === undefined && grant.roles.length > 0) return grant;
  throw new Refusal(
    403,
    'invitation',
    'this invitation is for an organisation that joins, and gives no certificate: snapscale org join',
  );
}
