/** AtomicAssets (NFTs), as compiled by its authors: variants, maps, offers, backing with tokens, and who pays for RAM. */
import type { Json } from '@snapscale/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { billableBytes } from '../../packages/execution/src/native/billable.js';
import { ContractLedger, executed, protonContract, ramDeltas } from '../testing/contract-ledger.js';

const self = 'atomicassets';
const collection = 'iotdevices11';
/** The first asset and the first template that the contract makes. */
const FIRST_ASSET = 2 ** 40;
const FIRST_TEMPLATE = 1;
/** Bytes of an asset's row without tokens and data. */
const ASSET_BYTES = 8 + 8 + 8 + 4 + 8 + 1 + 1 + 1;

const ledger = new ContractLedger();
const call = (action: string, signer: string, data: Json) => ledger.push(self, action, signer, data);
const refuse = (action: string, signer: string, data: Json) => ledger.assertion(self, action, signer, data);

const attribute = (key: string, type: string, value: Json) => ({ key, value: [type, value] });
const template = (data: Record<string, Json>): Json => ({
  authorized_creator: 'maker',
  collection_name: collection,
  schema_name: 'sensor',
  transferable: true,
  burnable: true,
  max_supply: 2,
  immutable_data: [],
  ...data,
});
const mint = (data: Record<string, Json> = {}): Json => ({
  authorized_minter: 'maker',
  collection_name: collection,
  schema_name: 'sensor',
  template_id: FIRST_TEMPLATE,
  new_asset_owner: 'alice',
  immutable_data: [],
  mutable_data: [],
  tokens_to_back: [],
  ...data,
});

const assetsOf = (owner: string) => ledger.paidRows(self, owner, 'assets');
const idsOf = (owner: string) => assetsOf(owner).map(({ primary }) => Number(primary));

beforeAll(() => {
  ledger.createAccounts('maker', 'alice', 'bob', 'listener', 'tokens');
  ledger.install(self, protonContract('atomicassets'));
  ledger.addCodePermission(self);
  const { wasm, abi } = protonContract('eosio.token');
  ledger.deploy('tokens', wasm, abi);
  ledger.push('tokens', 'create', 'tokens', { issuer: 'tokens', maximum_supply: '1000.0000 IOT' });
  ledger.push('tokens', 'issue', 'tokens', { to: 'tokens', quantity: '1000.0000 IOT', memo: '' });
  ledger.push('tokens', 'transfer', 'tokens', { from: 'tokens', to: 'alice', quantity: '100.0000 IOT', memo: '' });
});

describe('set-up', () => {
  it('init makes the singletons with their counters, once', () => {
    call('init', self, {});
    expect(ledger.onlyRow(self, self, 'config')).toEqual({
      asset_counter: String(FIRST_ASSET),
      template_counter: FIRST_TEMPLATE,
      offer_counter: 1,
      collection_format: [],
      supported_tokens: [],
    });
    expect(ledger.onlyRow<{ standard: string }>(self, self, 'tokenconfigs').standard).toBe('atomicassets');
    expect(ledger.refusal(self, 'init', 'alice', {}).code).toBe('missing_auth_exception');
  });

  it('admincoledit extends the format of collections, and checks it', () => {
    const format = [
      { name: 'name', type: 'string' },
      { name: 'img', type: 'ipfs' },
      { name: 'url', type: 'string' },
    ];
    call('admincoledit', self, { collection_format_extension: format });
    expect(ledger.onlyRow<{ collection_format: Json }>(self, self, 'config').collection_format).toEqual(format);
    expect(refuse('admincoledit', self, { collection_format_extension: [{ name: 'x', type: 'uint7' }] })).toBe(
      "'type' attribute has an invalid format - uint7",
    );
    expect(refuse('admincoledit', self, { collection_format_extension: [format[0]!] })).toBe(
      'there already is an attribute with the same name - name',
    );
  });

  it('addconftoken names the tokens that assets can be backed with', () => {
    call('addconftoken', self, { token_contract: 'tokens', token_symbol: '4,IOT' });
    expect(ledger.onlyRow<{ supported_tokens: Json }>(self, self, 'config').supported_tokens).toEqual([
      { sym: '4,IOT', contract: 'tokens' },
    ]);
  });
});

