import { v2_15_0 } from './v2.15.0.js';
import { v2_18_0 } from './v2.18.0.js';
import { v2_19_0 } from './v2.19.0.js';
import { v2_22_0 } from './v2.22.0.js';

/** To add one: a file named for its release, and a line here. */
export const revisions = [v2_15_0, v2_18_0, v2_19_0, v2_22_0];
