/**
 * Why a transaction, block or request was refused: one table of codes. EOSIO's names, numbers and texts are kept, since
 * clients match on them; what EOSIO has no word for begins with `snap_` and is numbered from 3990000.
 */

type Row = readonly [eosioCode: number, what: string, http?: number];

/** HTTP status of codes that name none. */
const httpDefault = 500;

const rows = {
  // fc: the library below the chain
  unspecified_exception: [0, 'unspecified'],
  timeout_exception: [2, 'Timeout'],
  parse_error_exception: [4, 'Parse Error'],
  invalid_arg_exception: [5, 'Invalid Argument'],
  key_not_found_exception: [6, 'Key Not Found'],
  bad_cast_exception: [7, 'Bad Cast'],
  out_of_range_exception: [8, 'Out of Range'],
  assert_exception: [10, 'Assert Exception'],
  eof_exception: [11, 'End Of File', 422],

  chain_exception: [3000000, 'blockchain exception'],

  chain_type_exception: [3010000, 'chain type exception'],
  name_type_exception: [3010001, 'Invalid name'],
  public_key_type_exception: [3010002, 'Invalid public key'],
  private_key_type_exception: [3010003, 'Invalid private key'],
  authority_type_exception: [3010004, 'Invalid authority'],
  action_type_exception: [3010005, 'Invalid action'],
  transaction_type_exception: [3010006, 'Invalid transaction'],
  abi_type_exception: [3010007, 'Invalid ABI'],
  block_id_type_exception: [3010008, 'Invalid block ID'],
  transaction_id_type_exception: [3010009, 'Invalid transaction ID'],
  packed_transaction_type_exception: [3010010, 'Invalid packed transaction'],
  asset_type_exception: [3010011, 'Invalid asset'],
  chain_id_type_exception: [3010012, 'Invalid chain ID'],
  fixed_key_type_exception: [3010013, 'Invalid fixed key'],
  symbol_type_exception: [3010014, 'Invalid symbol'],
  unactivated_key_type: [3010015, 'Key type is not a currently activated type'],
  unactivated_signature_type: [3010016, 'Signature type is not a currently activated type'],

  abi_exception: [3015000, 'ABI exception'],
  abi_not_found_exception: [3015001, 'No ABI found'],
  invalid_ricardian_clause_exception: [3015002, 'Invalid Ricardian Clause'],
  invalid_ricardian_action_exception: [3015003, 'Invalid Ricardian Action'],
  invalid_type_inside_abi: [3015004, 'The type defined in the ABI is invalid'],
  duplicate_abi_type_def_exception: [3015005, 'Duplicate type definition in the ABI'],
  duplicate_abi_struct_def_exception: [3015006, 'Duplicate struct definition in the ABI'],
  duplicate_abi_action_def_exception: [3015007, 'Duplicate action definition in the ABI'],
  duplicate_abi_table_def_exception: [3015008, 'Duplicate table definition in the ABI'],
  duplicate_abi_err_msg_def_exception: [3015009, 'Duplicate error message definition in the ABI'],
  abi_serialization_deadline_exception: [3015010, 'ABI serialization time has exceeded the deadline'],
  abi_recursion_depth_exception: [3015011, 'ABI recursive definition has exceeded the max recursion depth'],
  abi_circular_def_exception: [3015012, 'Circular definition is detected in the ABI'],
  unpack_exception: [3015013, 'Unpack data exception'],
  pack_exception: [3015014, 'Pack data exception'],
  duplicate_abi_variant_def_exception: [3015015, 'Duplicate variant definition in the ABI'],
  unsupported_abi_version_exception: [3015016, 'ABI has an unsupported version'],
  duplicate_abi_action_results_def_exception: [3015017, 'Duplicate action results definition in the ABI'],

  fork_database_exception: [3020000, 'Fork database exception'],
  fork_db_block_not_found: [3020001, 'Block can not be found'],

  block_validate_exception: [3030000, 'Block exception'],
  unlinkable_block_exception: [3030001, 'Unlinkable block'],
  block_tx_output_exception: [
    3030002,
    'Transaction outputs in block do not match transaction outputs from applying block',
  ],
  block_concurrency_exception: [3030003, 'Block does not guarantee concurrent execution without conflicts'],
  block_lock_exception: [3030004, 'Shard locks in block are incorrect or mal-formed'],
  block_resource_exhausted: [3030005, 'Block exhausted allowed resources'],
  block_too_old_exception: [3030006, 'Block is too old to push'],
  block_from_the_future: [3030007, 'Block is from the future'],
  wrong_signing_key: [3030008, 'Block is not signed with expected key'],
  wrong_producer: [3030009, 'Block is not signed by expected producer'],
  invalid_block_header_extension: [3030010, 'Invalid block header extension'],
  ill_formed_protocol_feature_activation: [
    3030011,
    'Block includes an ill-formed protocol feature activation extension',
  ],
  invalid_block_extension: [3030012, 'Invalid block extension'],
  ill_formed_additional_block_signatures_extension: [
    3030013,
    'Block includes an ill-formed additional block signature extension',
  ],

  transaction_exception: [3040000, 'Transaction exception'],
  tx_decompression_error: [3040001, 'Error decompressing transaction'],
  tx_no_action: [3040002, 'Transaction should have at least one normal action'],
  tx_no_auths: [3040003, 'Transaction should have at least one required authority'],
  cfa_irrelevant_auth: [3040004, 'Context-free action should have no required authority'],
  expired_tx_exception: [3040005, 'Expired Transaction'],
  tx_exp_too_far_exception: [3040006, 'Transaction Expiration Too Far'],
  invalid_ref_block_exception: [3040007, 'Invalid Reference Block'],
  tx_duplicate: [3040008, 'Duplicate transaction', 409],
  deferred_tx_duplicate: [3040009, 'Duplicate deferred transaction'],
  cfa_inside_generated_tx: [3040010, 'Context free action is not allowed inside generated transaction'],
  tx_not_found: [3040011, 'The transaction can not be found'],
  too_many_tx_at_once: [3040012, 'Pushing too many transactions at once'],
  tx_too_big: [3040013, 'Transaction is too big'],
  unknown_transaction_compression: [3040014, 'Unknown transaction compression'],
  invalid_transaction_extension: [3040015, 'Invalid transaction extension'],
  ill_formed_deferred_transaction_generation_context: [
    3040016,
    'Transaction includes an ill-formed deferred transaction generation context extension',
  ],
  disallowed_transaction_extensions_bad_block_exception: [
    3040017,
    'Transaction includes disallowed extensions (invalid block)',
  ],
  tx_resource_exhaustion: [3040018, 'Transaction exceeded transient resource limit'],

  action_validate_exception: [3050000, 'Action validate exception'],
  account_name_exists_exception: [3050001, 'Account name already exists'],
  invalid_action_args_exception: [3050002, 'Invalid Action Arguments'],
  eosio_assert_message_exception: [3050003, 'eosio_assert_message assertion failure'],
  eosio_assert_code_exception: [3050004, 'eosio_assert_code assertion failure'],
  action_not_found_exception: [3050005, 'Action can not be found'],
  action_data_and_struct_mismatch: [3050006, 'Mismatch between action data and its struct'],
  unaccessible_api: [3050007, 'Attempt to use unaccessible API'],
  abort_called: [3050008, 'Abort Called'],
  inline_action_too_big: [3050009, 'Inline Action exceeds maximum size limit'],
  unauthorized_ram_usage_increase: [3050010, 'Action attempts to increase RAM usage of account without authorization'],
  restricted_error_code_exception: [3050011, 'eosio_assert_code assertion failure uses restricted error code value'],
  inline_action_too_big_nonprivileged: [
    3050012,
    'Inline action exceeds maximum size limit for a non-privileged account',
  ],
  action_return_value_exception: [3050014, 'action return value size too big'],

  database_exception: [3060000, 'Database exception'],
  permission_query_exception: [3060001, 'Permission Query Exception'],
  account_query_exception: [3060002, 'Account Query Exception', 400],
  contract_table_query_exception: [3060003, 'Contract Table Query Exception'],
  contract_query_exception: [3060004, 'Contract Query Exception'],
  guard_exception: [3060100, 'Guard Exception'],
  database_guard_exception: [3060101, 'Database usage is at unsafe levels'],

  wasm_exception: [3070000, 'WASM Exception'],
  page_memory_error: [3070001, 'Error in WASM page memory'],
  wasm_execution_error: [3070002, 'Runtime Error Processing WASM'],
  wasm_serialization_error: [3070003, 'Serialization Error Processing WASM'],
  overlapping_memory_error: [3070004, 'memcpy with overlapping memory'],

  resource_exhausted_exception: [3080000, 'Resource exhausted exception'],
  ram_usage_exceeded: [3080001, 'Account using more than allotted RAM usage'],
  tx_net_usage_exceeded: [3080002, 'Transaction exceeded the current network usage limit imposed on the transaction'],
  block_net_usage_exceeded: [
    3080003,
    'Transaction network usage is too much for the remaining allowable usage of the current block',
  ],
  tx_cpu_usage_exceeded: [3080004, 'Transaction exceeded the current CPU usage limit imposed on the transaction'],
  block_cpu_usage_exceeded: [
    3080005,
    'Transaction CPU usage is too much for the remaining allowable usage of the current block',
  ],
  deadline_exception: [3080006, 'Transaction took too long'],
  greylist_net_usage_exceeded: [3080007, 'Transaction exceeded the current greylisted account network usage limit'],
  greylist_cpu_usage_exceeded: [3080008, 'Transaction exceeded the current greylisted account CPU usage limit'],
  leeway_deadline_exception: [3081001, 'Transaction reached the deadline set due to leeway on account CPU limits'],

  authorization_exception: [3090000, 'Authorization exception'],
  tx_duplicate_sig: [3090001, 'Duplicate signature included'],
  tx_irrelevant_sig: [3090002, 'Irrelevant signature included'],
  // 401 is what get_required_keys answers; nodeos answers 500 when a pushed or sent transaction fails with it.
  unsatisfied_authorization: [
    3090003,
    'Provided keys, permissions, and delays do not satisfy declared authorizations',
    401,
  ],
  missing_auth_exception: [3090004, 'Missing required authority'],
  irrelevant_auth_exception: [3090005, 'Irrelevant authority included'],
  insufficient_delay_exception: [3090006, 'Insufficient delay'],
  invalid_permission: [3090007, 'Invalid Permission'],
  unlinkable_min_permission_action: [3090008, 'The action is not allowed to be linked with minimum permission'],
  invalid_parent_permission: [3090009, 'The parent permission is invalid'],

  misc_exception: [3100000, 'Miscellaneous exception'],
  unknown_block_exception: [3100002, 'Unknown block', 400],
  unknown_transaction_exception: [3100003, 'Unknown transaction'],
  subjective_block_production_exception: [3100006, 'Subjective exception thrown during block production'],
  unsupported_feature: [3100008, 'Feature is currently unsupported'],
  json_parse_exception: [3100010, 'JSON parse exception'],
  sig_variable_size_limit_exception: [3100011, 'Variable length component of signature too large'],

  plugin_exception: [3110000, 'Plugin exception'],
  missing_chain_api_plugin_exception: [3110001, 'Missing Chain API Plugin'],
  missing_net_api_plugin_exception: [3110004, 'Missing Net API Plugin'],
  missing_trace_api_plugin_exception: [3110007, 'Missing Trace API Plugin'],

  whitelist_blacklist_exception: [3130000, 'Actor or contract whitelist/blacklist exception'],
  actor_whitelist_exception: [3130001, 'Authorizing actor of transaction is not on the whitelist'],
  actor_blacklist_exception: [3130002, 'Authorizing actor of transaction is on the blacklist'],
  contract_whitelist_exception: [3130003, 'Contract to execute is not on the whitelist'],
  contract_blacklist_exception: [3130004, 'Contract to execute is on the blacklist'],
  action_blacklist_exception: [3130005, 'Action to execute is on the blacklist'],
  key_blacklist_exception: [3130006, 'Public key in authority is on the blacklist'],

  contract_exception: [3160000, 'Contract exception'],
  invalid_table_payer: [3160001, 'The payer of the table data is invalid'],
  table_access_violation: [3160002, 'Table access violation'],
  invalid_table_iterator: [3160003, 'Invalid table iterator'],
  table_not_in_cache: [3160004, 'Table can not be found inside the cache'],
  table_operation_not_permitted: [3160005, 'The table operation is not allowed'],
  invalid_contract_vm_type: [3160006, 'Invalid contract vm type'],
  invalid_contract_vm_version: [3160007, 'Invalid contract vm version'],
  set_exact_code: [3160008, 'Contract is already running this version of code'],
  wasm_file_not_found: [3160009, 'No wasm file found'],
  abi_file_not_found: [3160010, 'No abi file found'],
  wasm_config_unknown_version: [3160015, 'Unknown wasm_config version'],
  config_parse_error: [3160016, 'Parsing config error'],

  producer_exception: [3170000, 'Producer exception'],
  producer_priv_key_not_found: [3170001, 'Producer private key is not available'],
  missing_pending_block_state: [3170002, 'Pending block state is missing'],
  producer_double_confirm: [3170003, 'Producer is double confirming known range'],
  producer_schedule_exception: [3170004, 'Producer schedule exception'],
  producer_not_in_schedule: [3170006, 'The producer is not part of current schedule'],
  invalid_protocol_features_to_activate: [3170010, 'The protocol features to be activated were not valid'],
  no_block_signatures: [3170011, 'The signer returned no valid block signatures'],

  block_log_exception: [3190000, 'Block log exception'],
  block_log_not_found: [3190003, 'block log can not be found'],

  http_exception: [3200000, 'http exception'],
  http_request_fail: [3200005, 'http request fail'],
  invalid_http_request: [3200006, 'invalid http request', 400],

  resource_limit_exception: [3210000, 'Resource limit exception'],

  contract_api_exception: [3230000, 'Contract API exception'],
  crypto_api_exception: [3230001, 'Crypto API Exception'],
  db_api_exception: [3230002, 'Database API Exception'],
  arithmetic_exception: [3230003, 'Arithmetic Exception'],

  snapshot_exception: [3240000, 'Snapshot exception'],
  snapshot_validation_exception: [3240001, 'Snapshot Validation Exception'],

  protocol_feature_exception: [3250000, 'Protocol feature exception'],
  protocol_feature_validation_exception: [3250001, 'Protocol feature validation exception'],

  snap_exception: [3990000, 'SnapScale exception'],
  snap_insufficient_credit: [3990001, 'Prepaid credit does not cover the fee', 402],
  snap_sponsor_limit_exceeded: [3990002, "Sponsor's cap for the period is used up", 402],
  snap_invalid_sponsor: [3990003, 'Sponsor is not valid for this account'],
  snap_invalid_edge_node: [3990004, 'Edge node named by the transaction is not known'],
  snap_queue_full: [3990005, 'Too many transactions are waiting', 503],
  snap_node_syncing: [3990006, 'Node is catching up with the chain', 503],
  snap_malformed_bytes: [3990007, 'Bytes are not a valid encoding', 400],
  snap_malformed_json: [3990008, 'JSON is not of the expected form', 400],
  snap_output_too_large: [3990009, 'Decoded data exceeds the limit of elements'],
  snap_state_root_mismatch: [3990010, 'State after the block does not match its state root'],
  snap_receipt_mismatch: [3990011, 'Receipt in the block does not match the bill of applying it'],
  snap_member_unknown: [3990012, 'Certificate is not of a known member', 403],
  snap_member_revoked: [3990013, 'Certificate of the member has been revoked', 403],
  snap_equivocation: [3990014, 'Producer signed two blocks for one slot'],
  snap_read_only_violation: [3990015, 'Read-only transaction attempts to change the state'],
  snap_shutting_down: [3990016, 'Node is shutting down', 503],
  snap_invalid_vote: [3990020, 'Vote is not valid'],
  snap_invalid_certificate: [3990021, 'Quorum certificate is not valid'],
  snap_invalid_finality: [3990022, 'What the header says about finality is not valid'],
  snap_invalid_schedule: [3990023, 'Schedule in the header is not the one that is due'],
  snap_node_failure: [3990099, 'Node could not complete the request'],
} as const satisfies Readonly<Record<string, Row>>;

