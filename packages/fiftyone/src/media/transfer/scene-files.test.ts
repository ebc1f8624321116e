import { describe, expect, test } from 'vitest';
import { sceneFiles, sceneText } from './scene-files.js';

const text = (...paths: string[]) =>
  JSON.stringify({ children: paths.map((path) => ({ objPath: path })), background: { image: null, cube: null } });

/** Where each path goes, and how the text leads there. */
function placed(paths: string[], scene: Parameters<typeof sceneFiles>[1]) {
  const written = text(...paths);
  const files = sceneFiles(written, scene);
  const sent = JSON.parse(sceneText(written, scene.to, (path) => files.get(path)?.to));
  const now = sent.children.map(({ objPath }: { objPath: string }) => objPath);
  return { files: Object.fromEntries(files), now };
}

describe('files of a scene', () => {
  test('in its folder keep their place beside it', () => {
    const { files, now } = placed(['mesh.obj', 'sub/../sub/b.obj', '/data/x/c.obj', './mesh.obj'], {
      from: '/data/x/a.fo3d',
      to: 's3://bucket/p/a.fo3d',
    });
    expect(files).toEqual({
      'mesh.obj': { from: '/data/x/mesh.obj', to: 's3://bucket/p/mesh.obj' },
      './mesh.obj': { from: '/data/x/mesh.obj', to: 's3://bucket/p/mesh.obj' },
      'sub/../sub/b.obj': { from: '/data/x/sub/b.obj', to: 's3://bucket/p/sub/b.obj' },
      '/data/x/c.obj': { from: '/data/x/c.obj', to: 's3://bucket/p/c.obj' },
    });
    expect(now).toEqual(['mesh.obj', 'sub/../sub/b.obj', 'c.obj', './mesh.obj']);
  });

  test('in relDir keep their place, too', () => {
    const scene = { from: '/data/x/a.fo3d', to: 's3://bucket/p/x/a.fo3d', relDir: '/data/' };
    const { files, now } = placed(['../shared/m.obj', '/data/n.obj'], scene);
    expect(Object.values(files).map(({ to }) => to)).toEqual(['s3://bucket/p/shared/m.obj', 's3://bucket/p/n.obj']);
    expect(now).toEqual(['../shared/m.obj', '../n.obj']);
  });

  test('elsewhere get a place of their own, those of one folder the same, by what is written only', () => {
    const paths = ['../m.obj', '../m.mtl', '/abs/m.obj'];
    const here = placed(paths, { from: '/data/x/a.fo3d', to: 's3://bucket/p/a.fo3d' });
    const there = placed(paths, { from: '/other/machine/a.fo3d', to: 's3://bucket/p/a.fo3d' });
    expect(here.now).toEqual(there.now);
    const [first = '', second = '', third = ''] = here.now;
    expect(first).toMatch(/^assets\/[0-9a-f]{8}\/m\.obj$/);
    expect(second).toBe(first.replace('.obj', '.mtl'));
    expect(third).not.toBe(first);
    expect(here.files['../m.obj']).toEqual({ from: '/data/m.obj', to: `s3://bucket/p/${first}` });
  });

  test('in a store stay there, and those of a scene in a store are beside it', () => {
    const { files, now } = placed(['gs://other/m.obj', 'https://host/m.obj', 'm.obj'], {
      from: 'gs://b/x/a.fo3d',
      to: '/disk/x/a.fo3d',
    });
    expect(files).toEqual({ 'm.obj': { from: 'gs://b/x/m.obj', to: '/disk/x/m.obj' } });
    expect(now).toEqual(['gs://other/m.obj', 'https://host/m.obj', 'm.obj']);
  });

  test('are none if it is no JSON, and a text that need not change stays byte for byte', () => {
    expect(sceneFiles('no scene', { from: '/a.fo3d', to: 's3://b/a.fo3d' }).size).toBe(0);
    const written = '{ "objPath" : "m.obj",\n "n": 1.50 }';
    expect(sceneText(written, 's3://b/a.fo3d', () => 's3://b/m.obj')).toBe(written);
    expect(sceneText('no scene', 's3://b/a.fo3d', () => 's3://b/m.obj')).toBe('no scene');
  });
});
