/** ABIs that break rules or stretch them, as bytes. */
import { type Abi, abiSchema, encode, name } from '@snapscale/protocol';

const base: Abi = {
  version: 'eosio::abi/1.2',
  types: [],
  structs: [],
  actions: [{ name: name('go'), type: 'go', ricardianContract: '' }],
  tables: [{ name: name('rows'), indexType: 'i64', keyNames: [], keyTypes: [], type: 'go' }],
  ricardianClauses: [],
  errorMessages: [],
  abiExtensions: [],
  variants: [],
  actionResults: [],
};

const abi = (parts: Partial<Abi>): Uint8Array => encode(abiSchema, { ...base, ...parts });
const struct = (structName: string, types: readonly string[], parent = '') => ({
  name: structName,
  base: parent,
  fields: types.map((type, i) => ({ name: `f${i}`, type })),
});

/** Rows and actions of type `go` become `count` empty objects, whatever their bytes. */
export function zeroAbi(count: number): Uint8Array {
  return abi({ structs: [struct('none', ['uint8[0]']), struct('go', [`none[${count}]`])] });
}

export const evilAbis: Readonly<Record<string, () => Uint8Array>> = {
  'a type that is itself': () => abi({ types: [{ newTypeName: 'go', type: 'go' }] }),
  'types in a circle': () =>
    abi({
      types: [
        { newTypeName: 'a', type: 'go' },
        { newTypeName: 'go', type: 'a' },
      ],
    }),
  'a struct that is its own base': () => abi({ structs: [struct('go', ['uint8'], 'go')] }),
  'a struct that contains itself': () => abi({ structs: [struct('go', ['go'])] }),
  'a struct of arrays of itself': () => abi({ structs: [struct('go', ['go[]', 'go[]'])] }),
  'a struct of options of itself': () => abi({ structs: [struct('go', ['go?', 'go?'])] }),
  'a chain of 60,000 types': () =>
    abi({
      types: [...Array(60_000).keys()].map((i) => ({ newTypeName: i === 0 ? 'go' : `t${i}`, type: `t${i + 1}` })),
    }),
  'a chain of 30 types': () =>
    abi({
      types: [...Array(30).keys()].map((i) => ({
        newTypeName: i === 0 ? 'go' : `t${i}`,
        type: i === 29 ? 'uint8' : `t${i + 1}`,
      })),
    }),
  '14 structs that each double the next': () =>
    abi({
      structs: [...Array(14).keys()].map((i) =>
        struct(i === 0 ? 'go' : `s${i}`, i === 13 ? ['uint8[0]'] : [`s${i + 1}`, `s${i + 1}`]),
      ),
    }),
  '65,000 structs': () =>
    abi({ structs: [...Array(20_000).keys()].map((i) => struct(`s${i}`, [], i > 0 ? `s${i - 1}` : '')) }),
  'fixed arrays of fixed arrays': () => abi({ structs: [struct('go', ['uint8[65536][65536][65536]'])] }),
  'a fixed array of nothing': () => zeroAbi(65_536),
  'a fixed array larger than the largest': () => abi({ structs: [struct('go', ['uint8[999999999]'])] }),
  '200,000 suffixes': () => abi({ structs: [struct('go', [`uint8${'[]'.repeat(200_000)}`])] }),
  'a name of 400,000 characters': () =>
    abi({ structs: [{ name: 'go', base: '', fields: [{ name: 'x'.repeat(400_000), type: 'uint8' }] }] }),
  'a variant of 10,000 types': () =>
    abi({ variants: [{ name: 'go', types: Array(10_000).fill('uint8') as string[] }] }),
  'a variant of itself': () => abi({ variants: [{ name: 'go', types: ['go', 'go[]'] }] }),
  'version 9': () => abi({ version: 'eosio::abi/9.0', structs: [struct('go', ['uint8'])] }),
  'no version': () => abi({ version: '', structs: [struct('go', ['uint8'])] }),
  'unknown types': () => abi({ structs: [struct('go', ['nothing', 'uint7', '', '[]', '?', '$'])] }),
  'the same struct twice': () => abi({ structs: [struct('go', ['uint8']), struct('go', ['uint16'])] }),
  'no bytes that mean anything': () => new Uint8Array(1000).fill(0xff),
  'a vector of 2^32 - 1': () => Uint8Array.from([0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  '2,000 extensions in a struct': () => abi({ structs: [struct('go', Array(2000).fill('uint8[0]$') as string[])] }),
};
