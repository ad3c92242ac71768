/**
 * Compiles the kernel of private transfers (packages/crypto/kernel) and writes it, in base64, into a module: so browsers and
 * bundlers need no file and no option to load it. Equal sources and an equal compiler give equal bytes, which a test asserts.
 * `npx tsx tools/build-crypto-kernel.ts`
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript-0.28/asc';

const sources = fileURLToPath(new URL('../packages/crypto/kernel/sources/', import.meta.url));

/** The module that holds the compiled kernel. */
export const kernelModulePath: string = fileURLToPath(
  new URL('../packages/crypto/src/private-kernel/kernel-bytes.ts', import.meta.url),
);

/** Optimised for speed; no runtime, no allocation, no imports but the memory. */
const optimised = ['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert'];
const bare = ['--runtime', 'stub', '--importMemory', '--initialMemory', '1', '--use', 'abort='];

/** Texts by path below the sources' folder. */
export type KernelSources = ReadonlyMap<string, string>;

/** The sources as they are. */
export function kernelSources(): KernelSources {
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  return new Map(
    names.filter((name) => name.endsWith('.ts')).map((name) => [name, readFileSync(`${sources}${name}`, 'utf8')]),
  );
}

/** The WebAssembly of the sources; tests compile other ones, less optimised. @throws Error with what the compiler says. */
export async function buildKernel(files = kernelSources(), options = optimised): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'kernel.wasm', ...options, ...bare], {
    readFile: (name) => files.get(name) ?? null,
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (binary === undefined) throw new Error(`cannot compile the kernel: ${error?.message}\n${stderr.toString()}`);
  return binary;
}

/** The text of the module. */
export function kernelModule(binary: Uint8Array): string {
  return `/** Made by tools/build-crypto-kernel.ts from packages/crypto/kernel: ${binary.length} bytes of WebAssembly in base64. */
export const KERNEL_BASE64 =
  '${Buffer.from(binary).toString('base64')}';
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const began = performance.now();
  const binary = await buildKernel();
  writeFileSync(kernelModulePath, kernelModule(binary));
  console.log(`${binary.length} bytes in ${Math.round(performance.now() - began)} ms`);
}
