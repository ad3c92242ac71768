/** Routes about the chain as a whole and its producers. */
import { command, query } from '../route.js';
import {
  anything,
  bigInteger,
  choice,
  flag,
  integer,
  list,
  nothing,
  nullable,
  optional,
  record,
  text,
} from '../schema.js';
import { producerSchedule } from '../schemas/block.js';
import { accountName, checksum, doubleText, time } from '../schemas/primitives.js';

const group = 'Chain';

const info = record(
  {
    server_version: text('First 8 hex digits of the version’s hash.'),
    chain_id: checksum('Hash of the genesis.'),
    head_block_num: integer('Newest block.'),
    last_irreversible_block_num: integer('Newest final block.'),
    last_irreversible_block_id: checksum('Its id.'),
    head_block_id: checksum('Id of the newest block.'),
    head_block_time: time('Its time.'),
    head_block_producer: accountName('Who made it.'),
    virtual_block_cpu_limit: bigInteger('CPU of a block in microseconds.'),
    virtual_block_net_limit: bigInteger('Bytes of a block.'),
    block_cpu_limit: bigInteger('CPU of a block in microseconds.'),
    block_net_limit: bigInteger('Bytes of a block.'),
    server_version_string: text('Version.'),
    fork_db_head_block_num: integer('As `head_block_num`.'),
    fork_db_head_block_id: checksum('As `head_block_id`.'),
    server_full_version_string: text('Version with its build.'),
    total_cpu_weight: bigInteger('Sum of CPU weights.'),
    total_net_weight: bigInteger('Sum of NET weights.'),
    earliest_available_block_num: integer('Oldest block that this node can give.'),
    last_irreversible_block_time: time('Time of the newest final block.'),
    edge_account: optional(accountName('Account that this node earns fees with: put it into transactions sent here.')),
  },
  { title: 'ChainInfo' },
);

const feature = record(
  {
    feature_digest: checksum('What contracts ask for.'),
    activation_ordinal: integer('Position.'),
    activation_block_num: integer('Block from which it is active.'),
    description_digest: checksum('Hash of its description.'),
    dependencies: list(checksum('Feature digest.'), 'Features it needs.'),
    protocol_feature_type: text('`builtin`.'),
    specification: list(record({ name: text('Key.'), value: text('Value.') }), 'Name of the feature.'),
  },
  { title: 'ProtocolFeature' },
);

const finalizer = record({
  description: text('Name.'),
  weight: integer('Votes.'),
  public_key: text('Key that votes are signed with.'),
});

const finalizerPolicy = record(
  {
    generation: integer('Version of the set.'),
    threshold: integer('Votes that make a block final.'),
    finalizers: list(finalizer, 'Voters.'),
  },
  { title: 'FinalizerPolicy' },
);

const chainConfig = record(
  {
    max_block_net_usage: bigInteger('Bytes of a block.'),
    target_block_net_usage_pct: integer('Hundredths of a percent.'),
    max_transaction_net_usage: integer('Bytes of a transaction.'),
    base_per_transaction_net_usage: integer('Bytes added to each transaction.'),
    net_usage_leeway: integer('Bytes.'),
    context_free_discount_net_usage_num: integer('Part of context-free data that counts, numerator.'),
    context_free_discount_net_usage_den: integer('The same, denominator.'),
    max_block_cpu_usage: integer('Microseconds of a block.'),
    target_block_cpu_usage_pct: integer('Hundredths of a percent.'),
    max_transaction_cpu_usage: integer('Microseconds of a transaction.'),
    min_transaction_cpu_usage: integer('Microseconds billed at least.'),
    max_transaction_lifetime: integer('Seconds until expiration at most.'),
    deferred_trx_expiration_window: integer('Not used.'),
    max_transaction_delay: integer('Not used.'),
    max_inline_action_size: integer('Bytes of an inline action.'),
    max_inline_action_depth: integer('Levels of inline actions.'),
    max_authority_depth: integer('Levels of authorities.'),
    max_action_return_value_size: integer('Bytes that an action may return.'),
  },
  { title: 'ChainConfig' },
);

const wasmConfig = record(
  {
    max_mutable_global_bytes: integer('Bytes of mutable globals.'),
    max_table_elements: integer('Elements of a table.'),
    max_section_elements: integer('Elements of a section.'),
    max_linear_memory_init: integer('Bytes that data segments may reach.'),
    max_func_local_bytes: integer('Bytes of locals of a function.'),
    max_nested_structures: integer('Levels of blocks.'),
    max_symbol_bytes: integer('Bytes of a name.'),
    max_module_bytes: integer('Bytes of a module.'),
    max_code_bytes: integer('Bytes of a function.'),
    max_pages: integer('Pages of 64 KiB of memory.'),
    max_call_depth: integer('Nested calls.'),
  },
  { title: 'WasmConfig' },
);