describe('collections and schemas', () => {
  it('createcol stores serialized data and charges the author', () => {
    const before = ledger.ram('maker');
    call('createcol', 'maker', {
      author: 'maker',
      collection_name: collection,
      allow_notify: true,
      authorized_accounts: ['maker'],
      notify_accounts: [],
      market_fee: '0.05',
      data: [attribute('url', 'string', 'https://x'), attribute('name', 'string', 'Devices')],
    });
    const [row] = ledger.paidRows(self, self, 'collections');
    expect(row).toEqual({
      primary: expect.anything(),
      payer: 'maker',
      row: {
        collection_name: collection,
        author: 'maker',
        allow_notify: 1,
        authorized_accounts: ['maker'],
        notify_accounts: [],
        market_fee: '0.05000000000000000',
        // Attributes in the order of the format: number of the line plus four, then length and text.
        serialized_data: `0407${Buffer.from('Devices').toString('hex')}0609${Buffer.from('https://x').toString('hex')}`,
      },
    });
    const dataBytes = 8 + 8 + 1 + (1 + 8) + 1 + 8 + (1 + 20);
    expect(ledger.ram('maker') - before).toBe(billableBytes.table + billableBytes.row + dataBytes);
  });

  it.each([
    [
      'a name of another account',
      'bob',
      'When the collection has the name of an existing account, its authorization is required',
    ],
    ['a short name', 'short', 'Without special authorization, collection names must be 12 characters long'],
    ['a suffix of others', 'a.bob', 'When the collection name has a suffix, the suffix authorization is required'],
    ['a second one of the name', collection, 'A collection with this name already exists'],
  ])('createcol refuses %s', (_, name, message) => {
    const data = {
      author: 'maker',
      collection_name: name,
      allow_notify: true,
      authorized_accounts: [],
      notify_accounts: [],
      market_fee: '0.0',
      data: [],
    };
    expect(refuse('createcol', 'maker', data)).toBe(message);
  });

  it('createcol refuses data that the format does not know, and a fee above 15 %', () => {
    const data = {
      author: 'maker',
      collection_name: 'iotdevices12',
      allow_notify: false,
      authorized_accounts: [],
      notify_accounts: [],
      market_fee: '0.0',
      data: [attribute('colour', 'string', 'red')],
    };
    expect(refuse('createcol', 'maker', data)).toBe(
      'The following attribute could not be serialized, because it is not specified in the provided format: colour',
    );
    expect(refuse('createcol', 'maker', { ...data, market_fee: '0.151', data: [] })).toBe(
      'The market_fee must be between 0 and 0.150000',
    );
  });

  it('createschema and extendschema', () => {
    const schema_format = [
      { name: 'name', type: 'string' },
      { name: 'serial', type: 'uint64' },
      { name: 'offset', type: 'int16' },
      { name: 'gain', type: 'float' },
      { name: 'scale', type: 'double' },
      { name: 'flags', type: 'fixed32' },
      { name: 'marks', type: 'uint16[]' },
      { name: 'tags', type: 'string[]' },
    ];
    const schema = { authorized_creator: 'maker', collection_name: collection, schema_name: 'sensor' };
    expect(refuse('createschema', 'maker', { ...schema, schema_format: [{ name: 'serial', type: 'uint64' }] })).toBe(
      'A format line with {"name": "name" and "type": "string"} needs to be defined for every schema',
    );
    call('createschema', 'maker', { ...schema, schema_format });
    expect(
      refuse('createschema', 'bob', { ...schema, authorized_creator: 'bob', schema_name: 'x', schema_format }),
    ).toBe('The creator is not authorized within the collection');
    const extension = [{ name: 'ok', type: 'bool' }];
    call('extendschema', 'maker', {
      authorized_editor: 'maker',
      collection_name: collection,
      schema_name: 'sensor',
      schema_format_extension: extension,
    });
    expect(ledger.onlyRow(self, collection, 'schemas')).toEqual({
      schema_name: 'sensor',
      format: [...schema_format, ...extension],
    });
  });
});

