/** Fuzzed decoders of texts: keys, names, amounts, times, JSON bodies, the query and the streams of HTTP. */
import { allRoutes, readRequest, ServerSentEventParser } from '@snapscale/api';
import {
  CryptoError,
  equalBytes,
  formatPrivateKey,
  formatPublicKey,
  formatSignature,
  parseBlsPublicKey,
  parseBlsSignature,
  parsePrivateKey,
  parsePublicKey,
  parseSignature,
} from '@snapscale/crypto';
import {
  abiSchema,
  DecodeError,
  decode,
  encode,
  FormatError,
  formatAsset,
  formatName,
  type Json,
  packedTransactionSchema,
  parseAbi,
  parseAsset,
  parseMicros,
  parseName,
  parseSeconds,
  parseSlot,
  parseSymbol,
  parseSymbolCode,
  Reject,
  type Schema,
  signedBlockSchema,
  type TypeOf,
  transactionSchema,
} from '@snapscale/protocol';
import { HttpFailure } from '../../../apps/node/src/http/server/failure.js';
import { parseJsonBody, parseQuery } from '../../../apps/node/src/http/server/json-body.js';
import { parseCursor } from '../../../apps/node/src/http/stream/cursor.js';
import { parseFilter } from '../../../apps/node/src/http/stream/filter.js';
import { parseNameBound, parseU64 } from '../../../apps/node/src/http/view/table-bounds.js';
import { Random } from '../../../packages/protocol/src/testing/random.js';
import { samples } from '../../../packages/protocol/src/testing/samples.js';
import type { FuzzTarget } from './fuzz-target.js';

const text = (input: Uint8Array): string => Buffer.from(input).toString('latin1');
const bytesOf = (...texts: readonly string[]): Uint8Array[] => texts.map((one) => new TextEncoder().encode(one));

const signature = formatSignature(Uint8Array.from([0, 31, ...new Array(64).fill(9)]) as never);

/** Every decoder of texts. */
export function textTargets(): FuzzTarget[] {
  return [...keyTargets(), ...wordTargets(), ...jsonTargets(), ...streamTargets()];
}

/** What is accepted must come back from its own text. */
function returning<T>(parse: (input: string) => T, format: (value: T) => string): (input: Uint8Array) => void {
  return (input) => {
    const first = format(parse(text(input)));
    const again = format(parse(first));
    if (again !== first) throw new Error(`${first} comes back as ${again}`);
  };
}

function keyTargets(): FuzzTarget[] {
  const key = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';
  const publicKey = formatPublicKey(parsePublicKey(key));
  const refusals = [CryptoError];
  return [
    {
      name: 'text public key',
      samples: bytesOf(key, publicKey),
      refusals,
      run: returning(parsePublicKey, formatPublicKey),
    },
    { name: 'text signature', samples: bytesOf(signature), refusals, run: returning(parseSignature, formatSignature) },
    {
      name: 'text private key',
      samples: bytesOf('5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3'),
      refusals,
      run: returning(parsePrivateKey, formatPrivateKey),
    },
    {
      name: 'text BLS key',
      samples: bytesOf(`PUB_BLS_${'A'.repeat(133)}`),
      refusals,
      run: (input) => void parseBlsPublicKey(text(input)),
    },
    {
      name: 'text BLS signature',
      samples: bytesOf(`SIG_BLS_${'A'.repeat(261)}`),
      refusals,
      run: (input) => void parseBlsSignature(text(input)),
    },
  ];
}

function wordTargets(): FuzzTarget[] {
  const word = (what: string, sound: readonly string[], parse: (input: string) => unknown): FuzzTarget => ({
    name: `text ${what}`,
    samples: bytesOf(...sound),
    refusals: [FormatError],
    run: (input) => void parse(text(input)),
  });
  return [
    { ...word('name', ['eosio.token', 'alice', '............1'], parseName), run: returning(parseName, formatName) },
    {
      ...word('asset', ['1.0000 XST', '-4611686018427387903 ABCDEFG'], parseAsset),
      run: returning(parseAsset, formatAsset),
    },
    word('symbol', ['4,XST', '18,ABCDEFG'], parseSymbol),
    word('symbol code', ['XST', 'ABCDEFG'], parseSymbolCode),
    word('slot', ['2030-01-01T00:00:00.500', '2030-01-01T00:00:00Z'], parseSlot),
    word('seconds', ['2030-01-01T00:00:00', '2106-02-07T06:28:15.000'], parseSeconds),
    word('micros', ['2030-01-01T00:00:00.123456', '9999-12-31T23:59:59.999'], parseMicros),
    {
      ...word('table bound', ['18446744073709551615', 'alice', '4,XST', 'XST'], (input) => parseU64(input, 'scope')),
      refusals: [Reject],
    },
    {
      ...word('name bound', ['alice', '18446744073709551615'], (input) => parseNameBound(input, 'lower_bound')),
      refusals: [Reject],
    },
  ];
}

