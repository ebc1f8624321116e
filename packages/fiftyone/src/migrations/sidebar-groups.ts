import { Doc, type Value } from '../bson/index.js';
import { loss } from './losses.js';
import { isFilled } from './shape.js';

/** What a person loses with these sidebar groups of the App, which may have any shape. */
export function lostSidebarGroups(groups: Value | undefined): string[] {
  if (!isFilled(groups)) return [];
  if (!Array.isArray(groups)) return ['the App sidebar groups'];
  const names = groups.map((group) => (group instanceof Doc ? group.get('name') : undefined));
  return loss(
    'App sidebar group',
    names.map((name) => (typeof name === 'string' ? name : '?')),
  );
}
