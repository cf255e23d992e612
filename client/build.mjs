// Bundles src into dist/index.js, and writes the types beside it. With --check nothing is written that is in the repository.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const Served = new URL('../src/Mailbox.Gateway/Pages/mailbox-client.js', import.meta.url);
const Banner = '// Built from client/src';

process.chdir(new URL('.', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });
await build({
  entryPoints: ['src/index.ts'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  banner: { js: Banner },
  outfile: 'dist/index.js',
});

const built = readFileSync('dist/index.js', 'utf8');
if (!process.argv.includes('--check')) writeFileSync(Served, built);
else if (readFileSync(Served, 'utf8') !== built) throw new Error('src/Mailbox.Gateway/Pages/mailbox-client.js is not what client/src builds: npm run build');
