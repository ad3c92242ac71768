/** `completion`, and the candidates that its scripts ask for while the user types. */
import { createApiClient } from '@snapscale/api';
import { developmentPublicKey } from '../keys/development.js';
import { keyStorePath, readKeyStore } from '../keys/key-store.js';
import { httpFetch } from '../network/http-fetch.js';
import { globalOptions } from '../program/build.js';
import { argumentName, type Command, type Handler, type Option } from '../program/command.js';
import { usageError } from '../program/failures.js';
import { defaultUrl, type Environment } from '../program/session.js';
import { root } from '../tree/root.js';

const scripts: Readonly<Record<string, string>> = {
  bash: `_snapscale() {
  local IFS=$'\\n' line
  COMPREPLY=()
  for line in $("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done
  [ \${#COMPREPLY[@]} -eq 0 ] && compopt -o default 2>/dev/null
}
complete -F _snapscale snapscale snap
`,
  zsh: `#compdef snapscale snap
_snapscale() {
  local -a candidates
  local line
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#candidates} )); then _describe 'snapscale' candidates; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _snapscale snapscale snap
`,
  fish: `function __snapscale_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c snapscale -f -a '(__snapscale_complete)'
complete -c snap -f -a '(__snapscale_complete)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName snapscale, snap -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString() })
  $rest = if ($words.Count -gt 1) { $words[1..($words.Count - 1)] } else { @() }
  $last = if ($word) { $word } else { '""' }
  & $words[0] __complete @rest $last 2>$null | ForEach-Object {
    $parts = $_ -split "\`t", 2
    [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $(if ($parts[1]) { $parts[1] } else { $parts[0] }))
  }
}
`,
};

export const completion: Handler = async ({ output }, values) => {
  const script = scripts[values.argument('shell')];
  if (script === undefined) {
    throw usageError(
      `there is no completion for ${values.argument('shell')}`,
      `There is one for ${Object.keys(scripts).join(', ')}.`,
    );
  }
  output.lines([script.trimEnd()]);
};

/** A word that may stand here, and what it is. */
export type Candidate = readonly [word: string, description: string];

/** Candidates at the end of a line of words; the last word is the one being typed. */
export async function complete(words: readonly string[], environment: Environment): Promise<readonly Candidate[]> {
  const place = locate(words.slice(0, -1));
  const typed = words.at(-1) ?? '';
  const all = await candidatesAt(place, typed, environment);
  return all.filter(([word]) => word.startsWith(typed));
}

/** Where the cursor is: the command, the arguments before it, and the option whose value it is. */
export type Place = {
  readonly command: Command;
  readonly given: readonly string[];
  readonly option: Option | undefined;
  readonly url: string | undefined;
};