/** Chain-wide routes. */
export const chainInfoRoutes = {
  getInfo: query({
    path: '/v1/chain/get_info',
    group,
    summary: 'State of the chain and of this node.',
    request: nothing,
    response: info,
    example: {},
  }),
  getActivatedProtocolFeatures: query({
    path: '/v1/chain/get_activated_protocol_features',
    group,
    summary: 'Features of the protocol that are active.',
    doc: 'All features that this chain knows are active from its first block.',
    request: record({
      lower_bound: optional(integer('First ordinal (or block).', { minimum: 0 })),
      upper_bound: optional(integer('Last ordinal (or block).', { minimum: 0 })),
      limit: optional(integer('Most features in the answer.', { minimum: 1, maximum: 1000, default: 10 })),
      search_by_block_num: optional(flag('Bounds are block numbers.', { default: false })),
      reverse: optional(flag('Newest first.', { default: false })),
    }),
    response: record({
      activated_protocol_features: list(feature, 'Features.'),
      more: optional(integer('Ordinal to go on with.')),
    }),
    example: { limit: 5 },
  }),
  getConsensusParameters: query({
    path: '/v1/chain/get_consensus_parameters',
    group,
    summary: 'Limits of blocks, transactions and contracts.',
    request: nothing,
    response: record({ chain_config: chainConfig, wasm_config: optional(wasmConfig) }),
    example: {},
  }),
  getFinalizerInfo: query({
    path: '/v1/chain/get_finalizer_info',
    group,
    summary: 'Who votes on finality, and the latest votes seen.',
    request: nothing,
    response: record({
      active_finalizer_policy: nullable(finalizerPolicy),
      pending_finalizer_policy: nullable(finalizerPolicy),
      last_tracked_votes: list(
        record({
          description: text('Voter.'),
          public_key: text('Its key.'),
          is_vote_strong: flag('Whether it locks.'),
          finalizer_policy_generation: integer('Version of the set.'),
          voted_for_block_id: checksum('Block.'),
          voted_for_block_num: integer('Its number.'),
          voted_for_block_timestamp: time('Its time.'),
        }),
        'Votes.',
      ),
    }),
    example: {},
  }),
  getProducers: query({
    path: '/v1/chain/get_producers',
    group,
    summary: 'Registered producers by votes, or the schedule where there is no system contract.',
    request: record({
      json: optional(flag('Rows as fields; otherwise as hex.', { default: false })),
      lower_bound: optional(text('Producer to begin with.', { default: '', maxLength: 13 })),
      limit: optional(integer('Most rows.', { minimum: 1, maximum: 1000, default: 50 })),
      time_limit_ms: optional(integer('Time to spend at most.', { minimum: 1, maximum: 1000 })),
    }),
    response: record({
      rows: list(anything('Producer as fields, or hex.'), 'Producers.'),
      total_producer_vote_weight: doubleText('Sum of all votes.'),
      more: text('Producer to go on with, or empty.'),
    }),
    example: { json: true },
  }),
  getProducerSchedule: query({
    path: '/v1/chain/get_producer_schedule',
    group,
    summary: 'Who produces blocks.',
    request: nothing,
    response: record({
      active: nullable(producerSchedule),
      pending: nullable(producerSchedule),
      proposed: nullable(producerSchedule),
    }),
    example: {},
  }),
  getScheduledTransactions: query({
    path: '/v1/chain/get_scheduled_transactions',
    group,
    summary: 'Deferred transactions: there are none on this chain.',
    request: record({
      json: optional(flag('Not used.', { default: false })),
      lower_bound: optional(text('Not used.', { default: '', maxLength: 80 })),
      limit: optional(integer('Not used.', { default: 50 })),
    }),
    response: record({ transactions: list(anything('Transaction.'), 'Always empty.'), more: text('Always empty.') }),
    example: {},
  }),
};

const check = record({ name: text('What was looked at.'), ok: flag('Whether it is well.'), detail: text('In words.') });

/** Routes about this node. */
export const nodeRoutes = {
  getHealth: query({
    path: '/v1/node/health',
    access: 'open',
    group: 'Node',
    summary: 'Whether the node is well, and if not, why.',
    doc: 'Answers 503 with the same body when something is wrong. For alarms; a probe that restarts the node must not use it, because most of this is not cured by a restart.',
    request: nothing,
    response: record(
      {
        status: choice(['ok', 'failing'], 'Overall.'),
        head_block_num: integer('Newest block.'),
        final_block_num: integer('Newest final block.'),
        head_age_ms: integer('Age of the newest block.'),
        checks: list(check, 'Parts.'),
      },
      { title: 'Health' },
    ),
    example: {},
  }),
  getReady: query({
    path: '/v1/node/ready',
    access: 'open',
    group: 'Node',
    summary: 'Whether the node should get requests.',
    doc: 'Answers 503 while the node catches up with the chain or stops. For readiness probes and load balancers.',
    request: nothing,
    response: record(
      { ready: flag('Whether it is.'), reasons: list(text('Why not.'), 'Empty when it is.') },
      { title: 'Readiness' },
    ),
    example: {},
  }),
  getSupportedApis: query({
    path: '/v1/node/get_supported_apis',
    access: 'open',
    group: 'Node',
    summary: 'Paths that this node answers.',
    request: nothing,
    response: record({ apis: list(text('Path.'), 'Paths.') }),
    example: {},
  }),
  createSnapshot: command({
    path: '/v1/producer/create_snapshot',
    access: 'open',
    status: 201,
    group: 'Node',
    summary: 'Writes the state of the newest final block to a file.',
    doc: 'The node goes on meanwhile. Answers when the file, below the data directory, is complete; start another node from it with `--snapshot`. Only from the machine that the node runs on.',
    request: nothing,
    response: record(
      {
        head_block_num: integer('Block whose state was written.'),
        head_block_id: text('Its id.'),
        snapshot_name: text('Path of the file.'),
      },
      { title: 'Snapshot' },
    ),
    example: {},
  }),
  getMetrics: query({
    path: '/metrics',
    access: 'local',
    methods: ['GET'],
    group: 'Node',
    summary: 'Metrics in the text format of Prometheus.',
    request: nothing,
    response: text('Metrics.'),
    responseType: 'text/plain',
  }),
  getOpenApi: query({
    path: '/openapi.json',
    access: 'open',
    methods: ['GET'],
    group: 'Node',
    summary: 'This interface as OpenAPI 3.1.',
    request: nothing,
    response: anything('The document.'),
  }),
};
