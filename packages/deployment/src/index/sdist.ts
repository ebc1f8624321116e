import { createReadStream } from 'node:fs';
import { Refusal } from './refusal.js';
import { tarTexts } from './tar-texts.js';

/** The bytes of the PKG-INFO of a source distribution. @throws Refusal if it is no proper one, or a bomb */
export async function sdistMetadata(path: string): Promise<Buffer> {
  const isMetadata = (name: string) => /^[^/]+\/PKG-INFO$/.test(name);
  const found = await tarTexts(createReadStream(path), isMetadata).catch((error) => {
    throw new Refusal(400, `The source distribution is no proper archive: ${error.message}`);
  });
  const [metadata, ...others] = found;
  if (metadata === undefined || others.length > 0) throw new Refusal(400, 'The source distribution has no PKG-INFO, or several');
  return metadata;
}