/** Reads the words before the cursor. */
export function locate(words: readonly string[]): Place {
  let command = root;
  let option: Option | undefined;
  let url: string | undefined;
  const given: string[] = [];
  for (const word of words) {
    if (option !== undefined) {
      if (option.flags.includes('--url')) url = word;
      option = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const known = [...(command.options ?? []), ...globalOptions].find(({ flags }) => flagsOf(flags).includes(word));
      if (known !== undefined && /[<[]/.test(known.flags)) option = known;
    } else {
      const child = command.commands?.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
      if (child !== undefined) command = child;
      else given.push(word);
    }
  }
  return { command, given, option, url };
}

async function candidatesAt({ command, given, option, url }: Place, typed: string, environment: Environment) {
  if (option !== undefined) {
    if (option.flags.includes('--template')) return templateCandidates();
    if (option.flags.includes('--scope')) return scopeCandidates(given, url, environment);
    return option.flags.includes('--permission') ||
      option.flags.includes('--account') ||
      option.flags.includes('--contract <account>')
      ? accountNames(url, environment)
      : [];
  }
  if (typed.startsWith('-')) return optionsOf(command);
  if (command.commands !== undefined) {
    return command.commands
      .filter(({ hidden }) => hidden !== true)
      .map(({ name, summary }): Candidate => [name, summary]);
  }
  const argument = command.arguments?.[given.length];
  return argument === undefined
    ? optionsOf(command)
    : argumentCandidates(argumentName(argument), command, given, url, environment);
}

async function templateCandidates(): Promise<readonly Candidate[]> {
  const { templates } = await import('../contract/templates.js');
  return templates.map(({ name, summary }): Candidate => [name, summary]);
}

/** Scopes of a contract, or of one of its tables. */
function scopeCandidates(
  [code = '', table]: readonly string[],
  url: string | undefined,
  environment: Environment,
): Promise<readonly Candidate[]> {
  return ask(url, environment, async (api, signal) => {
    const only = table === undefined ? {} : { table };
    const { rows } = await api.chain.getTableByScope({ code, limit: 100, ...only }, { signal });
    return [...new Set(rows.map(({ scope }) => scope))].map((scope): Candidate => [scope, 'scope']);
  });
}

function optionsOf({ options = [] }: Command): Candidate[] {
  return [...options, ...globalOptions]
    .filter(({ hidden }) => hidden !== true)
    .map(({ flags, description }): Candidate => [flagsOf(flags).at(-1)!, description]);
}

function flagsOf(flags: string): string[] {
  return flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
}

const accountArguments = new Set(['account', 'from', 'to', 'code', 'contract', 'creator']);
const fixed: Readonly<Record<string, readonly string[]>> = {
  block: ['head', 'final'],
  topics: ['blocks', 'traces', 'final'],
  shell: ['bash', 'zsh', 'fish', 'powershell'],
};
/** What the shell waits for the node at most, milliseconds. */
const NODE_PATIENCE_MS = 400;

async function argumentCandidates(
  name: string,
  command: Command,
  given: readonly string[],
  url: string | undefined,
  environment: Environment,
): Promise<readonly Candidate[]> {
  if (accountArguments.has(name)) return accountNames(url, environment);
  const [code = ''] = given;
  if (name === 'scope') return scopeCandidates([code], url, environment);
  if (name === 'node' || name === 'groups') return nodeCandidates();
  if (name === 'table' || (name === 'action' && command.arguments?.[0]?.[0] === 'account')) {
    return ask(url, environment, async (api, signal) => {
      const { abi } = await api.chain.getAbi({ account_name: code }, { signal });
      return (name === 'table' ? (abi?.tables ?? []) : (abi?.actions ?? [])).map(
        (entry): Candidate => [entry.name, `${name} of ${code}`],
      );
    });
  }
  return (fixed[name] ?? []).map((word): Candidate => [word, '']);
}

/** Accounts that the user's keys control, and those that every chain has. */
async function accountNames(url: string | undefined, environment: Environment): Promise<readonly Candidate[]> {
  return ask(url, environment, async (api, signal) => {
    const stored = readKeyStore(keyStorePath(environment))?.keys.map(({ publicKey }) => publicKey) ?? [];
    const { accounts } = await api.chain.getAccountsByAuthorizers(
      { keys: [...stored, developmentPublicKey] },
      { signal },
    );
    const names = new Set([...accounts.map(({ account_name }) => account_name), 'eosio', 'eosio.token']);
    return [...names].map((name): Candidate => [name, 'account']);
  });
}

/** Nodes of the network that is kept where networks are kept unless told otherwise. */
async function nodeCandidates(): Promise<readonly Candidate[]> {
  const { describedNetwork, networkDirectory } = await import('../local-network/launcher-client.js');
  const { nodes = [], ca } = describedNetwork(networkDirectory(undefined)) ?? {};
  const candidates = nodes.map(({ name, organisation }): Candidate => [name, `node of ${organisation}`]);
  return ca === undefined ? candidates : [...candidates, ['ca', 'certificate authority']];
}

type Ask = (api: ReturnType<typeof createApiClient>, signal: AbortSignal) => Promise<readonly Candidate[]>;

/** Asks the node, but not for long: a shell that hangs is worse than one that does not complete. */
async function ask(url: string | undefined, environment: Environment, question: Ask): Promise<readonly Candidate[]> {
  const connection = httpFetch();
  try {
    const api = createApiClient({ url: url ?? environment.SNAPSCALE_URL ?? defaultUrl, fetch: connection.fetch });
    return await question(api, AbortSignal.timeout(NODE_PATIENCE_MS));
  } catch {
    return [];
  } finally {
    connection.close();
  }
}