const jsonSamples = bytesOf(
  '{"account_name":"eosio","limit":12345678901234567890,"a":[1,2,{"b":"\\u00ff"}]}',
  '{"code":"eosio","scope":"eosio","table":"rows","json":true,"lower_bound":-1,"upper_bound":"a","limit":10,"key_type":"i64","index_position":1,"reverse":false}',
  '{"block_num_or_id":1,"id":"00ff","block_num":1,"transaction_id":"ab","traceId":1}',
  '{"transaction":{"expiration":"2030-01-01T00:00:00","ref_block_num":1,"ref_block_prefix":2,"actions":[{"account":"eosio","name":"setabi","authorization":[{"actor":"alice","permission":"active"}],"data":"00ff"}]},"available_keys":[]}',
  '{"signatures":["SIG_K1_1"],"compression":1,"packed_context_free_data":"","packed_trx":"00ff"}',
  '{"accounts":[{"actor":"a","permission":"b"},"c"],"keys":["EOS6"]}',
  '[[[[]]]]',
  '"x"',
);

function jsonTargets(): FuzzTarget[] {
  const block = samples.signedBlock!.make(new Random(3)) as TypeOf<typeof signedBlockSchema>;
  const requests = allRoutes().map(({ request }) => request);
  const transaction =
    '{"expiration":"2030-01-01T00:00:00","ref_block_num":1,"ref_block_prefix":2,"max_net_usage_words":0,"max_cpu_usage_ms":0,"delay_sec":0,"context_free_actions":[],"actions":[{"account":"eosio","name":"setabi","authorization":[{"actor":"alice","permission":"active"}],"data":"00ff"}],"transaction_extensions":[[1,"00"]]}';
  const abi =
    '{"version":"eosio::abi/1.2","types":[{"new_type_name":"a","type":"b[]"}],"structs":[{"name":"s","base":"","fields":[{"name":"f","type":"u8?"}]}],"actions":[{"name":"go","type":"s","ricardian_contract":""}],"tables":[{"name":"t","index_type":"i64","key_names":[],"key_types":[],"type":"s"}],"variants":[{"name":"v","types":["a","b"]}],"action_results":[{"name":"go","result_type":"s"}]}';
  const json = <T>(what: string, schema: Schema<T>, sample: string, read = schema.fromJson): FuzzTarget => ({
    name: `JSON ${what}`,
    form: 'JSON',
    samples: bytesOf(sample),
    refusals: [HttpFailure, FormatError],
    run(input) {
      // What is read can be sent: a value that no encoder takes would be a fault of the node, not of the client.
      const bytes = encode(schema, read(parseJsonBody(input) as Json));
      if (!equalBytes(encode(schema, decode(schema, bytes)), bytes)) throw new Error('encodes what decodes otherwise');
    },
  });
  return [
    {
      name: 'HTTP request',
      form: 'JSON',
      samples: jsonSamples,
      refusals: [HttpFailure],
      run(input) {
        const body = parseJsonBody(input);
        for (const request of requests) readRequest(request, body);
      },
    },
    {
      name: 'HTTP query',
      samples: bytesOf('account_name=eosio&limit=1', 'json=[1,{"a":2}]&at=head', 'a=%ff&a=2&__proto__=3'),
      refusals: [HttpFailure],
      run: (input) => void parseQuery(Object.fromEntries(new URLSearchParams(text(input)))),
    },
    json('transaction', transactionSchema, transaction),
    json(
      'packed transaction',
      packedTransactionSchema,
      `{"signatures":["${signature}"],"compression":0,"packed_context_free_data":"","packed_trx":"00ff"}`,
    ),
    json('signed block', signedBlockSchema, JSON.stringify(signedBlockSchema.toJson(block))),
    // The form of an ABI has no bound but the request's; what is larger than an ABI may be is refused as bytes.
    { ...json('ABI', abiSchema, abi, parseAbi), refusals: [HttpFailure, FormatError, DecodeError] },
  ];
}

function streamTargets(): FuzzTarget[] {
  return [
    {
      name: 'stream cursor',
      samples: bytesOf('17:end:0011223344556677:12', '17:3:0011223344556677:12', '99'),
      refusals: [HttpFailure],
      run: (input) => void parseCursor(text(input)),
    },
    {
      name: 'stream filter',
      samples: bytesOf('blocks,traces', 'eosio.token::transfer,alice'),
      refusals: [HttpFailure, Reject],
      run(input) {
        parseFilter({ account: text(input), action: text(input) });
        parseFilter({ topics: text(input) });
      },
    },
    {
      name: 'event stream',
      samples: bytesOf('id: 1\nevent: block\ndata: {}\n\n', ':\n\n'),
      refusals: [],
      run: (input) => void new ServerSentEventParser().push(text(input)),
    },
  ];
}
