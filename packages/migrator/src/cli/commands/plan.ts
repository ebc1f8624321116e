import { planDeployment } from '../../migrator.js';
import { newestRelease, releaseNumbered } from '../../releases.js';
import { deploymentJson } from '../deployment-json.js';
import { codeOfPlan } from '../exit-code.js';
import { withDeployment } from '../open-deployment.js';
import { planText } from '../plan-text.js';
import { type WayFlags, wayOf } from '../way-flags.js';

/** `fiftyone-migrator plan`. @returns the exit code */
export async function plan(version: string | undefined, flags: WayFlags): Promise<number> {
  const way = wayOf(version, flags);
  const release = way.target === undefined ? newestRelease : releaseNumbered(way.target);
  return await withDeployment(
    way,
    async ({ databases, services }) => {
      const preview = flags.json || flags.verbose ? 'full' : 'short';
      const found = await planDeployment(databases, { ...way, services, preview });
      process.stdout.write(`${flags.json ? deploymentJson(found) : planText(found, flags.verbose === true)}\n`);
      return codeOfPlan(found);
    },
    release,
  );
}
