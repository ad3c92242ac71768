/** What `contract new` can begin with; the files are in `contracts/templates/`. */

/** A template. */
export type Template = {
  readonly name: string;
  readonly summary: string;
  /** A first call of the new contract, behind `contract call ACCOUNT`. */
  readonly call: (account: string) => string;
};

/** The word that stands for the name of the contract in the names and texts of a template's files. */
export const placeholder = 'mycontract';

/** Where nothing else is said. */
export const defaultTemplate = 'hello';

/** All templates. */
export const templates: readonly Template[] = [
  {
    name: defaultTemplate,
    summary: 'one greeting for each account: the smallest contract with a table',
    call: () => 'greet user=alice text="good morning" -p alice',
  },
  {
    name: 'registry',
    summary: 'named entries, each with an owner who may pass it on',
    call: () => 'put owner=alice entry=first value="a value" -p alice',
  },
  {
    name: 'token',
    summary: 'tokens with the actions and tables of eosio.token',
    call: (account) => `create issuer=alice maximum_supply="1000.0000 ABC" -p ${account}`,
  },
  {
    name: 'escrow',
    summary: 'money between buyer, seller and arbiter, with a time-out',
    call: () => 'open buyer=alice seller=bob arbiter=eosio amount="5.0000 XST" seconds_max=3600 -p alice',
  },
  {
    name: 'device',
    summary: 'devices, their sealed readings, and who may read them',
    call: () => 'enrol device=bob owner=alice model="thermometer" -p alice -p bob',
  },
  {
    name: 'oracle',
    summary: 'values on which several reporters agree: median, without outliers',
    call: (account) => `setfeed feed=price quorum=1 window_seconds=60 tolerance_percent=10 -p ${account}`,
  },
];
