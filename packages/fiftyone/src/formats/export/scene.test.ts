import { expect, test } from 'vitest';
import { mapScenePaths } from './scene.js';

test('every path of a scene is mapped, and all else is as the real client writes it', () => {
  const scene = `{ "_type": "Scene", "fov": 1e2, "near": 0.10, "n": NaN, "name": "\\u00e9/", "image": "no", "children": [
    {"pcdPath": "a", "defaultMaterial": {"color": "#fff"}, "children": [{"objPath": "b", "mtlPath": null}]}],
    "background": {"image": "c", "cube": ["d", "e"], "color": null}}`;
  expect(mapScenePaths(scene, (path) => path.toUpperCase())).toBe(
    '{"_type": "Scene","fov": 100.0,"near": 0.1,"n": NaN,"name": "é/","image": "no","children": [{"pcdPath": "A","defaultMaterial": {"color": "#fff"},' +
      '"children": [{"objPath": "B","mtlPath": null}]}],"background": {"image": "C","cube": ["D","E"],"color": null}}',
  );
});

test('a scene whose paths are good stays as it is', () => {
  expect(mapScenePaths('{"pcdPath":  "a"}', (path) => path)).toBeUndefined();
});

test('what is no JSON is no scene', () => {
  expect(() => mapScenePaths('{', (path) => path)).toThrow(SyntaxError);
});
