// `npm run reliability [-- NAME...] [-- --rounds N] [-- --seed N]`: what goes wrong goes wrong here, see docs/reliability.md.
import { loadTypeScript } from '../scripts/typescript.mjs';
import { makeReady } from '../scripts/workspace.mjs';

const problem = makeReady();
if (problem) {
  console.error(`\n${problem}`);
  process.exitCode = 1;
} else {
  const modules = await loadTypeScript();
  try {
    const { main } = await modules.ssrLoadModule('/reliability/main.ts');
    process.exitCode = await main(process.argv.slice(2));
  } finally {
    await modules.close();
  }
}
