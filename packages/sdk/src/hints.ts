/** What to do about an error: one sentence per cause. Those that need to look at the chain are made where they arise. */
import { type AccessRefusal, accessRefusals } from '@snapscale/api';

const byName: Readonly<Record<string, string>> = {
  unreachable: 'Is the node running, and is the address right?',
  unsatisfied_authorization:
    'Sign with the keys that the permission lists, or name a permission that your keys satisfy.',
  missing_auth_exception: 'The contract demands the authorization of another account: declare it and sign for it too.',
  irrelevant_auth_exception:
    'The declared permission may not authorise this action: name `active`, or link the action to it.',
  tx_irrelevant_sig: 'Sign only with keys that the declared permissions need.',
  tx_duplicate_sig: 'Sign once with each key.',
  tx_duplicate: 'It was sent before; look it up by its id. To do the same again, make a new transaction.',
  expired_tx_exception:
    'It came too late for a block: build and sign it again, with a longer expiration if signing takes long.',
  tx_exp_too_far_exception: 'Choose a shorter expiration: the chain allows an hour.',
  invalid_ref_block_exception:
    'It refers to a block that this chain does not have: build it again. Is it for this chain?',
  account_query_exception: 'Check the spelling and the network.',
  account_name_exists_exception: 'Choose another name.',
  name_type_exception: 'Names have up to 12 characters out of a-z, 1-5 and dots.',
  set_exact_code: 'The account runs this very code already: nothing needs to be done.',
  ram_usage_exceeded: 'The account needs a larger RAM quota, or to free some by erasing rows.',
  unauthorized_ram_usage_increase: 'The account that pays for the rows must authorise the action.',
  tx_cpu_usage_exceeded:
    'The action computes for too long: raise the limit of the transaction, or do the work in parts.',
  tx_net_usage_exceeded: 'The transaction is too large: split it.',
  block_cpu_usage_exceeded: 'The block is full: try again.',
  block_net_usage_exceeded: 'The block is full: try again.',
  snap_insufficient_credit: 'Deposit fee credit for the account, or find a sponsor.',
  snap_sponsor_limit_exceeded: 'Wait for the next period, or ask the sponsor for a higher cap.',
  snap_queue_full: 'The node is busy: try again in a second.',
  snap_node_syncing: 'The node is catching up with the chain: try again later, or ask another node.',
  snap_shutting_down: 'The node is being stopped: try again when it is back, or ask another node.',
  wasm_serialization_error: 'The file is not a contract that this chain can run: was it compiled for it?',
  pack_exception: 'Compare the data with the fields of the action in the ABI.',
  unknown_block_exception: 'The chain has no such block yet, or this node no longer holds it.',
};

/** Why a node lets somebody not in. */
const accessByName: Readonly<Record<string, AccessRefusal>> = accessRefusals;

/** A hint for an error by its name, details and HTTP status; undefined when there is nothing useful to say. */
export function hintFor(name: string, details: readonly string[], status?: number): string | undefined {
  const [detail = ''] = details;
  if (name === 'contract_table_query_exception' && detail.includes('is not specified in the ABI')) {
    return 'Look at the tables that the contract has.';
  }
  if (/^name "/.test(detail)) return byName.name_type_exception;
  const access = accessByName[/^snap_access_(\w+)$/.exec(name)?.[1] ?? ''];
  if (access !== undefined) return access.advice === detail ? undefined : access.advice;
  if (status === 413) return 'The request is larger than the node accepts.';
  if (status === 429) return 'Too many requests from this address: wait a second.';
  return byName[name];
}
