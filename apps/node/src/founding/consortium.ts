/**
 * The consortium of a new chain: the organisations with their issuing CAs, the certificates of the nodes, and what the
 * organisations decide about from then on. Later starts of the founder come here again: certificates that the CAs have made
 * without the chain, because it stood still until they expired, are entered then.
 */
import { formatPublicKey, type PublicKey, toHex } from '@snapscale/crypto';
import {
  consortiumVersion,
  getOrganisation,
  getRow,
  keyOfSerial,
  type StateReader,
  tableId,
} from '@snapscale/execution';
import {
  type Action,
  type CompiledAbi,
  decodeType,
  type Json,
  type JsonObject,
  name,
  names,
  secondsToText,
} from '@snapscale/protocol';
import { type Certificate, parseCertificates } from '@snapscale/sdk/certificates';
import { actionOf } from '../own-transactions.js';
import {
  type CertifiedNode,
  type CertifiedOrganisation,
  type ConsortiumFile,
  consortiumAccount,
} from './consortium-file.js';
import { authorityOf, type FoundingStep, native, systemContractAbi } from './steps.js';

const ACCOUNT = 'snap.ca';
const YEAR_SEC = 366 * 86_400;
/** Certificates that an organisation may have at a time. */
const QUOTA = 10_000;
const DAY_SEC = 86_400;

/** What a consortium begins with; see the parameters in docs/guides/consortium.md. */
const parameters: Json = {
  reads: 0,
  approval_numerator: 2,
  approval_denominator: 3,
  proposal_life_sec: 7 * DAY_SEC,
  application_life_sec: 30 * DAY_SEC,
  overlap_sec: 7 * DAY_SEC,
  keep_expired_sec: DAY_SEC,
  keep_decided_sec: YEAR_SEC,
};

/** Roles that the organisations may give: all, sorted. */
const scope = ['auditor', 'ca.operator', 'client', 'device', 'edge', 'observer', 'producer'];

/**
 * What is missing: founding, or certificates, in one transaction. As one, because doors follow the consortium from the moment
 * that it exists, and nodes whose certificates were not entered would lose each other. Needs the contract, deployed, and the
 * accounts of organisations and nodes.
 * @param founderKey stays in the authority of `eosio`, beside the consortium
 */
export function consortiumSteps(
  file: ConsortiumFile,
  state: StateReader,
  founderKey: PublicKey,
  nowMs: number,
): readonly FoundingStep[] {
  const abi = systemContractAbi(ACCOUNT);
  const nodes = file.nodes.filter((node) => isMissing(state, node, nowMs / 1000));
  const entries = nodes.map((node) => issueAction(abi, file, node));
  if (consortiumVersion(state) !== undefined) {
    return entries.length === 0 ? [] : [{ what: 'enter the certificates of nodes', actions: entries }];
  }
  const actions = [initAction(abi, file), ...entries, electionsAction(state), ...authorityActions(file, founderKey)];
  return [{ what: 'found the consortium', actions }];
}

/** It is valid and not on chain yet, of an organisation that may enter it. */
function isMissing(state: StateReader, { organisation, certificate }: CertifiedNode, nowSec: number): boolean {
  const members = tableId(consortiumAccount, name(organisation), name('members'));
  const { serial, notAfterSec } = read(certificate);
  if (notAfterSec <= nowSec || getRow(state, members, keyOfSerial(serial)) !== undefined) return false;
  const row = getOrganisation(state, name(organisation));
  return row === undefined ? consortiumVersion(state) === undefined : row.status === 'active';
}

function initAction(abi: CompiledAbi, { roots, organisations }: ConsortiumFile): Action {
  const data = { founders: organisations.map(admission), roots: roots.map(authorityCertificate), parameters };
  return actionOf(abi, consortiumAccount, 'init', data, consortiumAccount);
}

function admission({ account, title, issuer }: CertifiedOrganisation): JsonObject {
  const validUntil = secondsToText(read(issuer).notAfterSec);
  const terms = { quota: QUOTA, weight: 1, valid_until: validUntil, scope };
  return { organisation: account, title, terms, issuer: authorityCertificate(issuer) };
}

function authorityCertificate(pem: string): JsonObject {
  const { der, notAfterSec } = read(pem);
  return { certificate: toHex(der), not_after: secondsToText(notAfterSec) };
}

/** By the organisation's owner permission, and the account's, both of which `eosio` holds. */
function issueAction(abi: CompiledAbi, { organisations }: ConsortiumFile, node: CertifiedNode): Action {
  const { issuer } = organisations.find(({ account }) => account === node.organisation)!;
  const facts = read(node.certificate);
  const data = {
    by: node.organisation,
    organisation: node.organisation,
    certificate: {
      issuer: toHex(read(issuer).digest),
      serial: toHex(facts.serial),
      certificate: toHex(facts.digest),
      subject_key: formatPublicKey(facts.publicKey),
      not_before: secondsToText(facts.notBeforeSec),
      not_after: secondsToText(facts.notAfterSec),
    },
    member: { account: node.account, node: node.node, roles: [...node.roles] },
  };
  const organisation = name(node.organisation);
  const action = actionOf(abi, consortiumAccount, 'issue', data, organisation, names.owner);
  if (node.account === node.organisation) return action;
  return {
    ...action,
    authorization: [...action.authorization, { actor: name(node.account), permission: names.owner }],
  };
}

/** From now on only holders of certificates are elected, and the consortium ends jailings. */
function electionsAction(state: StateReader): Action {
  const abi = systemContractAbi('eosio');
  const row = getRow(state, tableId(names.eosio, names.eosio, name('dpos')), name('dpos'));
  if (row === undefined) throw new Error('the consortium cannot be founded: elections have not begun');
  const current = decodeType(abi, 'dpos_parameters', row.data) as JsonObject;
  const changed = { ...current, consortium: ACCOUNT, certificates_required: true };
  return actionOf(abi, names.eosio, 'setdpos', { parameters: changed }, names.eosio);
}

/**
 * `snap.ca` acts for the consortium, and only more than two thirds of the organisations together can give it a new contract.
 * The founder's key keeps its power over `eosio`: on development networks everybody is to be able to try everything.
 */
function authorityActions({ organisations }: ConsortiumFile, founderKey: PublicKey): Action[] {
  const update = (account: string, permission: string, auth: Json): Action => {
    const parent = permission === 'owner' ? '' : 'owner';
    return native(name(account), 'updateauth', { account, permission, parent, auth }, names.owner);
  };
  const accounts = organisations.map(({ account }) => `${account}@active`);
  const threshold = Math.floor((2 * accounts.length) / 3) + 1;
  const acting = `${ACCOUNT}@eosio.code`;
  return [
    update('eosio', 'active', authorityOf({ keys: [founderKey], accounts: [acting] })),
    update(ACCOUNT, 'active', authorityOf({ accounts: [acting] })),
    update(ACCOUNT, 'owner', authorityOf({ accounts, threshold })),
  ];
}

/** The first certificate of a PEM text. */
function read(pem: string): Certificate {
  return parseCertificates(pem)[0]!;
}
