import { ownersDown, ownersUp } from '../../../owners.js';
import { revisionOf } from '../../../revision-of-edits.js';

const RUNS = {
  collection: 'run_links',
  noun: 'runs',
  principal: 'started_by',
  before: { user: 'user_id' },
  withheld: [],
};

/** Service accounts can start runs. */
export const v2_18_0 = revisionOf({
  version: '2.18.0',
  summary: 'service accounts can start runs',
  up: ownersUp(RUNS),
  down: ownersDown(RUNS),
});
