import { shellWord } from '../../shell-word.js';

/** What to do about an export that is damaged. */
export function seeAll(path: string): string {
  return `see all problems with: fiftyone datasets validate ${shellWord(path)}`;
}
