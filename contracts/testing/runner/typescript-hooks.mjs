// Module hooks of the process that runs a contract's tests: TypeScript is compiled as it is loaded, as ES modules, and
// `@snapscale/…` is found in this installation wherever the project lies. Plain JavaScript, since Node loads it as it is.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

const installation = import.meta.url;

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('@snapscale/')) return next(specifier, { ...context, parentURL: installation });
  // As TypeScript has it, an import of x.js may mean x.ts.
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(url))) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !new URL(url).pathname.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcefile: path,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
