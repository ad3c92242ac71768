/** `set code`, `set abi`, `set contract`, `get code`, `get abi`: deploying contracts, and looking at what is deployed. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fromHex } from '@snapscale/crypto';
import { decodeAbi, type Json } from '@snapscale/protocol';
import { assertWasm, type ContractFiles, type DeployPlan, planDeploy } from '@snapscale/sdk';
import { assertAffordable, planJson, planLines, warnOfRows } from '../contract/deploy-plan.js';
import type { Handler } from '../program/command.js';
import { configurationError, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { bytesText, fields } from '../terminal/layout.js';
import { printable } from '../terminal/style.js';
import { execute, permissionsOr } from '../transacting/execute.js';
import { readBytes } from '../transacting/json-input.js';

export const setContract: Handler = async (session, values) => {
  if (values.flag('clear')) return deploy(session, values, { wasm: new Uint8Array(0), abi: null });
  const folder = values.optionalArgument('directory');
  if (folder === undefined)
    throw usageError('DIRECTORY is missing', 'The folder with the .wasm and .abi of the contract.');
  const { wasm, abi } = locate(folder, values.optionalArgument('wasm'), values.optionalArgument('abi'));
  await deploy(session, values, { wasm: readWasm(wasm), abi: readAbi(abi) });
};

export const setCode: Handler = async (session, values) => {
  const file = values.optionalArgument('file');
  if (values.flag('clear')) return deploy(session, values, { wasm: new Uint8Array(0) });
  if (file === undefined) throw usageError('FILE is missing', 'To remove the code: --clear');
  await deploy(session, values, { wasm: readWasm(file) });
};

export const setAbi: Handler = async (session, values) => {
  const file = values.optionalArgument('file');
  if (values.flag('clear')) return deploy(session, values, { abi: null });
  if (file === undefined) throw usageError('FILE is missing', 'To remove the ABI: --clear');
  await deploy(session, values, { abi: readAbi(file) });
};

/** Shows what would change, checks that it can be paid for, and does it. Used by `contract deploy` as well. */
export async function deploy(
  session: Session,
  values: Values,
  files: ContractFiles,
  next?: readonly string[],
): Promise<void> {
  const { output } = session;
  const account = values.argument('account');
  const client = await session.client();
  const plan = await planDeploy(client, account, files, permissionsOr(values, `${account}@active`));
  const changes = planJson(plan);
  if (plan.actions.length === 0) {
    output.result({ changed: false, changes }, () => [`${account} has exactly this contract already: nothing to do.`]);
    if (next !== undefined) output.next(...next);
    return;
  }
  const sends = !values.flag('dontBroadcast');
  if (!output.json && sends) output.lines(planLines(plan, output.style));
  warnOfRows(plan, output);
  await assertAffordable(client, plan);
  await execute(session, values, plan.actions, {
    headline: () => `${changedPart(plan)} of ${account} ${isRemoval(plan) ? 'removed' : 'set'}`,
    next: next ?? [`get abi ${account}`, `push action ${account} ACTION DATA -p ${account}`],
    values: { changed: true, changes },
  });
}

function changedPart({ code, abi }: DeployPlan): string {
  return code.changed && abi.changed ? 'contract' : code.changed ? 'code' : 'ABI';
}

function isRemoval({ code, abi }: DeployPlan): boolean {
  return (!code.changed || code.after === undefined) && (!abi.changed || abi.after === undefined);
}

/** The files of a contract: those that are named, or the only ones in the folder, or those named as the folder. */
export function locate(
  folder: string,
  wasm: string | undefined,
  abi: string | undefined,
): { readonly wasm: string; readonly abi: string } {
  if (!existsSync(folder)) throw configurationError(`there is no folder ${folder}`);
  if (!statSync(folder).isDirectory()) {
    if (!folder.endsWith('.wasm')) throw usageError(`${folder} is neither a folder nor a .wasm file`);
    const beside = folder.replace(/\.wasm$/, '.abi');
    const chosen = wasm ?? (existsSync(beside) ? beside : undefined);
    if (chosen === undefined)
      throw configurationError(`there is no ABI beside ${folder}`, 'Name it after the .wasm file.');
    return { wasm: folder, abi: chosen };
  }
  return { wasm: locateFile(folder, '.wasm', wasm), abi: locateFile(folder, '.abi', abi) };
}

