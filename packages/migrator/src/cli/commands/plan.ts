import { connectedClients, verdictOn } from '../../clients.js';
import { planDeployment } from '../../migrator.js';
import { newestRelease, releaseNumbered } from '../../releases.js';
import { clientLines } from '../client-lines.js';
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
      const list = databases.fiftyone && (await connectedClients(databases.fiftyone));
      const clients = list?.clients.map((client) => ({ ...client, verdict: verdictOn(client, release.openSource) }));
      const connected = list ? ['', 'Connected now:', ...clientLines(list, release.openSource).map((line) => `  ${line}`)] : [];
      const text = [planText(found, flags.verbose === true), ...connected].join('\n');
      process.stdout.write(`${flags.json ? deploymentJson({ ...found, clients, note: list?.note }) : text}\n`);
      return codeOfPlan(found);
    },
    release,
  );
}
