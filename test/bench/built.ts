import { execa } from 'execa';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The command as users have it: compiled, with the workflows bundled. */
export const builtCli = `${root}dist/src/cli/main.js`;

export async function build(): Promise<void> {
  await execa('npm', ['run', 'build'], { cwd: root });
}
