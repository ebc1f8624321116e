import { UsageError } from 'fiftyone';

/** The commands of the page "Install FiftyOne". They hold the token. */
export interface InstallLines {
  /** To offer first: everything comes from this index, which never mixes its own names with those of others. */
  readonly pip: string;
  /** The same of a certain version. */
  readonly pipVersion: string;
  readonly uv: string;
  readonly npm: string;
  /** Where this index is one of several. */
  readonly besideOthers: { readonly pip: string; readonly danger: string };
}

export interface InstallOptions {
  /** Of the index, as clients reach it: `https://pypi.example.com`. */
  readonly url: string;
  readonly token: string;
  /** The version that this deployment recommends. */
  readonly version: string;
}

const DANGER =
  'With --extra-index-url pip takes the highest version that any index has: whoever publishes a project of the same name ' +
  'elsewhere gets their code installed. Use the first form, which needs no other index: this one also has everything else.';

/** @throws UsageError if the address or the token cannot be part of a command */
export function installLines({ url, token, version }: InstallOptions): InstallLines {
  if (!/^https?:\/\/[a-z0-9.:[\]-]+(\/[a-z0-9/_-]*)?$/i.test(url))
    throw new UsageError('the address of the index cannot be shown');
  if (!/^[A-Za-z0-9._~+-]+$/.test(token)) throw new UsageError('the token has signs that an address cannot hold: rotate it');
  if (!/^[A-Za-z0-9.!+]+$/.test(version)) throw new UsageError(`'${version}' is no version`);
  const plain = url.replace(/\/+$/, '');
  const address = plain.replace('//', `//${token}@`);
  const registry = `${plain}/npm/`;
  return {
    pip: `pip install --index-url ${address} --upgrade fiftyone`,
    pipVersion: `pip install --index-url ${address} fiftyone==${version}`,
    uv: `uv pip install --index-url ${address} --upgrade fiftyone`,
    npm: `npm install fiftyone --registry ${registry} --${registry.replace(/^https?:/, '')}:_authToken=${token}`,
    besideOthers: { pip: `pip install fiftyone-migrator --extra-index-url=${address}`, danger: DANGER },
  };
}
