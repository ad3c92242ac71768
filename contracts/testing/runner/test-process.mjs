// Loaded first by the process that runs a contract's tests: registers the hooks for TypeScript.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
