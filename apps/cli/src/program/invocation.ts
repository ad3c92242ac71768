/** How the user has called the program, so that the commands it suggests can be typed as they stand. */

/** `npx snapscale` when npm has started it, otherwise `snapscale`. */
export function programName(environment: Readonly<Record<string, string | undefined>>): string {
  return environment.npm_command === 'exec' ? 'npx snapscale' : 'snapscale';
}

/** A sentence with the commands in it as the user can type them. */
export function withProgramName(text: string, name: string): string {
  return text.replace(/(^|[^\w/.-])snapscale(?= [a-z-])/g, `$1${name}`);
}