describe('templates and assets', () => {
  it('createtempl logs the template in an inline action', () => {
    const immutable_data = [attribute('name', 'string', 'T1'), attribute('serial', 'uint64', '18446744073709551615')];
    const trace = call('createtempl', 'maker', template({ immutable_data }));
    expect(executed(trace)).toEqual([`${self} <= ${self}::createtempl`, `${self} <= ${self}::lognewtempl`]);
    expect(trace.actionTraces.map((one) => [one.actionOrdinal, one.creatorActionOrdinal])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(ledger.onlyRow(self, collection, 'templates')).toEqual({
      template_id: FIRST_TEMPLATE,
      schema_name: 'sensor',
      transferable: 1,
      burnable: 1,
      max_supply: 2,
      issued_supply: 0,
      immutable_serialized_data: `${'04'}025431${'05'}ffffffffffffffffff01`,
    });
    expect(refuse('createtempl', 'maker', template({ schema_name: 'none' }))).toBe('No schema with this name exists');
  });

  it('mintasset stores every kind of attribute, charges the minter, and notifies the owner', () => {
    call('addnotifyacc', 'maker', { collection_name: collection, account_to_add: 'listener' });
    const before = ledger.ram('maker');
    const trace = call(
      'mintasset',
      'maker',
      mint({
        immutable_data: [
          attribute('offset', 'int16', -300),
          attribute('gain', 'float32', '1.5'),
          attribute('scale', 'float64', '-0.25'),
          attribute('flags', 'uint32', 0xdeadbeef),
        ],
        mutable_data: [
          attribute('marks', 'UINT16_VEC', [1, 300]),
          attribute('tags', 'STRING_VEC', ['a', 'bc']),
          attribute('ok', 'uint8', 1),
        ],
      }),
    );
    // zigzag(-300) = 599 = 0xd7 0x04 as a varint; floats as they are in memory; fixed32 in four bytes.
    const immutable = `${'06'}d704${'07'}0000c03f${'08'}000000000000d0bf${'09'}efbeadde`;
    const mutable = `${'0a'}0201ac02${'0b'}020161026263${'0c'}01`;
    expect(assetsOf('alice')).toEqual([
      {
        primary: BigInt(FIRST_ASSET),
        payer: 'maker',
        row: {
          asset_id: String(FIRST_ASSET),
          collection_name: collection,
          schema_name: 'sensor',
          template_id: FIRST_TEMPLATE,
          ram_payer: 'maker',
          backed_tokens: [],
          immutable_serialized_data: immutable,
          mutable_serialized_data: mutable,
        },
      },
    ]);
    const bytes = ASSET_BYTES + immutable.length / 2 + mutable.length / 2;
    expect(ledger.ram('maker') - before).toBe(billableBytes.table + billableBytes.row + bytes);
    expect(executed(trace)).toEqual([
      `${self} <= ${self}::mintasset`,
      `${self} <= ${self}::logmint`,
      `alice <= ${self}::logmint`,
      `listener <= ${self}::logmint`,
    ]);
  });

  it('mintasset keeps to the supply and to the types of the schema', () => {
    expect(refuse('mintasset', 'maker', mint({ immutable_data: [attribute('serial', 'string', '7')] }))).toBe(
      'Expected a uint64, but got something else',
    );
    call('mintasset', 'maker', mint());
    expect(refuse('mintasset', 'maker', mint())).toBe("The template's maxsupply has already been reached");
    call('mintasset', 'maker', mint({ template_id: -1, new_asset_owner: 'bob' }));
    expect(idsOf('alice')).toEqual([FIRST_ASSET, FIRST_ASSET + 1]);
    expect(idsOf('bob')).toEqual([FIRST_ASSET + 2]);
  });

  it('setassetdata moves the RAM to the editor', () => {
    call('addcolauth', 'maker', { collection_name: collection, account_to_add: 'bob' });
    const trace = call('setassetdata', 'bob', {
      authorized_editor: 'bob',
      asset_owner: 'alice',
      asset_id: FIRST_ASSET + 1,
      new_mutable_data: [attribute('ok', 'uint8', 0)],
    });
    expect(assetsOf('alice')[1]).toMatchObject({
      payer: 'bob',
      row: { mutable_serialized_data: '0c00', ram_payer: 'bob' },
    });
    expect(ramDeltas(trace)).toEqual({
      bob: billableBytes.row + ASSET_BYTES + 2,
      maker: -(billableBytes.row + ASSET_BYTES),
    });
  });
});

describe('transfers and offers', () => {
  it('transfer keeps the payer of the asset, and the sender pays for a new scope for a moment', () => {
    ledger.createAccount('carol');
    const trace = call('transfer', 'alice', { from: 'alice', to: 'carol', asset_ids: [FIRST_ASSET], memo: 'gift' });
    expect(idsOf('carol')).toEqual([FIRST_ASSET]);
    expect(assetsOf('carol')[0]!.payer).toBe('maker');
    // The table record of the new scope stays with whoever made its first row: the sender.
    expect(ramDeltas(trace)).toEqual({ alice: billableBytes.table });
    expect(executed(trace)).toEqual([
      `${self} <= ${self}::transfer`,
      `alice <= ${self}::transfer`,
      `carol <= ${self}::transfer`,
      `${self} <= ${self}::logtransfer`,
      `listener <= ${self}::logtransfer`,
    ]);
  });

  it.each([
    ['to itself', { from: 'alice', to: 'alice', asset_ids: [FIRST_ASSET + 1] }, "Can't transfer assets to yourself"],
    ['of nothing', { from: 'alice', to: 'bob', asset_ids: [] }, 'asset_ids needs to contain at least one id'],
    [
      'of what others own',
      { from: 'alice', to: 'bob', asset_ids: [FIRST_ASSET] },
      `Sender doesn't own at least one of the provided assets (ID: ${FIRST_ASSET})`,
    ],
    [
      'of one asset twice',
      { from: 'alice', to: 'bob', asset_ids: [FIRST_ASSET + 1, FIRST_ASSET + 1] },
      "Can't transfer the same asset multiple times",
    ],
    ['to nobody', { from: 'alice', to: 'nobody', asset_ids: [FIRST_ASSET + 1] }, 'to account does not exist'],
  ])('transfer refuses one %s', (_, data, message) => {
    expect(refuse('transfer', 'alice', { ...data, memo: '' })).toBe(message);
  });

  it('an offer is found by sender and recipient, and its RAM is the sender’s', () => {
    const trace = call('createoffer', 'alice', {
      sender: 'alice',
      recipient: 'bob',
      sender_asset_ids: [FIRST_ASSET + 1],
      recipient_asset_ids: [FIRST_ASSET + 2],
      memo: 'swap',
    });
    expect(ledger.onlyRow(self, self, 'offers')).toEqual({
      offer_id: 1,
      sender: 'alice',
      recipient: 'bob',
      sender_asset_ids: [String(FIRST_ASSET + 1)],
      recipient_asset_ids: [String(FIRST_ASSET + 2)],
      memo: 'swap',
      ram_payer: 'alice',
    });
    const row = billableBytes.row + 8 + 8 + 8 + 9 + 9 + 5 + 8;
    // The first secondary index shares the table record of the rows, the second has one of its own.
    expect(ramDeltas(trace)).toEqual({ alice: row + 2 * billableBytes.idx64 + 2 * billableBytes.table });
    expect(ledger.tableCount(self, self, 'offers')).toBe(2);
  });

  it('payofferram moves an offer, with its indices, to another payer', () => {
    const trace = call('payofferram', 'maker', { payer: 'maker', offer_id: 1 });
    const deltas = ramDeltas(trace);
    expect(deltas.maker).toBe(-deltas.alice!);
    expect(ledger.paidRows(self, self, 'offers')[0]).toMatchObject({ payer: 'maker', row: { ram_payer: 'maker' } });
  });

  it('acceptoffer swaps the assets and removes the offer', () => {
    expect(ledger.refusal(self, 'acceptoffer', 'alice', { offer_id: 1 }).code).toBe('missing_auth_exception');
    const trace = call('acceptoffer', 'bob', { offer_id: 1 });
    expect(idsOf('alice')).toEqual([FIRST_ASSET + 2]);
    expect(idsOf('bob')).toEqual([FIRST_ASSET + 1]);
    expect(ledger.tableCount(self, self, 'offers')).toBe(0);
    expect(executed(trace).filter((line) => line.startsWith(self))).toEqual([
      `${self} <= ${self}::acceptoffer`,
      `${self} <= ${self}::logtransfer`,
      `${self} <= ${self}::logtransfer`,
    ]);
  });

  it('offers are declined by the recipient and cancelled by the sender', () => {
    const offer = { sender: 'alice', recipient: 'bob', recipient_asset_ids: [], memo: '' };
    const before = ledger.ram('alice');
    for (const [signer, action] of [
      ['bob', 'declineoffer'],
      ['alice', 'canceloffer'],
    ] as const) {
      call('createoffer', 'alice', { ...offer, sender_asset_ids: [FIRST_ASSET + 2] });
      const { offer_id } = ledger.onlyRow<{ offer_id: number }>(self, self, 'offers');
      call(action, signer, { offer_id });
      expect(ledger.ram('alice')).toBe(before);
    }
    expect(refuse('canceloffer', 'alice', { offer_id: 99 })).toBe('No offer with this id exists');
  });
});

describe('tokens that back assets', () => {
  it('announcedepo, then a transfer with the memo deposit', () => {
    const deposit = (quantity: string, memo = 'deposit') => ({ from: 'alice', to: self, quantity, memo }) as const;
    expect(ledger.assertion('tokens', 'transfer', 'alice', deposit('1.0000 IOT'))).toBe(
      'You need to first initialize the balance table row using the announcedepo action',
    );
    call('announcedepo', 'alice', { owner: 'alice', symbol_to_announce: '4,IOT' });
    const trace = ledger.push('tokens', 'transfer', 'alice', deposit('30.0000 IOT'));
    expect(executed(trace)).toEqual([
      'tokens <= tokens::transfer',
      'alice <= tokens::transfer',
      `${self} <= tokens::transfer`,
    ]);
    expect(ledger.paidRows(self, self, 'balances')).toMatchObject([
      { payer: 'alice', row: { owner: 'alice', quantities: ['30.0000 IOT'] } },
    ]);
    expect(ledger.assertion('tokens', 'transfer', 'alice', deposit('1.0000 IOT', 'hello'))).toBe('invalid memo');
    // A refused notification undoes the transfer that caused it.
    expect(ledger.balance('alice', '4,IOT', 'tokens')).toBe('70.0000 IOT');
  });

  it('tokens of a contract that is not configured are refused', () => {
    ledger.install('forger', protonContract('eosio.token'));
    ledger.push('forger', 'create', 'forger', { issuer: 'alice', maximum_supply: '10.0000 IOT' });
    ledger.push('forger', 'issue', 'alice', { to: 'alice', quantity: '10.0000 IOT', memo: '' });
    const data = { from: 'alice', to: self, quantity: '1.0000 IOT', memo: 'deposit' };
    expect(ledger.assertion('forger', 'transfer', 'alice', data)).toBe('The transferred token is not supported');
  });

  it('backasset puts tokens into an asset, burnasset gives them back', () => {
    const asset = { asset_owner: 'alice', asset_id: FIRST_ASSET + 2 };
    call('backasset', 'alice', { payer: 'alice', ...asset, token_to_back: '10.0000 IOT' });
    expect(assetsOf('alice')[0]).toMatchObject({ payer: 'alice', row: { backed_tokens: ['10.0000 IOT'] } });
    expect(refuse('backasset', 'alice', { payer: 'alice', ...asset, token_to_back: '100.0000 IOT' })).toBe(
      "The specified account's balance is lower than the specified quantity",
    );
    const trace = call('burnasset', 'alice', asset);
    expect(executed(trace)).toContain(`listener <= ${self}::logburnasset`);
    expect(idsOf('alice')).toEqual([]);
    expect(ledger.rows(self, self, 'balances')).toEqual([{ owner: 'alice', quantities: ['30.0000 IOT'] }]);
  });

  it('withdraw pays out by an inline transfer with the authority of the contract', () => {
    const trace = call('withdraw', 'alice', { owner: 'alice', token_to_withdraw: '30.0000 IOT' });
    expect(executed(trace).slice(0, 2)).toEqual([`${self} <= ${self}::withdraw`, 'tokens <= tokens::transfer']);
    expect(ledger.balance('alice', '4,IOT', 'tokens')).toBe('100.0000 IOT');
    expect(ledger.tableCount(self, self, 'balances')).toBe(0);
    expect(refuse('withdraw', 'alice', { owner: 'alice', token_to_withdraw: '1.0000 IOT' })).toContain(
      'does not have a balance table row',
    );
  });
});

describe('without the contract’s own permission', () => {
  it('inline actions are refused, and nothing of the action stays', () => {
    const authority = {
      threshold: 1,
      keys: [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }],
      accounts: [],
      waits: [],
    };
    ledger.push('eosio', 'updateauth', `${self}@owner`, {
      account: self,
      permission: 'active',
      parent: 'owner',
      auth: authority,
    });
    const before = ledger.onlyRow(self, self, 'config');
    const refusal = ledger.refusal(self, 'mintasset', 'maker', mint({ template_id: -1 }));
    expect(refusal.code).toBe('unsatisfied_authorization');
    expect(ledger.onlyRow(self, self, 'config')).toEqual(before);
    ledger.addCodePermission(self);
    call('mintasset', 'maker', mint({ template_id: -1 }));
  });
});