function locateFile(folder: string, extension: string, given: string | undefined): string {
  if (given !== undefined) return existsSync(join(folder, given)) ? join(folder, given) : given;
  const found = readdirSync(folder).filter((name) => name.endsWith(extension));
  const named = found.find((name) => name === `${basename(resolve(folder))}${extension}`);
  const only = found.length === 1 ? found[0] : undefined;
  const chosen = named ?? only;
  if (chosen !== undefined) return join(folder, chosen);
  throw configurationError(
    found.length === 0
      ? `there is no ${extension} file in ${folder}`
      : `there are several ${extension} files in ${folder}: ${found.join(', ')}`,
    found.length === 0 ? 'Was the contract compiled?' : 'Name the one: set contract ACCOUNT DIRECTORY WASM ABI',
  );
}

function readWasm(file: string): Uint8Array {
  const bytes = readBytes(file, 'contract');
  assertWasm(bytes, file);
  return bytes;
}

/** An ABI as JSON, or packed. */
function readAbi(file: string): Json | Uint8Array {
  const bytes = readBytes(file, 'ABI');
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (!text.startsWith('{'))
    return packedAbi(/^([0-9a-f]{2})+$/i.test(text) ? fromHex(text.toLowerCase()) : bytes, file);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw configurationError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function packedAbi(bytes: Uint8Array, file: string): Uint8Array {
  try {
    decodeAbi(bytes);
    return bytes;
  } catch {
    throw configurationError(`${file} is not an ABI: it is neither JSON nor the packed form`);
  }
}

export const getCode: Handler = async (session, values) => {
  const { output } = session;
  const account = values.argument('account');
  const api = session.api();
  const [{ code_hash }, { wasm, abi }] = await Promise.all([
    api.chain.getCodeHash({ account_name: account }),
    api.chain.getRawCodeAndAbi({ account_name: account }),
  ]);
  const code = Buffer.from(wasm, 'base64');
  const [codeFile, abiFile] = [values.text('code'), values.text('abi')];
  if (codeFile !== undefined) save(codeFile, code);
  if (abiFile !== undefined)
    save(abiFile, `${JSON.stringify((await api.chain.getAbi({ account_name: account })).abi, null, 2)}\n`);
  const abiBytes = Buffer.from(abi, 'base64').length;
  const result = { account_name: account, code_hash, code_bytes: code.length, abi_bytes: abiBytes };
  output.result(result, () =>
    fields(
      [
        ['code hash', code_hash],
        ['code', code.length === 0 ? 'none' : bytesText(code.length)],
        ['abi', abiBytes === 0 ? 'none' : bytesText(abiBytes)],
        ['saved', [codeFile, abiFile].filter((file) => file !== undefined).join(', ') || undefined],
      ],
      output.style,
    ),
  );
};

export const getAbi: Handler = async (session, values) => {
  const { output } = session;
  const account = values.argument('account');
  const { abi } = await session.api().chain.getAbi({ account_name: account });
  const file = values.text('file');
  if (file !== undefined) {
    save(file, `${JSON.stringify(abi ?? {}, null, 2)}\n`);
    output.note(`Saved to ${file}.`);
    return;
  }
  if (abi === undefined) {
    output.result({}, () => []);
    output.note(`${account} has no ABI.`);
    return;
  }
  const structs = new Map(abi.structs.map((struct) => [struct.name, struct]));
  // Those of base structs first. Nobody has checked that bases do not go in a circle.
  const fieldsOf = (type: string): string => {
    if (!structs.has(type)) return printable(type);
    const listed: string[] = [];
    const seen = new Set<string>();
    for (
      let struct = structs.get(type);
      struct !== undefined && !seen.has(struct.name);
      struct = structs.get(struct.base)
    ) {
      seen.add(struct.name);
      listed.unshift(...struct.fields.map((field) => `${field.name}: ${field.type}`));
    }
    return printable(listed.join(', '));
  };
  output.result(abi, () => {
    const { style } = output;
    const result = (action: string) => {
      const type = abi.action_results?.find(({ name }) => name === action)?.result_type;
      return type === undefined ? '' : ` → ${printable(type)}`;
    };
    return [
      style.dim(`${printable(abi.version)}, actions`),
      ...abi.actions.map(({ name, type }) => `  ${style.bold(name)}(${fieldsOf(type)})${result(name)}`),
      ...(abi.tables.length === 0 ? [] : [style.dim('tables')]),
      ...abi.tables.map(({ name, type }) => `  ${style.bold(name)}  ${fieldsOf(type)}`),
    ];
  });
};

function save(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw configurationError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
