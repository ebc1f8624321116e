import { expect, test } from 'vitest';
import { optionalModule } from './optional-module.js';

test('what is not installed is named, with how to install it', async () => {
  const name: string = '@no-such/module';
  const load = optionalModule(name, 's3://bucket/', () => import(/* @vite-ignore */ name));
  await expect(load).rejects.toMatchObject({
    message: 's3://bucket/ needs @no-such/module, which is not installed',
    hint: 'npm install @no-such/module',
  });
});

test('what is installed is loaded', async () => {
  expect(await optionalModule('node:os', 'a test', () => import('node:os'))).toHaveProperty('cpus');
});
