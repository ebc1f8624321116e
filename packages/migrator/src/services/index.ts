import type { Service } from '../service.js';
import { cas } from './cas/index.js';
import { datasets } from './datasets/index.js';
import { enterprise } from './enterprise/index.js';
import { hub } from './hub/index.js';

/** The services of a deployment, in the order in which they go up. To add one: a folder, and a line here. */
export const services: readonly Service[] = [datasets, enterprise, cas, hub];
