import type { Revision } from '../revision.js';
import { v0_6_2 } from './v0.6.2.js';
import { v0_6_5 } from './v0.6.5.js';
import { v0_7_2 } from './v0.7.2.js';
import { v0_7_3 } from './v0.7.3.js';
import { v0_7_4 } from './v0.7.4.js';
import { v0_8_0 } from './v0.8.0.js';
import { v0_9_4 } from './v0.9.4.js';
import { v0_11_2 } from './v0.11.2.js';
import { v0_13_0 } from './v0.13.0.js';
import { v0_14_0 } from './v0.14.0.js';
import { v0_15_1 } from './v0.15.1.js';
import { v0_16_0 } from './v0.16.0.js';
import { v0_16_1 } from './v0.16.1.js';
import { v0_16_3 } from './v0.16.3.js';
import { v0_17_0 } from './v0.17.0.js';
import { v0_18_0 } from './v0.18.0.js';
import { v0_19_0 } from './v0.19.0.js';
import { v0_20_0 } from './v0.20.0.js';
import { v0_23_0 } from './v0.23.0.js';
import { v1_0_0 } from './v1.0.0.js';
import { v1_1_0 } from './v1.1.0.js';
import { v1_4_0 } from './v1.4.0.js';
import { v1_13_0 } from './v1.13.0.js';

/**
 * All dataset revisions by version, in order. To add one: a file named for its version, a line here, golden cases in
 * test/fixtures/revisions.
 */
export const revisions: ReadonlyMap<string, Revision> = new Map(
  [
    v0_6_2,
    v0_6_5,
    v0_7_2,
    v0_7_3,
    v0_7_4,
    v0_8_0,
    v0_9_4,
    v0_11_2,
    v0_13_0,
    v0_14_0,
    v0_15_1,
    v0_16_0,
    v0_16_1,
    v0_16_3,
    v0_17_0,
    v0_18_0,
    v0_19_0,
    v0_20_0,
    v0_23_0,
    v1_0_0,
    v1_1_0,
    v1_4_0,
    v1_13_0,
  ].map((revision: Revision) => [revision.version, revision]),
);