/** Name of a reason for refusal; equal to EOSIO's exception name where there is one. */
export type RejectionCode = keyof typeof rows;

/** What is known about a code. */
export type RejectionInfo = {
  readonly code: RejectionCode;
  /** EOSIO's number, or ours from 3990000. */
  readonly eosioCode: number;
  /** Name that HTTP error bodies show; the same text as `code`. */
  readonly name: string;
  /** The fixed description that HTTP error bodies show as `what`. */
  readonly what: string;
  /** HTTP status of an answer that fails with it. */
  readonly http: number;
};

/** The table, by code. */
export const rejections: Readonly<Record<RejectionCode, RejectionInfo>> = Object.freeze(
  Object.fromEntries(
    (Object.entries(rows) as readonly [RejectionCode, Row][]).map(([code, [eosioCode, what, http = httpDefault]]) => [
      code,
      Object.freeze({ code, eosioCode, name: code, what, http }),
    ]),
  ) as Record<RejectionCode, RejectionInfo>,
);

const byNumber: ReadonlyMap<number, RejectionInfo> = new Map(
  Object.values(rejections).map((info) => [info.eosioCode, info]),
);

/** The entry with this EOSIO number, if any. */
export function rejectionByEosioCode(eosioCode: number): RejectionInfo | undefined {
  return byNumber.get(eosioCode);
}

/** Whether a text is a code of the table. */
export function isRejectionCode(text: string): text is RejectionCode {
  return Object.hasOwn(rows, text);
}

/** A refusal as a value. */
export type Rejection = {
  readonly code: RejectionCode;
  /** What was attempted and with which values, for people. */
  readonly message: string;
  /** The values alone, for programs. */
  readonly evidence?: Readonly<Record<string, string>> | undefined;
};

/** Carries a rejection up through frames that cannot return it (contract code); becomes a value again at the boundary. */
export class Reject extends Error {
  override readonly name = 'Reject';
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.message);
    this.rejection = rejection;
  }
}

/** Throws a `Reject`. */
export function reject(code: RejectionCode, message: string, evidence?: Readonly<Record<string, string>>): never {
  throw new Reject(evidence === undefined ? { code, message } : { code, message, evidence });
}
